// How many sites of a box, a part of a square piece of Ising lattices, are of which kind: all that the observables of the piece
// (observables.wgsl), or the generator of Glauber dynamics applied to them (generator.wgsl), are made of.
//
// Words of four counts each. Observables: [up | unlike nearest neighbours], [0 | like diagonal neighbours], [0 | plaquettes with the product +1], where
// a bar is followed by the numbers of sites that have the binary digits 1, 2 and 4 in theirs; the second with DIAGONAL, the third with PLAQUETTES.
// With CLASSES, of the sites with the spin s and u up neighbours, first s = −1 and then s = 1:
// - without DIAGONAL [u = 0, 1, 3, 4] each, and [u = 2, u = 2, 0, 0] of both;
// - with DIAGONAL, one invocation per u: [all, all, 0, 0] of both; [v = 0, 1, 3, 4] each; with PLAQUETTES also [w = 0, 1, 3, 4] each,
//   [0 | (2 − v)(2 − w)] where that is above 0 each, and the same of its size below 0;
//   v: up diagonal neighbours; w: plaquettes whose other three spins have the product +1.
//
// spins[32 lattices][row][column], bit r of a word for lattice r. One invocation per 32 lattices, piece and box (and u): it counts in bit
// planes, four sites at a time. Sides, pieces and boxes are even; a box has at most 255 sites. Exact.
import package::ising::counter::{ Counter, counted };
import package::ising::planes::{ Sums, add_fours };
import package::ising::transpose::{ Square, transpose };
import package::gpu::rows::number_in_rows;
import constants::WORDS;   // of the counts of a box, or of one u of it

