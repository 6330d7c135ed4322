// Barriers in eV from the last hidden layer of the network: E = b + Σ_i w_i x_i, of the jumps of listed vacancies, into their slots.
// Columns of x are 8 · entry + jump. One invocation per column.
import package::nbmota::cache::{ SLOT, BARRIERS };

struct Params {
  capacity: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> weights: array<f32>;    // [width], then the bias
@group(0) @binding(2) var<storage, read> list: array<u32>;
@group(0) @binding(3) var<storage, read> x: array<f32>;          // [width][8 capacity]
@group(0) @binding(4) var<storage, read_write> cache: array<u32>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let entry = id.x / 8u;
  if (entry >= min(list[0], params.capacity)) { return; }
  var energy = weights[params.width];
  for (var k = 0u; k < params.width; k++) { energy += weights[k] * x[8u * k * params.capacity + id.x]; }
  cache[SLOT * list[4u + entry] + BARRIERS + id.x % 8u] = bitcast<u32>(energy);
}
