// Up spins of chosen patches of lattices whose positions are drawn: a patch is 2 × 2 half-patch blocks.
// One invocation per pair in [first, last): starts[pair] = Σ of four counts of replica pair / per_replica.

struct Params {
  first: u32,
  last: u32,
  per_replica: u32,
  grid: u32,          // blocks per side of the lattice
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> counts: array<u32>;  // [replica · grid² + block]
@group(0) @binding(2) var<storage, read> chosen: array<u32>;  // [pair]: patch, row by row
@group(0) @binding(3) var<storage, read_write> starts: array<u32>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pair = params.first + id.x;
  if (pair >= params.last) { return; }
  let grid = params.grid;
  let row = 2u * (chosen[pair] / (grid / 2u));
  let column = 2u * (chosen[pair] % (grid / 2u));
  let corner = (pair / params.per_replica) * grid * grid + row * grid + column;
  starts[pair] = counts[corner] + counts[corner + 1u] + counts[corner + grid] + counts[corner + grid + 1u];
}
