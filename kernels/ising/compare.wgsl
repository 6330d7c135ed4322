// Comparison of 32 random numbers R with one of five thresholds each, chosen by the number u of up neighbours: bit plane by bit plane, the
// highest first. R < threshold is decided at the first bit that differs.
import package::ising::planes::Sum;

// What is undecided yet, and what was decided to be up.
struct Draw { open: u32, up: u32 }

// Bit k of a threshold, the highest first, in all replicas.
fn bit_plane(threshold: u32, k: u32) -> u32 {
  return 0u - ((threshold >> (31u - k)) & 1u);
}

// One plane of the five thresholds with one of R.
fn compare_bits(t0: u32, t1: u32, t2: u32, t3: u32, t4: u32, u: Sum, random: u32, draw: ptr<function, Draw>) {
  let low = t0 ^ (u.ones & (t0 ^ t1));
  let high = t2 ^ (u.ones & (t2 ^ t3));
  let most = low ^ (u.twos & (low ^ high));
  let threshold = most ^ (u.fours & (most ^ t4));
  (*draw).up |= (*draw).open & threshold & ~random;
  (*draw).open &= ~(threshold ^ random);
}
