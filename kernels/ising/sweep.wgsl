// Half a sweep of discrete-time Glauber dynamics on Ising lattices of even side: a heat-bath update of every site of one colour of
// the checkerboard. Sites of a colour are not neighbours, so all are updated at once. The two colours in turn keep the
// equilibrium law; times are not physical.
//
// One invocation per strip of 32 sites, half of which it updates.
import package::ising::clocks::{ STRIP, strip_stream };
import package::ising::heat_bath::heat_bath;
import package::ising::lattice::site_at;
import package::random::xoshiro::Stream;
import package::gpu::rows::number_in_rows;

struct Params {
  groups: u32,
  side: u32,
  turn: u32,          // ≥ 1; its lowest bit is the colour
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> spins: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let side = params.side;
  let sites = side * side;
  let strips = (sites + STRIP - 1u) / STRIP;
  let index = number_in_rows(id, size, 64u);
  let group = index / strips;
  let strip = index % strips;
  if (group >= params.groups) { return; }
  var rng = strip_stream(params.stream, group, strip, params.turn);
  // STRIP and the side are even: the two sites of a pair are in one row and have different colours.
  let end = min(sites, (strip + 1u) * STRIP);
  for (var pair = strip * STRIP; pair < end; pair += 2u) {
    let row = pair / side;
    let site = site_at(group * sites, side, row, pair % side + ((row + params.turn) & 1u));
    spins[site.here] = heat_bath(spins[site.north], spins[site.south], spins[site.west], spins[site.east], &rng);
  }
}
