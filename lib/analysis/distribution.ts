// Distribution functions of samples and of laws on a grid, and their quantiles.

/** Values of a variable: those of runs, or, with `weights` of sum 1, a law that is known, its values in ascending order. */
export interface Sample {
  readonly values: ArrayLike<number>;
  readonly weights?: ArrayLike<number>;
  /** Each value stands for an even law of this width about it, as cells of a grid do; 0 if not given. */
  readonly width?: number;
}

export interface Distribution {
  /** The values in ascending order, what is no number at the end. */
  readonly sorted: Float64Array;
  /** Share of the values at or below x, and of those below it. */
  below(x: number): number;
  under(x: number): number;
  /** The smallest x with at least the share p, 0 < p ≤ 1, at or below it: of values without a width one of them. */
  quantile(p: number): number;
}

/** What sums of shares may be off by, from rounding. */
const ROUNDING = 1e-9;

/** Of at least one value. What is no number counts as above all others. */
export function distributionOf({ values, weights, width = 0 }: Sample): Distribution {
  const sorted = weights ? Float64Array.from(values) : Float64Array.from(values).sort();
  const total = new Float64Array(sorted.length + 1);
  for (let k = 0; k < sorted.length; k++) total[k + 1] = total[k] + (weights ? weights[k] : 1 / sorted.length);
  const upTo = (x: number) => countWhile(sorted, (value) => value <= x);
  const below = (x: number) => {
    if (width === 0) return total[upTo(x)];
    const whole = upTo(x - width / 2);
    const end = upTo(x + width / 2);
    let sum = total[whole];
    for (let k = whole; k < end; k++) sum += (total[k + 1] - total[k]) * ((x - sorted[k]) / width + 0.5);
    return sum;
  };
  // All but the last value, which has all at or below itself.
  const before = total.subarray(1, sorted.length);
  const quantile = (p: number) => {
    const near = sorted[countWhile(before, (sum) => sum < p - ROUNDING)];
    return width === 0 ? near : bisected(below, near - width / 2, near + width / 2, p);
  };
  const under = (x: number) => (width === 0 ? total[countWhile(sorted, (value) => value < x)] : below(x));
  return { sorted, below, under, quantile };
}

/** How many of sorted values fulfil what only those before others do. */
export function countWhile(sorted: Float64Array, holds: (value: number) => boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(sorted[middle])) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where a law of several, each a share of it, has at least p at or below itself; NaN where no quantile is a number. */
export function mixedQuantile(
  parts: readonly { readonly of: Distribution; readonly share: number }[],
  p: number,
): number {
  const ends = parts.map(({ of }) => of.quantile(p)).filter(Number.isFinite);
  if (ends.length === 0) return Number.NaN;
  const below = (x: number) => parts.reduce((sum, { of, share }) => sum + share * of.below(x), 0);
  return bisected(below, Math.min(...ends), Math.max(...ends), p);
}

/** The smallest x in [low, high] where a nondecreasing function reaches p, to the last digits. */
function bisected(of: (x: number) => number, low: number, high: number, p: number): number {
  if (of(low) >= p - ROUNDING) return low;
  let [a, b] = [low, high];
  // Small against what is between the ends: values about 0 have many more digits.
  while (b - a > 1e-14 * (high - low)) {
    const middle = a + (b - a) / 2;
    if (middle <= a || middle >= b) break;
    if (of(middle) >= p - ROUNDING) b = middle;
    else a = middle;
  }
  return b;
}

/** Smallest distance between values that are not equal: that of the values that a finite system can have, hardly anything for others; 0 where all are equal. */
export function spacingOf(values: ArrayLike<number>): number {
  const sorted = Float64Array.from(values).sort();
  let least = Number.POSITIVE_INFINITY;
  for (let k = 1; k < sorted.length; k++)
    if (sorted[k] > sorted[k - 1]) least = Math.min(least, sorted[k] - sorted[k - 1]);
  return Number.isFinite(least) ? least : 0;
}

/** Where the middle and the central 95 % of values are. */
export interface CentralRange {
  readonly low: number;
  readonly middle: number;
  readonly high: number;
}

export function centralRange(values: ArrayLike<number>): CentralRange {
  const { quantile } = distributionOf({ values });
  return { low: quantile(0.025), middle: quantile(0.5), high: quantile(0.975) };
}
