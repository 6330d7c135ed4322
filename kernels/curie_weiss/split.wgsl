// Splits every block of a lattice into factor × factor equal parts and copies each spin `copies` times.
//
// The spins of a block are exchangeable, so the up spins fall on the parts by drawing without replacement: a
// multivariate hypergeometric law, drawn spin by spin, exactly. With copies = factor² this is upsampling by copying
// each spin to a factor × factor square (the block keeps its side, the lattice grows); with copies = 1 it resolves the
// same lattice more finely. The magnetization of the system is kept exactly.
//
// One invocation per (replica, coarse block): source[replica · grid² + block] → fine[replica · (factor · grid)² + …].
import package::random::philox::mul_high;
import package::random::xoshiro::{ Stream, open_stream, next_u32 };

struct Params {
  replicas: u32,
  grid: u32,          // coarse blocks per side
  block_spins: u32,   // spins of a coarse block
  factor: u32,
  copies: u32,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read_write> fine: array<u32>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 32u;
  let blocks = params.grid * params.grid;
  if (index >= params.replicas * blocks) { return; }
  let replica = index / blocks;
  let block = index % blocks;
  let side = params.factor * params.grid;
  let corner = replica * side * side + (block / params.grid) * params.factor * side + (block % params.grid) * params.factor;

  var rng = open_stream(params.stream, replica, block);
  var spins = params.block_spins;   // left to place
  var up = source[index];           // of which up
  let parts = params.factor * params.factor;
  let size = params.block_spins / parts;
  for (var part = 0u; part + 1u < parts; part++) {
    let before = up;
    for (var k = 0u; k < size; k++) {
      up -= select(0u, 1u, mul_high(next_u32(&rng), spins) < up);
      spins--;
    }
    fine[corner + (part / params.factor) * side + part % params.factor] = params.copies * (before - up);
  }
  fine[corner + (params.factor - 1u) * side + params.factor - 1u] = params.copies * up;
}
