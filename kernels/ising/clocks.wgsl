// Attempts of every site of an Ising lattice, a Poisson process of rate 1, for glauber_sites.wgsl.
//
// Time is cut into cells of length δ. A cell has attempts with probability 1 − e^−δ, whatever the others have: how many cells are passed over
// to the next one that has some is geometric. Their number n there is Poisson, given that it is not 0; and the next of n attempts to come is at the
// smallest of n uniform times on what is left of the cell. Both laws are tables to 2⁻³² (lib/systems/ising-sites.ts).
//
// A clock is one word: the cell in its upper 10 bits, the place of the next attempt in the cell to 2⁻¹⁹, and in the lowest 3 bits how many
// are to come in the cell behind that one. Cells are counted from the start of a window of 256 cells; clocks lie up to 768 cells behind its end.
//
// One invocation per strip of both colours (strips.wgsl): in the first window it draws the clocks, in the others it counts them anew.
import package::ising::strips::{ places_of, strip_at };
import package::random::alias::alias_of;
import package::random::philox::{ philox4x32, mul_high };
import package::random::xoshiro::{ Stream, next_u32 };

const STRIP = 32u;         // sites of an invocation, with one random stream
const CELL = 22u;          // bits of the place in a cell, and how many are to come behind it
const LEFT = 3u;           // bits of that number
const PLACES = 1u << (CELL - LEFT);
const WINDOW = 256u;       // cells

// Streams of the pass `turn` ≥ 1 over the lattice. Streams of open_stream have a last word of 0.
fn strip_stream(stream: Stream, group: u32, strip: u32, turn: u32) -> vec4u {
  return philox4x32(vec4u(strip, stream.replica + 32u * group, stream.step, turn), stream.key);
}

// Behind the attempt at `clock`.
fn next_clock(clock: u32, numbers: vec4u, gaps: ptr<storage, array<u32>, read>, rng: ptr<function, vec4u>) -> u32 {
  let left = clock & ((1u << LEFT) - 1u);
  let start = select((clock >> LEFT) % PLACES, 0u, left == 0u);
  // Most often the cell has no more attempts. Lanes that go on in theirs would wait anyhow.
  let gap = 1u + alias_of(next_u32(rng), gaps);
  let more = select(vec4u(), vec4u(1u), vec4u(next_u32(rng)) >= numbers);
  let to_come = select(left, 1u + more.x + more.y + more.z + more.w, left == 0u);
  var earliest = next_u32(rng);
  for (var k = 1u; k < to_come; k++) { earliest = min(earliest, next_u32(rng)); }
  let cell = (clock >> CELL) + select(0u, gap, left == 0u);
  let place = start + mul_high(PLACES - start, earliest);
  return (cell << CELL) | (place << LEFT) | (to_come - 1u);
}

// Whether a site of a colour comes before a neighbour, which is of the other one. Ties, of probability below 2⁻²⁴, go to colour 0.
fn is_first(mine: u32, colour: u32, other: u32) -> bool {
  return mine < other + 1u - colour;
}

struct Params {
  side: u32,
  opens: u32,         // 1: in the first window
  numbers: vec4u,     // 2³² P(at most 1, … 4 attempts in a cell that has some), rounded, at most 2³² − 1
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clocks: array<u32>;
@group(0) @binding(2) var<storage, read_write> streams: array<vec4u>;
@group(0) @binding(3) var<storage, read> gaps: array<u32>;

@compute @workgroup_size(4, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let side = params.side;
  if (id.x >= (side + 63u) / 64u || id.y >= side) { return; }
  let strip = strip_at(id, side, 0u);
  let first = (strip.group * side + strip.row) * side + 64u * strip.lane;
  let end = first + 2u * strip.sites;
  if (params.opens == 0u) {
    for (var site = first; site < end; site++) { clocks[site] -= WINDOW << CELL; }
    return;
  }
  var rng = strip_stream(params.stream, strip.group, strip.row * strip.strips + strip.lane, 1u);
  // As if the cell before the first one were over.
  for (var site = first; site < end; site++) { clocks[site] = next_clock(0u, params.numbers, &gaps, &rng) - (1u << CELL); }
  streams[places_of(strip, side).here] = rng;
}
