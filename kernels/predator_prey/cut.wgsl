// Patches cut out as fields of their own, with what they see outside: cut[pair][species][point],
// halo[pair] = (u, v left outside, u, v right outside), walls[pair] bits 1, 2: the left, right end is the system's own.
// A pair is a patch of replica pair / per_replica; `origins` are first points. One invocation per pair and point.

struct Params {
  pairs: u32,
  per_replica: u32,
  points: u32,       // of the system
  size: u32,         // of a patch
  rows: u32,         // workgroups in x
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> fields: array<f32>;
@group(0) @binding(2) var<storage, read> origins: array<u32>;
@group(0) @binding(3) var<storage, read_write> patches: array<f32>;
@group(0) @binding(4) var<storage, read_write> halo: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> walls: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let id = (group.y * params.rows + group.x) * 64u + lane;
  let size = params.size;
  if (id >= params.pairs * size) { return; }
  let pair = id / size;
  let i = id % size;
  let n = params.points;
  let origin = origins[pair];
  let row = pair / params.per_replica * 2u * n;
  patches[pair * 2u * size + i] = fields[row + origin + i];
  patches[pair * 2u * size + size + i] = fields[row + n + origin + i];
  if (i > 0u) { return; }
  let left = row + max(origin, 1u) - 1u;
  let right = row + min(origin + size, n - 1u);
  halo[pair] = vec4f(fields[left], fields[left + n], fields[right], fields[right + n]);
  walls[pair] = select(0u, 1u, origin == 0u) + select(0u, 2u, origin + size == n);
}
