// Dense layers of a group of networks of equal shape, forward or backward through the inputs.
//
// forward   y[g][o][b] = act(Σ_i w[g][i][o] x[g][i][b] + bias[g][o])
// BACKWARD  y[g][i][b] = act'(a[g][i][b]) Σ_o w[g][o][i] x[g][o][b]   with x = dL/d(output before act), w transposed
//           and a the activations of the layer below; act' is taken from the activation's own value.
// ADD       the same, added to what y holds.
// CURVED    y = act'(a) s and bend = act''(a)/act'(a) s t of the same sum s. With w not transposed, x the derivatives of a layer's
//           inputs along a direction and a its own activations, y are the derivatives of a; and of a gradient t = act'(a) τ, bend is
//           the part that comes with act' (lib/nn/energy-mlp.ts). Both go with BACKWARD.
//
// Activations are feature-major, [group][feature][batch]; four batch columns to a vec4. Row lengths of w are multiples
// of 8, the batch is a multiple of 256. An invocation computes 8 features × 8 columns in registers; the 32 invocations of a
// workgroup share the features, so the weights are uniform loads and the columns are adjacent.
// Accuracy: float32 sums in the order of the inputs.
// LISTED: tiles behind the last column that matters are left out.
import constants::ACTIVATION;   // 0 identity, 1 tanh, 2 relu, 3 requr

struct Params {
  inner: u32,         // length of the sum
  outer: u32,         // features computed, a multiple of 8
  columns: u32,       // batch / 4
  shared_input: u32,  // 1: all groups read the same x
  weights: u32,       // offset of w and of bias in group 0, in vec4
  bias: u32,
  stride: u32,        // vec4 from one group's parameters to the next
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@if(BACKWARD) @group(0) @binding(4) var<storage, read> below: array<vec4f>;   // a
@if(CURVED) @group(0) @binding(5) var<storage, read> sloped: array<vec4f>;    // t
@if(CURVED) @group(0) @binding(6) var<storage, read_write> bend: array<vec4f>;
@if(LISTED) @group(0) @binding(7) var<storage, read> list: array<u32>;   // [0]: columns that matter, in eights

fn activate(s: vec4f) -> vec4f {
  if (ACTIVATION == 1) { return tanh(clamp(s, vec4f(-15.0), vec4f(15.0))); }
  if (ACTIVATION == 2) { return max(s, vec4f(0.0)); }
  if (ACTIVATION == 3) {
    // relu(s)² − relu(s − ½)², without their difference where both are large
    let c = clamp(s, vec4f(0.0), vec4f(0.5));
    return c * c + max(s - vec4f(0.5), vec4f(0.0));
  }
  return s;
}

// Derivative of the activation, from its value a.
fn slope(a: vec4f) -> vec4f {
  if (ACTIVATION == 1) { return vec4f(1.0) - a * a; }
  if (ACTIVATION == 2) { return select(vec4f(0.0), vec4f(1.0), a > vec4f(0.0)); }
  if (ACTIVATION == 3) { return 2.0 * sqrt(clamp(a, vec4f(0.0), vec4f(0.25))); }
  return vec4f(1.0);
}

// act''/act', from the value a and act' there; 0 where act' is.
@if(CURVED) fn curvature(a: vec4f, first: vec4f) -> vec4f {
  if (ACTIVATION == 1) { return -2.0 * a; }
  if (ACTIVATION == 3) {
    return select(vec4f(0.0), 2.0 / max(first, vec4f(1e-18)), (first > vec4f(0.0)) & (first < vec4f(1.0)));
  }
  return vec4f(0.0);
}

@if(!BACKWARD) fn finish(index: u32, s: vec4f) { y[index] = activate(s); }
@if(BACKWARD && !ADD && !CURVED) fn finish(index: u32, s: vec4f) { y[index] = s * slope(below[index]); }
@if(ADD) fn finish(index: u32, s: vec4f) { y[index] += s * slope(below[index]); }
@if(CURVED) fn finish(index: u32, s: vec4f) {
  let a = below[index];
  let first = slope(a);
  y[index] = s * first;
  bend[index] = curvature(a, first) * s * sloped[index];
}

@compute @workgroup_size(32)
fn main(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) tile: vec3u) {
  @if(LISTED) { if (32u * tile.x >= list[0]) { return; } }
  let columns = params.columns;
  let column = tile.x * 64u + local.x;   // and column + 32
  let row = tile.y * 8u;
  let group = tile.z;
  let width = params.outer / 4u;
  var w = params.weights + group * params.stride + row / 4u;
  var at = select(group * params.inner * columns, 0u, params.shared_input == 1u) + column;

  @if(BACKWARD) let b0 = vec4f();
  @if(BACKWARD) let b1 = vec4f();
  @if(!BACKWARD) let b0 = parameters[params.bias + group * params.stride + row / 4u];
  @if(!BACKWARD) let b1 = parameters[params.bias + group * params.stride + row / 4u + 1u];
  var p0 = vec4f(b0.x); var q0 = p0;
  var p1 = vec4f(b0.y); var q1 = p1;
  var p2 = vec4f(b0.z); var q2 = p2;
  var p3 = vec4f(b0.w); var q3 = p3;
  var p4 = vec4f(b1.x); var q4 = p4;
  var p5 = vec4f(b1.y); var q5 = p5;
  var p6 = vec4f(b1.z); var q6 = p6;
  var p7 = vec4f(b1.w); var q7 = p7;
  for (var k = 0u; k < params.inner; k++) {
    let w0 = parameters[w];
    let w1 = parameters[w + 1u];
    let xp = x[at];
    let xq = x[at + 32u];
    p0 += w0.x * xp; q0 += w0.x * xq;
    p1 += w0.y * xp; q1 += w0.y * xq;
    p2 += w0.z * xp; q2 += w0.z * xq;
    p3 += w0.w * xp; q3 += w0.w * xq;
    p4 += w1.x * xp; q4 += w1.x * xq;
    p5 += w1.y * xp; q5 += w1.y * xq;
    p6 += w1.z * xp; q6 += w1.z * xq;
    p7 += w1.w * xp; q7 += w1.w * xq;
    w += width;
    at += columns;
  }
  let out = (group * params.outer + row) * columns + column;
  finish(out, p0); finish(out + 32u, q0);
  finish(out + columns, p1); finish(out + columns + 32u, q1);
  finish(out + 2u * columns, p2); finish(out + 2u * columns + 32u, q2);
  finish(out + 3u * columns, p3); finish(out + 3u * columns + 32u, q3);
  finish(out + 4u * columns, p4); finish(out + 4u * columns + 32u, q4);
  finish(out + 5u * columns, p5); finish(out + 5u * columns + 32u, q5);
  finish(out + 6u * columns, p6); finish(out + 6u * columns + 32u, q6);
  finish(out + 7u * columns, p7); finish(out + 7u * columns + 32u, q7);
}
