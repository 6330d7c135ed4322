// Nearest neighbours of each pair of types, bonds[lattice][6] += …: one invocation per row of cells along x. A corner site has eight body
// centres beside it and these have no others, so the corners see every bond once.
import package::nbmota::lattice::{ place_of, site_at, pair_of };
import package::gpu::rows::number_in_rows;

struct Jumps {
  places: array<vec4i, 8>,
}

struct Params {
  count: u32,
  cells: u32,
  words: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> jumps: Jumps;
@group(0) @binding(2) var<storage, read> lattice: array<u32>;
@group(0) @binding(3) var<storage, read_write> bonds: array<atomic<i32>>;

fn type_at(state: u32, site: u32) -> u32 {
  return (lattice[state * params.words + (site >> 4u)] >> (2u * (site & 15u))) & 3u;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let index = number_in_rows(id, size, 64u);
  let rows = params.cells * params.cells;
  let state = index / rows;
  if (state >= params.count) { return; }
  let row = index % rows;
  var found: array<i32, 6>;
  for (var p = 0u; p < 6u; p++) { found[p] = 0; }
  for (var x = 0u; x < params.cells; x++) {
    let site = 2u * (row * params.cells + x);
    let kind = type_at(state, site);
    let place = place_of(site, params.cells);
    for (var d = 0u; d < 8u; d++) {
      let other = type_at(state, site_at(place + jumps.places[d].xyz, params.cells));
      if (kind != 0u && other != 0u) { found[pair_of(kind, other)]++; }
    }
  }
  for (var p = 0u; p < 6u; p++) { atomicAdd(&bonds[6u * state + p], found[p]); }
}
