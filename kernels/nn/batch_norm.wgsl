// Coefficients of batch normalisation (Ioffe & Szegedy, ICML 2015), one invocation per channel:
//   u = a z + b,   a = γ r,   b = β − a m,   r = 1/√(v + ε),   ε = 10⁻⁵,
// with mean m and variance v over the batch, which also move the running averages by a tenth (the running variance by the
// unbiased one, as PyTorch does); RUNNING: with the running averages, which stay.
// Parameters of a layer: γ, β, running mean, running variance, `channels` of each.

struct Params {
  channels: u32,
  parts: u32,         // of the sums
  length: u32,        // vec4 of one channel of z
  place: u32,         // of γ in `parameters`
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(2) var<storage, read_write> coefficients: array<vec4f>;   // (a, b, m, r)
@if(!RUNNING) @group(0) @binding(3) var<storage, read> z: array<vec4f>;
@if(!RUNNING) @group(0) @binding(4) var<storage, read> sums: array<vec2f>;   // channel_moments.wgsl

const EPSILON = 1e-5;
const MOMENTUM = 0.1;

// Mean and variance that normalise channel c.
@if(RUNNING) fn moments(c: u32) -> vec2f {
  let running = params.place + 2u * params.channels + c;
  return vec2f(parameters[running], parameters[running + params.channels]);
}

@if(!RUNNING) fn moments(c: u32) -> vec2f {
  let channels = params.channels;
  let running = params.place + 2u * channels + c;
  var total = vec2f();
  for (var s = 0u; s < params.parts; s++) { total += sums[s * channels + c]; }
  let n = 4.0 * f32(params.length);
  let shifted = total / n;
  let mean = z[c * params.length].x + shifted.x;
  let variance = max(shifted.y - shifted.x * shifted.x, 0.0);
  parameters[running] += MOMENTUM * (mean - parameters[running]);
  parameters[running + channels] += MOMENTUM * (variance * n / (n - 1.0) - parameters[running + channels]);
  return vec2f(mean, variance);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= params.channels) { return; }
  let moment = moments(c);
  let r = inverseSqrt(moment.y + EPSILON);
  let a = parameters[params.place + c] * r;
  coefficients[c] = vec4f(a, parameters[params.place + params.channels + c] - a * moment.x, moment.x, r);
}