struct Params {
  first: u32,         // this dispatch does the pieces [first, last), those of 32 lattices after each other
  last: u32,
  side: u32,          // of the array
  tiles: u32,         // pieces per row of a lattice, and per column
  origin: u32,        // row and column of the first piece
  extent: u32,        // side of a piece, and the distance from one to the next
  width: u32,         // of a box
  height: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> spins: array<u32>;
@group(0) @binding(2) var<storage, read_write> counts: array<u32>;   // [piece − first][box][u][WORDS][lattice]

@if(CLASSES && DIAGONAL) const PARTS = 5u;
@if(!CLASSES || !DIAGONAL) const PARTS = 1u;

// Planes of four sites side by side and of those left and right of each.
struct Four { west: vec4u, here: vec4u, east: vec4u }

fn four_at(row: u32, columns: vec4u, west: u32, east: u32) -> Four {
  let here = vec4u(spins[row + columns.x], spins[row + columns.y], spins[row + columns.z], spins[row + columns.w]);
  return Four(vec4u(spins[row + west], here.xyz), here, vec4u(here.yzw, spins[row + east]));
}

fn wrapped(place: u32) -> u32 {
  return select(place, place - params.side, place >= params.side);
}

struct SumCounters { ones: Counter, twos: Counter, fours: Counter }

fn count_sums(c: ptr<function, SumCounters>, n: Sums, mask: vec4u) {
  (*c).ones = counted((*c).ones, n.ones & mask);
  (*c).twos = counted((*c).twos, n.twos & mask);
  (*c).fours = counted((*c).fours, n.fours & mask);
}

// Numbers 0 … 4 one by one, but for 2.
struct Kinds { none: vec4u, one: vec4u, three: vec4u, four: vec4u }

fn kinds_of(n: Sums) -> Kinds {
  return Kinds(~(n.ones | n.twos | n.fours), n.ones & ~n.twos, n.ones & n.twos, n.fours);
}

struct KindCounters { none: Counter, one: Counter, three: Counter, four: Counter }

fn count_kinds(c: ptr<function, KindCounters>, n: Kinds, mask: vec4u) {
  (*c).none = counted((*c).none, n.none & mask);
  (*c).one = counted((*c).one, n.one & mask);
  (*c).three = counted((*c).three, n.three & mask);
  (*c).four = counted((*c).four, n.four & mask);
}

@if(DIAGONAL) struct Class {
  all: Counter,
  v: KindCounters,
  @if(PLAQUETTES) w: KindCounters,
  @if(PLAQUETTES) above: SumCounters,
  @if(PLAQUETTES) below: SumCounters,
}

// Those of four sites that have u up neighbours, and what is around them.
@if(DIAGONAL) struct Around {
  sites: vec4u,
  v: Kinds,
  @if(PLAQUETTES) w: Kinds,
}

@if(DIAGONAL) fn count_class(c: ptr<function, Class>, n: Around, spin: vec4u) {
  let mask = n.sites & spin;
  (*c).all = counted((*c).all, mask);
  count_kinds(&(*c).v, n.v, mask);
  @if(PLAQUETTES) {
    count_kinds(&(*c).w, n.w, mask);
    let odd_v = n.v.one | n.v.three;
    let odd_w = n.w.one | n.w.three;
    let even_v = n.v.none | n.v.four;
    let even_w = n.w.none | n.w.four;
    let product = Sums(odd_v & odd_w, (odd_v & even_w) | (even_v & odd_w), even_v & even_w);
    let is_below = (n.v.three | n.v.four) ^ (n.w.three | n.w.four);
    count_sums(&(*c).above, product, mask & ~is_below);
    count_sums(&(*c).below, product, mask & is_below);
  }
}

// Four counters of 32 lattices at `at`, a word for each lattice.
fn put(at: u32, a: Counter, b: Counter, c: Counter, d: Counter) {
  let words = transpose(Square(a.low, a.high, b.low, b.high, c.low, c.high, d.low, d.high));
  put_four(at, words.a);
  put_four(at + 4u, words.b);
  put_four(at + 8u, words.c);
  put_four(at + 12u, words.d);
  put_four(at + 16u, words.e);
  put_four(at + 20u, words.f);
  put_four(at + 24u, words.g);
  put_four(at + 28u, words.h);
}

fn put_four(at: u32, words: vec4u) {
  counts[at] = words.x;
  counts[at + 1u] = words.y;
  counts[at + 2u] = words.z;
  counts[at + 3u] = words.w;
}

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let index = number_in_rows(id, size, 8u);
  let across = (params.extent + params.width - 1u) / params.width;
  let boxes = across * ((params.extent + params.height - 1u) / params.height);
  let box = (index / PARTS) % boxes;
  let piece = params.first + index / (PARTS * boxes);
  if (piece >= params.last) { return; }
  let side = params.side;
  let tiles = params.tiles * params.tiles;
  let base = (piece / tiles) * side * side;
  let place = piece % tiles;
  let row = (box / across) * params.height;
  let column = (box % across) * params.width;
  let top = params.origin + (place / params.tiles) * params.extent + row;
  let left = params.origin + (place % params.tiles) * params.extent + column;
  let height = min(params.height, params.extent - row);
  let width = min(params.width, params.extent - column);

