// LocalRelax: the true dynamics for a time τ inside patch after patch, at a stride of half a patch, everything outside
// the current patch frozen. Exact in law for each patch, as in partial.wgsl; the patch feels the whole magnetization.
//
// One invocation per replica walks the rows [first, last) of patch positions from left to right; positions
// wrap around the lattice. Each row has its own random stream, so results do not depend on the dispatch split.
import package::random::philox::mul_high;
import package::random::xoshiro::{ Stream, open_stream, next_u32 };
import package::random::poisson::poisson_search;

struct Params {
  replicas: u32,
  grid: u32,          // half-patch blocks per side of the lattice
  block_spins: u32,   // spins of a block
  first: u32,         // this dispatch does the rows [first, last)
  last: u32,
  chunks: u32,        // Poisson numbers that add up to the attempts of a patch
  poisson_first: u32,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> poisson: array<u32>;
@group(0) @binding(2) var<storage, read> flips: array<vec2u>;      // [u]: 2³² p↑, 2³² p↓ of one spin
@group(0) @binding(3) var<storage, read_write> ups: array<u32>;    // [replica]
@group(0) @binding(4) var<storage, read_write> counts: array<u32>; // [replica · grid² + block]

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.replicas) { return; }
  let base = id.x * params.grid * params.grid;
  var u = ups[id.x];
  for (var row = params.first; row < params.last; row++) {
    var rng = open_stream(params.stream, id.x, row);
    let upper = base + row * params.grid;
    let lower = base + ((row + 1u) % params.grid) * params.grid;
    for (var column = 0u; column < params.grid; column++) {
      let next = (column + 1u) % params.grid;
      var v = vec4u(counts[upper + column], counts[upper + next], counts[lower + column], counts[lower + next]);
      var attempts = 0u;
      for (var chunk = 0u; chunk < params.chunks; chunk++) {
        attempts += poisson_search(next_u32(&rng), params.poisson_first, &poisson);
      }
      for (var k = 0u; k < attempts; k++) {
        // Two bits of the word choose the block, the other thirty the spin in it.
        let r = next_u32(&rng);
        let here = vec4u(vec4u(r >> 30u) == vec4u(0u, 1u, 2u, 3u));
        let is_up = mul_high(r << 2u, params.block_spins) < dot(here, v);
        let flip = select(0u, 1u, next_u32(&rng) < select(flips[u].x, flips[u].y, is_up));
        let change = select(flip, 0u - flip, is_up);
        v += here * change;
        u += change;
      }
      counts[upper + column] = v.x;
      counts[upper + next] = v.y;
      counts[lower + column] = v.z;
      counts[lower + next] = v.w;
    }
  }
  ups[id.x] = u;
}
