// How many sites of Ising lattices are in each of the ten classes (spin s, number u of up neighbours), from the counts of the boxes of their pieces
// (count_box.wgsl, CLASSES without DIAGONAL): all sites of a class flip at one rate, and change magnetization and unlike bonds alike, so that
// these numbers give both and their generator at any temperature and field (lib/systems/ising-classes.ts).
//
// One invocation per piece and lattice. Exact.
import constants::WORDS;
import package::gpu::rows::number_in_rows;

struct Params {
  first: u32,         // this dispatch does the pieces [first, last), those of 32 lattices after each other
  last: u32,
  lattices: u32,
  pieces: u32,        // of a lattice
  boxes: u32,         // of a piece
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> counts: array<u32>;
@group(0) @binding(2) var<storage, read_write> result: array<atomic<u32>>;   // [lattice][5 · (s is up) + u], 0 at first

// Adds the counts of a word to the classes of s from `at` on, u = 0, 1, 3, 4.
fn add(at: u32, counts: vec4u) {
  atomicAdd(&result[at], counts.x);
  atomicAdd(&result[at + 1u], counts.y);
  atomicAdd(&result[at + 3u], counts.z);
  atomicAdd(&result[at + 4u], counts.w);
}

fn four(at: u32) -> vec4u {
  return (vec4u(counts[at]) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u);
}

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let index = number_in_rows(id, size, 32u);
  let piece = params.first + index / 32u;
  let lattice = 32u * (piece / params.pieces) + index % 32u;
  if (piece >= params.last || lattice >= params.lattices) { return; }
  var down = vec4u();
  var up = vec4u();
  var twos = vec4u();
  for (var box = 0u; box < params.boxes; box++) {
    let at = 32u * WORDS * ((index / 32u) * params.boxes + box) + index % 32u;
    down += four(at);
    up += four(at + 32u);
    twos += four(at + 64u);
  }
  add(10u * lattice, down);
  add(10u * lattice + 5u, up);
  atomicAdd(&result[10u * lattice + 2u], twos.x);
  atomicAdd(&result[10u * lattice + 7u], twos.y);
}
