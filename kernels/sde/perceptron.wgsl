// A multilayer perceptron of one point, for fields by networks (lib/method/sde/network-field.ts). Numbers from `base` on: layers, activation
// of all but the last; for each layer its inputs, its outputs with padding, and where its weights
// [input][output] begin, the biases behind them. The widest layer has WIDE outputs.
import package::sde::numbers::{ number, whole_number };
import constants::D;
import constants::WIDE;

// 1: tanh, 2: relu, 3: requr, as in nn/dense.wgsl.
fn activation(kind: u32, sum: f32) -> f32 {
  let part = clamp(sum, 0.0, 0.5);
  let bent = select(max(sum, 0.0), part * part + max(sum - 0.5, 0.0), kind == 3u);
  return select(bent, tanh(clamp(sum, -20.0, 20.0)), kind == 1u);
}

// Its derivative, from its value a.
fn slope(kind: u32, a: f32) -> f32 {
  let bent = select(select(0.0, 1.0, a > 0.0), 2.0 * sqrt(clamp(a, 0.0, 0.25)), kind == 3u);
  return select(bent, 1.0 - a * a, kind == 1u);
}

fn perceptron(base: u32, standard: ptr<function, array<f32, D>>) -> array<f32, WIDE> {
  var x: array<f32, WIDE>;
  var y: array<f32, WIDE>;
  for (var j = 0u; j < D; j++) { x[j] = (*standard)[j]; }
  let layers = whole_number(base);
  let kind = whole_number(base + 1u);
  for (var l = 0u; l < layers; l++) {
    let inputs = whole_number(base + 2u + 3u * l);
    let outputs = whole_number(base + 3u + 3u * l);
    let weights = base + whole_number(base + 4u + 3u * l);
    let last = l + 1u == layers;
    for (var o = 0u; o < outputs; o++) {
      var sum = number(weights + inputs * outputs + o);
      for (var k = 0u; k < inputs; k++) { sum += number(weights + k * outputs + o) * x[k]; }
      y[o] = select(activation(kind, sum), sum, last);
    }
    for (var o = 0u; o < outputs; o++) { x[o] = y[o]; }
  }
  return x;
}
