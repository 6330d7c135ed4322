// One time step of a batch of fields, or one stage of it.
//   STAGE 0   Euler–Maruyama                x' = x + dt b(x) + s √dt ξ
//   STAGE 1   Runge–Kutta 4, stages 1 … 3   k = b(y),  sum += weight k,  y' = x + ahead k     (stage 1: y = x, sum = k)
//   STAGE 2   Runge–Kutta 4, the last one   k = b(y),  x' = x + dt/6 (sum + k) + s √dt ξ
// ξ: independent standard normals per point, species and step; `noise` = ± s √dt (reversed noise has the same law).
// Ends: zero flux (the edge value repeated), or with HALO a frozen value outside where `walls` says so.
//
// Fields are [replica][species][point]. One invocation per TILE adjacent points of a replica, which share a random
// stream at the address (stream, replica, step · tiles + tile): results do not depend on batches or dispatches.
// A value outside 0 … MAX_POPULATION, infinite or NaN (told by its bits, as WGSL may do without NaN) stops the whole
// batch: the first such step goes to `failed` and all later steps copy, so that the host finds the state of that step.
import package::predator_prey::drift::{ Rates, drift };
import package::random::normal::normal_pair;
import package::random::xoshiro::{ Stream, open_stream, next_u32 };
import constants::STAGE;
import constants::TILE;
import constants::MAX_POPULATION;

struct Params {
  replicas: u32,
  points: u32,
  tiles: u32,        // of a replica
  rows: u32,         // workgroups in x
  group: u32,        // steps that one count of the counter stands for
  offset: u32,       // of this call's step from there
  dt: f32,
  noise: f32,
  weight: f32,
  ahead: f32,
  rates: Rates,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> counter: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;             // state at the beginning of the step
@group(0) @binding(3) var<storage, read_write> next: array<f32>;    // x' or y'
@group(0) @binding(4) var<storage, read_write> failed: array<atomic<u32>, 1>;
@if(HALO) @group(0) @binding(5) var<storage, read> halo: array<vec4f>; // [replica]: u, v left outside, u, v right outside
@if(HALO) @group(0) @binding(6) var<storage, read> walls: array<u32>;  // [replica]: 1 left, 2 right end is a zero-flux wall
@if(STAGES) @group(0) @binding(7) var<storage, read> y: array<f32>;
@if(STAGES) @group(0) @binding(8) var<storage, read_write> sum: array<f32>;

@if(STAGES) fn load(at: u32) -> vec2f { return vec2f(y[at], y[at + params.points]); }
@else fn load(at: u32) -> vec2f { return vec2f(x[at], x[at + params.points]); }

fn unphysical(value: vec2f) -> bool {
  let bits = bitcast<vec2u>(value);
  return max(bits.x, bits.y) > bitcast<u32>(f32(MAX_POPULATION));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) place: vec3u, @builtin(local_invocation_index) lane: u32) {
  let id = (place.y * params.rows + place.x) * 64u + lane;
  if (id >= params.replicas * params.tiles) { return; }
  let replica = id / params.tiles;
  let tile = id % params.tiles;
  let n = params.points;
  let begin = tile * TILE;
  let end = min(begin + TILE, n);
  let row = replica * 2u * n;
  let step = counter[0] * params.group + params.offset;
  if (atomicLoad(&failed[0]) < step) {
    for (var i = begin; i < end; i++) {
      next[row + i] = x[row + i];
      next[row + n + i] = x[row + n + i];
    }
    return;
  }
  var left = load(row + max(begin, 1u) - 1u);
  @if(HALO) let outside = halo[replica];
  @if(HALO) let wall = walls[replica];
  @if(HALO) left = select(left, outside.xy, begin == 0u && (wall & 1u) == 0u);
  var here = load(row + begin);
  var bad = false;
  var rng = open_stream(params.stream, replica, step * params.tiles + tile);
  for (var i = begin; i < end; i++) {
    var right = load(row + min(i + 1u, n - 1u));
    @if(HALO) right = select(right, outside.zw, i + 1u == n && (wall & 2u) == 0u);
    let k = drift(left, here, right, params.rates);
    let at = row + i;
    if (STAGE == 1) {
      let start = vec2f(x[at], x[at + n]);
      @if(STAGES) sum[at] = select(sum[at], 0.0, params.weight == 1.0) + params.weight * k.x;
      @if(STAGES) sum[at + n] = select(sum[at + n], 0.0, params.weight == 1.0) + params.weight * k.y;
      next[at] = start.x + params.ahead * k.x;
      next[at + n] = start.y + params.ahead * k.y;
    } else {
      let a = next_u32(&rng);
      let xi = normal_pair(a, next_u32(&rng));
      @if(!STAGES) let moved = here + params.dt * k + params.noise * xi;
      @if(STAGES) let slope = (vec2f(sum[at], sum[at + n]) + k) / 6.0;
      @if(STAGES) let moved = vec2f(x[at], x[at + n]) + params.dt * slope + params.noise * xi;
      next[at] = moved.x;
      next[at + n] = moved.y;
      bad = bad || unphysical(moved);
    }
    left = here;
    here = right;
  }
  if (bad) { atomicMin(&failed[0], step); }
}
