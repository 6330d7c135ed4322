// Clusters of like spins, grown and flipped one after the other (U. Wolff, Phys. Rev. Lett. 62, 361 (1989)): from a random site on, every
// like neighbour of a site of the cluster joins it with probability 1 − exp(−2/T), `threshold` / 2³². Without a field this keeps the
// equilibrium law, almost without critical slowing down; times are not physical.
//
// bits[replica][row][word] without a frame (to_bits.wgsl). One invocation per replica, whose clusters [first, last) have random streams of
// their own. All steps of all clusters are one loop, so that replicas whose clusters are small need not wait for others.
import package::random::xoshiro::{ Stream, open_stream, next_below, next_u32 };

struct Params {
  first: u32,
  last: u32,
  replicas: u32,
  side: u32,
  words: u32,         // per row of `bits`
  threshold: u32,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> bits: array<u32>;
@group(0) @binding(2) var<storage, read_write> waiting: array<u32>;   // [replica][site]: sites whose neighbours are still to be asked

// Turns the spin of a site over if it is `like`, and says whether it was.
fn turned(base: u32, row: u32, column: u32, like: u32) -> bool {
  let at = base + row * params.words + column / 32u;
  let shift = column % 32u;
  let was = ((bits[at] >> shift) & 1u) == like;
  if (was) { bits[at] ^= 1u << shift; }
  return was;
}

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let replica = id.x;
  if (replica >= params.replicas) { return; }
  let side = params.side;
  let sites = side * side;
  let base = replica * side * params.words;
  let stack = replica * sites;
  var rng = vec4u();
  var cluster = params.first;
  var count = 0u;
  var like = 0u;
  while (count > 0u || cluster < params.last) {
    if (count == 0u) {
      rng = open_stream(params.stream, replica, cluster);
      cluster++;
      let site = next_below(&rng, sites);
      like = (bits[base + (site / side) * params.words + (site % side) / 32u] >> ((site % side) % 32u)) & 1u;
      _ = turned(base, site / side, site % side, like);
      waiting[stack] = site;
      count = 1u;
    }
    count--;
    let site = waiting[stack + count];
    let row = site / side;
    let column = site % side;
    for (var k = 0u; k < 4u; k++) {
      let step = select(1u, side - 1u, (k & 1u) == 0u);
      let r = select(row, (row + step) % side, k < 2u);
      let c = select((column + step) % side, column, k < 2u);
      // A word at 2³² − 1 always joins: the probability is off by at most 2⁻³².
      if (next_u32(&rng) <= params.threshold) {
        if (turned(base, r, c, like)) {
          waiting[stack + count] = r * side + c;
          count++;
        }
      }
    }
  }
}
