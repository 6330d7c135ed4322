// Square pieces of lattices, 32 of them to a word, from lattices replica by replica (to_bits.wgsl):
//   spins[item / 32][r][c], bit item % 32  =  bit c of what begins at word corners[item] + r · words of `bits`.
// Items beyond the last are down.
// One invocation per 32 columns of a row of 32 items.
import package::ising::transpose::{ Square, transpose };
import package::gpu::rows::number_in_rows;

struct Params {
  items: u32,
  side: u32,          // of the pieces
  words: u32,         // from a row of `bits` to the next
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bits: array<u32>;
@group(0) @binding(2) var<storage, read> corners: array<u32>;
@group(0) @binding(3) var<storage, read_write> spins: array<u32>;

// The word at `offset` of four items, 0 of those beyond the last.
fn four_of(item: u32, offset: u32) -> vec4u {
  let items = vec4u(item) + vec4u(0u, 1u, 2u, 3u);
  let here = min(items, vec4u(params.items - 1u));
  let at = vec4u(corners[here.x], corners[here.y], corners[here.z], corners[here.w]) + vec4u(offset);
  return select(vec4u(), vec4u(bits[at.x], bits[at.y], bits[at.z], bits[at.w]), items < vec4u(params.items));
}

// As many of four sites as there are columns left.
fn put(at: u32, left: u32, words: vec4u) {
  if (left > 0u) { spins[at] = words.x; }
  if (left > 1u) { spins[at + 1u] = words.y; }
  if (left > 2u) { spins[at + 2u] = words.z; }
  if (left > 3u) { spins[at + 3u] = words.w; }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let index = number_in_rows(id, size, 64u);
  let side = params.side;
  let strips = (side + 31u) / 32u;
  let item = 32u * (index / (side * strips));
  if (item >= params.items) { return; }
  let row = (index / strips) % side;
  let strip = index % strips;
  let offset = row * params.words + strip;
  let words = transpose(Square(
    four_of(item, offset), four_of(item + 4u, offset), four_of(item + 8u, offset), four_of(item + 12u, offset),
    four_of(item + 16u, offset), four_of(item + 20u, offset), four_of(item + 24u, offset), four_of(item + 28u, offset),
  ));
  let at = ((item / 32u) * side + row) * side + 32u * strip;
  let left = side - 32u * strip;
  put(at, left, words.a);
  put(at + 4u, max(left, 4u) - 4u, words.b);
  put(at + 8u, max(left, 8u) - 8u, words.c);
  put(at + 12u, max(left, 12u) - 12u, words.d);
  put(at + 16u, max(left, 16u) - 16u, words.e);
  put(at + 20u, max(left, 20u) - 20u, words.f);
  put(at + 24u, max(left, 24u) - 24u, words.g);
  put(at + 28u, max(left, 28u) - 28u, words.h);
}
