// First layer of the network of barriers (lib/systems/nbmota/network-barriers.ts) for the eight jumps of listed vacancies:
//   x_o = max(0, b_o + Σ_places w_o(place) · type there), in the frame of the jump; the type of a vacancy is 0.
// Columns are 8 · entry + jump, four to a vec4. One invocation does four outputs of the eight jumps of one slot of the list.
import package::nbmota::cache::{ SLOT, kind_of };

struct Params {
  capacity: u32,
  places: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sites: array<vec2u>;    // [place]: the site of each of the eight jumps, in bytes
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;  // [part]: [place] weights, then the bias
@group(0) @binding(3) var<storage, read> list: array<u32>;       // count, …, then slots from 4 on
@group(0) @binding(4) var<storage, read> cache: array<u32>;
@group(0) @binding(5) var<storage, read_write> x: array<vec4f>;  // [output][capacity][2]

fn kind(key: ptr<function, array<u32, 7>>, site: u32) -> f32 {
  return f32(kind_of(key, site));
}

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let entry = id.x;
  let part = group.y;
  if (entry >= min(list[0], params.capacity)) { return; }
  let slot = SLOT * list[4u + entry];
  var key: array<u32, 7>;
  for (var k = 0u; k < 7u; k++) { key[k] = cache[slot + k]; }
  let first = part * (params.places + 1u);
  let bias = weights[first + params.places];
  var a = bias; var b = bias; var c = bias; var d = bias;
  var e = bias; var f = bias; var g = bias; var h = bias;
  for (var place = 0u; place < params.places; place++) {
    let at = sites[place];
    let w = weights[first + place];
    a += w * kind(&key, at.x & 255u);
    b += w * kind(&key, (at.x >> 8u) & 255u);
    c += w * kind(&key, (at.x >> 16u) & 255u);
    d += w * kind(&key, at.x >> 24u);
    e += w * kind(&key, at.y & 255u);
    f += w * kind(&key, (at.y >> 8u) & 255u);
    g += w * kind(&key, (at.y >> 16u) & 255u);
    h += w * kind(&key, at.y >> 24u);
  }
  let low = transpose(mat4x4f(a, b, c, d));
  let high = transpose(mat4x4f(e, f, g, h));
  for (var o = 0u; o < 4u; o++) {
    let to = ((4u * part + o) * params.capacity + entry) * 2u;
    x[to] = max(low[o], vec4f());
    x[to + 1u] = max(high[o], vec4f());
  }
}
