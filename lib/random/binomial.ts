// Binomial numbers by inversion of their law.

/**
 * How many of n independent trials of probability p succeed, as a function of a uniform number in (0, 1]. The law is summed in float64, out to
 * 8 standard deviations and 8 trials on both sides of its largest term: what is left out is below 10⁻¹¹.
 */
export function binomialInverse(n: number, p: number): (u: number) => number {
  const mode = Math.min(n, Math.floor((n + 1) * p));
  const reach = 8 + Math.ceil(8 * Math.sqrt(n * p * (1 - p)));
  const first = Math.max(0, mode - reach);
  const last = Math.min(n, mode + reach);
  const law = new Float64Array(last - first + 1);
  law[mode - first] = 1;
  for (let k = mode; k > first; k--) law[k - 1 - first] = (law[k - first] * k * (1 - p)) / ((n - k + 1) * p);
  for (let k = mode; k < last; k++) law[k + 1 - first] = (law[k - first] * (n - k) * p) / ((k + 1) * (1 - p));
  for (let k = 1; k < law.length; k++) law[k] += law[k - 1];
  const whole = law[law.length - 1];
  return (u) => {
    let [from, to] = [0, law.length - 1];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (law[middle] >= u * whole) to = middle;
      else from = middle + 1;
    }
    return first + from;
  };
}
