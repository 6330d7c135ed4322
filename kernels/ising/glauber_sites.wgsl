// One pass of continuous-time Glauber dynamics over the sites of one colour in a block of rows of whole Ising lattices, exact in law: for lattices so
// large, and so few, that one invocation per lattice (glauber.wgsl) would not fill the device.
//
// Every site has its own Poisson clock (clocks.wgsl). An attempt may be done when no neighbour has an earlier one to come: what
// it reads can then no longer change (conservative discrete-event simulation: Lubachevsky, Complex Systems 1, 1099 (1987)).
// Why the law is exact, whichever of these attempts are done first, and however long other rows stand still: clocks of sites are independent Poisson
// processes; every attempt finds its neighbours as all their attempts before it, and none behind it, have left them; and it draws numbers
// that no other one has, in an order that depends on the past alone.
//
// A pass does all such attempts of its colour, whose sites are no neighbours, so that what a site looks at stays as it is meanwhile; a site that
// still comes first goes on. Who comes first of two neighbours is kept as a bit (order.wgsl), found anew when one of them has moved: a pass
// looks at 32 sites at once. Of one colour each bit is read and written by one invocation alone.
//
// One invocation per strip of 32 sites (strips.wgsl), with a random stream that goes on from pass to pass and for both colours.
// With MOVING, temperature and field change with time: an attempt has the probabilities of the moment of its clock.
import package::ising::clocks::{ LEFT, is_first, next_clock };
import package::ising::heat_bath::heat_bath;
import package::ising::moving_heat_bath::{ moving_heat_bath, thresholds_at };
import package::ising::strips::{ places_of, strip_at };

struct Params {
  strips: u32,        // of all groups
  side: u32,
  row: u32,           // the first of the block
  rows: u32,
  colour: u32,
  horizon: u32,       // clock of the end of the window
  report: u32,        // 1: set `unfinished` where attempts were to come before this pass
  @if(MOVING) window: u32,
  @if(MOVING) windows: f32,   // along the table
  @if(MOVING) steps: u32,     // of the table
  numbers: vec4u,     // as in clocks.wgsl
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clocks: array<u32>;
@group(0) @binding(2) var<storage, read_write> pending: array<u32>;
@group(0) @binding(3) var<storage, read_write> first: array<u32>;
@group(0) @binding(4) var<storage, read_write> spins: array<u32>;
@group(0) @binding(5) var<storage, read_write> unfinished: atomic<u32>;
@group(0) @binding(6) var<storage, read_write> streams: array<vec4u>;          // [strip]
@group(0) @binding(7) var<storage, read> gaps: array<u32>;
@if(MOVING) @group(0) @binding(8) var<storage, read> thresholds: array<u32>;   // [steps + 1][5], over all windows

@compute @workgroup_size(4, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let side = params.side;
  if (id.x >= (side + 63u) / 64u || id.y >= params.rows) { return; }
  let colour = params.colour;
  let strip = strip_at(vec3u(id.x, params.row + id.y, id.z), side, colour);
  let places = places_of(strip, side);
  let own = colour * params.strips + places.here;
  var to_come = pending[own];
  if (to_come == 0u) { return; }
  if (params.report == 1u) { atomicStore(&unfinished, 1u); }

  // Whether sites come before their neighbours.
  let above = (1u - colour) * params.strips + places.north;
  let inside = 2u * params.strips + places.here;
  let between = 3u * params.strips + places.here;
  let across = 4u * params.strips + select(places.west, places.here, strip.odd);
  let last = strip.sites - 1u;
  var north = ~first[above];
  var south = first[own];
  var west = ~first[inside];
  var east = (first[between] & ~(1u << last)) | (first[across] << last);
  if (!strip.odd) {
    west = ~((first[between] << 1u) | first[across]);
    east = first[inside];
  }
  var turns = to_come & north & south & west & east;
  if (turns == 0u) { return; }

  // Neighbours, but for those around the edges of the lattice.
  let start = (strip.group * side + strip.row) * side + 64u * strip.lane + u32(strip.odd);
  let up = select(0u - side, side * (side - 1u), strip.row == 0u);
  let down = select(side, 0u - side * (side - 1u), strip.row == side - 1u);
  let around_west = select(0u, side, !strip.odd && strip.lane == 0u);
  let around_east = select(0u, side, strip.odd && strip.lane == strip.strips - 1u);
  var rng = streams[places.here];
  while (turns != 0u) {
    let k = firstTrailingBit(turns);
    let bit = 1u << k;
    let here = start + 2u * k;
    let to_north = here + up;
    let to_south = here + down;
    let to_west = here - 1u + select(0u, around_west, k == 0u);
    let to_east = here + 1u - select(0u, around_east, k == last);
    let clock = clocks[here];
    @if(!MOVING) {
      spins[here] = heat_bath(spins[to_north], spins[to_south], spins[to_west], spins[to_east], &rng);
    }
    @if(MOVING) {
      let share = (f32(params.window) + f32(clock >> LEFT) * 0x1p-27f) / params.windows;
      spins[here] = moving_heat_bath(
        spins[to_north], spins[to_south], spins[to_west], spins[to_east],
        thresholds_at(share, params.steps, &thresholds), &rng,
      );
    }
    let next = next_clock(clock, params.numbers, &gaps, &rng);
    clocks[here] = next;
    let north_bit = select(0u, bit, is_first(next, colour, clocks[to_north]));
    let south_bit = select(0u, bit, is_first(next, colour, clocks[to_south]));
    let west_bit = select(0u, bit, is_first(next, colour, clocks[to_west]));
    let east_bit = select(0u, bit, is_first(next, colour, clocks[to_east]));
    north = (north & ~bit) | north_bit;
    south = (south & ~bit) | south_bit;
    west = (west & ~bit) | west_bit;
    east = (east & ~bit) | east_bit;
    to_come ^= select(0u, bit, next >= params.horizon);
    turns = (turns & ~bit) | (to_come & north_bit & south_bit & west_bit & east_bit);
  }
  streams[places.here] = rng;
  pending[own] = to_come;
  first[above] = ~north;
  first[own] = south;
  first[inside] = select(east, ~west, strip.odd);
  first[between] = select(~west >> 1u, east, strip.odd);
  first[across] = select(~west & 1u, (east >> last) & 1u, strip.odd);
}
