// The last layer of a drift network in closed form. With the hidden layers given, the affine part and the last layer that fit
// change/time best in the mean square solve a linear system: what gradient steps approach slowly, and what decides how well slow
// motions are resolved beside fast ones. For the compensator this is the minimum of its loss, up to the ridge; for increments it drops the
// weights C⁻¹ of the likelihood, which leaves the estimate consistent.
import type { Gpu } from "../../gpu/device.ts";
import { layout, Mlp, roundUpBatch } from "../../nn/mlp.ts";
import { concatenate } from "../concatenate.ts";
import { type Regression, rowScales } from "../pairs.ts";
import { conditionsIn } from "./conditions.ts";
import { type AffineNetwork, perceptron } from "./network-field.ts";
import { type Points, standardise } from "./points.ts";
import { addRow, noEquations, solve, squaredResiduals, total } from "./polynomial/least-squares.ts";
import { cohortNumbers, FOLDS } from "./polynomial/solve.ts";

/** Columns of one evaluation. */
const COLUMNS = 16_384;
/** Ridges of the last-layer weights, per row, that are tried, and that of the affine part, which only decides between equal features. */
const RIDGES = [1e-9, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2];
const LEAST_RIDGE = 1e-9;

/**
 * The drift with offset, slope and last layer replaced by the least-squares solution of f ≈ change/δt over all rows. The ridge of the
 * last-layer weights is the one of the smallest residual on cohorts that are left out, in as many parts as there may be up to
 * 8; with fewer than 2 cohorts the smallest.
 */
export async function solveLastLayer<F extends AffineNetwork>(
  gpu: Gpu,
  { d, center, spread, drift }: Omit<Points, "n" | "z"> & { readonly drift: F },
  data: Pick<Regression, "state" | "condition" | "change" | "time" | "lambda" | "each" | "cohort">,
): Promise<F> {
  const { state, condition, change, time, cohort } = data;
  const n = state.length / d;
  const c = conditionsIn(drift);
  const inputs = d + c;
  const network = perceptron(drift, inputs, d);
  const last = layout(network).layers.at(-1);
  if (!last || network.hidden.length === 0) return drift;
  const width = last.inputs;
  const size = 1 + inputs + width;
  const { cohorts, number } = cohortNumbers(cohort);
  const folds = Array.from({ length: Math.min(FOLDS, cohorts) }, () => noEquations(size, d));
  const mlp = await Mlp.create(gpu, network, roundUpBatch(Math.min(COLUMNS, n)));
  try {
    gpu.write(mlp.parameters, drift.parameters);
    const row = new Float64Array(size);
    const y = new Float64Array(d);
    for (let from = 0; from < n; from += COLUMNS) {
      const count = Math.min(COLUMNS, n - from);
      const z = state.subarray(from * d, (from + count) * d);
      const own = condition.subarray(from * c, (from + count) * c);
      const standard = concatenate([
        standardise({ n: count, d, z, center, spread }, mlp.batch),
        ...(drift.conditions ? [standardise({ n: count, d: c, z: own, ...drift.conditions }, mlp.batch)] : []),
      ]);
      gpu.write(mlp.input, standard);
      gpu.run(mlp.forward());
      const hidden = await gpu.read(mlp.activations[mlp.activations.length - 2], Float32Array, width * mlp.batch);
      for (let p = 0; p < count; p++) {
        const scale = rowScales(data, from + p);
        row[0] = scale.drift;
        for (let j = 0; j < inputs; j++) row[1 + j] = scale.drift * standard[j * mlp.batch + p];
        for (let k = 0; k < width; k++) row[1 + inputs + k] = scale.drift * hidden[k * mlp.batch + p];
        for (let j = 0; j < d; j++) y[j] = (scale.change * change[(from + p) * d + j]) / time;
        addRow(folds[number[from + p] % folds.length], row, y);
      }
    }
  } finally {
    mlp.destroy();
  }
  const all = total(folds);
  const features = Array.from({ length: size }, (_, a) => a);
  const blocks = [{ terms: features, columns: features.slice(0, d) }];
  const penalty = (ridge: number) => features.map((a) => (a > inputs ? ridge : LEAST_RIDGE));
  const others = folds.map((fold) => total([fold], -1, all));
  const heldOut = (ridge: number) => {
    const sums = folds.map((fold, f) => squaredResiduals(fold, solve(others[f], blocks, penalty(ridge))));
    return blocks[0].columns.reduce((score, j) => score + Math.log(sums.reduce((sum, one) => sum + one[j], 0)), 0);
  };
  const scores = folds.length > 1 ? RIDGES.map(heldOut) : [0];
  const solution = solve(all, blocks, penalty(RIDGES[scores.indexOf(Math.min(...scores))]));
  const of = (feature: number, j: number) => solution[feature * d + j];
  const parameters = drift.parameters.slice();
  for (let j = 0; j < d; j++) {
    for (let k = 0; k < width; k++)
      parameters[last.weights + k * last.outputs + j] = of(1 + inputs + k, j) / drift.scale[j];
    parameters[last.bias + j] = 0;
  }
  return {
    ...drift,
    offset: Float32Array.from({ length: d }, (_, j) => of(0, j)),
    slope: Float32Array.from({ length: d * inputs }, (_, at) => of(1 + (at % inputs), Math.floor(at / inputs))),
    parameters,
  };
}
