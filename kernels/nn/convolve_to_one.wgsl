// Transposed convolution (4 × 4, stride 2, padding 1) to a single channel, where the tile of convolve.wgsl would waste seven
// of its eight rows:
//   y[2g + p][b] = Σ_{c, k} w[c][k] x[c][i][b]   over the inputs i and taps k with 2i + k − 1 = 2g + p in each direction.
//
// x has a border of one zero pixel; y has none. The sixteen weights of a channel lie as [parity p][tap 2 × 2]. An invocation
// computes the four outputs of one grid pixel for four of the batch from the 3 × 3 inputs around it.

struct Params {
  inner: u32,          // input channels
  columns: u32,        // batch / 4
  grid: u32,           // side of the input, without border
  weights: u32,        // offset in vec4: one vec4 per parity
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let columns = params.columns;
  let grid = params.grid;
  let pixel = id.x / columns;
  if (pixel >= grid * grid) { return; }
  let column = id.x % columns;
  let g = vec2u(pixel % grid, pixel / grid);
  let row = (grid + 2u) * columns;
  let plane = (grid + 2u) * row;
  var top = g.y * row + g.x * columns + column;
  var w = params.weights;
  var y0 = vec4f(); var y1 = vec4f(); var y2 = vec4f(); var y3 = vec4f();
  for (var c = 0u; c < params.inner; c++) {
    let middle = top + row;
    let bottom = middle + row;
    let a0 = x[top]; let a1 = x[top + columns]; let a2 = x[top + 2u * columns];
    let b0 = x[middle]; let b1 = x[middle + columns]; let b2 = x[middle + 2u * columns];
    let c0 = x[bottom]; let c1 = x[bottom + columns]; let c2 = x[bottom + 2u * columns];
    let w0 = parameters[w]; let w1 = parameters[w + 1u]; let w2 = parameters[w + 2u]; let w3 = parameters[w + 3u];
    y0 += w0.x * a0 + w0.y * a1 + w0.z * b0 + w0.w * b1;
    y1 += w1.x * a1 + w1.y * a2 + w1.z * b1 + w1.w * b2;
    y2 += w2.x * b0 + w2.y * b1 + w2.z * c0 + w2.w * c1;
    y3 += w3.x * b1 + w3.y * b2 + w3.z * c1 + w3.w * c2;
    top += plane;
    w += 4u;
  }
  let out = (4u * g.y * grid + 2u * g.x) * columns + column;
  y[out] = y0;
  y[out + columns] = y1;
  y[out + 2u * grid * columns] = y2;
  y[out + (2u * grid + 1u) * columns] = y3;
}
