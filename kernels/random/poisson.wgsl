// Poisson numbers by inversion of a table that the host makes in float64 (lib/random/poisson.ts): integers only, so
// that every adapter draws the same number. thresholds[j] = 2³² P(X ≤ first + j), rounded; the last is 2³² − 1.
// The mean is common to all invocations; the sum of c draws has c times the mean.

const POISSON_SIZE = 512u;

fn poisson_search(r: u32, first: u32, thresholds: ptr<storage, array<u32>, read>) -> u32 {
  // Smallest j with r < thresholds[j], by bisection; the table has POISSON_SIZE entries, a power of two.
  // The highest word belongs to the first threshold that is cut to it, not behind all of them.
  let word = min(r, 0xfffffffeu);
  var j = 0u;
  for (var step = POISSON_SIZE / 2u; step > 0u; step /= 2u) {
    j += select(0u, step, word >= thresholds[j + step - 1u]);
  }
  return first + j;
}
