// Gradient of E(z̃) = ½ |y|², y = network(z̃) + Γ z̃ (lib/nn/energy-mlp.ts), at one point, by going back through the layers. Numbers from
// `base` on: those of perceptron.wgsl, and behind the biases of the last layer Γ [input][output].
// The activations of all layers have UNITS numbers, z̃ included, the widest layer has WIDE.
import package::sde::numbers::{ number, whole_number };
import package::sde::perceptron::{ activation, slope };
import constants::D;
import constants::UNITS;
import constants::WIDE;

fn energy_gradient(base: u32, standard: ptr<function, array<f32, D>>) -> array<f32, D> {
  let layers = whole_number(base);
  let kind = whole_number(base + 1u);
  var units: array<f32, UNITS>;   // layer after layer
  for (var j = 0u; j < D; j++) { units[j] = (*standard)[j]; }
  var start = 0u;
  var beside = 0u;
  var width = 0u;
  for (var l = 0u; l < layers; l++) {
    let inputs = whole_number(base + 2u + 3u * l);
    let weights = base + whole_number(base + 4u + 3u * l);
    width = whole_number(base + 3u + 3u * l);
    beside = weights + (inputs + 1u) * width;
    let last = l + 1u == layers;
    for (var o = 0u; o < width; o++) {
      var sum = number(weights + inputs * width + o);
      for (var k = 0u; k < inputs; k++) { sum += number(weights + k * width + o) * units[start + k]; }
      units[start + inputs + o] = select(activation(kind, vec4f(sum)).x, sum, last);
    }
    start += inputs;
  }
  var gradient: array<f32, D>;
  var back: array<f32, WIDE>;   // gradient of E with respect to the sums of a layer
  for (var o = 0u; o < width; o++) {
    var y = units[start + o];
    for (var k = 0u; k < D; k++) { y += number(beside + k * width + o) * (*standard)[k]; }
    for (var k = 0u; k < D; k++) { gradient[k] += number(beside + k * width + o) * y; }
    back[o] = y;
  }
  for (var l = layers; l > 0u; l--) {
    let inputs = whole_number(base + 3u * l - 1u);
    let outputs = whole_number(base + 3u * l);
    let weights = base + whole_number(base + 3u * l + 1u);
    var below: array<f32, WIDE>;
    start -= inputs;
    for (var k = 0u; k < inputs; k++) {
      var sum = 0.0;
      for (var o = 0u; o < outputs; o++) { sum += number(weights + k * outputs + o) * back[o]; }
      below[k] = sum * select(slope(kind, units[start + k]), 1.0, l == 1u);
    }
    for (var k = 0u; k < inputs; k++) { back[k] = below[k]; }
  }
  for (var j = 0u; j < D; j++) { gradient[j] += back[j]; }
  return gradient;
}
