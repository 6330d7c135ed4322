// How true upsampled states are: the spread of a patch observable between the patches of one lattice.
import { InputError } from "../errors.ts";
import { average } from "./mean.ts";

/**
 * Mean over lattices of Σ_I (m_I − m)²/K over the value that spins placed at random would have,
 * (1 − m²)/n_s · (n − n_s)/(n − 1) (hypergeometric law), with its 95 % normal interval. `patches` `[count, K]` holds
 * patch magnetizations, n_s = `patchSpins`, n = K n_s. Lattices with |m| = 1 are left out.
 * Throws InputError when fewer than two lattices remain.
 */
export function varianceRatio(patches: ArrayLike<number>, tiles: number, patchSpins: number) {
  const n = tiles * patchSpins;
  const ratios: number[] = [];
  for (let from = 0; from < patches.length; from += tiles) {
    let sum = 0;
    let squares = 0;
    for (let k = from; k < from + tiles; k++) {
      sum += patches[k];
      squares += patches[k] ** 2;
    }
    const mean = sum / tiles;
    const expected = (((1 - mean ** 2) / patchSpins) * (n - patchSpins)) / (n - 1);
    if (expected > 0) ratios.push((squares / tiles - mean ** 2) / expected);
  }
  if (ratios.length < 2)
    throw new InputError(`${ratios.length} lattices have a patch variance to compare, 2 are needed`);
  const mean = average(ratios);
  const variance = ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0) / (ratios.length - 1);
  const reach = 1.96 * Math.sqrt(variance / ratios.length);
  return { mean, low: mean - reach, high: mean + reach };
}
