// Drift of the stochastic OnsagerNet (lib/method/sde/onsager-drift.ts), a module that the integrator links as field::drift:
//   f_j = scale_j (−(M + W + α I) ∇V + g)_j,   V = E + β |z̃|²  (onsager.wgsl, energy.wgsl).
// Its numbers: scale (D), where the network of B and W and that of g begin, then, from a multiple of four on, E.
import package::sde::numbers::{ number, whole_number, DRIFT };
import package::sde::energy::energy_gradient;
import package::sde::onsager::relaxation;
import package::sde::perceptron::perceptron;
import constants::D;
import constants::BETA;

// f at z̃; networks have one set of parameters.
fn drift(standard: ptr<function, array<f32, D>>, which: u32) -> array<f32, D> {
  var q = energy_gradient(DRIFT + (D + 5u) / 4u * 4u, standard);
  for (var j = 0u; j < D; j++) { q[j] += 2.0 * BETA * (*standard)[j]; }
  var outputs = perceptron(DRIFT + whole_number(DRIFT + D), standard);
  var entries: array<f32, D * D>;
  for (var k = 0u; k < D * D; k++) { entries[k] = outputs[k]; }
  var f = relaxation(&entries, &q, 1.0);
  outputs = perceptron(DRIFT + whole_number(DRIFT + D + 1u), standard);
  for (var j = 0u; j < D; j++) { f[j] = number(DRIFT + j) * (f[j] + outputs[j]); }
  return f;
}
