// Every site copied to factor × factor sites. spins[group][row][column], 32 replicas to a word; one invocation per word of the
// result.

import package::gpu::rows::number_in_rows;

struct Params {
  groups: u32,
  side: u32,          // of the result
  factor: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> spins: array<u32>;
@group(0) @binding(2) var<storage, read_write> larger: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let index = number_in_rows(id, size, 64u);
  let side = params.side;
  let group = index / (side * side);
  if (group >= params.groups) { return; }
  let row = (index / side) % side;
  let column = index % side;
  let small = side / params.factor;
  larger[index] = spins[(group * small + row / params.factor) * small + column / params.factor];
}
