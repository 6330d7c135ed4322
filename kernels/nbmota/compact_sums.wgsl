// Sums of the compact model (lib/systems/nbmota/compact-barriers.ts) for the eight jumps of listed vacancies:
//   s_r = Σ_places v_r(place, type there), in the frame of the jump, as whole numbers below 2¹⁶, two to a word.
// They are scaled, and begin at a number, so that no sum is negative or overflows: one addition does for two of them, in any
// order, with the same result on every adapter. The numbers of a place may be negative, as words are added modulo 2³².
//
// Environments are slots of the cache (cache.wgsl). One invocation does four words of the eight jumps of one slot: all jumps
// have the same table, so eight times as much is done with what is loaded, which is slow on software adapters.
import package::nbmota::cache::{ SLOT, kind_of };
import constants::GROUP;

struct Params {
  capacity: u32,
  places: u32,    // 112
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sites: array<vec2u>;            // [place]: the site of each of the eight jumps, in bytes
@group(0) @binding(2) var<storage, read> rows: array<vec4u>;             // [part]: [place][type 1 … 3], then where sums begin
@group(0) @binding(3) var<storage, read> list: array<u32>;               // count, …, then slots from 4 on
@group(0) @binding(4) var<storage, read> cache: array<u32>;
@group(0) @binding(5) var<storage, read_write> sums: array<vec4u>;       // [part][jump][capacity]

fn chosen(key: ptr<function, array<u32, 7>>, site: u32, one: vec4u, two: vec4u, three: vec4u) -> vec4u {
  let kind = kind_of(key, site);
  return select(select(select(vec4u(), one, kind == 1u), two, kind == 2u), three, kind == 3u);
}

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let entry = id.x;
  let part = group.y;
  if (entry >= min(list[0], params.capacity)) { return; }
  let slot = SLOT * list[4u + entry];
  var key: array<u32, 7>;
  for (var k = 0u; k < 7u; k++) { key[k] = cache[slot + k]; }
  var row = part * (3u * params.places + 1u);
  let start = rows[row + 3u * params.places];
  var a = start; var b = start; var c = start; var d = start;
  var e = start; var f = start; var g = start; var h = start;
  for (var place = 0u; place < params.places; place++) {
    let at = sites[place];
    let one = rows[row];
    let two = rows[row + 1u];
    let three = rows[row + 2u];
    row += 3u;
    a += chosen(&key, at.x & 255u, one, two, three);
    b += chosen(&key, (at.x >> 8u) & 255u, one, two, three);
    c += chosen(&key, (at.x >> 16u) & 255u, one, two, three);
    d += chosen(&key, at.x >> 24u, one, two, three);
    e += chosen(&key, at.y & 255u, one, two, three);
    f += chosen(&key, (at.y >> 8u) & 255u, one, two, three);
    g += chosen(&key, (at.y >> 16u) & 255u, one, two, three);
    h += chosen(&key, at.y >> 24u, one, two, three);
  }
  let to = 8u * part * params.capacity + entry;
  sums[to] = a;
  sums[to + params.capacity] = b;
  sums[to + 2u * params.capacity] = c;
  sums[to + 3u * params.capacity] = d;
  sums[to + 4u * params.capacity] = e;
  sums[to + 5u * params.capacity] = f;
  sums[to + 6u * params.capacity] = g;
  sums[to + 7u * params.capacity] = h;
}
