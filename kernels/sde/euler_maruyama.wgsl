// One Euler–Maruyama step of the learned SDE for all trajectories, z ← z + f(z) dt + σ(z) √dt ξ. f and σ are functions of
// z̃ = (z − center)/spread, linked from the modules of the equation's fields (lib/method/sde/fields.ts); what these read has been
// computed at the z̃ of `standard` before.
// With PREDICT and CORRECT, two dispatches and two evaluations of the fields make one step of Heun's scheme for the drift,
//   z* = z + f(z) dt + σ(z) √dt ξ,   z ← z + ½ (f(z) + f(z*)) dt + σ(z) √dt ξ,
// of order 2 in dt where the noise is small: PREDICT leaves z + ½ f dt + σ √dt ξ in z and z* in `standard`.
// ξ: standard normal from Philox at the address (stream, trajectory, step), independent of how steps are batched.
// Every `every` steps z is written to the record. One invocation per trajectory; feature-major arrays, `columns`
// trajectories per row.
import package::random::philox::philox4x32;
import package::random::normal::normal_pair;
import package::random::xoshiro::Stream;
import package::field::drift::drift;
import package::field::diffusion::kick;
import constants::D;

struct Params {
  trajectories: u32,
  columns: u32,        // trajectories rounded up to whole tiles
  every: u32,
  dt: f32,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> step: array<u32>;
@group(0) @binding(2) var<storage, read> units: array<f32>;          // center, 1/spread: D numbers each
@group(0) @binding(3) var<storage, read_write> z: array<f32>;        // [D][columns]
@group(0) @binding(4) var<storage, read_write> standard: array<f32>; // [D][columns], z̃: what the fields see next
@group(0) @binding(5) var<storage, read_write> record: array<f32>;   // [time][trajectory][D]

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
  var unit: array<f32, D>;
  var at: array<f32, D>;
  for (var j = 0u; j < D; j++) {
    unit[j] = xi[j];
    at[j] = standard[j * n + b];
  }
  var f = drift(at, b, n);
  var kicks = kick(root, unit, at, b, n);
  for (var j = 0u; j < D; j++) {
    @if(PREDICT) { z[j * n + b] += 0.5 * params.dt * f[j] + kicks[j]; ahead[j] = 0.5 * params.dt * f[j]; }
    @if(CORRECT) { z[j * n + b] += 0.5 * params.dt * f[j]; }
    @if(!PREDICT && !CORRECT) { z[j * n + b] += params.dt * f[j] + kicks[j]; }
  }
  for (var j = 0u; j < D; j++) {
    standard[j * n + b] = (z[j * n + b] + ahead[j] - units[j]) * units[D + j];
    @if(!PREDICT) if ((now + 1u) % params.every == 0u) {
      record[((now + 1u) / params.every * params.trajectories + b) * D + j] = z[j * n + b];
    }
  }
}
