// From λ = ∂L/∂f of the OnsagerNet (onsager_forward.wgsl) the gradients of what its networks put out:
//   ∂L/∂q = −(M + W + α I)ᵀ λ,   ∂L/∂g = λ,   ∂L/∂B_jk = −λ_j (Bᵀq)_k − q_j (Bᵀλ)_k,   ∂L/∂W_jk = −λ_j q_k + λ_k q_j  (k > j).
// Rows of padding stay as they are (zero). One invocation per sample.
import package::sde::onsager::{ lower_transposed, relaxation };
import constants::D;
import constants::BETA;

struct Params {
  batch: u32,
  width: u32,   // rows of each of the coefficients' networks
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> input: array<f32>;                           // z̃ first, [row][b]
@group(0) @binding(2) var<storage, read> gradient: array<f32>;                        // ∇E, [row][b]
@group(0) @binding(3) var<storage, read> coefficients: array<f32>;                    // B and W, and g: [2][width][b]
@group(0) @binding(4) var<storage, read> output_gradient: array<f32>;                 // λ, [row][b]
@group(0) @binding(5) var<storage, read_write> direction: array<f32>;                 // ∂L/∂q, [row][b]
@group(0) @binding(6) var<storage, read_write> coefficient_gradient: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let b = id.x;
  let n = params.batch;
  if (b >= n) { return; }
  var q: array<f32, D>;
  var lambda: array<f32, D>;
  var entries: array<f32, D * D>;
  for (var j = 0u; j < D; j++) {
    q[j] = gradient[j * n + b] + 2.0 * BETA * input[j * n + b];
    lambda[j] = output_gradient[j * n + b];
  }
  for (var k = 0u; k < D * D; k++) { entries[k] = coefficients[k * n + b]; }
  var a = relaxation(&entries, &lambda, -1.0);
  var t = lower_transposed(&entries, &q);
  var s = lower_transposed(&entries, &lambda);
  for (var j = 0u; j < D; j++) {
    direction[j * n + b] = a[j];
    coefficient_gradient[(params.width + j) * n + b] = lambda[j];
    for (var k = 0u; k < D; k++) {
      let lower = -lambda[j] * t[k] - q[j] * s[k];
      let upper = -lambda[j] * q[k] + lambda[k] * q[j];
      coefficient_gradient[(j * D + k) * n + b] = select(lower, upper, k > j);
    }
  }
}
