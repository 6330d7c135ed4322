// Continuous-time Glauber dynamics inside square regions of Ising lattices for a fixed time, exact in law: everything outside
// the regions is frozen.
//
// Uniformisation: all rates are at most 1, so every site attempts at rate 1. In a time t a region of n sites has Poisson(n t)
// attempts at uniformly random sites, each a heat-bath update (heat_bath.wgsl).
// The 32 replicas of a word visit the same sites at the same times, with independent outcomes. Each is exact in law. A heat-bath
// update keeps the equilibrium law whatever the site, so in equilibrium the replicas of a word are independent too; on the way
// there they share the noise of the visits, and a word is one cluster for error bars.
//
// spins[group][row][column]: one word per site, 32 replicas to a group; lattices are closed periodically. One invocation per
// group and region; regions of one dispatch must not touch. A chunk of attempts has its own random stream, so results do
// not depend on the dispatch split.
import package::ising::heat_bath::heat_bath;
import package::ising::lattice::site_at;
import package::random::xoshiro::{ Stream, open_stream, next_u32 };
import package::random::poisson::poisson_search;
import package::gpu::rows::number_in_rows;

struct Params {
  groups: u32,
  side: u32,          // of the array
  region: u32,        // side of a region, below 2¹⁶
  across: u32,        // regions per row and per column of a lattice
  stride: u32,        // sites from one region to the next
  row: u32,           // corner of the first region
  column: u32,
  first: u32,         // this dispatch does the chunks [first, last)
  last: u32,
  poisson_first: u32,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> poisson: array<u32>;
@group(0) @binding(2) var<storage, read_write> spins: array<u32>;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let regions = params.across * params.across;
  let index = number_in_rows(id, size, 8u);
  if (index >= params.groups * regions) { return; }
  let group = index / regions;
  let place = index % regions;
  let side = params.side;
  let top = params.row + (place / params.across) * params.stride;
  let left = params.column + (place % params.across) * params.stride;
  for (var chunk = params.first; chunk < params.last; chunk++) {
    var rng = open_stream(params.stream, 32u * group, chunk * regions + place);
    let attempts = poisson_search(next_u32(&rng), params.poisson_first, &poisson);
    for (var k = 0u; k < attempts; k++) {
      // floor(r · region / 2³²) is the row; what is left of r chooses the column.
      let r = next_u32(&rng);
      let y = top + times_fraction(params.region, r);
      let x = left + times_fraction(params.region, r * params.region);
      let site = site_at(group * side * side, side, select(y, y - side, y >= side), select(x, x - side, x >= side));
      spins[site.here] = heat_bath(spins[site.north], spins[site.south], spins[site.west], spins[site.east], &rng);
    }
  }
}

// floor(n r / 2³²) for n < 2¹⁶.
fn times_fraction(n: u32, r: u32) -> u32 {
  return (n * (r >> 16u) + ((n * (r & 0xffffu)) >> 16u)) >> 16u;
}