  @if(!CLASSES) var ups = Counter();
  @if(!CLASSES) var unlike = SumCounters();
  @if(!CLASSES && DIAGONAL) var like = SumCounters();
  @if(!CLASSES && PLAQUETTES) var corners = SumCounters();
  @if(CLASSES && !DIAGONAL) var down = KindCounters();
  @if(CLASSES && !DIAGONAL) var up = KindCounters();
  @if(CLASSES && !DIAGONAL) var down_two = Counter();
  @if(CLASSES && !DIAGONAL) var up_two = Counter();
  // All ones for a binary digit of u that is to be 0.
  @if(CLASSES && DIAGONAL) let digits = vec3u(1u, 2u, 4u);
  @if(CLASSES && DIAGONAL) let zero = select(vec3u(0xffffffffu), vec3u(), (vec3u(index % PARTS) & digits) != vec3u());
  @if(CLASSES && DIAGONAL) var down = Class();
  @if(CLASSES && DIAGONAL) var up = Class();
  for (var x = 0u; x < width; x += 4u) {
    // Boxes are even: the last two sites may be beyond.
    let mask = select(vec4u(0xffffffffu), vec4u(0xffffffffu, 0xffffffffu, 0u, 0u), x + 2u == width);
    let first = left + x;
    let columns = vec4u(first, wrapped(first + 1u), wrapped(first + 2u), wrapped(first + 3u));
    let west = wrapped(first + side - 1u);
    let east = wrapped(columns.w + 1u);
    var north = four_at(base + wrapped(top + side - 1u) * side, columns, west, east);
    var middle = four_at(base + top * side, columns, west, east);
    for (var y = 1u; y <= height; y++) {
      let south = four_at(base + wrapped(top + y) * side, columns, west, east);
      let s = middle.here;
      // Products of the other three spins of the plaquettes.
      @if(PLAQUETTES) let nw = north.here ^ north.west ^ middle.west;
      @if(PLAQUETTES) let ne = north.here ^ north.east ^ middle.east;
      @if(PLAQUETTES) let sw = south.here ^ south.west ^ middle.west;
      @if(PLAQUETTES) let se = south.here ^ south.east ^ middle.east;
      @if(!CLASSES) {
        ups = counted(ups, s & mask);
        count_sums(&unlike, add_fours(north.here ^ s, south.here ^ s, middle.west ^ s, middle.east ^ s), mask);
        @if(DIAGONAL) {
          count_sums(&like, add_fours(~(north.west ^ s), ~(north.east ^ s), ~(south.west ^ s), ~(south.east ^ s)), mask);
        }
        @if(PLAQUETTES) { count_sums(&corners, add_fours(~(nw ^ s), ~(ne ^ s), ~(sw ^ s), ~(se ^ s)), mask); }
      }
      @if(CLASSES) let u = add_fours(north.here, south.here, middle.west, middle.east);
      @if(CLASSES && !DIAGONAL) {
        let two = u.twos & ~u.ones;
        count_kinds(&down, kinds_of(u), mask & ~s);
        count_kinds(&up, kinds_of(u), mask & s);
        down_two = counted(down_two, two & mask & ~s);
        up_two = counted(up_two, two & mask & s);
      }
      @if(CLASSES && DIAGONAL) {
        var around = Around();
        around.sites = (u.ones ^ vec4u(zero.x)) & (u.twos ^ vec4u(zero.y)) & (u.fours ^ vec4u(zero.z)) & mask;
        around.v = kinds_of(add_fours(north.west, north.east, south.west, south.east));
        @if(PLAQUETTES) { around.w = kinds_of(add_fours(nw, ne, sw, se)); }
        count_class(&down, around, ~s);
        count_class(&up, around, s);
      }
      north = middle;
      middle = south;
    }
  }
  let no = Counter();
  let at = 32u * WORDS * index;
  @if(!CLASSES) {
    put(at, ups, unlike.ones, unlike.twos, unlike.fours);
    @if(DIAGONAL) { put(at + 32u, no, like.ones, like.twos, like.fours); }
    @if(PLAQUETTES) { put(at + 64u, no, corners.ones, corners.twos, corners.fours); }
  }
  @if(CLASSES && !DIAGONAL) {
    put(at, down.none, down.one, down.three, down.four);
    put(at + 32u, up.none, up.one, up.three, up.four);
    put(at + 64u, down_two, up_two, no, no);
  }
  @if(CLASSES && DIAGONAL) {
    put(at, down.all, up.all, no, no);
    put(at + 32u, down.v.none, down.v.one, down.v.three, down.v.four);
    put(at + 64u, up.v.none, up.v.one, up.v.three, up.v.four);
    @if(PLAQUETTES) {
      put(at + 96u, down.w.none, down.w.one, down.w.three, down.w.four);
      put(at + 128u, up.w.none, up.w.one, up.w.three, up.w.four);
      put(at + 160u, no, down.above.ones, down.above.twos, down.above.fours);
      put(at + 192u, no, up.above.ones, up.above.twos, up.above.fours);
      put(at + 224u, no, down.below.ones, down.below.twos, down.below.fours);
      put(at + 256u, no, up.below.ones, up.below.twos, up.below.fours);
    }
  }
}
