// Wasserstein-1 distance of two laws on the line: W₁ = ∫ |F(x) − G(x)| dx (Vallender, Theory Probab. Appl. 18, 784
// (1973)), exact for discrete laws. In the unit of x.
import { InputError } from "../errors.ts";

/** Values with weights ≥ 0 (equal if absent), in any order. A sample, or a discrete law such as that of m. */
export interface Atoms {
  readonly values: ArrayLike<number>;
  readonly weights?: ArrayLike<number>;
}

/**
 * W₁ between two samples, a sample and a discrete law, or two discrete laws; weights are normalised. O(N log N), O(N) for
 * values already in ascending order. Throws InputError for empty or unequal arrays, non-finite values or bad weights.
 */
export function wasserstein(a: Atoms, b: Atoms): number {
  const x = sorted(a);
  const y = sorted(b);
  let i = 0;
  let j = 0;
  let difference = 0;
  let distance = 0;
  let position = Math.min(x.values[0], y.values[0]);
  while (i < x.values.length || j < y.values.length) {
    const fromX = j === y.values.length || (i < x.values.length && x.values[i] <= y.values[j]);
    const next = fromX ? x.values[i] : y.values[j];
    distance += Math.abs(difference) * (next - position);
    difference += fromX ? x.weights[i++] : -y.weights[j++];
    position = next;
  }
  return distance;
}

/**
 * Expected W₁ between a discrete law and `samples` independent draws from it, to leading order:
 * √(2 / (π N)) ∫ √(F (1 − F)) dx (del Barrio, Giné & Matrán, Ann. Probab. 27, 1009 (1999)). A measured distance near this
 * value says nothing against a model; for correlated samples N is the effective number.
 */
export function wassersteinFloor(law: Atoms, samples: number): number {
  const { values, weights } = sorted(law);
  let below = 0;
  let integral = 0;
  for (let i = 0; i + 1 < values.length; i++) {
    below += weights[i];
    integral += Math.sqrt(Math.max(0, below * (1 - below))) * (values[i + 1] - values[i]);
  }
  return Math.sqrt(2 / (Math.PI * samples)) * integral;
}

/** Values in ascending order with weights of sum 1. */
function sorted({ values, weights }: Atoms): { values: Float64Array; weights: Float64Array } {
  const size = values.length;
  if (size === 0) throw new InputError("a Wasserstein distance needs at least one value on each side");
  if (weights && weights.length !== size) throw new InputError(`${weights.length} weights for ${size} values`);
  let ascending = true;
  let total = 0;
  for (let i = 0; i < size; i++) {
    if (!Number.isFinite(values[i])) throw new InputError(`value ${values[i]} at index ${i} is not finite`);
    const weight = weights ? weights[i] : 1;
    if (!(weight >= 0)) throw new InputError(`weight ${weight} at index ${i} is negative or not a number`);
    total += weight;
    if (i > 0 && values[i] < values[i - 1]) ascending = false;
  }
  if (!(total > 0 && total < Number.POSITIVE_INFINITY)) throw new InputError(`the weights sum to ${total}`);
  if (!weights) {
    const copy = Float64Array.from(values);
    return { values: ascending ? copy : copy.sort(), weights: new Float64Array(size).fill(1 / size) };
  }
  const order = Uint32Array.from({ length: size }, (_, i) => i);
  if (!ascending) order.sort((i, j) => values[i] - values[j]);
  return {
    values: Float64Array.from(order, (i) => values[i]),
    weights: Float64Array.from(order, (i) => weights[i] / total),
  };
}
