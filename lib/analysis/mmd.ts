// How far apart two ensembles of trajectories are in law: maximum mean discrepancy (Gretton et al., JMLR 13, 723
// (2012)).
//
//   MMD² = E k(x, x′) + E k(y, y′) − 2 E k(x, y),   k(a, b) = mean over s of exp(−|a − b|² / 2s²),
//
// at each time, between the predicted and the true law of the standardised z (paper, section
// 3.2). Everything is computed with C = 1 − k, in which the same expression has the other sign: C is small where
// the ensembles are narrow, so that nothing cancels. Times are worked off in chunks, so memory is bounded whatever
// the number of times.
import { quantileSeq } from "mathjs/number";
import { InputError } from "../errors.ts";
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import { stream } from "../random/stream.ts";
import { Xoshiro } from "../random/xoshiro.ts";
import type { Ensemble } from "./ensemble.ts";

/** The paper's bandwidths s. The kernel relies on each being twice the one before. */
export const MMD_BANDWIDTHS = [0.25, 0.5, 1, 2, 4, 8] as const;

/** Most components of z that the kernel takes. */
const MOST = 8;
/** Columns summed in float32 before float64 takes over. */
const BLOCK = 64;
/** Numbers of one device buffer that a chunk of times may fill. */
const CHUNK = 2 ** 22;
/** Pairs of the first dispatch, before the speed of the adapter is known. */
const FIRST_PAIRS = 2 ** 20;

/** In what z is measured. */
export interface Units {
  /** `[d]`, the unit of each component: z̃ = (z − center) / spread. */
  readonly spread: ArrayLike<number>;
  /** `[d]`. Has no effect, k knows differences alone: taken so that a model's scales can be handed over whole. */
  readonly center?: ArrayLike<number>;
}

/**
 * MMD² at each time between the ensembles `x` and `y` of one case each, with at least 2 runs, not necessarily
 * equally many, and 1 … 8 components. `biased`: the V-statistic (the paper's), ≥ 0 up to rounding, of mean (1/n + 1/m)(1 − E k) for equal
 * laws. `unbiased`: the U-statistic, of mean MMD². Both `[times]`, dimensionless. Absolute error below 4e-7 × the
 * mean of 1 − k between x and y (measured 1.5e-7, widths 1e-3 … 300 spreads). O(times · runs²). Throws InputError for
 * a wrong shape, d > 8, a spread that is not positive, and values that are not finite.
 */
export async function mmdOverTime(gpu: Gpu, x: Ensemble, y: Ensemble, units: Units) {
  const { d } = x;
  const times = x.times.length;
  if (y.d !== d || y.times.length !== times) {
    throw new InputError(`ensembles of ${times} × ${d} and ${y.times.length} × ${y.d} times and components differ`);
  }
  const n = requireRuns(x, units, 2);
  const m = requireRuns(y, units, 2);
  const biased = new Float64Array(times);
  const unbiased = new Float64Array(times);
  const most = Math.max(n, m);
  for (const { from, to } of chunks(times, most * Math.max(MOST, Math.ceil(most / BLOCK)))) {
    const [a, b] = standardised([x, y], units, from, to);
    const pointsA = gpu.buffer("mmd.x", a);
    const pointsB = gpu.buffer("mmd.y", b);
    const sums = async (p: GpuArray, rows: number, q: GpuArray, columns: number) => {
      const parts = await complementSums(gpu, p, rows, q, columns, to - from, BLOCK, d);
      const each = parts.length / (to - from);
      return Float64Array.from({ length: to - from }, (_, t) => sum(parts.subarray(t * each, (t + 1) * each)));
    };
    const xx = await sums(pointsA, n, pointsA, n);
    const yy = await sums(pointsB, m, pointsB, m);
    const xy = await sums(pointsA, n, pointsB, m);
    pointsA.destroy();
    pointsB.destroy();
    for (let t = from; t < to; t++) {
      const cross = 2 * (xy[t - from] / (n * m));
      biased[t] = cross - xx[t - from] / n ** 2 - yy[t - from] / m ** 2;
      unbiased[t] = cross - xx[t - from] / (n * (n - 1)) - yy[t - from] / (m * (m - 1));
    }
  }
  return { biased, unbiased };
}

