// CELLS time steps of a batch of fields, or with RK4 one step in as many stages, in one passage over the points.
//   Euler–Maruyama   x' = x + dt b(x) + s √dt ξ
//   RK4              k = b(y), sum += weight k, y = x + ahead k, three times;  x' = x + dt/6 (sum + b(y)) + s √dt ξ
// ξ: independent standard normals per point, species and step; `noise` = ± s √dt (reversed noise has the same law).
// Ends: zero flux (the edge value repeated), or with HALO a frozen value outside where `walls` says so.
//
// Fields are [replica][species][point]. One invocation goes from left to right over a strip of tiles of a replica. Its cells follow
// one another a point apart: what a cell makes of its point is what the next one sees on its right. So a point is read and
// written once for all cells. Strips begin EARLY and end late, as cells lose
// a point there each.
// The points of a tile share a random stream at the address (stream, replica, step · tiles + tile): results do not depend on
// batches, dispatches or strips.
// A value outside 0 … MAX_POPULATION, infinite or NaN (told by its bits, as WGSL may do without NaN) stops the whole
// batch: the first such step goes to `failed`, and later passages write nothing, so that the host finds the state from which that
// step is reached.
import package::predator_prey::drift::{ Rates, drift };
import package::random::normal::normal_pair;
import package::random::xoshiro::{ Stream, open_stream, next_u32 };
import constants::TILE;
import constants::MAX_POPULATION;
import constants::WORKGROUP;

@if(RK4) const CELLS = 4u;   // stages
@else const CELLS = 5u;
const MARGIN = i32(CELLS);
const EARLY = 5;             // points before a strip, at least CELLS

