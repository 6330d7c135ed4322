// Observables of square pieces of Ising lattices, from the counts of their boxes (count_box.wgsl).
//
// With s_i = ±1, over the sites i of a piece:
//   ups = Σ (i is up),   Q = Σ (unlike nearest neighbours of i),   D = Σ s_i Σ_diagonal s_j,   P = Σ (products of the plaquettes of i);
// with BLOCK > 0 boxes are blocks of BLOCK² sites, and the fourth is that of the squares of M, the sums of s over them:
//   P = (4 / BLOCK²) Σ_blocks M².
// What these are divided by is the host's business (lib/systems/ising.ts).
//
// One invocation per piece and lattice: result[column + j][item] += factor · (number j of these), begin ≤ j < end. Accuracy: exact below 2²⁴.
import constants::BLOCK;
import constants::WORDS;
import package::gpu::rows::number_in_rows;
import package::ising::pieces::{ Pieces, four, piece_of };

struct Params {
  pieces: Pieces,
  sites: u32,
  column: u32,
  begin: u32,
  end: u32,
  factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> counts: array<u32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

// Σ of the numbers whose sites with the digits 1, 2, 4 are counted in the upper three bytes.
fn total(word: u32) -> u32 {
  let digits = four(word);
  return digits.y + 2u * digits.z + 4u * digits.w;
}

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let piece = piece_of(number_in_rows(id, size, 32u), params.pieces);
  if (!piece.there) { return; }
  var ups = 0u;
  var unlike = 0u;
  var like = 0u;
  var corners = 0u;
  var squares = 0.0;
  for (var box = 0u; box < params.pieces.boxes; box++) {
    let at = 32u * WORDS * (piece.box + box) + piece.lane;
    let here = counts[at] & 255u;
    ups += here;
    unlike += total(counts[at]);
    @if(DIAGONAL) { like += total(counts[at + 32u]); }
    @if(PLAQUETTES) { corners += total(counts[at + 64u]); }
    let m = 2.0 * f32(here) - f32(BLOCK * BLOCK);
    squares += m * m;
  }
  let sites = f32(params.sites);
  let fourth = select(4.0 * squares / f32(max(BLOCK * BLOCK, 1u)), 2.0 * f32(corners) - 4.0 * sites, BLOCK == 0u);
  let sums = vec4f(f32(ups), f32(unlike), 2.0 * f32(like) - 4.0 * sites, fourth);
  let items = params.pieces.lattices * params.pieces.each;
  for (var j = params.begin; j < params.end; j++) { result[(params.column + j) * items + piece.item] += params.factor * sums[j]; }
}
