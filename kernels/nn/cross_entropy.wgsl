// Binary cross-entropy of spins s = ±1 under the probabilities 1/(1 + exp(−ℓ)) of +1, from logits ℓ, and its gradient:
//   L_b = (1/n) Σ_i log(1 + exp(−s_i ℓ_i)),   ∂L/∂ℓ_i = −s_i / (1 + exp(s_i ℓ_i)) / (n batch),   L = mean over the batch;
// log(1 + exp(−m)) = max(−m, 0) + log(1 + exp(−|m|)) never overflows.
// Logits are [pixel][batch] of a square; spins are those that an encoder reads: column (tile · batch + b) holds one tile,
// with a border of one pixel. The gradient gets a border of one pixel, left as it is (zero).
// One workgroup of 64 per sample; an invocation takes every 64th pixel. exp and log are the device's, about 1e-6.

struct Params {
  batch: u32,
  side: u32,           // of the square, n = side²
  tile_side: u32,      // of the tiles, numbered row by row
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> logits: array<f32>;
@group(0) @binding(2) var<storage, read> spins: array<f32>;           // [(tile side + 2)²][tiles · batch]
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;  // [(side + 2)²][batch]
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;    // [batch]

var<workgroup> terms: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_id) local: vec3u, @builtin(workgroup_id) group: vec3u) {
  let b = group.x;
  let batch = params.batch;
  let side = params.side;
  let tile_side = params.tile_side;
  let across = side / tile_side;
  let pixels = side * side;
  let columns = across * across * batch;
  let scale = 1.0 / (f32(pixels) * f32(batch));
  var loss = 0.0;
  for (var i = local.x; i < pixels; i += 64u) {
    let row = i / side;
    let column = i % side;
    let tile = row / tile_side * across + column / tile_side;
    let inside = (row % tile_side + 1u) * (tile_side + 2u) + column % tile_side + 1u;
    let spin = spins[inside * columns + tile * batch + b];
    let margin = spin * logits[i * batch + b];
    let tail = exp(-abs(margin));
    loss += max(-margin, 0.0) + log(1.0 + tail);
    // 1/(1 + exp(margin)), from exp of a negative number.
    let wrong = select(1.0, tail, margin > 0.0) / (1.0 + tail);
    gradient[((row + 1u) * (side + 2u) + column + 1u) * batch + b] = -scale * spin * wrong;
  }
  // A binary tree: the same order always.
  terms[local.x] = loss;
  for (var reach = 32u; reach > 0u; reach >>= 1u) {
    workgroupBarrier();
    if (local.x < reach) { terms[local.x] += terms[local.x + reach]; }
  }
  if (local.x == 0u) { losses[b] = terms[0] / f32(pixels); }
}
