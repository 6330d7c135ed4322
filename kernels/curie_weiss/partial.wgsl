// Partial evolution: the true dynamics inside one patch for a time δt, all other spins frozen.
//
// The patch feels the magnetization of the whole system, which changes as the patch flips. As in evolve.wgsl the number
// v of up spins of the patch is a Markov chain and uniformisation at rate 1 per site is exact.
// Along the path the compensator A = ∫ Lm ds and the predictable quadratic variation Q = ∫ Γ(m) ds of the patch
// magnetization are accumulated, with
//   Lm = (2/n_s) [(n_s − v) p↑ − v p↓],   Γ(m) = (4/n_s²) [(n_s − v) p↑ + v p↓].
// Given the N attempts, the N + 1 waiting times all have mean δt/(N + 1); the integrals use these means, which leaves
// E[A] and E[Q] exact and takes the noise of the waiting times away. Sums in float32: relative error about 10⁻⁶.
//
// One invocation per pair, a replica (pair / per_replica) and one of its patches, in [first, last).
import package::random::xoshiro::{ Stream, open_stream, next_u32, next_site };
import package::random::poisson::poisson_search;

struct Params {
  first: u32,
  last: u32,
  per_replica: u32,
  patch_spins: u32,   // n_s
  chunks: u32,        // Poisson numbers that add up to the attempts
  poisson_first: u32,
  time: f32,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> poisson: array<u32>;
@group(0) @binding(2) var<storage, read> flips: array<vec2u>;      // [u]: 2³² p↑, 2³² p↓ of one spin
@group(0) @binding(3) var<storage, read> ups: array<u32>;          // [replica]
@group(0) @binding(4) var<storage, read> starts: array<u32>;       // [pair]: up spins of the patch
@group(0) @binding(5) var<storage, read_write> result: array<vec4f>; // [pair]: m of the patch, Δ, A, Q

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let pair = params.first + id.x;
  if (pair >= params.last) { return; }
  let start = starts[pair];
  var v = start;
  var u = ups[pair / params.per_replica];

  var rng = open_stream(params.stream, pair, 0u);
  var attempts = 0u;
  for (var chunk = 0u; chunk < params.chunks; chunk++) {
    attempts += poisson_search(next_u32(&rng), params.poisson_first, &poisson);
  }
  var births = 0.0;   // Σ (n_s − v) p↑ over the states visited, in units of 2⁻³²
  var deaths = 0.0;
  for (var k = 0u; k < attempts; k++) {
    let p = flips[u];
    births += f32(params.patch_spins - v) * f32(p.x);
    deaths += f32(v) * f32(p.y);
    let is_up = next_site(&rng, params.patch_spins) < v;
    let flip = select(0u, 1u, next_u32(&rng) < select(p.x, p.y, is_up));
    let change = select(flip, 0u - flip, is_up);
    v += change;
    u += change;
  }
  let p = flips[u];
  births += f32(params.patch_spins - v) * f32(p.x);
  deaths += f32(v) * f32(p.y);

  let size = f32(params.patch_spins);
  let weight = 0x1p-32f * params.time / f32(attempts + 1u);
  result[pair] = vec4f(
    (2.0 * f32(start) - size) / size,
    2.0 * f32(i32(v) - i32(start)) / size,
    weight * (births - deaths) * 2.0 / size,
    weight * (births + deaths) * 4.0 / (size * size),
  );
}
