// Closure variables made by hand, at the temperature of the scaling: the equation of (m, ρ) and two variables more, by the compensator estimator at
// upsampled lattices, and what its trajectories say. Grids are for two variables.
import type { Gpu } from "../../gpu/device.ts";
import { regression } from "../../method/pairs.ts";
import { solveSde } from "../../method/sde/fit.ts";
import { stream } from "../../random/stream.ts";
import { Xoshiro } from "../../random/xoshiro.ts";
import type { Run } from "../../run/run-folder.ts";
import type { IsingStates } from "../../systems/ising.ts";
import type { HAND_MADE } from "../../systems/ising-sums.ts";
import { ROLLED, type Rolled, rolledOut, TIMES } from "./dynamics.ts";
import { CLOSURE_DEGREE, type CriticalOptions, closureLatticesOf } from "./parameters.ts";
import { cohortsOf, looksAt, teacher } from "./training.ts";

/** Closures that are tried. */
const CLOSURES = ["features", "blocks"] as const satisfies readonly (typeof HAND_MADE)[number][];
/** The mean square of the magnetizations of blocks says more than m only where there are several. */
const BLOCKS_ABOVE = 8;
/** Trajectories start from training states, and forget them before anything is averaged. */
const FORGET = 0.25;

export interface Closed {
  readonly side: number;
  readonly closure: (typeof CLOSURES)[number];
  readonly rolled: Rolled;
}

/** Closures of lattices of a side. */
export const closuresOf = (side: number) => CLOSURES.filter((closure) => closure === "features" || side > BLOCKS_ABOVE);

/** Kept in the run. `tau`: the correlation time without a closure, which says how long trajectories have to be. */
export async function rolledWithClosure(
  run: Run,
  gpu: Gpu,
  p: CriticalOptions,
  side: number,
  closure: Closed["closure"],
  tau: number,
  seed: number,
): Promise<Closed> {
  const [rolled] = await run.keep(`trajectories/side${side}-${closure}`, ROLLED, async () => {
    const equation = await run.phase("learn", () => equationWith(gpu, p, side, closure, seed));
    return [await run.phase("predict", () => rolledOn(gpu, p, side, equation, { closure, tau, seed }))];
  });
  return { side, closure, rolled };
}

/** The equation of a size with a closure, and the training states. */
async function equationWith(gpu: Gpu, p: CriticalOptions, side: number, closure: Closed["closure"], seed: number) {
  const system = teacher(gpu, p, p.T, closure);
  const d = system.observables.length;
  const triangle = (d * (d + 1)) / 2;
  const width = 2 * d + triangle;
  const patches = (side / p.patch) ** 2;
  const count = closureLatticesOf(p, side);
  const see = async (large: IsingStates) => {
    const whole = await system.observe(large);
    const chosen = Uint32Array.from({ length: large.count * patches }, (_, k) => k % patches);
    const { before, drift, variation } = await system.generator(large, chosen);
    const { change, variation: noise } = regression(
      {
        kind: "generator",
        ...{ d, patches, perSnapshot: patches, whole, patch: before, drift, variation },
        cohort: new Uint32Array(large.count),
        condition: new Float32Array(),
      },
      "compensator",
    );
    const rows = new Float32Array(large.count * width);
    for (let r = 0; r < large.count; r++) {
      rows.set(whole.subarray(r * d, (r + 1) * d), r * width);
      rows.set(change.subarray(r * d, (r + 1) * d), r * width + d);
      if (noise) rows.set(noise.subarray(r * triangle, (r + 1) * triangle), r * width + 2 * d);
    }
    return rows;
  };
  const rows = await looksAt(system, p, { side, temperature: p.T, count, seed }, see);
  const part = (from: number, to: number) => rows.filter((_, k) => k % width >= from && k % width < to);
  const data = {
    ...{ method: "compensator" as const, d, time: 1, instant: true, lambda: 1, condition: new Float32Array() },
    state: part(0, d),
    change: part(d, 2 * d),
    variation: part(2 * d, width),
    cohort: cohortsOf(p.looks, count),
  };
  return { d, states: data.state, model: solveSde(data, { kind: "polynomial", degree: CLOSURE_DEGREE, odd: [0] }) };
}

/** Trajectories from training states. */
function rolledOn(
  gpu: Gpu,
  p: CriticalOptions,
  side: number,
  { d, states, model }: Awaited<ReturnType<typeof equationWith>>,
  { closure, tau, seed }: { closure: Closed["closure"]; tau: number; seed: number },
): Promise<Rolled> {
  const rng = Xoshiro.open(stream(seed, `closure/start/${closure}/${side}`), 0, 0);
  const rows = states.length / d;
  const start = new Float32Array(p.runs * d);
  for (let r = 0; r < p.runs; r++) {
    const row = rng.below(rows);
    start.set(states.subarray(row * d, (row + 1) * d), r * d);
  }
  const length = Math.min(p.horizon, TIMES * tau);
  const options = { side, temperature: p.T, length, dt: p.dt, seed, purpose: closure, forget: FORGET };
  return rolledOut(gpu, model, start, options);
}
