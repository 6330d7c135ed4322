// The Padé approximant [5/6] of the exponential in partial fractions: exp(x) ≈ r(x) = Σ 2 Re c / (x − z) over three conjugate
// pairs of poles. Order 11: r(x) − exp(x) ≈ −5! 6! / (11! 12!) x¹², −1.6e-12 at x = −1. L-stable: r(−∞) = 0 (it is the
// stability function of the six-stage Radau IIA method: Hairer & Wanner, Solving ODE II, section IV.4).

/** A pole z in the upper half-plane and its residue c; the conjugate pair belongs to it. */
export interface PolePair {
  readonly pole: { readonly re: number; readonly im: number };
  readonly residue: { readonly re: number; readonly im: number };
}

/**
 * Zeros z of D(x) = Σ_i C(6, i) (11 − i)!/11! (−x)ⁱ and c = N(z)/D'(z), N(x) = Σ_i C(5, i) (11 − i)!/11! xⁱ. Computed with
 * 40 digits (mpmath `polyroots`) because cancellation in D leaves only 11 digits of c in float64.
 */
export const EXPONENTIAL_POLES: readonly PolePair[] = [
  {
    pole: { re: 7.49063752880963, im: 1.621502388778394 },
    residue: { re: 185.54487885755512, im: -917.7923648638089 },
  },
  {
    pole: { re: 6.47051493670157, im: 4.900121147421387 },
    residue: { re: -226.06041189362895, im: 305.10335904505314 },
  },
  {
    pole: { re: 4.0388475344888, im: 8.345600414872216 },
    residue: { re: 43.515533036073826, im: -14.015306215640607 },
  },
];
