// A small experiment in a process of its own, which can die, hang and fail.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PROJECT_ROOT } from "../../lib/run/provenance.ts";
import { start } from "../processes.ts";

const TRAIN_STEPS = 3;

/** Writes the program into the folder, from where it is started. */
export function demoIn(root: string) {
  // The child: an experiment that dies by its own hand (kill -9) right before the n-th call that changes a file, or that the system refuses this call,
  // and all that follow (FAULTS=all).
  const child = join(root, "child.ts");
  const lib = (path: string) => JSON.stringify(join(PROJECT_ROOT, "lib", path));
  writeFileSync(
    child,
    `import * as fs from "node:fs";
import { mock } from "bun:test";
const { DEATH, FAILURE, FAULTS, CODE, MODE, ADAPTER } = process.env;
let calls = 0;
if (MODE === "count" || DEATH || FAILURE) {
  const real = { ...fs };
  const deadly = {};
  for (const name of ["openSync", "renameSync", "rmSync", "writeFileSync", "mkdirSync", "writeSync", "fsyncSync"]) {
    deadly[name] = (...args) => {
      if (name !== "openSync" || args[1] === "w") {
        if (++calls === Number(DEATH)) {
          if (name === "writeSync") real.writeSync(args[0], args[1], args[2], args[3] >> 1); // half of it
          process.kill(process.pid, "SIGKILL");
        }
        if (calls === Number(FAILURE) || (FAULTS === "all" && calls > Number(FAILURE))) {
          if (name === "writeSync") real.writeSync(args[0], args[1], args[2], args[3] >> 1);
          throw Object.assign(new Error(CODE + ": refused, " + name), { code: CODE });
        }
      }
      return real[name](...args);
    };
  }
  mock.module("node:fs", () => ({ ...real, ...deadly }));
}
const { table } = await import(${JSON.stringify(Bun.resolveSync("arquero", PROJECT_ROOT))});
const { InputError } = await import(${lib("errors.ts")});
const { parseExperiment } = await import(${lib("run/command-line.ts")});
const { main } = await import(${lib("run/main.ts")});
const { openRun } = await import(${lib("run/run-folder.ts")});
const { breathe, stopPoint } = await import(${lib("run/stop.ts")});
const { progress } = await import(${lib("run/progress.ts")});
/** Arrays as they are. */
const TENSORS = { write: (tensors) => ({ tensors, text: {} }), read: ({ tensors }) => tensors };

await main(async () => {
  const told = parseExperiment({
    name: "demo", about: "A demonstration.",
    parameters: { count: { kind: "integer", default: 1000, min: 1, meaning: "numbers" } },
  });
  if (MODE === "bug") throw new TypeError("a bug");
  const run = await openRun({ ...told, ...(ADAPTER && { adapter: { kind: ADAPTER, name: "a card", driver: "its driver" } }) });
  if (MODE === "refused") throw new InputError("impossible after all");
  if (MODE === "late-bug") throw new TypeError("a late bug");
  if (MODE === "stray") { Promise.reject(new InputError("a stray")); await Bun.sleep(10_000); }
  if (MODE === "hang") { setInterval(() => {}, 1000); throw new InputError("something holds on"); }
  const random = (state) => { let s = state >>> 0; return () => (s = (Math.imul(s, 1664525) + 1013904223) >>> 0); };
  const { x } = await run.phase("simulate", () => run.keep("simulate", TENSORS, async () => {
    const next = random(run.seed);
    return { x: { shape: [told.parameters.count], data: Uint32Array.from({ length: told.parameters.count }, next) } };
  }));
  const { w } = await run.phase("fit", () => run.keep("fit/net", TENSORS, async (partial) => {
    const saved = partial.load();
    let step = saved ? saved.step.data[0] : 0;
    const weights = saved ? saved.w.data : new Float64Array(50);
    const bar = progress("fit", ${TRAIN_STEPS}, step);
    while (step < ${TRAIN_STEPS}) {
      weights.forEach((old, i) => { weights[i] = old / 3 + x.data[(i * (step + 1)) % x.data.length] / 7; });
      step++;
      if (MODE === "slow") { await Bun.sleep(100); step = 0; }
      if (MODE === "busy") { fs.writeFileSync(run.folder + "/in-a-step", ""); for (;;) {} }
      if (MODE === "stuck") { fs.writeFileSync(run.folder + "/in-a-step", ""); await Bun.sleep(100_000); }
      partial.save({ w: { shape: [50], data: weights }, step: { shape: [1], data: new Uint32Array([step]) } });
      bar.add();
    }
    bar.done();
    return { w: { shape: [50], data: weights } };
  }));
  run.table("fit/weights", table({ w: w.data }));
  run.model("net", { write: (tensors) => ({ tensors, text: {} }) }, { w });
  await run.finish({ "mean.ours.all": { value: w.data[0], ci95: null, paper: null, exact: null, unit: "1" } }, "<p>" + w.data[0] + "</p>");
  if (MODE === "count") console.log("calls " + calls);
});
`,
  );

  const begin = (args: readonly string[], env: Record<string, string> = {}, before: readonly string[] = []) =>
    start([child, ...args], { cwd: root, env, before });
  const launch = (args: readonly string[], env?: Record<string, string>, before?: readonly string[]) =>
    begin(args, env, before).ended;
  return { begin, launch };
}
