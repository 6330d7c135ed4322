// Fields on a grid `factor` times as fine, by interpolation between cell centres x_i = (i + ½)/n. Beyond the ends the
// field is mirrored, which is what zero flux means.
//   CUBIC 0   linear
//   CUBIC 1   Catmull–Rom cubic (Keys, IEEE Trans. ASSP 29, 1153 (1981), a = −½): third order, passes through the data
// One invocation per row (replica and species) and large point.
import constants::CUBIC;

struct Params {
  fields: u32,       // rows: replicas × species
  points: u32,       // of the small system
  factor: u32,
  rows: u32,         // workgroups in x
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> small: array<f32>;          // [row][point]
@group(0) @binding(2) var<storage, read_write> large: array<f32>;

fn mirrored(i: i32, n: i32) -> u32 {
  let reflected = select(i, -1 - i, i < 0);
  return u32(clamp(select(reflected, 2 * n - 1 - reflected, reflected >= n), 0, n - 1));
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let id = (group.y * params.rows + group.x) * 64u + lane;
  let wide = params.points * params.factor;
  if (id >= params.fields * wide) { return; }
  let row = id / wide * params.points;
  let n = i32(params.points);
  // Twice the position in units of half a large cell, in integers: no rounding decides between neighbours.
  let twice = 2 * i32(id % wide) + 1 - i32(params.factor);
  let span = 2 * i32(params.factor);
  let cell = select(twice / span, -1, twice < 0);
  let t = f32(twice - cell * span) / f32(span);
  let p1 = small[row + mirrored(cell, n)];
  let p2 = small[row + mirrored(cell + 1, n)];
  if (CUBIC == 1) {
    let p0 = small[row + mirrored(cell - 1, n)];
    let p3 = small[row + mirrored(cell + 2, n)];
    large[id] = p1 + 0.5 * t * (p2 - p0 + t * (2.0 * p0 - 5.0 * p1 + 4.0 * p2 - p3 + t * (3.0 * (p1 - p2) + p3 - p0)));
  } else {
    large[id] = p1 + t * (p2 - p1);
  }
}
