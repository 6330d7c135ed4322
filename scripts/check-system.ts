// Whether a system of your own does what learning from patches needs: checks of its verbs, each in a sentence.
//
//   npm run check-system -- my/contact.ts --lambda 2.5
//   npm run check-system -- --exec "python3 my/sis.py"
//
// Exit code 0 where all hold, 1 where one does not.
import { type CheckOptions, checkCommand } from "../lib/experiments/own/learn-parameters.ts";
import { metIn, sourceOf, valuesOf } from "../lib/experiments/own/module.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { main } from "../lib/run/main.ts";
import { print } from "../lib/run/output.ts";
import { changingTime, systemChecks } from "../lib/systems/check.ts";

await main(async () => {
  const met = await metIn(process.argv.slice(2));
  const { files, parameters } = parseTool(checkCommand(met));
  const p = parameters as unknown as CheckOptions;
  const own = sourceOf(met, files);
  const engine = await own.open(valuesOf(own, parameters), p);
  const { patch, L: side, replicas, seed } = p;
  const time = p.time || (await changingTime(engine, { side, seed }));
  const size = (extent: number) => new Array(engine.dimension).fill(extent).join(" × ");
  print(`${own.name}: ${size(side)} sites in patches of ${size(patch)}, over a time of ${time}`);

  let failed = 0;
  const plan = { ...{ side, patch, time, replicas, seed }, starts: own.starts };
  const checks = systemChecks(await openDevice(), own.name, engine, plan);
  for (const { title, run } of checks) {
    const wrong = await run();
    if (wrong) failed++;
    print(wrong ? `WRONG  ${title}:\n       ${wrong}` : `ok     ${title}`);
  }
  engine.close?.();
  print(failed === 0 ? `all ${checks.length} hold` : `${failed} of ${checks.length} do not hold`);
  process.exitCode = failed === 0 ? 0 : 1;
});
