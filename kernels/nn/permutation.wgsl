// Which row of the data is column b of the mini-batch of step t: row π_e(k), k = t·batch + b counted through the epochs e,
// π_e a pseudo-random permutation of the rows, new for every epoch: drawing without replacement.
//
// π is a Feistel network on the smallest even number of bits that holds the row count, with Philox as round function,
// applied again until the value is a row ("cycle walking": Black & Rogaway, CT-RSA 2002); fewer than four turns on average.
import package::random::philox::philox4x32;

struct Draw {
  rows: u32,
  batch: u32,
  half_bits: u32,      // half the bits of the Feistel network
  key: vec2u,          // (seed, purpose)
}

fn permute(value: u32, epoch: u32, draw: Draw) -> u32 {
  let mask = (1u << draw.half_bits) - 1u;
  var x = value;
  for (var turn = 0u; turn == 0u || x >= draw.rows; turn++) {
    for (var round = 0u; round < 4u; round++) {
      let left = x >> draw.half_bits;
      let right = x & mask;
      let mixed = philox4x32(vec4u(right, round, epoch, 0u), draw.key).x & mask;
      x = (right << draw.half_bits) | (left ^ mixed);
    }
  }
  return x;
}

fn drawn_row(draw: Draw, step: u32, column: u32) -> u32 {
  // Batches per epoch is rounded down, so that step · batch never overflows: a few rows wait for the next epoch.
  let per_epoch = draw.rows / draw.batch;
  return permute((step % per_epoch) * draw.batch + column, step / per_epoch, draw);
}
