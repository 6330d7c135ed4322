// Gradient of a dense layer's weights and biases, in segments of the batch:
//   partial[s][w(g, i, o)] = Σ_{b in s} x[g][i][b] dy[g][o][b],   partial[s][bias(g, o)] = Σ_{b in s} dy[g][o][b],
// the latter unless `biases` is 0; s counts from `first` on.
//
// An invocation computes 8 inputs × 8 outputs over one segment: per four columns it loads 16 vec4 for 256 products.
// Rows of x beyond `inputs` are clamped to the last one and their products are not stored.
// Workgroups: x over tiles and segments, z over groups. The sum over segments is taken by the optimiser.

struct Params {
  inputs: u32,
  outputs: u32,       // a multiple of 8
  columns: u32,       // batch / 4
  first: u32,
  segments: u32,
  shared_input: u32,  // 1: all groups read the same x
  weights: u32,       // offset of w and of bias in group 0, in float32
  bias: u32,
  stride: u32,        // float32 from one group's parameters to the next
  total: u32,         // float32 of one segment of `partial`
  biases: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

fn store(at: u32, a: vec4f, b: vec4f) {
  partial[at] = a.x; partial[at + 1u] = a.y; partial[at + 2u] = a.z; partial[at + 3u] = a.w;
  partial[at + 4u] = b.x; partial[at + 5u] = b.y; partial[at + 6u] = b.z; partial[at + 7u] = b.w;
}

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let tiles_out = params.outputs / 8u;
  let tiles = ((params.inputs + 7u) / 8u) * tiles_out;
  if (id.x >= tiles * params.segments) { return; }
  let segment = id.x / tiles;
  let input = 8u * ((id.x % tiles) / tiles_out);
  let output = 8u * ((id.x % tiles) % tiles_out);
  let group = id.z;
  let columns = params.columns;
  let length = columns / params.segments;
  let last = params.inputs - 1u;
  let xs = select(group * params.inputs * columns, 0u, params.shared_input == 1u) + segment * length;
  let x0 = xs + min(input, last) * columns;
  let x1 = xs + min(input + 1u, last) * columns;
  let x2 = xs + min(input + 2u, last) * columns;
  let x3 = xs + min(input + 3u, last) * columns;
  let x4 = xs + min(input + 4u, last) * columns;
  let x5 = xs + min(input + 5u, last) * columns;
  let x6 = xs + min(input + 6u, last) * columns;
  let x7 = xs + min(input + 7u, last) * columns;
  let d0 = (group * params.outputs + output) * columns + segment * length;

  // a_i, b_i: products of input row i with outputs 0…3 and 4…7.
  var a0 = vec4f(); var a1 = vec4f(); var a2 = vec4f(); var a3 = vec4f();
  var a4 = vec4f(); var a5 = vec4f(); var a6 = vec4f(); var a7 = vec4f();
  var b0 = vec4f(); var b1 = vec4f(); var b2 = vec4f(); var b3 = vec4f();
  var b4 = vec4f(); var b5 = vec4f(); var b6 = vec4f(); var b7 = vec4f();
  var sa = vec4f(); var sb = vec4f();
  for (var k = 0u; k < length; k++) {
    let d = d0 + k;
    // Rows: outputs; transposed below so that one vec4 holds four outputs of one batch column.
    let p = transpose(mat4x4f(dy[d], dy[d + columns], dy[d + 2u * columns], dy[d + 3u * columns]));
    let q = transpose(mat4x4f(dy[d + 4u * columns], dy[d + 5u * columns], dy[d + 6u * columns], dy[d + 7u * columns]));
    let r0 = x[x0 + k]; a0 += p * r0; b0 += q * r0;
    let r1 = x[x1 + k]; a1 += p * r1; b1 += q * r1;
    let r2 = x[x2 + k]; a2 += p * r2; b2 += q * r2;
    let r3 = x[x3 + k]; a3 += p * r3; b3 += q * r3;
    let r4 = x[x4 + k]; a4 += p * r4; b4 += q * r4;
    let r5 = x[x5 + k]; a5 += p * r5; b5 += q * r5;
    let r6 = x[x6 + k]; a6 += p * r6; b6 += q * r6;
    let r7 = x[x7 + k]; a7 += p * r7; b7 += q * r7;
    sa += p * vec4f(1.0); sb += q * vec4f(1.0);
  }
  let base = (params.first + segment) * params.total + group * params.stride;
  let w = base + params.weights + input * params.outputs + output;
  let rows = params.inputs - input;
  store(w, a0, b0);
  if (rows > 1u) { store(w + params.outputs, a1, b1); }
  if (rows > 2u) { store(w + 2u * params.outputs, a2, b2); }
  if (rows > 3u) { store(w + 3u * params.outputs, a3, b3); }
  if (rows > 4u) { store(w + 4u * params.outputs, a4, b4); }
  if (rows > 5u) { store(w + 5u * params.outputs, a5, b5); }
  if (rows > 6u) { store(w + 6u * params.outputs, a6, b6); }
  if (rows > 7u) { store(w + 7u * params.outputs, a7, b7); }
  if (input == 0u && params.biases == 1u) { store(base + params.bias + output, sa, sb); }
}
