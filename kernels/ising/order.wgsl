// Who comes first among neighbours, by their clocks (clocks.wgsl), as glauber_sites.wgsl wants it at the start of a window of time.
//
// pending[colour][strip], bit k: whether the next attempt of site k is before the horizon. first[5][strip], bit k: whether site k comes before its
// neighbour in the south, 0 of colour 0 and 1 of colour 1; whether that in column 2k comes before that in 2k + 1 (2), and this one before that in 2k + 2
// (3). Where 2k + 2 is in the next strip it is bit 0 of 4 that counts: so no two invocations of one colour write to the same word.
// One invocation per strip of both colours (strips.wgsl).
import package::ising::clocks::is_first;
import package::ising::strips::{ places_of, strip_at };

struct Params {
  strips: u32,        // of all groups
  side: u32,
  horizon: u32,       // clock of the end of the window
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clocks: array<u32>;
@group(0) @binding(2) var<storage, read_write> pending: array<u32>;
@group(0) @binding(3) var<storage, read_write> first: array<u32>;

@compute @workgroup_size(4, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let side = params.side;
  if (id.x >= (side + 63u) / 64u || id.y >= side) { return; }
  let strip = strip_at(id, side, 0u);
  let row = (strip.group * side + strip.row) * side;
  let south = select(side, 0u - side * (side - 1u), strip.row == side - 1u);
  let is_last = strip.lane == strip.strips - 1u;
  // Colours of the columns 2k and 2k + 1, which are x and y of pairs.
  let even = u32(strip.odd);
  let odd = 1u - even;
  var to_come = vec2u();
  var below = vec2u();
  var inside = 0u;
  var between = 0u;
  var left = clocks[row + 64u * strip.lane];
  for (var k = 0u; k < strip.sites; k++) {
    let bit = 1u << k;
    let here = row + 64u * strip.lane + 2u * k;
    let right = clocks[here + 1u];
    let further = clocks[select(here + 2u, row, is_last && k == strip.sites - 1u)];
    to_come |= select(vec2u(), vec2u(bit), vec2u(left, right) < vec2u(params.horizon));
    below |= select(vec2u(), vec2u(bit), vec2(
      is_first(left, even, clocks[here + south]), is_first(right, odd, clocks[here + south + 1u]),
    ));
    inside |= select(0u, bit, is_first(left, even, right));
    between |= select(0u, bit, is_first(right, odd, further));
    left = further;
  }
  let index = places_of(strip, side).here;
  pending[even * params.strips + index] = to_come.x;
  pending[odd * params.strips + index] = to_come.y;
  first[even * params.strips + index] = below.x;
  first[odd * params.strips + index] = below.y;
  first[2u * params.strips + index] = inside;
  first[3u * params.strips + index] = between;
  first[4u * params.strips + index] = between >> (strip.sites - 1u);
}
