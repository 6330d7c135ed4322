// The learned predator–prey equation over a model-free estimate from the same states: drift and diffusion by Kramers–Moyal.
import { type Bin, binMeans, equalBins, gridBins, kramersMoyal } from "../../analysis/kramers-moyal.ts";
import type { Gpu } from "../../gpu/device.ts";
import { type Increments, regression } from "../../method/pairs.ts";
import { evaluate, type SdeModel } from "../../method/sde/model.ts";
import { thinned } from "../../method/snapshots.ts";

const BINS = 16;
const CELLS = [11, 11] as const;
/** Points that a cell of the vector field needs. */
const CELL_MINIMUM = 40;
/** States at which the networks are evaluated, at most. */
const MOST_STATES = 65_536;

const NAMES = ["u", "v"] as const;
/** f is fitted inside a bin to this degree before the rest counts as noise. */
const DEGREE = 1;

/**
 * Increments over τ and 2τ (`single`, `double`, from the same snapshots and patches) in bins of mean prey and mean predators, and the
 * learned functions averaged over the same states.
 */
export async function checkedEquation(gpu: Gpu, model: SdeModel, single: Increments, double: Increments) {
  // By the spread of the changes themselves, not by that of their copies.
  const { d, state, change, lambda, time: tau } = regression({ ...single, variation: null }, "increment");
  // Rows stand in order of time: thinned evenly, all ages of the trajectories count.
  const thin = (values: Float32Array) => thinned(values, d, MOST_STATES);
  const states = thin(state);
  const increments = {
    state: states,
    change1: thin(change),
    change2: thin(regression(double, "increment").change),
    d,
    tau,
    lambda,
  };
  const learned = await evaluate(gpu, model, states);
  const entry = (j: number, k: number) => j * d + k;
  const figures = NAMES.flatMap((along, axis) => {
    const bins = equalBins(states, d, axis, BINS);
    const estimates = kramersMoyal(increments, bins, DEGREE);
    const drifts = binMeans(learned.drift, d, bins);
    const diffusions = binMeans(learned.diffusion, d * d, bins);
    const x = estimates.map(({ centre }) => centre[axis]);
    const curves = (quantity: string, unit: string, pick: "drift" | "diffusion", at: number, means: typeof drifts) => {
      // NaN leaves a gap in the figure.
      const corrected = estimates.map((one) => one[`${pick}Corrected`]);
      const end = (side: number) =>
        corrected.map((one) => (one ? one.value[at] + side * 1.96 * one.error[at] : Number.NaN));
      return {
        quantity,
        along,
        unit,
        x,
        measured: estimates.map((one) => one[pick].value[at]),
        corrected: end(0),
        low: end(-1),
        high: end(1),
        learned: means.map(({ value }) => value[at]),
      };
    };
    return [
      ...NAMES.map((name, j) => curves(`drift of ${name}`, "1/time", "drift", j, drifts)),
      curves(`diffusion of ${along}`, "1/time", "diffusion", entry(axis, axis), diffusions),
    ];
  });
  return {
    kramersMoyal: figures,
    driftField: vectorField(increments, learned.drift, gridBins(states, d, [0, 1], CELLS, CELL_MINIMUM)),
  };
}

function vectorField(increments: Parameters<typeof kramersMoyal>[0], drift: ArrayLike<number>, bins: readonly Bin[]) {
  if (bins.length === 0) return null;
  const estimates = kramersMoyal(increments, bins, DEGREE);
  const means = binMeans(drift, increments.d, bins);
  const column = (rows: readonly { readonly value: Float64Array }[], j: number) => rows.map(({ value }) => value[j]);
  const measured = estimates.map((one) => one.drift);
  return {
    u: estimates.map(({ centre }) => centre[0]),
    v: estimates.map(({ centre }) => centre[1]),
    learned: { du: column(means, 0), dv: column(means, 1) },
    measured: { du: column(measured, 0), dv: column(measured, 1) },
  };
}
