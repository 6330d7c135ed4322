// Direct simulation of a whole system from a prepared state: mean and standard deviation of its observables over time.
//
//   npm run simulate -- curie-weiss --L 64 --T 1.1 --h 0.1 --m0 -0.5 --replicas 400 --times 0,1,2,5 --seed 3 --out m.csv
//
//   npm run simulate -- predator-prey --N 20000 --mean 0.5 --amplitude 0.1 --replicas 50 --times 0,10,20,30 --out uv.csv
//
//   npm run simulate -- ising --L 64 --T 2.5 --h 0.1 --m0 -0.5 --replicas 1024 --times 0,1,5,20,100 --out m-rho.csv
//   npm run simulate -- ising --L 1024 --T 2.269 --h 0 --replicas 64 --times 0,10,100 --out critical.csv
//   npm run simulate -- ising --algorithm wolff --L 64 --T 2.27 --h 0 --replicas 1024 --clusters 400 --out wolff.csv
//
//   npm run simulate -- ising --L 32 --replicas 256 --times 0,10 --quantiles 0.05,0.5,0.95 --per-replica each.arrow --out -
//
//   npm run simulate -- ising --L 64 --h 0 --schedule T=3:1.5@0:400 --times 0,100,200,300,400 --out annealed.csv
//   npm run simulate -- curie-weiss --T 0.8 --schedule h=-0.5:0.5:-0.5@0:50:100 --times 0,25,50,75,100 --out hysteresis.csv
//
//   npm run simulate -- nbmota --cells 8 --T 1600 --jumps 200000 --replicas 16 --out order.csv --save alloy.dump
//
//   npm run simulate -- ising --L 128 --times 0,1000 --out m.csv --save far.safetensors           stopped: the same with --resume
//   npm run simulate -- ising --L 128 --start far.safetensors --seed 2 --times 0,10 --T 2.0       a quench of its last states
//
// Exact in law (fields: of the time-stepped equations). Columns: time (with --schedule T and h up to there), observable, mean, std, se_mean, replicas. Without
// --out the table goes to standard output. se_mean is std/√replicas; of ising, where 32 replicas share the places and times of
// their attempts and are one cluster before equilibrium, it is the standard error over these clusters (from 64 replicas on), and of
// replicas that start from fewer states than they are, it counts those of one state as one.
import { statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { InputError } from "../lib/errors.ts";
import { CURIE_WEISS } from "../lib/experiments/curie-weiss/simulation.ts";
import { ISING } from "../lib/experiments/ising/simulation.ts";
import { NBMOTA } from "../lib/experiments/nbmota/simulation.ts";
import { PREDATOR_PREY } from "../lib/experiments/predator-prey/simulation.ts";
import { openDevice } from "../lib/gpu/device.ts";
import type { Stream } from "../lib/random/stream.ts";
import { codeOf } from "../lib/run/code.ts";
import { parseTool, positionalWord } from "../lib/run/command-line.ts";
import { main } from "../lib/run/main.ts";
import { observeAlong } from "../lib/run/observe.ts";
import { requireOutput } from "../lib/run/output.ts";
import { claimFiles } from "../lib/run/overwrite.ts";
import { checkDistinct, listed, optionName, type Parameters } from "../lib/run/parameters.ts";
import { isStates, readStates, STATES_ENDING } from "../lib/run/saved-states.ts";
import { COMMON, type Common, type Course, isPrinted, NO_FILE, type Simulation } from "../lib/run/simulation.ts";
import type { States, System } from "../lib/systems/system.ts";

const SYSTEMS = [CURIE_WEISS, ISING, NBMOTA, PREDATOR_PREY];

const command = {
  name: "simulate",
  about:
    "Simulates a whole system directly and tabulates the mean and spread of its observables. `simulate SYSTEM --help` shows the parameters of a system.",
  positional: { name: "system", meaning: "what to simulate", choices: SYSTEMS.map(({ name }) => name) },
};

await main(async () => {
  // Options depend on the system: it is the word that is no option's value, whatever the system.
  const all: Parameters = Object.assign({}, COMMON, ...SYSTEMS.map(({ parameters }) => parameters));
  const word = positionalWord(all);
  const system = SYSTEMS.find(({ name }) => name === word);
  // No system: all options are known here, so that the message is about the system.
  if (!system) return void parseTool({ ...command, parameters: all });
  const { parameters: p } = parseTool({
    ...command,
    // The own parameters first; what a system says of a common one stands.
    parameters: { ...system.parameters, ...COMMON, ...system.parameters },
    check(values, given) {
      checkCommon(values, system, given);
      system.check(values, given);
      checkFiles(filesOf(values));
    },
  });
  if (isPrinted(p.out)) requireOutput("give --out FILE");
  // The files of what is gone on with are its own; others are not.
  const saved = p.resume ? readStates(p.save) : null;
  const own = saved ? [resolve(p.save), ...saved.files] : [];
  const paths = filesOf(p).map(({ path }) => path);
  const isOwn = (path: string) => own.includes(resolve(path));
  claimFiles(
    paths.filter((path) => !isOwn(path)),
    p.force,
  );
  claimFiles(paths.filter(isOwn), true);
  const gpu = await openDevice();
  const { kind, name, driver } = gpu.adapter;
  const made = { ...codeOf(system.name), adapter: `${name} (${kind}, ${driver})` };
  await system.simulate(gpu, p, (opened, side, prepare, course) =>
    observeAlong(opened, side, prepare, p, course ?? inTime(opened, p), { made, saved }),
  );
});

/** The files that a command line names for writing, by option. */
function filesOf(values: Common): { option: string; path: string }[] {
  const named = (["perReplica", "save"] as const).filter((key) => values[key] !== NO_FILE);
  return [...(isPrinted(values.out) ? [] : (["out"] as const)), ...named].map((key) => ({
    option: optionName(key),
    path: values[key],
  }));
}

function checkFiles(files: readonly { option: string; path: string }[]): void {
  for (const [k, { option, path }] of files.entries()) {
    const same = files.slice(0, k).find((other) => resolve(other.path) === resolve(path));
    if (same) throw new InputError(`${same.option} and ${option} name the same file, ${path}`);
  }
}

function checkCommon(
  { times, perReplica, quantiles, save, start, resume }: Common,
  { endings = [], initial }: Simulation,
  given: ReadonlySet<string>,
): void {
  const ignored = initial.find((key) => given.has(key));
  if (start !== NO_FILE && ignored)
    throw new InputError(`--start ${start} says what the systems start from: leave out ${optionName(ignored)}`);
  for (const [option, path] of Object.entries({ save, start })) {
    if (path === NO_FILE || [STATES_ENDING, ...endings].includes(extname(path))) continue;
    throw new InputError(
      `--${option} ${path}: ${extname(path) || "no ending"} is no file of states, use ${listed([STATES_ENDING, ...endings])}`,
    );
  }
  if (resume && !(statSync(save, { throwIfNoEntry: false })?.size ?? 0))
    throw new InputError(
      `--resume goes on from the file of --save: ${save === NO_FILE ? "none was named" : `there is no ${save}`}`,
    );
  if (resume && !isStates(save))
    throw new InputError(`--resume goes on from states, ${STATES_ENDING}, not from ${save}`);
  checkDistinct("quantiles", quantiles, "a share");
  if (perReplica !== NO_FILE && ![".csv", ".arrow"].includes(extname(perReplica))) {
    throw new InputError(`--per-replica ${perReplica}: name a .csv or .arrow file`);
  }
  if (times.some((time, k) => k > 0 && time <= times[k - 1])) {
    throw new InputError(`--times ${times} do not ascend: give each time once, the earliest first`);
  }
}

/** From time to time by the system's own dynamics. */
function inTime<S extends States>(system: System<S>, { times }: Common): Course<S> {
  const advance = (states: S, from: number, to: number, at: Stream) => system.evolve(states, to - from, at);
  return { name: "time", points: times, advance };
}
