// Sums of u and v over blocks of adjacent points: result[replica][block][species]. The last block may be shorter.
// One invocation per replica, block and species; float32 sums of `size` terms.

struct Params {
  replicas: u32,
  points: u32,
  blocks: u32,
  size: u32,
  rows: u32,         // workgroups in x
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> fields: array<f32>;         // [replica][species][point]
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let id = (group.y * params.rows + group.x) * 64u + lane;
  if (id >= params.replicas * params.blocks * 2u) { return; }
  let species = id % 2u;
  let block = (id / 2u) % params.blocks;
  let row = (id / 2u / params.blocks * 2u + species) * params.points;
  let end = min((block + 1u) * params.size, params.points);
  var total = 0.0;
  for (var i = block * params.size; i < end; i++) { total += fields[row + i]; }
  result[id] = total;
}
