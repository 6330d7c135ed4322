// Means over words of replicas, which are independent of each other: the units of all standard errors.
import { expectWithin, moments } from "./statistics.ts";

export type Rows = ArrayLike<number>;

/** Means of runs of `length` rows of `width` numbers, `[runs, width]`. */
export function runMeans(rows: ArrayLike<number>, length: number, width: number): Float64Array {
  const means = new Float64Array(rows.length / length);
  for (let k = 0; k < rows.length; k++)
    means[Math.floor(k / (length * width)) * width + (k % width)] += rows[k] / length;
  return means;
}

/** Column `column` of rows of `width` numbers. */
export function column(rows: ArrayLike<number>, width: number, column: number): Float64Array {
  return Float64Array.from({ length: rows.length / width }, (_, k) => rows[k * width + column]);
}

/** Entries (j, k), j ≤ k, of the upper triangle of a d × d matrix, row by row. */
function upperTriangle(d: number): [number, number][] {
  return Array.from({ length: d }, (_, j) =>
    Array.from({ length: d - j }, (_, k): [number, number] => [j, j + k]),
  ).flat();
}

/** a bᵀ of rows of d numbers, upper triangles; symmetric where a and b are the same. */
export function products(a: ArrayLike<number>, b: ArrayLike<number>, d: number): Float64Array {
  const entries = upperTriangle(d);
  return Float64Array.from({ length: (a.length / d) * entries.length }, (_, at) => {
    const [j, k] = entries[at % entries.length];
    const row = Math.floor(at / entries.length) * d;
    return a[row + j] * b[row + k];
  });
}

/**
 * Means that are to be 0, in standard errors: consecutive `cluster` values depend on each other, others do not. `judge` throws if the
 * worst of them is beyond 4.5. Deviations below `rounding` do not count.
 */
export class Means {
  readonly #cluster: number;
  readonly #worst = { label: "", mean: 0, error: 1, sigmas: 0 };
  #assertions = 0;

  constructor(cluster: number) {
    this.#cluster = cluster;
  }

  add(label: string, values: ArrayLike<number>, rounding: number): void {
    this.#assertions++;
    const { mean, meanError } = moments(runMeans(values, this.#cluster, 1));
    const error = Math.hypot(meanError, rounding);
    const sigmas = mean === 0 ? 0 : Math.abs(mean / error);
    // Written so that NaN is the worst.
    if (!(sigmas <= this.#worst.sigmas)) Object.assign(this.#worst, { label, mean, error, sigmas });
  }

  /**
   * Rows of `width` numbers, each of mean 0, and uncorrelated with what is known before, rows of d numbers: width (1 + d) means.
   */
  addRows(
    label: string,
    rows: ArrayLike<number>,
    width: number,
    known: ArrayLike<number>,
    d: number,
    rounding: number,
  ) {
    const starts = Array.from({ length: d }, (_, k) => {
      const values = column(known, d, k);
      const { mean, variance } = moments(values);
      return values.map((x) => (x - mean) / Math.sqrt(variance || 1));
    });
    for (let j = 0; j < width; j++) {
      const values = column(rows, width, j);
      this.add(`${label} ${j}`, values, rounding);
      for (const [k, start] of starts.entries()) {
        this.add(
          `${label} ${j} against ${k} at the start`,
          values.map((x, p) => x * start[p]),
          rounding,
        );
      }
    }
  }

  judge(): void {
    const { label, mean, error } = this.#worst;
    expectWithin(`${label} (the worst of ${this.#assertions})`, mean, 0, error);
  }
}

/** Rows `[n, d]` and of what is quadratic in them `[n, d (d + 1) / 2]` have mean 0 whatever the start `[n, d]`. */
export function expectUnbiased(
  { system, d }: { readonly system: { readonly lanes: number }; readonly d: number },
  label: string,
  { means, squares, start, rounding }: { means: Rows; squares?: Rows; start: Rows; rounding: number },
): void {
  const verdict = new Means(system.lanes);
  verdict.addRows(`${label}, mean`, means, d, start, d, rounding);
  if (squares) verdict.addRows(`${label}, covariance`, squares, (d * (d + 1)) / 2, start, d, rounding ** 2);
  verdict.judge();
}

/** a − b, entry by entry. */
export const minus = (a: Rows, b: Rows) => Float64Array.from(a, (x, k) => x - b[k]);

/** ½ (a − b)(a − b)ᵀ: of two independent evolutions of the same state, an estimate of their covariance. */
export const spread = (a: Rows, b: Rows, d: number) => {
  const half = minus(a, b).map((x) => x / Math.SQRT2);
  return products(half, half, d);
};
