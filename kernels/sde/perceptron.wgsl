// A multilayer perceptron of one point, for fields by networks (lib/method/sde/network-field.ts). Numbers from `base` on: layers, activation
// (0: tanh, 1: relu) of all but the last; for each layer its inputs, its outputs with padding, and where its weights
// [input][output] begin, the biases behind them. The widest layer has WIDE outputs.
import package::sde::numbers::{ number, whole_number };
import constants::D;
import constants::WIDE;

fn perceptron(base: u32, standard: ptr<function, array<f32, D>>) -> array<f32, WIDE> {
  var x: array<f32, WIDE>;
  var y: array<f32, WIDE>;
  for (var j = 0u; j < D; j++) { x[j] = (*standard)[j]; }
  let layers = whole_number(base);
  let relu = number(base + 1u) > 0.5;
  for (var l = 0u; l < layers; l++) {
    let inputs = whole_number(base + 2u + 3u * l);
    let outputs = whole_number(base + 3u + 3u * l);
    let weights = base + whole_number(base + 4u + 3u * l);
    let last = l + 1u == layers;
    for (var o = 0u; o < outputs; o++) {
      var sum = number(weights + inputs * outputs + o);
      for (var k = 0u; k < inputs; k++) { sum += number(weights + k * outputs + o) * x[k]; }
      let bent = select(tanh(clamp(sum, -20.0, 20.0)), max(sum, 0.0), relu);
      y[o] = select(bent, sum, last);
    }
    for (var o = 0u; o < outputs; o++) { x[o] = y[o]; }
  }
  return x;
}
