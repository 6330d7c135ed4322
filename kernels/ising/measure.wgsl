// Observables of square pieces of Ising lattices, and the generator of Glauber dynamics applied to them.
//
// With s_i = ±1, over the sites i of a piece:
//   ups = Σ (i is up),   Q = Σ (unlike nearest neighbours of i),   D = Σ s_i Σ_diagonal s_j,   P = Σ (products of the plaquettes of i);
// neighbours outside the piece are read from the frame around it. A flip of spin i, with rate r_i, changes magnetization, unlike
// bonds / 2, diagonal bonds / 2 and plaquettes, each bond and plaquette counted once, by
//   δ_i = s_i (−2, u − 2, 4 − 2v, 8 − 4w),
// u, v: up neighbours and up diagonal neighbours; w: plaquettes whose other three spins have the product +1. The kernel sums
//   drift = Σ_i r_i δ_i   and   gamma = Σ_i r_i δ_i δ_iᵀ (upper triangle, row by row).
// With BLOCK > 0 the fourth is that of the squares of M, the sums of s over the blocks of BLOCK² sites that make up the piece:
//   P = (4 / BLOCK²) Σ_blocks M²,   and a flip of spin i changes Σ M² / BLOCK² by   4 (1 − s_i M) / BLOCK².
// (A piece that is not whole blocks has no fourth.) What the others are divided by is the host's business (lib/systems/ising.ts).
//
// bits[replica][row][word] with a frame (to_bits.wgsl). Item: patch chosen[item], or number item % per_replica if none are listed, of
// replica item / per_replica. One invocation per item; a word of COLUMNS columns and ROWS rows at a time by bitwise addition and
// population counts, class by class of (s, u), which share a rate. Accuracy: counts exact, sums over words float32.
import constants::BLOCK;     // side of the blocks, a power of two up to 32; 0: plaquettes
import constants::COLUMNS;   // of a word, a power of two; BLOCK where that is above 0
import package::ising::planes::{ Sum, add_planes, masked, total, total_square, total_product };
import package::gpu::rows::number_in_rows;

struct Params {
  first: u32,         // this dispatch does the items [first, last)
  last: u32,
  per_replica: u32,
  listed: u32,        // 1: the patches are those of `chosen`
  tiles: u32,         // per row of the tiling
  stride: u32,
  origin: u32,        // row and column of the first patch in the framed lattice, at least 1
  extent: u32,        // side of a piece
  rows: u32,          // of `bits`
  words: u32,         // per row of `bits`
  classes: u32,       // 10, or 0: observables alone
  width: u32,         // numbers of an item of `result`: 4, or 18 with classes
  rates: array<vec4f, 3>,   // [5 · (s is up) + u]
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bits: array<u32>;
@group(0) @binding(2) var<storage, read> chosen: array<u32>;
@group(0) @binding(3) var<storage, read_write> result: array<f32>;   // [item][ups, Q, D, P], behind them drift (4), gamma (10) with classes

const ROWS = select(min(32u / COLUMNS, BLOCK), 32u / COLUMNS, BLOCK == 0u);
// The first column of all rows of a word.
const EDGE = select(0xffffffffu / ((1u << (COLUMNS % 32u)) - select(1u, 0u, COLUMNS == 32u)), 1u, COLUMNS == 32u);

// Sites of a row or a word, row after row from the low bits on, and their left and right neighbours.
struct Window { west: u32, here: u32, east: u32 }

fn word_from(row: u32, column: u32) -> u32 {
  let at = row * params.words + column / 32u;
  let shift = column % 32u;
  // The last word has no successor; what is read there instead lies beyond the piece.
  let next = bits[min(at + 1u, arrayLength(&bits) - 1u)];
  return select((bits[at] >> shift) | (next << ((32u - shift) & 31u)), bits[at], shift == 0u);
}

// Columns x … x + COLUMNS − 1 of one row.
fn window_at(row: u32, column: u32) -> Window {
  if (COLUMNS == 32u) {
    return Window(word_from(row, column - 1u), word_from(row, column), word_from(row, column + 1u));
  }
  let all = word_from(row, column - 1u);
  let mask = (1u << (COLUMNS % 32u)) - 1u;
  return Window(all & mask, (all >> 1u) & mask, (all >> 2u) & mask);
}

// a, with b placed `rows` rows after it.
fn joined(a: Window, b: Window, rows: u32) -> Window {
  let shift = (COLUMNS * rows) % 32u;
  return Window(a.west | (b.west << shift), a.here | (b.here << shift), a.east | (b.east << shift));
}

// A word without its first `rows` rows.
fn skipped(a: Window, rows: u32) -> Window {
  let shift = (COLUMNS * rows) % 32u;
  return Window(a.west >> shift, a.here >> shift, a.east >> shift);
}

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let item = params.first + number_in_rows(id, size, 8u);
  if (item >= params.last) { return; }
  let place = select(item % params.per_replica, chosen[select(0u, item, params.listed == 1u)], params.listed == 1u);
  let top = (item / params.per_replica) * params.rows + params.origin + (place / params.tiles) * params.stride;
  let left = params.origin + (place % params.tiles) * params.stride;

