// Entries of σ̃ from the outputs of the diffusion network:
//   FULL 0  diagonal: exp raw_j on the diagonal, 0 beside it
//   FULL 1  I + raw, a D × D matrix row by row
//   FULL 2  lower triangle of the same matrix: exp raw_jj on the diagonal, raw_jk below it; never singular
// Exponents are clamped to ±12. σ̃ matters through σ̃σ̃ᵀ alone, for which a lower triangle with positive diagonal is enough.
import constants::FULL;

fn sigma_entry(j: u32, k: u32, raw: f32) -> f32 {
  if (FULL == 1) { return select(raw, 1.0 + raw, j == k); }
  let beside = select(0.0, raw, FULL == 2 && k < j);
  return select(beside, exp(clamp(raw, -12.0, 12.0)), j == k);
}

// d entry / d raw
fn sigma_slope(j: u32, k: u32, raw: f32) -> f32 {
  if (FULL == 1) { return 1.0; }
  let beside = select(0.0, 1.0, FULL == 2 && k < j);
  return select(beside, exp(clamp(raw, -12.0, 12.0)), j == k);
}
