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
// [replica][site]: sites whose neighbours are still to be asked, rows times 2¹⁶ plus columns: divisions would take most of the time.
@group(0) @binding(2) var<storage, read_write> waiting: array<u32>;

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
      let row = site / side;
      let column = site % side;
      like = (bits[base + row * params.words + column / 32u] >> (column % 32u)) & 1u;
      _ = turned(base, row, column, like);
      waiting[stack] = (row << 16u) | column;
      count = 1u;
    }
    count--;
    let site = waiting[stack + count];
    let row = site >> 16u;
    let column = site & 0xffffu;
    let rows = vec4u(select(row - 1u, side - 1u, row == 0u), select(row + 1u, 0u, row == side - 1u), row, row);
    let columns = vec4u(column, column, select(column - 1u, side - 1u, column == 0u), select(column + 1u, 0u, column == side - 1u));
    for (var k = 0u; k < 4u; k++) {
      let r = rows[k];
      let c = columns[k];
      // A word at 2³² − 1 always joins: the probability is off by at most 2⁻³².
      if (next_u32(&rng) <= params.threshold) {
        if (turned(base, r, c, like)) {
          waiting[stack + count] = (r << 16u) | c;
          count++;
        }
      }
    }
  }
}
