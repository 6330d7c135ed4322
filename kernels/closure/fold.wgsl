// Gradient of what repeat.wgsl repeats: x[row][b] = Σ_j y[row][j · batch + b].   One invocation per row and column of x.

struct Params {
  rows: u32,
  batch: u32,
  columns: u32,       // of y, a multiple of the batch
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.rows * params.batch) { return; }
  let start = id.x / params.batch * params.columns + id.x % params.batch;
  var total = 0.0;
  for (var k = 0u; k < params.columns; k += params.batch) { total += y[start + k]; }
  x[id.x] = total;
}
