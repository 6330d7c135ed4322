// Lattices replica by replica, 32 sites of a row to a word, from lattices site by site, 32 replicas to a word:
//   bits[replica][r][c / 32], bit c % 32  =  spins[replica / 32][(r + shift) mod side][(c + shift) mod side], bit replica % 32.
// With `rows` above the side and a shift of side − margin the result has a frame of neighbours around each lattice.
// One invocation per word of a row of the result and 32 replicas.
import package::ising::transpose::transpose;
import package::gpu::rows::number_in_rows;

struct Params {
  replicas: u32,
  side: u32,          // of the array `spins`
  rows: u32,          // rows and columns of the result
  words: u32,         // per row of the result
  shift: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> spins: array<u32>;
@group(0) @binding(2) var<storage, read_write> bits: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let index = number_in_rows(id, size, 64u);
  let place = index % (params.rows * params.words);   // row and word
  let replica = 32u * (index / (params.rows * params.words));
  if (replica >= params.replicas) { return; }
  let side = params.side;
  let row = place / params.words;
  let first = 32u * (place % params.words);
  let base = ((replica / 32u) * side + (row + params.shift) % side) * side;
  var words = array<u32, 32>();
  var column = (first + params.shift) % side;
  for (var k = 0u; k < min(32u, params.rows - first); k++) {
    words[k] = spins[base + column];
    column = select(column + 1u, 0u, column + 1u == side);
  }
  transpose(&words);
  for (var k = 0u; k < min(32u, params.replicas - replica); k++) {
    bits[(replica + k) * params.rows * params.words + place] = words[k];
  }
}
