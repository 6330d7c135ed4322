// Steps [first, last) of the learned SDE for all trajectories, without a stop between them:
//   Euler–Maruyama   z ← z + f(z) dt + σ(z) √dt ξ,
//   HEUN             z* = z + f(z) dt + σ(z) √dt ξ,   z ← z + ½ (f(z) + f(z*)) dt + σ(z) √dt ξ,
// of order 2 in dt where the noise is small. f and σ are functions of z̃ = (z − center)/spread, linked from the modules of the
// equation's fields (lib/method/sde/fields.ts). ξ: standard normal from Philox at the address (stream, trajectory, step),
// independent of how steps are cut. Trajectories of different sets of parameters have the same ξ: a set is `per_set`
// trajectories, whose numbers start again at 0.
// Every `every` steps z is written to the record, which begins with time `origin`, counted in these. One invocation per trajectory.
import package::random::philox::philox4x32;
import package::random::normal::normal_pair;
import package::random::xoshiro::Stream;
import package::field::drift::drift;
import package::field::diffusion::kick;
import constants::D;

struct Params {
  first: u32,
  last: u32,
  trajectories: u32,
  per_set: u32,
  every: u32,
  origin: u32,
  dt: f32,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(2) var<storage, read> units: array<f32>;          // center, 1/spread: D numbers each
@group(0) @binding(3) var<storage, read_write> states: array<f32>;   // [trajectory][D]
@group(0) @binding(4) var<storage, read_write> record: array<f32>;   // [time][trajectory][D]

fn standardised(z: array<f32, D>) -> array<f32, D> {
  var out = z;
  for (var j = 0u; j < D; j++) { out[j] = (out[j] - units[j]) * units[D + j]; }
  return out;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let b = id.x;
  if (b >= params.trajectories) { return; }
  let which = b / params.per_set;
  let number = params.stream.replica + b % params.per_set;
  let root = sqrt(params.dt);
  var z: array<f32, D>;
  for (var j = 0u; j < D; j++) { z[j] = states[b * D + j]; }
  for (var now = params.first; now < params.last; now++) {
    var xi: array<f32, D + 3>;
    for (var j = 0u; j < D; j += 4u) {
      let words = philox4x32(vec4u(now, number, params.stream.step, j), params.stream.key);
      let pair = normal_pair(words.x, words.y);
      let other = normal_pair(words.z, words.w);
      xi[j] = pair.x;
      xi[j + 1u] = pair.y;
      xi[j + 2u] = other.x;
      xi[j + 3u] = other.y;
    }
    var unit: array<f32, D>;
    for (var j = 0u; j < D; j++) { unit[j] = xi[j]; }
    var here = standardised(z);
    var f = drift(&here, which);
    var kicks = kick(root, &unit, &here, which);
    @if(HEUN) {
      var ahead = z;
      for (var j = 0u; j < D; j++) { ahead[j] += params.dt * f[j] + kicks[j]; }
      ahead = standardised(ahead);
      var next = drift(&ahead, which);
      for (var j = 0u; j < D; j++) { f[j] = 0.5 * (f[j] + next[j]); }
    }
    for (var j = 0u; j < D; j++) { z[j] += params.dt * f[j] + kicks[j]; }
    if ((now + 1u) % params.every == 0u) {
      let row = (((now + 1u) / params.every - params.origin) * params.trajectories + b) * D;
      for (var j = 0u; j < D; j++) { record[row + j] = z[j]; }
    }
  }
  for (var j = 0u; j < D; j++) { states[b * D + j] = z[j]; }
}
