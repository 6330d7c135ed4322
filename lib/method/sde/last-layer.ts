// The last layer of a drift network in closed form. With the hidden layers given, the affine part and the last layer that fit
// change/time best in the mean square solve a linear system: what gradient steps approach slowly, and what decides how well slow
// motions are resolved beside fast ones. For the compensator this is the minimum of its loss, up to the prior below; for increments it drops the weights C⁻¹ of
// the likelihood, which leaves the estimate consistent.
import { lusolve } from "mathjs";
import type { Gpu } from "../../gpu/device.ts";
import { layout, Mlp, roundUpBatch } from "../../nn/mlp.ts";
import type { Regression } from "../pairs.ts";
import { type AffineNetwork, perceptron } from "./network-field.ts";
import { type Points, standardise } from "./points.ts";

/** Columns of one evaluation. */
const COLUMNS = 16_384;
/** Ridge of all features in units of their mean square: it only decides between features that are the same. */
const RIDGE = 1e-9;

/**
 * The drift with offset, slope and last layer replaced by the least-squares solution of f(z) ≈ change/δt over all rows.
 * `noise` `[d]`: variance of change/δt about the affine fit in units of scale²; last-layer weights have the prior variance 1/width
 * of a fresh network, so that noisy changes (few increments) leave them small and good ones (compensators) settle
 * them (ridge regression).
 */
export async function solveLastLayer<F extends AffineNetwork>(
  gpu: Gpu,
  { d, center, spread, drift }: Omit<Points, "n" | "z"> & { readonly drift: F },
  { state, change, time }: Pick<Regression, "state" | "change" | "time">,
  noise: ArrayLike<number>,
): Promise<F> {
  const n = state.length / d;
  const network = perceptron(drift, d, d);
  const last = layout(network).layers.at(-1);
  if (!last || network.hidden.length === 0) return drift;
  const width = last.inputs;
  const size = 1 + d + width;
  const normal = Array.from({ length: size }, () => new Float64Array(size));
  const right = Array.from({ length: size }, () => new Float64Array(d));
  const mlp = await Mlp.create(gpu, network, roundUpBatch(Math.min(COLUMNS, n)));
  try {
    gpu.write(mlp.parameters, drift.parameters);
    const row = new Float64Array(size).fill(1);
    for (let from = 0; from < n; from += COLUMNS) {
      const count = Math.min(COLUMNS, n - from);
      const z = state.subarray(from * d, (from + count) * d);
      const standard = standardise({ n: count, d, z, center, spread }, mlp.batch);
      gpu.write(mlp.input, standard);
      gpu.run(mlp.forward());
      const hidden = await gpu.read(mlp.activations[mlp.activations.length - 2], Float32Array, width * mlp.batch);
      for (let p = 0; p < count; p++) {
        for (let j = 0; j < d; j++) row[1 + j] = standard[j * mlp.batch + p];
        for (let k = 0; k < width; k++) row[1 + d + k] = hidden[k * mlp.batch + p];
        for (let a = 0; a < size; a++) {
          for (let b = 0; b <= a; b++) normal[a][b] += row[a] * row[b];
          for (let j = 0; j < d; j++) right[a][j] += (row[a] * change[(from + p) * d + j]) / time;
        }
      }
    }
  } finally {
    mlp.destroy();
  }
  const ridge = (RIDGE * normal.reduce((sum, values, a) => sum + values[a], 0)) / size;
  const offset = new Float32Array(d);
  const slope = new Float32Array(d * d);
  const parameters = drift.parameters.slice();
  for (let j = 0; j < d; j++) {
    const prior = noise[j] * width;
    const matrix = normal.map((values, a) =>
      Array.from(values, (_, b) => {
        const diagonal = a === b ? ridge + (a > d ? prior : 0) : 0;
        return (a >= b ? values[b] : normal[b][a]) + diagonal;
      }),
    );
    const solution = lusolve(
      matrix,
      right.map((values) => values[j]),
    ) as number[][];
    offset[j] = solution[0][0];
    for (let k = 0; k < d; k++) slope[j * d + k] = solution[1 + k][0];
    for (let k = 0; k < width; k++) {
      parameters[last.weights + k * last.outputs + j] = solution[1 + d + k][0] / drift.scale[j];
    }
    parameters[last.bias + j] = 0;
  }
  return { ...drift, offset, slope, parameters };
}
