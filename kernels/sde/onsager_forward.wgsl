// Drift of the OnsagerNet in training, from what its networks put out: f = −(M + W + α I) q + g with q = ∇E + 2β z̃ (onsager.wgsl,
// lib/method/sde/onsager-training.ts). One invocation per sample.
import package::sde::onsager::relaxation;
import constants::D;
import constants::BETA;

struct Params {
  batch: u32,
  width: u32,   // rows of each of the coefficients' networks
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;                 // z̃ first, [row][b]
@group(0) @binding(2) var<storage, read> gradient: array<f32>;              // ∇E, [row][b]
@group(0) @binding(3) var<storage, read> coefficients: array<f32>;          // B and W, and g: [2][width][b]
@group(0) @binding(4) var<storage, read_write> output: array<f32>;          // f, [row][b]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let b = id.x;
  let n = params.batch;
  if (b >= n) { return; }
  var q: array<f32, D>;
  var entries: array<f32, D * D>;
  for (var j = 0u; j < D; j++) { q[j] = gradient[j * n + b] + 2.0 * BETA * input[j * n + b]; }
  for (var k = 0u; k < D * D; k++) { entries[k] = coefficients[k * n + b]; }
  var f = relaxation(&entries, &q, 1.0);
  for (var j = 0u; j < D; j++) { output[j * n + b] = f[j] + coefficients[(params.width + j) * n + b]; }
}
