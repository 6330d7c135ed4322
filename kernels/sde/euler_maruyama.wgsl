// One Euler–Maruyama step of the learned SDE for all trajectories, z ← z + f(z) dt + σ(z) √dt ξ, after the networks
// have been evaluated at the standardised z:
//   f_j = a_j + Σ_k B_jk z̃_k + scale_j g_j,   σ = diag(noise) F σ̃(raw),   z̃ = (z − center) / spread.
// With PREDICT and CORRECT, two dispatches and two evaluations of the networks make one step of Heun's scheme for the drift,
//   z* = z + f(z) dt + σ(z) √dt ξ,   z ← z + ½ (f(z) + f(z*)) dt + σ(z) √dt ξ,
// of order 2 in dt where the noise is small: PREDICT leaves z + ½ f dt + σ √dt ξ in z and z* in `standard`.
// ξ: standard normal from Philox at the address (stream, trajectory, step), independent of how steps are batched.
// Every `every` steps z is written to the record. One invocation per trajectory; feature-major arrays, `columns`
// trajectories per row.
import package::random::philox::philox4x32;
import package::random::normal::normal_pair;
import package::random::xoshiro::Stream;
import package::sde::sigma::sigma_entry;
import constants::D;
import constants::FULL;
import constants::OUTPUTS;

struct Params {
  trajectories: u32,
  columns: u32,        // trajectories rounded up to whole tiles
  every: u32,
  dt: f32,
  stream: Stream,
}

// Per observable j, rows of D numbers: center, 1/spread, a, drift scale, noise scale; then B and F, D × D.
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> step: array<u32>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read> outputs: array<f32>;       // [2][OUTPUTS][columns]
@group(0) @binding(4) var<storage, read_write> z: array<f32>;       // [D][columns]
@group(0) @binding(5) var<storage, read_write> standard: array<f32>; // [D][columns], z̃: the networks' next input
@group(0) @binding(6) var<storage, read_write> record: array<f32>;  // [time][trajectory][D]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let b = id.x;
  if (b >= params.trajectories) { return; }
  let n = params.columns;
  let now = step[0];
  let root = sqrt(params.dt);
  var xi: array<f32, D + 3>;
  var ahead: array<f32, D>;
  for (var j = 0u; j < D; j += 4u) {
    let words = philox4x32(vec4u(now, params.stream.replica + b, params.stream.step, j), params.stream.key);
    let first = normal_pair(words.x, words.y);
    let second = normal_pair(words.z, words.w);
    xi[j] = first.x;
    xi[j + 1u] = first.y;
    xi[j + 2u] = second.x;
    xi[j + 3u] = second.y;
  }
  // σ̃ ξ
  var kicks: array<f32, D>;
  for (var j = 0u; j < D; j++) {
    for (var k = 0u; k < D; k++) {
      let output = OUTPUTS + select(j, j * D + k, FULL > 0);
      kicks[j] += sigma_entry(j, k, outputs[output * n + b]) * xi[k];
    }
  }
  for (var j = 0u; j < D; j++) {
    var drift = scales[2u * D + j] + scales[3u * D + j] * outputs[j * n + b];
    var noise = 0.0;
    for (var k = 0u; k < D; k++) {
      drift += scales[(5u + j) * D + k] * standard[k * n + b];
      noise += scales[(5u + D + j) * D + k] * kicks[k];
    }
    let kick = root * scales[4u * D + j] * noise;
    @if(PREDICT) { z[j * n + b] += 0.5 * params.dt * drift + kick; ahead[j] = 0.5 * params.dt * drift; }
    @if(CORRECT) { z[j * n + b] += 0.5 * params.dt * drift; }
    @if(!PREDICT && !CORRECT) { z[j * n + b] += params.dt * drift + kick; }
  }
  for (var j = 0u; j < D; j++) {
    standard[j * n + b] = (z[j * n + b] + ahead[j] - scales[j]) * scales[D + j];
    @if(!PREDICT) if ((now + 1u) % params.every == 0u) {
      record[((now + 1u) / params.every * params.trajectories + b) * D + j] = z[j * n + b];
    }
  }
}