export interface FloorOptions extends Units {
  /** Runs in each of the two ensembles; the pool holds at least twice as many. */
  readonly size: number;
  /** Random splits of the pool. */
  readonly splits: number;
  readonly seed: number;
}

export interface MmdFloor {
  /** Biased MMD² at each time: mean, 2.5 % and 97.5 % percentile over the splits, `[times]`. */
  readonly mean: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Time mean of the biased MMD² of each split, `[splits]`. */
  readonly perSplit: Float64Array;
  /** Time mean of (2 / size)(1 − E k): what `mean` tends to with many splits, from all pairs of the pool. */
  readonly bias: number;
}

/**
 * What a perfect model scores: biased MMD² between two disjoint random sets of `size` runs out of the pool `truth`,
 * an ensemble of one case, the same sets at all times. Given the pool, the average over all splits is `bias` exactly; the
 * percentiles are those of the permutation law, in which splits of one pool are dependent. Depends on the seed alone.
 * Throws InputError as `mmdOverTime`, and for a pool of fewer than 2 · size runs.
 */
export async function mmdFloor(gpu: Gpu, truth: Ensemble, options: FloorOptions): Promise<MmdFloor> {
  const { size, splits, seed } = options;
  const times = truth.times.length;
  if (!(Number.isInteger(size) && size >= 2))
    throw new InputError(`ensembles of ${size} runs: use an integer from 2 on`);
  if (!(Number.isInteger(splits) && splits >= 1)) throw new InputError(`${splits} splits: use an integer from 1 on`);
  const pool = requireRuns(truth, options, 2 * size);
  const picks = Array.from({ length: splits }, (_, k) => drawSplit(pool, 2 * size, seed, k));
  const floor = {
    mean: new Float64Array(times),
    low: new Float64Array(times),
    high: new Float64Array(times),
    perSplit: new Float64Array(splits),
  };
  let bias = 0;
  for (const { from, to } of chunks(times, pool * Math.max(pool, MOST))) {
    const [a] = standardised([truth], options, from, to);
    const points = gpu.buffer("mmd.pool", a);
    const matrices = await complementSums(gpu, points, pool, points, pool, to - from, 1, truth.d);
    points.destroy();
    for (let t = from; t < to; t++) {
      const matrix = matrices.subarray((t - from) * pool ** 2, (t - from + 1) * pool ** 2);
      bias += ((2 / size) * sum(matrix)) / (pool * (pool - 1)) / times;
      const scores = picks.map((pick) => splitDiscrepancy(matrix, pool, pick));
      for (let k = 0; k < splits; k++) floor.perSplit[k] += scores[k] / times;
      floor.mean[t] = scores.reduce((total, score) => total + score, 0) / splits;
      [floor.low[t], floor.high[t]] = quantileSeq(scores, [0.025, 0.975]) as number[];
    }
  }
  return { ...floor, bias };
}

/**
 * −wᵀ C w with w = 1/size on the first half of `pick`, −1/size on the second. `matrix`: C `[pool][pool]`, symmetric.
 */
function splitDiscrepancy(matrix: Float32Array, pool: number, pick: Uint32Array): number {
  const size = pick.length / 2;
  let total = 0;
  for (let i = 1; i < pick.length; i++) {
    const row = pick[i] * pool;
    let first = 0;
    let second = 0;
    for (let j = 0; j < Math.min(i, size); j++) first += matrix[row + pick[j]];
    for (let j = size; j < i; j++) second += matrix[row + pick[j]];
    total += i < size ? -first : first - second;
  }
  return (2 * total) / size ** 2;
}

