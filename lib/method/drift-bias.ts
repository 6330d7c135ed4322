// Whether large states made from small ones are like true ones of the same z: a drift is a mean over these, and seams, or order that is
// not there yet, change it.
import type { Gpu } from "../gpu/device.ts";
import type { Regression } from "./pairs.ts";
import { evaluate, type SdeModel } from "./sde/model.ts";

/**
 * The share of the mean square of the residuals of `data` about the drift of `model`, which was learned from other states, that is bias: common to
 * rows that are alike (their intraclass correlation, without the part that so many rows have by chance), one number a variable. About
 * 0 where states with the same z drift as those behind `model` do. `cell` `[rows]`: rows with the same number are alike; they have to be
 * independent otherwise, such as one state of every cohort.
 */
export async function driftBias(
  gpu: Gpu,
  model: SdeModel,
  { d, state, change, time }: Regression,
  cell: ArrayLike<number>,
): Promise<number[]> {
  const { drift } = await evaluate(gpu, model, state);
  const rows = state.length / d;
  const cells = new Map<number, { count: number; sum: Float64Array; square: Float64Array }>();
  for (let p = 0; p < rows; p++) {
    const one = cells.get(cell[p]) ?? { count: 0, sum: new Float64Array(d), square: new Float64Array(d) };
    cells.set(cell[p], one);
    one.count++;
    for (let j = 0; j < d; j++) {
      const residual = change[p * d + j] / time - drift[p * d + j];
      one.sum[j] += residual;
      one.square[j] += residual ** 2;
    }
  }
  const several = [...cells.values()].filter(({ count }) => count > 1);
  return Array.from({ length: d }, (_, j) => {
    let common = 0;
    let all = 0;
    for (const { count, sum, square } of several) {
      // n m̄² − s², whose mean is n times the square of the common part.
      common += sum[j] ** 2 / count - (square[j] - sum[j] ** 2 / count) / (count - 1);
      all += square[j];
    }
    return common / all;
  });
}
