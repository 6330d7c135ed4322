// Whether a system of your own does what learning from patches needs: checks of its verbs, each in a sentence.
//
//   npm run check-system -- my/contact.ts --lambda 2.5
//   npm run check-system -- --exec "python3 my/sis.py"
//
// Exit code 0 where all hold, 1 where one does not.
import { InputError } from "../lib/errors.ts";
import { type CheckOptions, checkCommand } from "../lib/experiments/own/learn-parameters.ts";
import { metIn, sourceOf, valuesOf } from "../lib/experiments/own/module.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { main } from "../lib/run/main.ts";
import { print } from "../lib/run/output.ts";
import { batchChecks, changingTime, engineChecks, inSteps } from "../lib/systems/check.ts";

await main(async () => {
  const met = await metIn(process.argv.slice(2));
  const { files, parameters } = parseTool(checkCommand(met));
  const p = parameters as unknown as CheckOptions;
  const source = sourceOf(met, files);
  const gpu = await openDevice();
  const own = await source.open(gpu, valuesOf(source, parameters), p);
  const { patch, L: side, replicas, seed } = p;
  const { engine, system, make } = own;
  const found = p.time || own.laws.time || (engine ? await changingTime(engine, { side, seed }) : 0);
  const time = engine ? inSteps(engine, found) : found;
  if (time === 0) throw new InputError("--time 0: give a time in which about a tenth of the sites change");
  const size = (extent: number) => new Array(system.dimension).fill(extent).join(" × ");
  const plan = { ...{ side, patch, time, replicas, seed }, starts: own.named };
  const checks = engine
    ? engineChecks(gpu, engine, make, plan)
    : batchChecks(gpu, make, { ...own.laws, side, time, replicas, seed });
  print(`${source.name}: ${size(side)} sites in patches of ${size(patch)}, over a time of ${time}`);

  let failed = 0;
  for (const { title, run } of checks) {
    const wrong = await run();
    if (wrong) failed++;
    print(wrong ? `WRONG  ${title}:\n       ${wrong}` : `ok     ${title}`);
  }
  own.close();
  print(failed === 0 ? `all ${checks.length} hold` : `${failed} of ${checks.length} do not hold`);
  process.exitCode = failed === 0 ? 0 : 1;
});
