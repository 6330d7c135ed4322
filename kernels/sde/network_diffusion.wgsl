// Diffusion by a network (lib/method/sde/network-diffusion.ts), a module that the integrator links as field::diffusion:
//   σ = diag(scale) F σ̃(raw),   raw: outputs of the network at z̃, σ̃: see sigma.wgsl, F: a lower triangle.
// Its numbers: scale (D), F (D × D), then, from a multiple of four on, the network.
import package::sde::numbers::{ number, diffusion_base };
import package::sde::perceptron::perceptron;
import package::sde::sigma::sigma_entry;
import constants::D;
import constants::FULL;

// root · σ ξ at z̃; networks have one set of parameters.
fn kick(
  root: f32,
  xi: ptr<function, array<f32, D>>,
  standard: ptr<function, array<f32, D>>,
  which: u32,
) -> array<f32, D> {
  let base = diffusion_base();
  var outputs = perceptron(base + ((1u + D) * D + 3u) / 4u * 4u, standard);
  var inner: array<f32, D>;   // σ̃ ξ
  for (var j = 0u; j < D; j++) {
    for (var k = 0u; k < D; k++) {
      let raw = select(j, j * D + k, FULL > 0);
      inner[j] += sigma_entry(j, k, outputs[raw]) * (*xi)[k];
    }
  }
  var kicks: array<f32, D>;
  for (var j = 0u; j < D; j++) {
    var noise = 0.0;
    for (var k = 0u; k < D; k++) { noise += number(base + (1u + j) * D + k) * inner[k]; }
    kicks[j] = root * number(base + j) * noise;
  }
  return kicks;
}
