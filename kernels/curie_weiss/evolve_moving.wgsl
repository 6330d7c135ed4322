// Continuous-time Glauber dynamics of whole Curie–Weiss systems at a temperature and a field that change linearly in the time that is simulated,
// exact in law (probabilities in float32).
//
// As evolve.wgsl, by uniformisation on the number u of up spins; here every attempt needs its moment, so that attempts come one exponential waiting
// time after the other. The time is cut into equal chunks, each with its own random stream.
import package::random::xoshiro::{ Stream, open_stream, next_u32, next_exponential };

struct Params {
  replicas: u32,
  spins: u32,
  chunks: u32,              // of all dispatches
  attempts: f32,            // of a system in a chunk, on average
  first: u32,               // this dispatch does the chunks [first, last)
  last: u32,
  temperature: vec2f,       // at the two ends of the time
  field: vec2f,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> ups: array<u32>;    // [replica]

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.replicas) { return; }
  var u = ups[id.x];
  let n = f32(params.spins);
  for (var chunk = params.first; chunk < params.last; chunk++) {
    var rng = open_stream(params.stream, id.x, chunk);
    // In units of a chunk.
    var moment = next_exponential(&rng) / params.attempts;
    while (moment < 1.0) {
      let share = (f32(chunk) + moment) / f32(params.chunks);
      let temperature = mix(params.temperature.x, params.temperature.y, share);
      let field = mix(params.field.x, params.field.y, share);
      let r = next_u32(&rng);
      let magnetization = f32(2 * i32(u) - i32(params.spins));
      let birth = word((n - f32(u)) / n * flip_probability(-1.0, magnetization, n, temperature, field));
      let death = word(f32(u) / n * flip_probability(1.0, magnetization, n, temperature, field));
      u += select(0u, 1u, r < birth);
      u -= select(0u, 1u, r > 0xffffffffu - death);
      moment += next_exponential(&rng) / params.attempts;
    }
  }
  ups[id.x] = u;
}

// Of an attempt at a spin s.
fn flip_probability(s: f32, magnetization: f32, n: f32, temperature: f32, field: f32) -> f32 {
  let energy = 2.0 * s * ((magnetization - s) / n + field);
  return 1.0 / (1.0 + exp(clamp(energy / temperature, -80.0, 80.0)));
}

// 2³² p, rounded, at most the largest float below 2³².
fn word(p: f32) -> u32 {
  return u32(min(p * 0x1p32f + 0.5, 4294967040.0));
}
