// Continuous-time Glauber dynamics of whole Ising lattices at a temperature and a field that change with time, exact in law.
//
// As glauber.wgsl, by uniformisation: every site attempts at rate 1 whatever the temperature, and an attempt is a heat-bath update with the
// probabilities of its moment. So attempts need their moments: they come one exponential waiting time after the other. The time is cut into
// equal chunks, each with its own random stream, so that results do not depend on the dispatch split.
//
// One invocation per group of 32 replicas.
import package::ising::lattice::site_at;
import package::ising::moving_heat_bath::{ moving_heat_bath, thresholds_at };
import package::random::xoshiro::{ Stream, open_stream, next_site, next_exponential };

struct Params {
  groups: u32,
  side: u32,
  chunks: u32,        // of all dispatches
  attempts: f32,      // of a lattice in a chunk, on average
  steps: u32,         // of the table
  first: u32,         // this dispatch does the chunks [first, last)
  last: u32,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> thresholds: array<u32>;        // [steps + 1][5], over all chunks
@group(0) @binding(2) var<storage, read_write> spins: array<u32>;

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let group = id.x;
  if (group >= params.groups) { return; }
  let side = params.side;
  for (var chunk = params.first; chunk < params.last; chunk++) {
    var rng = open_stream(params.stream, 32u * group, chunk);
    // In units of a chunk.
    var moment = next_exponential(&rng) / params.attempts;
    while (moment < 1.0) {
      let share = (f32(chunk) + moment) / f32(params.chunks);
      let place = next_site(&rng, side * side);
      let site = site_at(group * side * side, side, place / side, place % side);
      spins[site.here] = moving_heat_bath(
        spins[site.north], spins[site.south], spins[site.west], spins[site.east],
        thresholds_at(share, params.steps, &thresholds), &rng,
      );
      moment += next_exponential(&rng) / params.attempts;
    }
  }
}
