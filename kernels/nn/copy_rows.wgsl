// Some rows of a feature-major array into another of the same batch: y[place + k][b] = x[first + k][b], k below `rows`; ADD: += instead.
// One invocation per number.

struct Params {
  rows: u32,
  batch: u32,
  first: u32,
  place: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@if(ADD) fn put(index: u32, value: f32) { y[index] += value; }
@else fn put(index: u32, value: f32) { y[index] = value; }

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.rows * params.batch) { return; }
  put(params.place * params.batch + id.x, x[params.first * params.batch + id.x]);
}
