// One pass of continuous-time Glauber dynamics over the sites of one colour of whole Ising lattices, exact in law: for lattices so large, and so few, that
// one invocation per lattice (glauber.wgsl) would not fill the device.
//
// Every site has its own Poisson clock (clocks.wgsl). An attempt may be done when no neighbour has an earlier one to come: what
// it reads can then no longer change (conservative discrete-event simulation: Lubachevsky, Complex Systems 1, 1099 (1987)). A
// pass does all such attempts of its colour, whose sites are no neighbours, so that what a site looks at stays as it is meanwhile.
// Who comes first of two neighbours is kept as a bit (order.wgsl) and found anew when one of them has moved: a pass looks at 32 sites at once.
//
// One invocation per strip of 32 sites (strips.wgsl).
// With MOVING, temperature and field change with time: an attempt has the probabilities of the moment of its clock.
import package::ising::clocks::{ NEVER, comes_first, next_clock, strip_stream };
import package::ising::heat_bath::heat_bath;
import package::ising::lattice::site_at;
import package::ising::moving_heat_bath::{ moving_heat_bath, thresholds_at };
import package::ising::strips::{ from_east, from_west, places_of, strip_at };
import package::random::xoshiro::Stream;

struct Params {
  strips: u32,        // of all groups
  side: u32,
  turn: u32,          // its lowest bit is the colour
  report: u32,        // 1: set `unfinished` where attempts were to come before this pass
  @if(MOVING) window: u32,
  @if(MOVING) windows: u32,   // along the table
  @if(MOVING) steps: u32,     // of the table
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clocks: array<u32>;
@group(0) @binding(2) var<storage, read_write> pending: array<u32>;          // [colour][strip]
@group(0) @binding(3) var<storage, read_write> first: array<atomic<u32>>;    // [north, south, west, east][strip], of colour 0
@group(0) @binding(4) var<storage, read_write> spins: array<u32>;
@group(0) @binding(5) var<storage, read_write> unfinished: atomic<u32>;
@if(MOVING) @group(0) @binding(6) var<storage, read> thresholds: array<u32>;   // [steps + 1][5], over all windows

const NORTH = 0u;
const SOUTH = 1u;
const WEST = 2u;
const EAST = 3u;

fn first_of(direction: u32, place: u32) -> u32 {
  return atomicLoad(&first[direction * params.strips + place]);
}

fn put(direction: u32, place: u32, word: u32) {
  atomicStore(&first[direction * params.strips + place], word);
}

fn turn_over(direction: u32, place: u32, bits: u32) {
  if (bits != 0u) { atomicXor(&first[direction * params.strips + place], bits); }
}

@compute @workgroup_size(4, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let side = params.side;
  if (id.x >= (side + 63u) / 64u || id.y >= side) { return; }
  let colour = params.turn & 1u;
  let own = colour * params.strips;
  let strip = strip_at(id, side, colour);
  let places = places_of(strip, side);
  let index = places.here;
  var to_come = pending[own + index];
  if (to_come == 0u) { return; }
  if (params.report == 1u) { atomicStore(&unfinished, 1u); }
  let other = params.strips - own;
  let beside = pending[other + index];
  let waits = vec4u(
    pending[other + places.north], pending[other + places.south],
    select(from_west(strip, beside, pending[other + places.west], side), beside, strip.odd),
    select(beside, from_east(strip, beside, pending[other + places.east]), strip.odd),
  );
  // Whether sites come before their neighbours: as they know of themselves, or these of theirs.
  var before: vec4u;
  if (colour == 0u) {
    before = vec4u(first_of(NORTH, index), first_of(SOUTH, index), first_of(WEST, index), first_of(EAST, index));
  } else {
    let left = first_of(EAST, index);
    let right = first_of(WEST, index);
    before = ~vec4u(
      first_of(SOUTH, places.north), first_of(NORTH, places.south),
      select(from_west(strip, left, first_of(EAST, places.west), side), left, strip.odd),
      select(right, from_east(strip, right, first_of(WEST, places.east)), strip.odd),
    );
  }
  let known = before;
  let free = before | ~waits;
  var turns = to_come & free.x & free.y & free.z & free.w;
  if (turns == 0u) { return; }
  let base = strip.group * side * side;
  var rng = strip_stream(params.stream, strip.group, strip.row * strip.strips + strip.lane, params.turn);
  while (turns != 0u) {
    let k = firstTrailingBit(turns);
    let bit = 1u << k;
    turns &= turns - 1u;
    let site = site_at(base, side, strip.row, 2u * (32u * strip.lane + k) + select(0u, 1u, strip.odd));
    let clock = clocks[site.here];
    @if(!MOVING) {
      spins[site.here] = heat_bath(spins[site.north], spins[site.south], spins[site.west], spins[site.east], &rng);
    }
    @if(MOVING) {
      let share = (f32(params.window) + f32(clock >> 5u) * 0x1p-27f) / f32(params.windows);
      spins[site.here] = moving_heat_bath(
        spins[site.north], spins[site.south], spins[site.west], spins[site.east],
        thresholds_at(share, params.steps, &thresholds), &rng,
      );
    }
    let next = next_clock(clock >> 5u, (clock & 31u) - 1u, &rng);
    clocks[site.here] = next;
    to_come &= select(0xffffffffu, ~bit, next == NEVER);
    let others = vec4u(clocks[site.north], clocks[site.south], clocks[site.west], clocks[site.east]);
    before = (before & vec4u(~bit)) | select(vec4u(), vec4u(bit), comes_first(site, next, others));
  }
  pending[own + index] = to_come;
  if (colour == 0u) {
    put(NORTH, index, before.x);
    put(SOUTH, index, before.y);
    put(WEST, index, before.z);
    put(EAST, index, before.w);
    return;
  }
  put(SOUTH, places.north, ~before.x);
  put(NORTH, places.south, ~before.y);
  // Left and right one of two neighbours has the number of its site, the other one more or less: one of them may be of the next strip.
  let changed = before ^ known;
  let last = (side / 2u - 1u) % 32u;
  if (strip.odd) {
    put(EAST, index, ~before.z);
    turn_over(WEST, index, (changed.w << 1u) & (0xffffffffu >> (32u - strip.sites)));
    turn_over(WEST, places.east, (changed.w >> (strip.sites - 1u)) & 1u);
  } else {
    put(WEST, index, ~before.w);
    turn_over(EAST, index, changed.z >> 1u);
    turn_over(EAST, places.west, (changed.z & 1u) << select(31u, last, strip.lane == 0u));
  }
}
