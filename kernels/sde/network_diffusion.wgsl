// Diffusion by a network (lib/method/sde/network-diffusion.ts), a module that the integrator links as field::diffusion:
//   σ = diag(scale) F σ̃(raw),   raw: outputs of the network at z̃, σ̃: see sigma.wgsl, F: a lower triangle.
import package::sde::sigma::sigma_entry;
import constants::D;
import constants::FULL;

@group(0) @binding(10) var<storage, read> diffusion_outputs: array<f32>;  // [rows][columns]
@group(0) @binding(11) var<storage, read> diffusion_scales: array<f32>;   // scale: D numbers; F: D × D

// root · σ ξ of trajectory b at its z̃; n columns per row.
fn kick(root: f32, xi: array<f32, D>, standard: array<f32, D>, b: u32, n: u32) -> array<f32, D> {
  var unit = xi;
  var inner: array<f32, D>;   // σ̃ ξ
  for (var j = 0u; j < D; j++) {
    for (var k = 0u; k < D; k++) {
      inner[j] += sigma_entry(j, k, diffusion_outputs[select(j, j * D + k, FULL > 0) * n + b]) * unit[k];
    }
  }
  var kicks: array<f32, D>;
  for (var j = 0u; j < D; j++) {
    var noise = 0.0;
    for (var k = 0u; k < D; k++) { noise += diffusion_scales[(1u + j) * D + k] * inner[k]; }
    kicks[j] = root * diffusion_scales[j] * noise;
  }
  return kicks;
}
