// Clusters of like spins, grown and flipped one after the other (U. Wolff, Phys. Rev. Lett. 62, 361 (1989)): from a random site on, every
// like neighbour of a site of the cluster joins it with probability 1 − exp(−2/T), `threshold` / 2³². Without a field this keeps the
// equilibrium law, almost without critical slowing down; times are not physical.
//
// bits[replica][row][word] without a frame (to_bits.wgsl). One invocation per replica, whose clusters [first, last) have random streams of
// their own. All bonds between spins like the first are drawn beforehand, 32 at once, and the cluster is filled along them row by row, down and
// up, until nothing joins any more: some operations for 32 sites in place of many for each.
import package::random::xoshiro::{ Stream, open_stream, next_below, next_u32 };
import package::gpu::rows::number_in_rows;

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
// [replica][3][row][word]: the cluster; open bonds to the next column; open bonds to the next row.
@group(0) @binding(2) var<storage, read_write> work: array<u32>;
@group(0) @binding(3) var<storage, read_write> flips: array<f32>;     // [replica], of a site on average

// Bits that are set with probability (threshold + 1) / 2³², where they are wanted; else 0. Numbers of 32 digits are drawn digit by digit from the
// highest on, until all that are wanted are known to be at most the threshold, or not.
fn open_bonds(rng: ptr<function, vec4u>, wanted: u32) -> u32 {
  var below = 0u;
  var open = wanted;   // those that are equal to the threshold so far
  for (var digit = 32u; digit > 0u && open != 0u; digit--) {
    let random = next_u32(rng);
    let high = ((params.threshold >> (digit - 1u)) & 1u) == 1u;
    below |= select(0u, open & ~random, high);
    open &= select(~random, random, high);
  }
  return below | open;
}

// What is reached from the sites along bonds between bit i and bit i + 1, within a word.
fn filled(sites: u32, bonds: u32) -> u32 {
  var reached = sites;
  var up = bonds << 1u;
  reached |= up & (reached << 1u);
  up &= up << 1u;
  reached |= up & (reached << 2u);
  up &= up << 2u;
  reached |= up & (reached << 4u);
  up &= up << 4u;
  reached |= up & (reached << 8u);
  up &= up << 8u;
  reached |= up & (reached << 16u);
  var down = bonds;
  reached |= down & (reached >> 1u);
  down &= down >> 1u;
  reached |= down & (reached >> 2u);
  down &= down >> 2u;
  reached |= down & (reached >> 4u);
  down &= down >> 4u;
  reached |= down & (reached >> 8u);
  down &= down >> 8u;
  reached |= down & (reached >> 16u);
  return reached;
}

// What a row has reached, filled along its own bonds, from word to word and around.
fn fill_row(own: u32, right: u32, last_bit: u32) {
  let last = params.words - 1u;
  let around = (work[right + last] >> last_bit) & 1u;
  var carry = (work[own + last] >> last_bit) & around;
  loop {
    for (var w = 0u; w <= last; w++) {
      let before = work[own + w];
      // The bond of the last bit leads into the next word, or around.
      let top = select(31u, last_bit, w == last);
      let bonds = work[right + w];
      let after = filled(before | carry, bonds & ~(1u << top));
      if (after != before) { work[own + w] = after; }
      carry = (after >> top) & (bonds >> top) & 1u;
    }
    carry = work[own] & around;
    for (var k = 0u; k <= last; k++) {
      let w = last - k;
      let before = work[own + w];
      let top = select(31u, last_bit, w == last);
      var after = before | ((carry & 1u) << top);
      if (after != before) {
        after = filled(after, work[right + w] & ~(1u << top));
        work[own + w] = after;
      }
      if (w > 0u) { carry = after & (work[right + w - 1u] >> 31u); }
    }
    // Until both ends of the bond around are reached, or none.
    carry = (work[own + last] >> last_bit) & around;
    if (carry == (work[own] & around)) { break; }
  }
}

// Lets the sites of a row join that the row `origin` reaches by the bonds of the row `by`, and what they reach within the row. Whether any did.
fn spread(base: u32, row: u32, origin: u32, by: u32, last_bit: u32) -> bool {
  let words = params.words;
  let area = params.side * words;
  let own = base + row * words;
  var joined = false;
  for (var w = 0u; w < words; w++) {
    let more = work[base + origin * words + w] & work[base + 2u * area + by * words + w] & ~work[own + w];
    if (more != 0u) {
      work[own + w] |= more;
      joined = true;
    }
  }
  if (joined) { fill_row(own, own + area, last_bit); }
  return joined;
}

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let replica = number_in_rows(id, size, 8u);
  if (replica >= params.replicas) { return; }
  let side = params.side;
  let words = params.words;
  let area = side * words;
  let lattice = replica * area;
  let base = 3u * lattice;
  let last_bit = (side - 1u) % 32u;
  var sites = 0u;
  for (var cluster = params.first; cluster < params.last; cluster++) {
    var rng = open_stream(params.stream, replica, cluster);
    let site = next_below(&rng, side * side);
    let row = site / side;
    let column = site % side;
    let up = (bits[lattice + row * words + column / 32u] >> (column % 32u)) & 1u;
    let turn = select(0xffffffffu, 0u, up == 1u);
    for (var r = 0u; r < side; r++) {
      let below = select(r + 1u, 0u, r + 1u == side);
      for (var w = 0u; w < words; w++) {
        let is_last = w + 1u == words;
        let top = select(31u, last_bit, is_last);
        let mask = 0xffffffffu >> (31u - top);
        let here = (bits[lattice + r * words + w] ^ turn) & mask;
        let next = (bits[lattice + r * words + select(w + 1u, 0u, is_last)] ^ turn) & 1u;
        let beside = (here >> 1u) | (next << top);
        let under = bits[lattice + below * words + w] ^ turn;
        let at = base + r * words + w;
        work[at] = 0u;
        work[at + area] = open_bonds(&rng, here & beside);
        work[at + 2u * area] = open_bonds(&rng, here & under);
      }
    }
    work[base + row * words + column / 32u] = 1u << (column % 32u);
    fill_row(base + row * words, base + area + row * words, last_bit);
    // Rows that joined in the last sweep, `count` from `start` on: only they can make others join. The sweep goes on where these do.
    var start = row;
    var count = 1u;
    var downwards = true;
    var is_first = true;
    while (count > 0u) {
      var r = select((start + count - 1u) % side, start, downwards);
      // The first step and the last of those that made a row join; the first row of all counts as one for both directions.
      var first_step = select(0xffffffffu, 0u, is_first);
      var last_step = 0u;
      let origin = r;
      var joined = false;
      for (var k = 1u; k <= count || joined; k++) {
        let before = r;
        r = select(select(r - 1u, side - 1u, r == 0u), select(r + 1u, 0u, r + 1u == side), downwards);
        joined = spread(base, r, before, select(r, before, downwards), last_bit);
        if (joined) {
          first_step = min(first_step, k);
          last_step = k;
        }
      }
      count = select(min(last_step - first_step + 1u, side), 0u, first_step > last_step);
      start = select((origin + side - last_step % side) % side, (origin + first_step) % side, downwards);
      downwards = !downwards;
      is_first = false;
    }
    for (var k = 0u; k < area; k++) {
      bits[lattice + k] ^= work[base + k];
      sites += countOneBits(work[base + k]);
    }
  }
  flips[replica] += f32(sites) / f32(side * side);
}
