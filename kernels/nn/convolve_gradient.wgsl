// Gradient of the weights of a convolution (convolve.wgsl, one parity) and of its bias, in segments of the sum:
//   partial[s][w(c, t, o)] = Σ_{g, b in s} x[c][stride·g + t][b] d[o][g][b],   partial[s][bias(o)] = Σ_{g, b in s} d[o][g][b].
// For a transposed convolution x and d change places: d is its input and x the gradient of its output, T 4, stride 2.
//
// Images as in convolve.wgsl. An invocation computes 8 rows (c, t) × 8 outputs o over one segment: per four of the batch it
// loads 16 vec4 for 256 products. Rows beyond the last are clamped to it and not stored. Segments cut the grid, or the batch
// where the grid has fewer pixels. Workgroups: x over tiles and segments. The sum over segments is taken by the optimiser.

struct Params {
  inner: u32,
  outer: u32,           // a multiple of 8
  columns: u32,         // batch / 4
  taps: u32,
  grid: u32,
  stride: u32,
  input_row: u32,       // pixels of a row and a channel of x, with border
  input_plane: u32,
  output_row: u32,      // and of d
  output_plane: u32,
  output_start: u32,    // first pixel of d inside its border
  weights: u32,         // offset of w and of bias in float32
  bias: u32,
  biased: u32,          // 1: there is a bias
  pixel_segments: u32,  // of the grid, times
  batch_segments: u32,  // of the batch
  total: u32,           // float32 of one segment of `partial`
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> d: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

// Place of row (c, t) in x, for pixel 0.
fn place(row: u32) -> u32 {
  let square = params.taps * params.taps;
  let r = min(row, params.inner * square - 1u);
  let t = r % square;
  return (r / square * params.input_plane + t / params.taps * params.input_row + t % params.taps) * params.columns;
}

fn store(at: u32, a: vec4f, b: vec4f) {
  partial[at] = a.x; partial[at + 1u] = a.y; partial[at + 2u] = a.z; partial[at + 3u] = a.w;
  partial[at + 4u] = b.x; partial[at + 5u] = b.y; partial[at + 6u] = b.z; partial[at + 7u] = b.w;
}

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let columns = params.columns;
  let rows = params.inner * params.taps * params.taps;
  let tiles_out = params.outer / 8u;
  let tiles = (rows + 7u) / 8u * tiles_out;
  if (id.x >= tiles * params.pixel_segments * params.batch_segments) { return; }
  let segment = id.x / tiles;
  let row = 8u * (id.x % tiles / tiles_out);
  let output = 8u * (id.x % tiles % tiles_out);
  let pixels = params.grid * params.grid;
  let pixel_segment = segment % params.pixel_segments;
  let first_pixel = pixel_segment * pixels / params.pixel_segments;
  let end_pixel = (pixel_segment + 1u) * pixels / params.pixel_segments;
  let batch_segment = segment / params.pixel_segments;
  let first_column = batch_segment * columns / params.batch_segments;
  let end_column = (batch_segment + 1u) * columns / params.batch_segments;
  let x0 = place(row); let x1 = place(row + 1u); let x2 = place(row + 2u); let x3 = place(row + 3u);
  let x4 = place(row + 4u); let x5 = place(row + 5u); let x6 = place(row + 6u); let x7 = place(row + 7u);
  let plane = params.output_plane * columns;

  // a_i, b_i: products of row i with outputs 0…3 and 4…7.
  var a0 = vec4f(); var a1 = vec4f(); var a2 = vec4f(); var a3 = vec4f();
  var a4 = vec4f(); var a5 = vec4f(); var a6 = vec4f(); var a7 = vec4f();
  var b0 = vec4f(); var b1 = vec4f(); var b2 = vec4f(); var b3 = vec4f();
  var b4 = vec4f(); var b5 = vec4f(); var b6 = vec4f(); var b7 = vec4f();
  var sa = vec4f(); var sb = vec4f();
  for (var pixel = first_pixel; pixel < end_pixel; pixel++) {
    let gy = pixel / params.grid;
    let gx = pixel % params.grid;
    let source = (params.stride * (gy * params.input_row + gx)) * columns;
    let target_pixel = output * plane + (params.output_start + gy * params.output_row + gx) * columns;
    for (var column = first_column; column < end_column; column++) {
      let k = target_pixel + column;
      // Rows: outputs; transposed so that one vec4 holds four outputs of one of the batch.
      let p = transpose(mat4x4f(d[k], d[k + plane], d[k + 2u * plane], d[k + 3u * plane]));
      let q = transpose(mat4x4f(d[k + 4u * plane], d[k + 5u * plane], d[k + 6u * plane], d[k + 7u * plane]));
      let at = source + column;
      let r0 = x[x0 + at]; a0 += p * r0; b0 += q * r0;
      let r1 = x[x1 + at]; a1 += p * r1; b1 += q * r1;
      let r2 = x[x2 + at]; a2 += p * r2; b2 += q * r2;
      let r3 = x[x3 + at]; a3 += p * r3; b3 += q * r3;
      let r4 = x[x4 + at]; a4 += p * r4; b4 += q * r4;
      let r5 = x[x5 + at]; a5 += p * r5; b5 += q * r5;
      let r6 = x[x6 + at]; a6 += p * r6; b6 += q * r6;
      let r7 = x[x7 + at]; a7 += p * r7; b7 += q * r7;
      sa += p * vec4f(1.0); sb += q * vec4f(1.0);
    }
  }
  let base = segment * params.total;
  let w = base + params.weights + row * params.outer + output;
  let left = rows - row;
  let width = params.outer;
  store(w, a0, b0);
  if (left > 1u) { store(w + width, a1, b1); }
  if (left > 2u) { store(w + 2u * width, a2, b2); }
  if (left > 3u) { store(w + 3u * width, a3, b3); }
  if (left > 4u) { store(w + 4u * width, a4, b4); }
  if (left > 5u) { store(w + 5u * width, a5, b5); }
  if (left > 6u) { store(w + 6u * width, a6, b6); }
  if (left > 7u) { store(w + 7u * width, a7, b7); }
  if (row == 0u && params.biased == 1u) { store(base + params.bias + output, sa, sb); }
}
