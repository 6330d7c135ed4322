// Lattices replica by replica, 32 sites of a row to a word, from lattices site by site, 32 replicas to a word:
//   bits[replica][r][c / 32], bit c % 32  =  spins[replica / 32][(r + shift) mod side][(c + shift) mod side], bit replica % 32.
// With `rows` above the side and a shift of side − margin the result has a frame of neighbours around each lattice.
// One invocation per word of the result.

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
  let index = id.y * size.x * 64u + id.x;
  let replica = index / (params.rows * params.words);
  if (replica >= params.replicas) { return; }
  let side = params.side;
  let row = (index / params.words) % params.rows;
  let first = 32u * (index % params.words);
  let base = ((replica / 32u) * side + (row + params.shift) % side) * side;
  let lane = replica % 32u;
  let end = min(32u, params.rows - first);
  var column = (first + params.shift) % side;
  var packed = 0u;
  for (var k = 0u; k < end; k++) {
    packed |= ((spins[base + column] >> lane) & 1u) << k;
    column = select(column + 1u, 0u, column + 1u == side);
  }
  bits[index] = packed;
}