/** `count` different runs out of `pool` in random order (Fisher and Yates). */
function drawSplit(pool: number, count: number, seed: number, split: number): Uint32Array {
  const random = Xoshiro.open(stream(seed, "mmd-floor"), split, 0);
  const order = Uint32Array.from({ length: pool }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = i + random.below(pool - i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order.subarray(0, count);
}

/** C = 1 − k summed over blocks of columns, `[times][blocks][rows]`, from the device. */
async function complementSums(
  gpu: Gpu,
  a: GpuArray,
  rows: number,
  b: GpuArray,
  columns: number,
  times: number,
  block: number,
  d: number,
): Promise<Float32Array> {
  const constants = { QUADS: Math.ceil(d / 4), BANDWIDTHS: MMD_BANDWIDTHS.length };
  const kernel = await gpu.kernel("analysis/mmd.wgsl", { constants });
  const blocks = Math.ceil(columns / block);
  const total = times * blocks * rows;
  const sums = gpu.buffer("mmd.sums", 4 * total);
  await gpu.runSplit(`mmd/${block}`, total, FIRST_PAIRS / block, (start, end) =>
    kernel.call({ params: { rows, columns, block, blocks, start, end }, a, b, sums }, Math.ceil((end - start) / 64)),
  );
  const result = await gpu.read(sums, Float32Array);
  sums.destroy();
  return result.map((value) => value / MMD_BANDWIDTHS.length);
}

/**
 * The times from … to − 1 of each ensemble as the kernel wants them: `[time][run][4 or 8]`, in units of √2 × the widest
 * bandwidth × spread, relative to the common mean at each time, which keeps the float32 rounding small beside the
 * ensembles' width.
 */
function standardised(ensembles: readonly Ensemble[], { spread }: Units, from: number, to: number): Float32Array[] {
  const [{ d }] = ensembles;
  const runs = ensembles.map((one) => one.runs);
  const width = 4 * Math.ceil(d / 4);
  const out = runs.map((count) => new Float32Array((to - from) * count * width));
  const everyone = runs.reduce((total, count) => total + count, 0);
  const widest = MMD_BANDWIDTHS[MMD_BANDWIDTHS.length - 1];
  for (let t = from; t < to; t++) {
    for (let j = 0; j < d; j++) {
      const scale = 1 / (Math.SQRT2 * widest * spread[j]);
      let mean = 0;
      for (let e = 0; e < runs.length; e++) {
        for (let r = 0; r < runs[e]; r++) mean += ensembles[e].data[(t * runs[e] + r) * d + j] / everyone;
      }
      if (!Number.isFinite(mean)) throw new InputError(`component ${j} of a run is not finite at time index ${t}`);
      for (let e = 0; e < runs.length; e++) {
        for (let r = 0; r < runs[e]; r++) {
          const value = ensembles[e].data[(t * runs[e] + r) * d + j];
          out[e][((t - from) * runs[e] + r) * width + j] = scale * (value - mean);
        }
      }
    }
  }
  return out;
}

/** Consecutive ranges of times with at most CHUNK numbers each, `perTime` at one time. */
function chunks(times: number, perTime: number): { from: number; to: number }[] {
  const length = Math.max(1, Math.floor(CHUNK / perTime));
  return Array.from({ length: Math.ceil(times / length) }, (_, k) => ({
    from: k * length,
    to: Math.min(times, (k + 1) * length),
  }));
}

function requireRuns({ times, cases, runs, d }: Ensemble, { spread, center }: Units, least: number): number {
  if (cases !== 1) throw new Error(`an ensemble of ${cases} cases: take them one by one`);
  if (times.length === 0) throw new InputError("0 times: use an integer from 1 on");
  if (!(d >= 1 && d <= MOST)) throw new InputError(`${d} components: use 1 to ${MOST}`);
  if (spread.length !== d || (center && center.length !== d)) {
    throw new InputError(`${spread.length} spreads and ${center?.length ?? d} centers for ${d} components`);
  }
  const bad = Array.from(spread).find((s) => !(s > 0 && Number.isFinite(s)));
  if (bad !== undefined) throw new InputError(`spread ${bad} must be positive and finite`);
  if (runs < least) throw new InputError(`${runs} runs: at least ${least} are needed`);
  return runs;
}

function sum(values: Float32Array): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}
