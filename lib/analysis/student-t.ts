// Student's t distribution with an integer number of degrees of freedom, in closed form.
import { InputError } from "../errors.ts";

/**
 * P(|T| ≤ t) for `freedom` ν ≥ 1, t ≥ 0: Abramowitz & Stegun 26.7.3 (odd ν) and 26.7.4 (even ν), finite sums in
 * θ = atan(t / √ν). Absolute error about 1e-15; O(ν).
 */
export function studentCentral(t: number, freedom: number): number {
  if (!(Number.isInteger(freedom) && freedom >= 1)) {
    throw new InputError(`${freedom} degrees of freedom: use an integer of at least 1`);
  }
  return central(Math.atan(t / Math.sqrt(freedom)), freedom);
}

/** The t with P(T ≤ t) = p, 0 < p < 1, by bisection in θ. Relative error about 1e-14 for p in 0.001 … 0.999. */
export function studentQuantile(p: number, freedom: number): number {
  if (!(p > 0 && p < 1)) throw new InputError(`probability ${p} is not between 0 and 1`);
  if (p < 0.5) return -studentQuantile(1 - p, freedom);
  let low = 0;
  let high = Math.PI / 2;
  for (;;) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    const t = Math.sqrt(freedom) * Math.tan(middle);
    if (studentCentral(t, freedom) < 2 * p - 1) low = middle;
    else high = middle;
  }
  return Math.sqrt(freedom) * Math.tan(low);
}

/** The normal deviate that is as rare as `t` of `freedom` ν > 0, not only integers: D. L. Wallace, Ann. Math. Stat. 30, 1124 (1959), within 0.02 for ν ≥ 3. */
export function normalOfStudent(t: number, freedom: number): number {
  if (freedom === Number.POSITIVE_INFINITY) return t;
  return (Math.sign(t) * ((8 * freedom + 1) * Math.sqrt(freedom * Math.log1p(t ** 2 / freedom)))) / (8 * freedom + 3);
}

function central(theta: number, freedom: number): number {
  const odd = freedom % 2 === 1;
  const sin = Math.sin(theta);
  const cos = Math.cos(theta);
  // Terms cosʲ θ with j = 1, 3, … ν − 2 (odd) or 0, 2, … ν − 2 (even), coefficient ratio (j + 1)/(j + 2).
  let term = odd ? cos : 1;
  let sum = 0;
  for (let j = odd ? 1 : 0; j <= freedom - 2; j += 2) {
    sum += term;
    term *= ((j + 1) / (j + 2)) * cos * cos;
  }
  return odd ? (2 / Math.PI) * (theta + sin * sum) : sin * sum;
}
