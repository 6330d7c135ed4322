// How many sites of Ising lattices are in each of the ten classes (spin s, number u of up neighbours), from the counts of the boxes of their pieces
// (count_box.wgsl, CLASSES without DIAGONAL): all sites of a class flip at one rate, and change magnetization and unlike bonds alike, so that
// these numbers give both and their generator at any temperature and field (lib/systems/ising-classes.ts).
//
// One invocation per piece and lattice. Exact.
import constants::WORDS;
import package::gpu::rows::number_in_rows;
import package::ising::pieces::{ Pieces, four, piece_of };

struct Params { pieces: Pieces }

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

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let piece = piece_of(number_in_rows(id, size, 32u), params.pieces);
  if (!piece.there) { return; }
  var down = vec4u();
  var up = vec4u();
  var twos = vec4u();
  for (var box = 0u; box < params.pieces.boxes; box++) {
    let at = 32u * WORDS * (piece.box + box) + piece.lane;
    down += four(counts[at]);
    up += four(counts[at + 32u]);
    twos += four(counts[at + 64u]);
  }
  let first = 10u * piece.lattice;
  add(first, down);
  add(first + 5u, up);
  atomicAdd(&result[first + 2u], twos.x);
  atomicAdd(&result[first + 7u], twos.y);
}
