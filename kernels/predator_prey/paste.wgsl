// Puts patches back into their systems: the inverse of cut.wgsl. Patches of one replica must not overlap.
// One invocation per pair and point.

struct Params {
  pairs: u32,
  per_replica: u32,
  points: u32,
  size: u32,
  rows: u32,         // workgroups in x
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> fields: array<f32>;   // [replica][species][point]
@group(0) @binding(2) var<storage, read> origins: array<u32>;        // [pair]: first point of the patch
@group(0) @binding(3) var<storage, read> patches: array<f32>;        // [pair][species][point]

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let id = (group.y * params.rows + group.x) * 64u + lane;
  let size = params.size;
  if (id >= params.pairs * size) { return; }
  let pair = id / size;
  let i = id % size;
  let at = pair / params.per_replica * 2u * params.points + origins[pair] + i;
  fields[at] = patches[pair * 2u * size + i];
  fields[at + params.points] = patches[pair * 2u * size + size + i];
}
