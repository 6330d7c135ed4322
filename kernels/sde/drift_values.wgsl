// f at points, from the module of a drift that the integrator links too. One invocation per point.
import package::field::drift::drift;
import constants::D;

struct Params { points: u32 }

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> standard: array<f32>;       // z̃, [D][point]
@group(0) @binding(3) var<storage, read_write> values: array<f32>;   // f, [point][D]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let p = id.x;
  if (p >= params.points) { return; }
  var z: array<f32, D>;
  for (var j = 0u; j < D; j++) { z[j] = standard[j * params.points + p]; }
  var f = drift(&z, 0u);
  for (var j = 0u; j < D; j++) { values[p * D + j] = f[j]; }
}
