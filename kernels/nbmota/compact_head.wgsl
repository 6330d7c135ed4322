// Barriers of the compact model from its sums (compact_sums.wgsl):
//   E = a + Σ_r (c_r s_r + l_r) s_r + Σ_h u_h max(0, b_h + Σ_r A_hr s_r),   s_r = step_r · whole number − shift_r.
// One invocation per slot and jump; the barrier goes to the slot. Hidden units are taken in fours.
import package::nbmota::cache::{ SLOT, BARRIERS };
import constants::RANK;      // numbers s, a multiple of 8
import constants::GROUP;

struct Params {
  capacity: u32,
  fours: u32,      // of hidden units
  rank: u32,       // RANK: in a uniform, as software drivers write out loops of constant length
  offset: f32,     // a, eV
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> head: array<vec4f>;   // [RANK]: step, shift, c, l; then of every four: u, b, A [RANK]
@group(0) @binding(2) var<storage, read> list: array<u32>;
@group(0) @binding(3) var<storage, read> sums: array<vec4u>;   // [part][jump][capacity]
@group(0) @binding(4) var<storage, read_write> cache: array<u32>;

@compute @workgroup_size(GROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let entry = id.x;
  let jump = group.y;
  if (entry >= min(list[0], params.capacity)) { return; }
  var s: array<f32, RANK>;
  var energy = params.offset;
  for (var r = 0u; r < params.rank; r += 8u) {
    let words = sums[(r + jump) * params.capacity + entry];
    for (var k = 0u; k < 8u; k++) {
      let whole = (words[k >> 1u] >> (16u * (k & 1u))) & 0xffffu;
      let own = head[r + k];
      let x = own.x * f32(whole) - own.y;
      s[r + k] = x;
      energy += (own.z * x + own.w) * x;
    }
  }
  var at = params.rank;
  for (var four = 0u; four < params.fours; four++) {
    let weight = head[at];
    var z = head[at + 1u];
    at += 2u;
    for (var r = 0u; r < params.rank; r++) { z += head[at + r] * s[r]; }
    at += params.rank;
    energy += dot(weight, max(z, vec4f()));
  }
  cache[SLOT * list[4u + entry] + BARRIERS + jump] = bitcast<u32>(energy);
}
