// A lattice for every pair of a state and a patch, with the vacancies of the patch: those move, the others stay where they are.
// One invocation per word of these lattices.

import package::gpu::rows::number_in_rows;

struct Params {
  pairs: u32,
  per_state: u32,
  first: u32,        // state of the first pair
  words: u32,        // of a lattice
  all: u32,          // vacancies of a state
  mobile: u32,       // of a patch
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> patches: array<u32>;      // [pair]
@group(0) @binding(2) var<storage, read> lattice: array<u32>;
@group(0) @binding(3) var<storage, read> vacancies: array<u32>;
@group(0) @binding(4) var<storage, read> bonds: array<i32>;
@group(0) @binding(5) var<storage, read_write> copies: array<u32>;
@group(0) @binding(6) var<storage, read_write> moving: array<u32>;
@group(0) @binding(7) var<storage, read_write> bonds_of: array<i32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let index = number_in_rows(id, size, 64u);
  let pair = index / params.words;
  if (pair >= params.pairs) { return; }
  let word = index % params.words;
  let state = params.first + pair / params.per_state;
  copies[index] = lattice[state * params.words + word];
  if (word < params.mobile) {
    moving[pair * params.mobile + word] = vacancies[state * params.all + patches[pair] * params.mobile + word];
  }
  if (word < 6u) { bonds_of[6u * pair + word] = bonds[6u * state + word]; }
}
