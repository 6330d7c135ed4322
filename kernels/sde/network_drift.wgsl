// Drift by a network (lib/method/sde/network-drift.ts), a module that the integrator links as field::drift:
//   f_j = a_j + Σ_k B_jk z̃_k + scale_j g_j,   g: outputs of the network at z̃.
// Its numbers: a, scale (D each), B (D × D), then, from a multiple of four on, the network.
import package::sde::numbers::{ number, DRIFT };
import package::sde::perceptron::perceptron;
import constants::D;

// f at z̃; networks have one set of parameters.
fn drift(standard: ptr<function, array<f32, D>>, which: u32) -> array<f32, D> {
  var outputs = perceptron(DRIFT + ((2u + D) * D + 3u) / 4u * 4u, standard);
  var f: array<f32, D>;
  for (var j = 0u; j < D; j++) {
    f[j] = number(DRIFT + j) + number(DRIFT + D + j) * outputs[j];
    for (var k = 0u; k < D; k++) { f[j] += number(DRIFT + (2u + j) * D + k) * (*standard)[k]; }
  }
  return f;
}
