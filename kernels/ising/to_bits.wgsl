// Lattices replica by replica, 32 sites of a row to a word, from lattices site by site, 32 replicas to a word. Rows are cut into tiles side by side,
// with the columns around each that a frame needs, and begin with a new word in each:
//   bits[replica][r][tile][c / 32], bit c % 32  =  spins[replica / 32][(r + shift) mod side][(tile · stride + c + shift) mod side], bit replica % 32,
// 0 ≤ c < width. With `rows` above the side and a shift of side − margin lattices have a frame of neighbours above and below too.
// One invocation per word of a row of the result and 32 replicas.
import package::ising::transpose::{ Square, transpose };
import package::gpu::rows::number_in_rows;

struct Params {
  replicas: u32,
  side: u32,          // of the array `spins`
  rows: u32,          // of the result
  tiles: u32,         // per row
  stride: u32,
  width: u32,         // of a tile with its frame
  shift: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> spins: array<u32>;
@group(0) @binding(2) var<storage, read_write> bits: array<u32>;

// Four sites of the row at `base`, from a column of the tile that begins at `left`; 0 beyond its last.
fn sites_at(base: u32, left: u32, column: u32) -> vec4u {
  let columns = vec4u(column) + vec4u(0u, 1u, 2u, 3u);
  let at = vec4u(base) + (columns + vec4u(left)) % vec4u(params.side);
  let sites = vec4u(spins[at.x], spins[at.y], spins[at.z], spins[at.w]);
  return select(vec4u(), sites, columns < vec4u(params.width));
}

// A word each of up to four replicas.
fn put(replica: u32, place: u32, area: u32, words: vec4u) {
  if (replica < params.replicas) { bits[replica * area + place] = words.x; }
  if (replica + 1u < params.replicas) { bits[(replica + 1u) * area + place] = words.y; }
  if (replica + 2u < params.replicas) { bits[(replica + 2u) * area + place] = words.z; }
  if (replica + 3u < params.replicas) { bits[(replica + 3u) * area + place] = words.w; }
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let index = number_in_rows(id, size, 64u);
  let strips = (params.width + 31u) / 32u;
  let words_per_row = params.tiles * strips;
  let area = params.rows * words_per_row;
  let place = index % area;   // row and word
  let replica = 32u * (index / area);
  if (replica >= params.replicas) { return; }
  let side = params.side;
  let word = place % words_per_row;
  let left = params.shift + (word / strips) * params.stride;
  let column = 32u * (word % strips);
  let base = ((replica / 32u) * side + (place / words_per_row + params.shift) % side) * side;
  let words = transpose(Square(
    sites_at(base, left, column), sites_at(base, left, column + 4u),
    sites_at(base, left, column + 8u), sites_at(base, left, column + 12u),
    sites_at(base, left, column + 16u), sites_at(base, left, column + 20u),
    sites_at(base, left, column + 24u), sites_at(base, left, column + 28u),
  ));
  put(replica, place, area, words.a);
  put(replica + 4u, place, area, words.b);
  put(replica + 8u, place, area, words.c);
  put(replica + 12u, place, area, words.d);
  put(replica + 16u, place, area, words.e);
  put(replica + 20u, place, area, words.f);
  put(replica + 24u, place, area, words.g);
  put(replica + 28u, place, area, words.h);
}
