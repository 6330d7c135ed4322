// Drift by a network (lib/method/sde/network-drift.ts), a module that the integrator links as field::drift:
//   f_j = a_j + Σ_k B_jk z̃_k + scale_j g_j,   g: outputs of the network at z̃.
import constants::D;

@group(0) @binding(8) var<storage, read> drift_outputs: array<f32>;  // [rows][columns]
@group(0) @binding(9) var<storage, read> drift_scales: array<f32>;   // a, scale: D numbers each; B: D × D

// f of trajectory b at its z̃; n columns per row.
fn drift(standard: array<f32, D>, b: u32, n: u32) -> array<f32, D> {
  var z = standard;
  var f: array<f32, D>;
  for (var j = 0u; j < D; j++) {
    f[j] = drift_scales[j] + drift_scales[D + j] * drift_outputs[j * n + b];
    for (var k = 0u; k < D; k++) { f[j] += drift_scales[(2u + j) * D + k] * z[k]; }
  }
  return f;
}