struct Params {
  replicas: u32,
  points: u32,
  tiles: u32,        // of a replica
  strip: u32,        // tiles of a strip
  rows: u32,         // workgroups in x
  group: u32,        // steps that one count of the counter stands for
  offset: u32,       // of this call's first step from there
  steps: u32,        // of this call, at most CELLS
  dt: f32,
  noise: f32,
  rates: Rates,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> counter: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;             // before the steps
@group(0) @binding(3) var<storage, read_write> next: array<f32>;    // behind them
@group(0) @binding(4) var<storage, read_write> failed: array<atomic<u32>, 1>;
@if(HALO) @group(0) @binding(5) var<storage, read> halo: array<vec4f>; // [replica]: u, v left outside, u, v right outside
@if(HALO) @group(0) @binding(6) var<storage, read> walls: array<u32>;  // [replica]: 1 left, 2 right end is a zero-flux wall

struct Point {
  now: vec2f,
  @if(RK4) start: vec2f,   // x
  @if(RK4) sum: vec2f,
}

struct Cell {
  left: vec2f,
  here: Point,
  rng: vec4u,
  idle: bool,   // leaves its points alone
  worst: u32,   // largest bits of what it made
}

fn load(at: u32) -> Point {
  let here = vec2f(x[at], x[at + params.points]);
  @if(!RK4) return Point(here);
  @if(RK4) return Point(here, here, vec2f());
}

// b at the cell's point; the cell goes on to the next one. `last`: this point is the last of the line.
fn slope(cell: ptr<function, Cell>, ahead: Point, last: bool, outside: vec4f, wall: u32) -> vec2f {
  let here = (*cell).here.now;
  var right = select(ahead.now, here, last);
  @if(HALO) right = select(right, outside.zw, last && (wall & 2u) == 0u);
  let k = drift((*cell).left, here, right, params.rates);
  (*cell).left = here;
  (*cell).here = ahead;
  return k;
}

// The point after a step.
fn step_end(cell: ptr<function, Cell>, ahead: Point, last: bool, outside: vec4f, wall: u32) -> Point {
  let here = (*cell).here;
  var k = slope(cell, ahead, last, outside, wall);
  @if(!RK4) let start = here.now;
  @if(RK4) let start = here.start;
  @if(RK4) k = (here.sum + k) / 6.0;
  var rng = (*cell).rng;
  let a = next_u32(&rng);
  var moved = start + params.dt * k + params.noise * normal_pair(a, next_u32(&rng));
  moved = select(moved, start, (*cell).idle);
  (*cell).rng = rng;
  let bits = bitcast<vec2u>(moved);
  (*cell).worst = max((*cell).worst, max(bits.x, bits.y));
  @if(!RK4) return Point(moved);
  @if(RK4) return Point(moved, moved, vec2f());
}

// The point for the next stage of a step.
@if(RK4)
fn stage(cell: ptr<function, Cell>, weight: f32, time: f32, ahead: Point, last: bool, outside: vec4f, wall: u32) -> Point {
  let here = (*cell).here;
  let k = slope(cell, ahead, last, outside, wall);
  return Point(here.start + time * k, here.start, here.sum + weight * k);
}

// The step of a cell, when the first of the call is `step`.
fn step_of(step: u32, cell: u32) -> u32 {
  @if(!RK4) return step + params.steps + cell - CELLS;
  @if(RK4) return step;
}

// The numbers of five points.
fn leave_out_five(rng: ptr<function, vec4u>) {
  for (var k = 0; k < 10; k++) { next_u32(rng); }
}

// At the first point of a piece, when `now`.
fn begin_piece(cell: ptr<function, Cell>, now: bool, rng: vec4u, wall_left: bool, outside: vec4f, wall: u32) {
  (*cell).rng = select((*cell).rng, rng, now);
  var left = (*cell).here.now;
  @if(HALO) left = select(outside.xy, left, (wall & 1u) != 0u);
  (*cell).left = select((*cell).left, left, now && wall_left);
}

// Whether it made a value outside the range since the last time.
fn is_bad(cell: ptr<function, Cell>, counts: bool) -> bool {
  let bad = counts && (*cell).worst > bitcast<u32>(f32(MAX_POPULATION));
  (*cell).worst = 0u;
  return bad;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) place: vec3u, @builtin(local_invocation_index) lane: u32) {
  let id = (place.y * params.rows + place.x) * WORKGROUP + lane;
  let strips = (params.tiles + params.strip - 1u) / params.strip;
  let step = counter[0] * params.group + params.offset;
  if (id >= params.replicas * strips || atomicLoad(&failed[0]) < step) { return; }
  let replica = id / strips;
  let n = i32(params.points);
  let row = replica * 2u * params.points;
  var outside = vec4f();
  var wall = 3u;
  @if(HALO) outside = halo[replica];
  @if(HALO) wall = walls[replica];
  let low = i32((id % strips) * params.strip * TILE);
  let high = min(low + i32(params.strip * TILE), n);
  let end = high + MARGIN - 1;   // where the last cell is at the last point
  var a: Cell;
  var b: Cell;
  var c: Cell;
  @if(!RK4) var d: Cell;
  var e: Cell;
  @if(!RK4) {
    // Cells without a step come first, so that a value out of range is met by the last.
    let without = CELLS - params.steps;
    a.idle = without > 0u;
    b.idle = without > 1u;
    c.idle = without > 2u;
    d.idle = without > 3u;
  }
  // The first cell whose step is bad.
  var bad = CELLS;
  // All strips but those that are whole lines begin early, so that invocations keep together.
  var begin = low - select(0, EARLY, strips > 1u);
  a.here = load(row + u32(max(begin, 0)));
  while (begin < end) {
    // A piece: points of one tile, the first piece those of the tile before the strip.
    let tile = u32(max(begin, 0)) / TILE;
    let tile_end = i32(tile * TILE + TILE);
    let until = select(select(min(tile_end, end), end, tile_end >= n), low, begin < low);
    var p = begin + 1;   // the point that is read; cells are 1, 2, … points behind
    while (p <= until) {
      let number = u32(p - 1 - begin);
      // The cell of this number is at the first point of the piece.
      var rng = open_stream(params.stream, replica, step_of(step, number) * params.tiles + tile);
      for (var k = select(0, (TILE - EARLY) / 5, begin < low); k > 0; k--) { leave_out_five(&rng); }
      begin_piece(&a, number == 0u, rng, begin == 0, outside, wall);
      begin_piece(&b, number == 1u, rng, begin == 0, outside, wall);
      begin_piece(&c, number == 2u, rng, begin == 0, outside, wall);
      @if(!RK4) begin_piece(&d, number == 3u, rng, begin == 0, outside, wall);
      begin_piece(&e, number == CELLS - 1u, rng, begin == 0, outside, wall);
      let first = p;
      let stop = select(min(until, high) + 1, p + 1, number < CELLS || p > high);
      for (; p < stop; p++) {
        var point = load(row + u32(clamp(p, 0, n - 1)));
        @if(!RK4) {
          point = step_end(&a, point, p == n, outside, wall);
          point = step_end(&b, point, p == n + 1, outside, wall);
          point = step_end(&c, point, p == n + 2, outside, wall);
          point = step_end(&d, point, p == n + 3, outside, wall);
        }
        @if(RK4) {
          point = stage(&a, 1.0, 0.5 * params.dt, point, p == n, outside, wall);
          point = stage(&b, 2.0, 0.5 * params.dt, point, p == n + 1, outside, wall);
          point = stage(&c, 2.0, params.dt, point, p == n + 2, outside, wall);
        }
        point = step_end(&e, point, p == n + MARGIN - 1, outside, wall);
        if (p >= low + MARGIN) {
          let at = row + u32(p - MARGIN);
          next[at] = point.now.x;
          next[at + params.points] = point.now.y;
        }
      }
      // Whether the points of a cell were all of this strip: spans begin and end there.
      @if(!RK4) {
        bad = min(bad, select(CELLS, 0u, is_bad(&a, first > low && stop < high + 2)));
        bad = min(bad, select(CELLS, 1u, is_bad(&b, first > low + 1 && stop < high + 3)));
        bad = min(bad, select(CELLS, 2u, is_bad(&c, first > low + 2 && stop < high + 4)));
        bad = min(bad, select(CELLS, 3u, is_bad(&d, first > low + 3 && stop < high + 5)));
      }
      bad = min(bad, select(CELLS, CELLS - 1u, is_bad(&e, first >= low + MARGIN)));
    }
    begin = until;
  }
  if (bad < CELLS) { atomicMin(&failed[0], step_of(step, bad)); }
}
