// Repeats the columns of a mini-batch until they fill the batch of a network that wants more:
//   y[row][k] = x[row][k mod batch].   One invocation per row and column of y.

struct Params {
  rows: u32,
  batch: u32,
  columns: u32,       // of y, a multiple of the batch
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.rows * params.columns) { return; }
  y[id.x] = x[id.x / params.columns * params.batch + id.x % params.columns % params.batch];
}
