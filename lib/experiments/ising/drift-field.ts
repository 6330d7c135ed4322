// The learned drift of the Ising observables where there are training data, for a picture over (m, ρ).
import type { Gpu } from "../../gpu/device.ts";
import { evaluate, type SdeModel } from "../../method/sde/model.ts";

/** Cells of the grid over the range of the data, and snapshots that a cell must hold. */
const CELLS = { m: 24, rho: 16 };
const LEAST = 20;

/** f at the mean z of every cell of (m, ρ); `whole`: z of the training lattices, `[snapshots, d]`. */
export async function driftField(gpu: Gpu, model: SdeModel, whole: Float32Array, patch: number) {
  const { d } = model;
  const n = whole.length / d;
  const range = (j: number) => {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let p = 0; p < n; p++) {
      low = Math.min(low, whole[p * d + j]);
      high = Math.max(high, whole[p * d + j]);
    }
    return { low, width: high - low || 1 };
  };
  const [m, rho] = [range(0), range(1)];
  const cellOf = (value: number, { low, width }: typeof m, cells: number) =>
    Math.min(cells - 1, Math.floor(((value - low) / width) * cells));
  const cells = new Map<number, { count: number; sum: Float64Array }>();
  for (let p = 0; p < n; p++) {
    const index = cellOf(whole[p * d], m, CELLS.m) * CELLS.rho + cellOf(whole[p * d + 1], rho, CELLS.rho);
    const cell = cells.get(index) ?? { count: 0, sum: new Float64Array(d) };
    cell.count++;
    for (let j = 0; j < d; j++) cell.sum[j] += whole[p * d + j];
    cells.set(index, cell);
  }
  const points = [...cells.values()]
    .filter(({ count }) => count >= LEAST)
    .map(({ count, sum }) => Array.from(sum, (value) => value / count));
  if (points.length === 0) return null;
  const { drift } = await evaluate(gpu, model, points.flat());
  return {
    patch,
    m: points.map((z) => z[0]),
    rho: points.map((z) => z[1]),
    driftM: points.map((_, k) => drift[k * d]),
    driftRho: points.map((_, k) => drift[k * d + 1]),
  };
}
