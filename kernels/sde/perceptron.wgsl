// A multilayer perceptron of one point, for fields by networks (lib/method/sde/network-field.ts). Numbers from `base` on: layers, activation
// of all but the last; for each layer its inputs, its outputs with padding, and where its weights
// [input][output] begin, the biases behind them. Networks and their weights begin at multiples of four, outputs are multiples of eight,
// in the widest layer WIDE.
import package::sde::numbers::{ numbers, whole_number };
import constants::D;
import constants::WIDE;

// 1: tanh, 2: relu, 3: requr, as in nn/dense.wgsl.
fn activation(kind: u32, sum: vec4f) -> vec4f {
  let part = clamp(sum, vec4f(0.0), vec4f(0.5));
  let bent = select(max(sum, vec4f(0.0)), part * part + max(sum - 0.5, vec4f(0.0)), kind == 3u);
  return select(bent, tangent(sum), kind == 1u);
}

// tanh by one exponential: absolute error about 10⁻⁷.
fn tangent(x: vec4f) -> vec4f {
  let e = exp(-2.0 * min(abs(x), vec4f(20.0)));
  return sign(x) * ((1.0 - e) / (1.0 + e));
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
    let row = whole_number(base + 3u + 3u * l) / 4u;
    let weights = (base + whole_number(base + 4u + 3u * l)) / 4u;
    let last = l + 1u == layers;
    for (var o = 0u; o < row; o += 2u) {
      var at = weights + o;
      var one = numbers[at + inputs * row];
      var two = numbers[at + inputs * row + 1u];
      for (var k = 0u; k < inputs; k++) {
        one += numbers[at] * x[k];
        two += numbers[at + 1u] * x[k];
        at += row;
      }
      one = select(activation(kind, one), one, last);
      two = select(activation(kind, two), two, last);
      for (var k = 0u; k < 4u; k++) {
        y[4u * o + k] = one[k];
        y[4u * o + 4u + k] = two[k];
      }
    }
    for (var o = 0u; o < 4u * row; o++) { x[o] = y[o]; }
  }
  return x;
}
