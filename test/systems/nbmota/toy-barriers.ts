// A barrier model that is quick to evaluate and known in full: a compact model of low rank with random numbers, and its twin on the host.
import { normalPair } from "../../../lib/random/normal.ts";
import { stream } from "../../../lib/random/stream.ts";
import { Xoshiro } from "../../../lib/random/xoshiro.ts";
import type { CompactWeights } from "../../../lib/systems/nbmota/compact-barriers.ts";
import { FRAMES, SITES } from "../../../lib/systems/nbmota/environment.ts";

/** Barriers around 1 eV that differ by about 0.1 eV. */
export function toyWeights(seed: number, rank = 8, hidden = 8): CompactWeights {
  const rng = Xoshiro.open(stream(seed, "toy barriers"), 0, 0);
  const normals = (count: number, scale: number) =>
    Float32Array.from({ length: count }, () => scale * normalPair(rng.next(), rng.next())[0]);
  return {
    rank,
    hidden,
    values: normals(SITES * 3 * rank, 0.1),
    shift: normals(rank, 0.1),
    sign: Float32Array.from({ length: rank }, (_, r) => (r === 0 ? 0 : r % 2 === 0 ? 0.02 : -0.02)),
    input: normals(rank * hidden, 0.3),
    bias: normals(hidden, 0.5),
    output: normals(hidden, 0.02),
    offset: Float32Array.of(1),
    slope: Float32Array.of(0.05),
  };
}

/** Barriers `[n, 8]` of environments `[n, 112]` by the formula, in float64. */
export function hostBarriers(weights: CompactWeights, types: ArrayLike<number>): Float64Array {
  const { rank, hidden, values, shift, sign, input, bias, output, offset, slope } = weights;
  const n = types.length / SITES;
  return Float64Array.from({ length: 8 * n }, (_, at) => {
    const environment = SITES * Math.floor(at / 8);
    const s = Float64Array.from(shift);
    for (const [place, site] of FRAMES[at % 8].entries()) {
      const kind = types[environment + site];
      if (kind === 0) continue;
      for (let r = 0; r < rank; r++) s[r] += values[(3 * place + kind - 1) * rank + r];
    }
    let energy = offset[0] + slope[0] * s[0];
    for (let r = 1; r < rank; r++) energy += sign[r] * s[r] ** 2;
    for (let h = 0; h < hidden; h++) {
      let z = bias[h];
      for (let r = 0; r < rank; r++) z += input[r * hidden + h] * s[r];
      energy += output[h] * Math.max(0, z);
    }
    return energy;
  });
}