  var ups = 0u;
  var unlike = 0u;
  var diagonal = 0u;         // like pairs of i and a diagonal neighbour
  var plaquettes = 0u;       // plaquettes of i with the product +1
  var drift = vec4f();
  var gamma_m = vec4f();     // mm, mρ, md, mp
  var gamma_rho = vec3f();   // ρρ, ρd, ρp
  var gamma_rest = vec3f();  // dd, dp, pp
  var squares = 0.0;         // Σ M²
  for (var column = 0u; column < params.extent; column += COLUMNS) {
    let width = min(params.extent - column, COLUMNS);
    let columns = EDGE * select((1u << (width & 31u)) - 1u, 0xffffffffu, width == 32u);
    // Of a block so far: up spins; Σ r (1, δ_ρ / s, δ_D / s), and the same times s.
    var block_ups = 0u;
    var even_sums = vec3f();
    var odd_sums = vec3f();
    var before = window_at(top - 1u, left + column);
    for (var row = 0u; row < params.extent; row += ROWS) {
      let height = min(params.extent - row, ROWS);
      let mask = columns & select((1u << ((COLUMNS * height) & 31u)) - 1u, 0xffffffffu, COLUMNS * height == 32u);
      // Rows beyond the piece stay empty in `middle`; `after` is the first of them.
      var middle = Window();
      for (var k = 0u; k < height; k++) { middle = joined(middle, window_at(top + row + k, left + column), k); }
      let after = window_at(top + row + height, left + column);
      var north = before;
      var south = after;
      if (ROWS > 1u) {
        north = joined(before, middle, 1u);
        south = joined(skipped(middle, 1u), after, height - 1u);
      }
      before = skipped(middle, ROWS - 1u);
      let s = middle.here;
      let u = add_planes(north.here, south.here, middle.west, middle.east);
      let v = add_planes(north.west, north.east, south.west, south.east);
      let nw = north.here ^ north.west ^ middle.west;
      let ne = north.here ^ north.east ^ middle.east;
      let sw = south.here ^ south.west ^ middle.west;
      let se = south.here ^ south.east ^ middle.east;
      let w = add_planes(nw, ne, sw, se);
      let other = add_planes(north.here ^ s, south.here ^ s, middle.west ^ s, middle.east ^ s);
      let like = add_planes(~(north.west ^ s), ~(north.east ^ s), ~(south.west ^ s), ~(south.east ^ s));
      let like_corners = add_planes(~(nw ^ s), ~(ne ^ s), ~(sw ^ s), ~(se ^ s));
      ups += countOneBits(s & mask);
      unlike += total(masked(other, mask));
      diagonal += total(masked(like, mask));
      plaquettes += total(masked(like_corners, mask));
      block_ups += countOneBits(s & mask);
      for (var kind = 0u; kind < params.classes; kind++) {
        let is_up = kind >= 5u;
        let count = select(kind, kind - 5u, is_up);
        let here = mask
          & select(~s, s, is_up)
          & select(~u.ones, u.ones, (count & 1u) != 0u)
          & select(~u.twos, u.twos, (count & 2u) != 0u)
          & select(~u.fours, u.fours, (count & 4u) != 0u);
        let rate = params.rates[kind / 4u][kind % 4u];
        let sign = select(-rate, rate, is_up);
        let rho = f32(count) - 2.0;
        let vs = masked(v, here);
        let ws = masked(w, here);
        let sites = f32(countOneBits(here));
        let v_sum = f32(total(vs));
        let w_sum = f32(total(ws));
        // Σ δ/s of diagonal bonds and plaquettes, and their second moments.
        let d = 4.0 * sites - 2.0 * v_sum;
        let p = 8.0 * sites - 4.0 * w_sum;
        let dd = 16.0 * (sites - v_sum) + 4.0 * f32(total_square(vs));
        let dp = 32.0 * sites - 16.0 * (v_sum + w_sum) + 8.0 * f32(total_product(vs, w));
        let pp = 64.0 * (sites - w_sum) + 16.0 * f32(total_square(ws));
        let corners = select(vec3f(), vec3f(p, dp, pp), BLOCK == 0u);
        let sums = vec3f(sites, rho * sites, d);
        drift += sign * vec4f(-2.0 * sites, rho * sites, d, corners.x);
        gamma_m += rate * vec4f(4.0 * sites, -2.0 * rho * sites, -2.0 * d, -2.0 * corners.x);
        gamma_rho += rate * rho * vec3f(rho * sites, d, corners.x);
        gamma_rest += rate * vec3f(dd, corners.y, corners.z);
        even_sums += rate * sums;
        odd_sums += sign * sums;
      }
      if (BLOCK > 0u && (row + ROWS) % max(BLOCK, 1u) == 0u) {
        let area = f32(BLOCK * BLOCK);
        let m = 2.0 * f32(block_ups) - area;
        squares += m * m;
        drift.w += 4.0 * (even_sums.x - m * odd_sums.x) / area;
        gamma_m.w += 8.0 * (m * even_sums.x - odd_sums.x) / area;
        gamma_rho.z += 4.0 * (odd_sums.y - m * even_sums.y) / area;
        gamma_rest.y += 4.0 * (odd_sums.z - m * even_sums.z) / area;
        gamma_rest.z += 16.0 * ((m * m + 1.0) * even_sums.x - 2.0 * m * odd_sums.x) / (area * area);
        block_ups = 0u;
        even_sums = vec3f();
        odd_sums = vec3f();
      }
    }
  }
  let sites = f32(params.extent * params.extent);
  let at = params.width * item;
  result[at] = f32(ups);
  result[at + 1u] = f32(unlike);
  result[at + 2u] = 2.0 * f32(diagonal) - 4.0 * sites;
  result[at + 3u] = select(4.0 * squares / f32(max(BLOCK * BLOCK, 1u)), 2.0 * f32(plaquettes) - 4.0 * sites, BLOCK == 0u);
  if (params.classes == 0u) { return; }
  for (var k = 0u; k < 4u; k++) {
    result[at + 4u + k] = drift[k];
    result[at + 8u + k] = gamma_m[k];
  }
  for (var k = 0u; k < 3u; k++) {
    result[at + 12u + k] = gamma_rho[k];
    result[at + 15u + k] = gamma_rest[k];
  }
}
