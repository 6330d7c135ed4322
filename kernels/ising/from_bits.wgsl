// Square pieces of lattices, 32 of them to a word, from lattices replica by replica (to_bits.wgsl):
//   spins[item / 32][r][c], bit item % 32  =  bits[item / per_replica][top + r][left + c],
// with the corner (top, left) of the patch that the item is: patch `chosen[item]` of a tiling with `tiles` patches per row at a
// distance of `stride`. Items beyond the last are down.
// One invocation per 32 columns of a row of 32 items.
import package::ising::transpose::transpose;
import package::gpu::rows::number_in_rows;

struct Params {
  items: u32,
  per_replica: u32,
  side: u32,          // of the pieces
  tiles: u32,
  stride: u32,
  rows: u32,          // of `bits`
  words: u32,         // per row of `bits`
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bits: array<u32>;
@group(0) @binding(2) var<storage, read> chosen: array<u32>;
@group(0) @binding(3) var<storage, read_write> spins: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let index = number_in_rows(id, size, 64u);
  let side = params.side;
  let strips = (side + 31u) / 32u;
  let first = 32u * (index / (side * strips));
  if (first >= params.items) { return; }
  let row = (index / strips) % side;
  let column = 32u * (index % strips);
  var words = array<u32, 32>();
  for (var k = 0u; k < min(32u, params.items - first); k++) {
    let place = chosen[first + k];
    let y = (place / params.tiles) * params.stride + row;
    let x = (place % params.tiles) * params.stride + column;
    let at = (((first + k) / params.per_replica) * params.rows + y) * params.words + x / 32u;
    // Columns of the piece that go on in the next word of the row.
    words[k] = bits[at] >> (x % 32u);
    if (x % 32u > 0u && x / 32u + 1u < params.words) { words[k] |= bits[at + 1u] << (32u - x % 32u); }
  }
  transpose(&words);
  for (var k = 0u; k < min(32u, side - column); k++) {
    spins[((first / 32u) * side + row) * side + column + k] = words[k];
  }
}
