// Convolutions of images and their gradients through the input, all in one form: each output pixel is a sum over the T × T
// input pixels behind its origin,
//   y[o][step·g + p][b] = bias[o] + Σ_{c, t} w[p][c][t][o] x[c][stride·g + p + t][b],    g on a square grid, t in T × T.
//
//   convolution 3 × 3, zero padding 1   forward: T 3, stride 1, p 0;   to the input: the same with w[o][8 − t][c]
//   transposed convolution 4 × 4, stride 2, padding 1   forward: T 2, stride 1, step 2 and four parities p of the output
//     pixel, each with its four of the sixteen weights;   to the input: T 4, stride 2, p 0
//   dense layer   T 1 on an image of one pixel
//
// Images are [channel][row][column][batch], four of the batch to a vec4; what a convolution reads has a border of one zero
// pixel, so that no tap needs a test. An invocation computes 8 channels × 8 of the batch of one pixel in registers; the 32
// invocations of a workgroup share the channels, so the weights are uniform loads. Workgroups: x over channels, so that what
// runs at the same time reads the same pixels, y over grid pixels and batch, z over parities.
// Accuracy: float32 sums in the order c, t.

struct Params {
  inner: u32,          // input channels
  outer: u32,          // output channels, a multiple of 8
  columns: u32,        // batch / 4, even
  taps: u32,           // T
  grid: u32,           // side of the grid
  stride: u32,
  input_row: u32,      // pixels of an input row and channel, with border
  input_plane: u32,
  step: u32,
  output_row: u32,     // pixels of an output row and channel, with border
  output_plane: u32,
  output_start: u32,   // first pixel inside the border
  weights: u32,        // offset in vec4
  bias: u32,           // offset in vec4
  biased: u32,         // 1: there is a bias
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

fn bias(row: u32) -> vec4f {
  if (params.biased == 1u) { return parameters[params.bias + row]; }
  return vec4f();
}

@compute @workgroup_size(32)
fn main(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) tile: vec3u) {
  let columns = params.columns;
  let half = columns / 2u;
  let invocation = tile.y * 32u + local.x;
  let pixel = invocation / half;
  if (pixel >= params.grid * params.grid) { return; }
  let column = invocation % half;             // and column + half
  let parity = vec2u(tile.z & 1u, tile.z >> 1u);
  let g = vec2u(pixel % params.grid, pixel / params.grid);
  let origin = params.stride * g + parity;
  let first = (origin.y * params.input_row + origin.x) * columns + column;
  let row = tile.x * 2u;
  let width = params.outer / 4u;
  let taps = params.taps;
  var w = params.weights + tile.z * params.inner * taps * taps * width + row;

  let b0 = bias(row);
  let b1 = bias(row + 1u);
  var p0 = vec4f(b0.x); var q0 = p0;
  var p1 = vec4f(b0.y); var q1 = p1;
  var p2 = vec4f(b0.z); var q2 = p2;
  var p3 = vec4f(b0.w); var q3 = p3;
  var p4 = vec4f(b1.x); var q4 = p4;
  var p5 = vec4f(b1.y); var q5 = p5;
  var p6 = vec4f(b1.z); var q6 = p6;
  var p7 = vec4f(b1.w); var q7 = p7;
  // One loop over (c, t): software adapters are slow at nested ones.
  let to_row = (params.input_row - taps) * columns;
  let to_plane = (params.input_plane - taps * params.input_row) * columns;
  var at = first;
  var tx = 0u;
  var ty = 0u;
  for (var k = 0u; k < params.inner * taps * taps; k++) {
    let w0 = parameters[w];
    let w1 = parameters[w + 1u];
    let xp = x[at];
    let xq = x[at + half];
    p0 += w0.x * xp; q0 += w0.x * xq;
    p1 += w0.y * xp; q1 += w0.y * xq;
    p2 += w0.z * xp; q2 += w0.z * xq;
    p3 += w0.w * xp; q3 += w0.w * xq;
    p4 += w1.x * xp; q4 += w1.x * xq;
    p5 += w1.y * xp; q5 += w1.y * xq;
    p6 += w1.z * xp; q6 += w1.z * xq;
    p7 += w1.w * xp; q7 += w1.w * xq;
    w += width;
    tx++;
    let row_ends = tx == taps;
    ty += select(0u, 1u, row_ends);
    let plane_ends = ty == taps;
    at += columns + select(0u, to_row, row_ends) + select(0u, to_plane, plane_ends);
    tx = select(tx, 0u, row_ends);
    ty = select(ty, 0u, plane_ends);
  }
  let place = params.step * g + parity;
  let plane = params.output_plane * columns;
  let out = tile.x * 8u * plane + (params.output_start + place.y * params.output_row + place.x) * columns + column;
  y[out] = p0; y[out + half] = q0;
  y[out + plane] = p1; y[out + plane + half] = q1;
  y[out + 2u * plane] = p2; y[out + 2u * plane + half] = q2;
  y[out + 3u * plane] = p3; y[out + 3u * plane + half] = q3;
  y[out + 4u * plane] = p4; y[out + 4u * plane + half] = q4;
  y[out + 5u * plane] = p5; y[out + 5u * plane + half] = q5;
  y[out + 6u * plane] = p6; y[out + 6u * plane + half] = q6;
  y[out + 7u * plane] = p7; y[out + 7u * plane + half] = q7;
}
