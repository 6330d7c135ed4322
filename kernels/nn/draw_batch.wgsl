// A mini-batch drawn without replacement: column b of step t is row π_e(k) of the data, with k = t·batch + b counted
// through the epochs e, and π_e a pseudo-random permutation of the rows, new for every epoch.
//
// π is a Feistel network on the smallest even number of bits that holds the row count, with Philox as round function,
// applied again until the value is a row ("cycle walking": Black & Rogaway, CT-RSA 2002); fewer than four turns on average.
// One invocation per batch column: batch[field][column] = data[field][π(k)]; the first `inputs` fields go to the
// networks' input as well.
import package::random::philox::philox4x32;

struct Params {
  rows: u32,
  batch: u32,
  fields: u32,
  inputs: u32,
  half_bits: u32,      // half the bits of the Feistel network
  key: vec2u,          // (seed, purpose)
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> step: array<u32>;
@group(0) @binding(2) var<storage, read> data: array<f32>;
@group(0) @binding(3) var<storage, read_write> batch: array<f32>;
@group(0) @binding(4) var<storage, read_write> input: array<f32>;

fn permute(value: u32, epoch: u32) -> u32 {
  let mask = (1u << params.half_bits) - 1u;
  var x = value;
  for (var turn = 0u; turn == 0u || x >= params.rows; turn++) {
    for (var round = 0u; round < 4u; round++) {
      let left = x >> params.half_bits;
      let right = x & mask;
      let mixed = philox4x32(vec4u(right, round, epoch, 0u), params.key).x & mask;
      x = (right << params.half_bits) | (left ^ mixed);
    }
  }
  return x;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.batch) { return; }
  // Batches per epoch is rounded down, so that step · batch never overflows: a few rows wait for the next epoch.
  let per_epoch = params.rows / params.batch;
  let row = permute((step[0] % per_epoch) * params.batch + id.x, step[0] / per_epoch);
  for (var field = 0u; field < params.fields; field++) {
    let value = data[field * params.rows + row];
    batch[field * params.batch + id.x] = value;
    if (field < params.inputs) { input[field * params.batch + id.x] = value; }
  }
}
