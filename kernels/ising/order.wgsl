// Who comes first among neighbours, by their clocks (clocks.wgsl), as glauber_sites.wgsl wants it at the start of a window of time.
//
// pending[colour][strip], bit k: whether site k has attempts to come. first[4][strip], of colour 0 alone: whether the site comes before its
// neighbour in the north, south, west and east. One invocation per strip (strips.wgsl) of each colour.
import package::ising::clocks::{ NEVER, comes_first };
import package::ising::lattice::site_at;
import package::ising::strips::{ Strip, places_of, strip_at };

struct Params {
  strips: u32,        // of all groups
  side: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clocks: array<u32>;
@group(0) @binding(2) var<storage, read_write> pending: array<u32>;
@group(0) @binding(3) var<storage, read_write> first: array<u32>;

@compute @workgroup_size(4, 16)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let side = params.side;
  if (id.x >= (side + 63u) / 64u || id.y >= side) { return; }
  for (var colour = 0u; colour < 2u; colour++) { look(strip_at(id, side, colour), colour); }
}

fn look(strip: Strip, colour: u32) {
  let side = params.side;
  let index = places_of(strip, side).here;
  let base = strip.group * side * side;
  var to_come = 0u;
  var before = vec4u();
  for (var k = 0u; k < strip.sites; k++) {
    let site = site_at(base, side, strip.row, 2u * (32u * strip.lane + k) + select(0u, 1u, strip.odd));
    let mine = clocks[site.here];
    to_come |= select(1u << k, 0u, mine == NEVER);
    if (colour == 0u) {
      before |= select(vec4u(), vec4u(1u << k), comes_first(site, mine, vec4u(
        clocks[site.north], clocks[site.south], clocks[site.west], clocks[site.east],
      )));
    }
  }
  pending[colour * params.strips + index] = to_come;
  if (colour == 0u) {
    for (var k = 0u; k < 4u; k++) { first[k * params.strips + index] = before[k]; }
  }
}
