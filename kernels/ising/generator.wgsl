// The generator of Glauber dynamics applied to the observables of square pieces of Ising lattices (observables.wgsl), from the counts of their boxes
// (count_box.wgsl, CLASSES).
//
// A flip of spin i, with rate r_i, changes magnetization, unlike bonds / 2, diagonal bonds / 2 and plaquettes, each bond and plaquette
// counted once, by
//   δ_i = s_i (−2, u − 2, 4 − 2v, 8 − 4w),
// u, v: up neighbours and up diagonal neighbours; w: plaquettes whose other three spins have the product +1. With BLOCK > 0 the fourth is that of
// Σ M² / BLOCK² over blocks, 4 (1 − s_i M) / BLOCK². The kernel sums
//   drift = Σ_i r_i δ_i   and   gamma = Σ_i r_i δ_i δ_iᵀ
// class by class of (s, u), which share a rate.
//
// One invocation per piece and lattice: result[column + k][item] += drift (DIMENSION numbers) and the upper triangle of gamma, row by row.
// Accuracy: counts exact, sums float32.
import constants::BLOCK;
import constants::WORDS;
import constants::DIMENSION;
import package::gpu::rows::number_in_rows;
import package::ising::pieces::{ Pieces, four, piece_of };

struct Params {
  pieces: Pieces,
  column: u32,
  rates: array<vec4f, 3>,   // [5 · (s is up) + u]
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> counts: array<u32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

@if(DIAGONAL) fn four_at(at: u32) -> vec4f {
  return vec4f(four(counts[at]));
}

// Of a box.
struct Sums {
  ups: f32,
  even: vec4f,   // Σ r (1, u − 2, 4 − 2v, 8 − 4w)
  odd: vec4f,    // the same times s
  rho: vec3f,    // ρρ, ρd, ρp
  rest: vec3f,   // dd, dp, pp
}

// How many sites are in the class (s, u), up = (1 + s) / 2.
fn sites_of(at: u32, up: u32, u: u32) -> f32 {
  @if(DIAGONAL) let byte = up;
  @if(!DIAGONAL) let byte = select(4u * up + u - select(0u, 1u, u > 2u), 8u + up, u == 2u);
  return f32((counts[at + 32u * (byte / 4u)] >> (8u * (byte % 4u))) & 255u);
}

// The class (s, u), whose counts lie at `at`.
fn add(sums: ptr<function, Sums>, at: u32, up: u32, u: u32, rate: f32) {
  let sites = sites_of(at, up, u);
  let rho = f32(u) - 2.0;
  var n = vec4f(sites, rho * sites, 0.0, 0.0);
  @if(DIAGONAL) {
    let v = four_at(at + 32u * (1u + up));
    n.z = dot(v, vec4f(4.0, 2.0, -2.0, -4.0));
    (*sums).rest.x += rate * dot(v, vec4f(16.0, 4.0, 4.0, 16.0));
  }
  @if(PLAQUETTES) {
    let w = four_at(at + 32u * (3u + up));
    let products = four_at(at + 32u * (5u + up)) - four_at(at + 32u * (7u + up));
    n.w = dot(w, vec4f(8.0, 4.0, -4.0, -8.0));
    (*sums).rest.y += rate * 8.0 * dot(products, vec4f(0.0, 1.0, 2.0, 4.0));
    (*sums).rest.z += rate * dot(w, vec4f(64.0, 16.0, 16.0, 64.0));
  }
  let sign = select(-rate, rate, up == 1u);
  (*sums).ups += select(0.0, sites, up == 1u);
  (*sums).even += rate * n;
  (*sums).odd += sign * n;
  (*sums).rho += rate * rho * n.yzw;
}

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let piece = piece_of(number_in_rows(id, size, 32u), params.pieces);
  if (!piece.there) { return; }
  var drift = vec4f();
  var gamma_m = vec4f();     // mm, mρ, md, mp
  var gamma_rho = vec3f();   // ρρ, ρd, ρp
  var gamma_rest = vec3f();  // dd, dp, pp
  for (var box = 0u; box < params.pieces.boxes; box++) {
    var sums = Sums();
    let place = piece.box + box;
    for (var u = 0u; u < 5u; u++) {
      @if(!DIAGONAL) let at = 32u * WORDS * place + piece.lane;
      @if(DIAGONAL) let at = 32u * WORDS * (5u * place + u) + piece.lane;
      add(&sums, at, 0u, u, params.rates[u / 4u][u % 4u]);
      add(&sums, at, 1u, u, params.rates[(u + 5u) / 4u][(u + 5u) % 4u]);
    }
    let even = sums.even;
    let odd = sums.odd;
    drift += odd * vec4f(-2.0, 1.0, 1.0, 1.0);
    gamma_m += even * vec4f(4.0, -2.0, -2.0, -2.0);
    gamma_rho += sums.rho;
    gamma_rest += sums.rest;
    if (BLOCK > 0u) {
      let area = f32(BLOCK * BLOCK);
      let m = 2.0 * sums.ups - area;
      drift.w += 4.0 * (even.x - m * odd.x) / area;
      gamma_m.w += 8.0 * (m * even.x - odd.x) / area;
      gamma_rho.z += 4.0 * (odd.y - m * even.y) / area;
      gamma_rest.y += 4.0 * (odd.z - m * even.z) / area;
      gamma_rest.z += 16.0 * ((m * m + 1.0) * even.x - 2.0 * m * odd.x) / (area * area);
    }
  }
  let items = params.pieces.lattices * params.pieces.each;
  let rows = array(gamma_m, vec4f(gamma_rho, 0.0), vec4f(gamma_rest.xy, 0.0, 0.0), vec4f(gamma_rest.z, 0.0, 0.0, 0.0));
  var at = params.column * items + piece.item;
  for (var j = 0u; j < DIMENSION; j++) {
    result[at] += drift[j];
    at += items;
  }
  for (var j = 0u; j < DIMENSION; j++) {
    for (var k = 0u; k + j < DIMENSION; k++) {
      result[at] += rows[j][k];
      at += items;
    }
  }
}
