// Sums of u and v over parts of pieces of adjacent points: result[replica][piece][part][species]. A part is PART points, the last of a piece
// perhaps fewer: float32 sums of more are wrong from the fifth digit on. One invocation per replica, part and species.
import constants::PART;

struct Params {
  replicas: u32,
  points: u32,       // `size` times whole pieces
  size: u32,         // of a piece
  parts: u32,        // of a piece
  rows: u32,         // workgroups in x
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> fields: array<f32>;         // [replica][species][point]
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let id = (group.y * params.rows + group.x) * 64u + lane;
  let all = params.points / params.size * params.parts;
  if (id >= params.replicas * all * 2u) { return; }
  let species = id % 2u;
  let part = (id / 2u) % all;
  let row = (id / 2u / all * 2u + species) * params.points + part / params.parts * params.size;
  let start = part % params.parts * PART;
  let end = min(start + PART, params.size);
  var total = 0.0;
  for (var i = start; i < end; i++) { total += fields[row + i]; }
  result[id] = total;
}
