// The stochastic OnsagerNet's drift (lib/method/sde/onsager-drift.ts) but for its networks, in units of z̃ and of its own rate:
//   f = −(M + W + α I) q + g,   M = B Bᵀ,   q = ∇V.
// One D × D array holds both: row by row, B on and below the diagonal, W above it (and minus that below).
import constants::D;
import constants::ALPHA;

// Bᵀ q
fn lower_transposed(entries: ptr<function, array<f32, D * D>>, q: ptr<function, array<f32, D>>) -> array<f32, D> {
  var t: array<f32, D>;
  for (var j = 0u; j < D; j++) {
    for (var k = 0u; k <= j; k++) { t[k] += (*entries)[j * D + k] * (*q)[j]; }
  }
  return t;
}

// −(M + turn W + α I) q; turn −1: of the transposed.
fn relaxation(entries: ptr<function, array<f32, D * D>>, q: ptr<function, array<f32, D>>, turn: f32) -> array<f32, D> {
  var t = lower_transposed(entries, q);
  var f: array<f32, D>;
  for (var j = 0u; j < D; j++) {
    var sum = ALPHA * (*q)[j];
    for (var k = 0u; k < D; k++) {
      let here = (*entries)[j * D + k];
      let there = (*entries)[k * D + j];
      let beside = turn * select(-there, here, k > j) * (*q)[k];
      sum += select(0.0, here * t[k], k <= j) + select(beside, 0.0, k == j);
    }
    f[j] = -sum;
  }
  return f;
}
