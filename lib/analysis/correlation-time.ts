// Correlation times of stationary series.

/** Where C(t)/C(0) has fallen to, from where on the rest of its integral is that of an exponential with the slope on the way there. */
const UPPER = 0.5;
const LOWER = 0.1;

/**
 * ∫₀^∞ C(t) dt / C(0) of C(t) = ⟨x(0) x(t)⟩, from runs of a stationary series of mean 0 at times `every` apart, `[runs][times]`: trapezoids until C is a
 * tenth of C(0), an exponential tail. NaN for series that are too short to see that.
 */
export function correlationTime(series: readonly ArrayLike<number>[], every: number): number {
  const times = series[0]?.length ?? 0;
  const at = (lag: number) => {
    let sum = 0;
    for (const x of series) for (let t = 0; t + lag < times; t++) sum += x[t] * x[t + lag];
    return sum / (series.length * (times - lag));
  };
  const start = at(0);
  const C = [1];
  while (C.length < times && C[C.length - 1] > LOWER) C.push(at(C.length) / start);
  const last = C.length - 1;
  const first = C.findIndex((value) => value < UPPER);
  if (!(C[last] <= LOWER) || first < 0) return Number.NaN;
  const area = C.slice(1).reduce((sum, value, k) => sum + (C[k] + value) / 2, 0);
  // What is left may be negative by chance, and then is nothing.
  const from = Math.min(first, last - 1);
  const slope = C[last] > 0 ? (last - from) / Math.log(C[from] / C[last]) : 0;
  return every * (area + Math.max(0, C[last]) * slope);
}
