// Larger lattices from factor × factor tiles, each the lattice of some replica, shifted cyclically at random:
//   larger[group][R][C], bit k  =  spins[j / 32][(R + dy) mod side][(C + dx) mod side], bit j mod 32,
// with (j, dy · side + dx) from the plan for tile (R / side, C / side) of replica k. The replicas of the tiles of a lattice are drawn independently.
// One invocation per word of the result.

import package::gpu::rows::number_in_rows;

struct Params {
  groups: u32,
  side: u32,          // of a tile
  factor: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> spins: array<u32>;
@group(0) @binding(2) var<storage, read> plan: array<vec2u>;   // [group][tile][replica]: j, dy · side + dx
@group(0) @binding(3) var<storage, read_write> larger: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let index = number_in_rows(id, size, 64u);
  let side = params.side;
  let factor = params.factor;
  let wide = side * factor;
  let group = index / (wide * wide);
  if (group >= params.groups) { return; }
  let row = (index / wide) % wide;
  let column = index % wide;
  let tile = (row / side) * factor + column / side;
  let plans = 32u * (group * factor * factor + tile);
  let end = 32u * min(1u, factor);   // 32, as no constant: lavapipe would write the loop out
  var packed = 0u;
  for (var k = 0u; k < end; k++) {
    let piece = plan[plans + k];
    let y = row % side + piece.y / side;
    let x = column % side + piece.y % side;
    let at = (piece.x / 32u * side + select(y, y - side, y >= side)) * side + select(x, x - side, x >= side);
    packed |= ((spins[at] >> (piece.x & 31u)) & 1u) << k;
  }
  larger[index] = packed;
}
