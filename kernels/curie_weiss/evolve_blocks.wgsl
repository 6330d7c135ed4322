// The dynamics of evolve.wgsl for systems kept as counts per block (grid × grid blocks of equal size): an attempt
// chooses a block, then a spin in it. Exact in law for the same reasons.
//
// One invocation per replica. A chunk is one Poisson number of attempts on its own random stream.
import package::random::xoshiro::{ Stream, open_stream, next_u32, next_site };
import package::random::poisson::poisson_search;

struct Params {
  replicas: u32,
  blocks: u32,        // blocks per replica
  block_spins: u32,
  first: u32,         // this dispatch does the chunks [first, last)
  last: u32,
  poisson_first: u32,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> poisson: array<u32>;
@group(0) @binding(2) var<storage, read> flips: array<vec2u>;      // [u]: 2³² p↑, 2³² p↓ of one spin
@group(0) @binding(3) var<storage, read_write> ups: array<u32>;    // [replica]
@group(0) @binding(4) var<storage, read_write> counts: array<u32>; // [replica · blocks + block]

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.replicas) { return; }
  var u = ups[id.x];
  for (var chunk = params.first; chunk < params.last; chunk++) {
    var rng = open_stream(params.stream, id.x, chunk);
    let attempts = poisson_search(next_u32(&rng), params.poisson_first, &poisson);
    for (var k = 0u; k < attempts; k++) {
      let block = id.x * params.blocks + next_site(&rng, params.blocks);
      let is_up = next_site(&rng, params.block_spins) < counts[block];
      let p = select(flips[u].x, flips[u].y, is_up);
      let flip = select(0u, 1u, next_u32(&rng) < p);
      let change = select(flip, 0u - flip, is_up);
      counts[block] += change;
      u += change;
    }
  }
  ups[id.x] = u;
}
