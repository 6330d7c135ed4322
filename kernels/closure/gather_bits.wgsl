// Input of a convolutional encoder from square patches of sites with two states kept as bits: one column per patch, its sites as ±1,
//   input[(r + 1)(l + 2) + c + 1][q · batch + b] = 2 bit − 1,   l = side of a patch,
// with a border of one pixel, left as it is (zero). Column q · batch + b is patch q = 0 … P − 1 of sample b, which is the patch
// s P + q of all stored states (closure/patches.wgsl). bits[state][row][word]: bit c mod 32 of word ⌊c/32⌋ is the site in column c.
// DRAWN: sample b of the batch is a row drawn at random (nn/permutation.wgsl), else the sample first + b.
// Padding (columns beyond the patches, samples beyond the last) is zero.
// One invocation per column (x) and row of a patch (y).
import package::closure::patches::{ Tiling, place_of };
import package::nn::permutation::{ Draw, drawn_row };

struct Params {
  draw: Draw,          // rows: samples there are, batch: samples of this call
  tiling: Tiling,      // of dimension 2
  first: u32,
  patches: u32,        // P, per sample
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bits: array<u32>;
@group(0) @binding(2) var<storage, read_write> input: array<f32>;
@if(DRAWN) @group(0) @binding(3) var<storage, read> step: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= params.columns) { return; }
  let batch = params.draw.batch;
  let block = column / batch;
  @if(DRAWN) let sample = drawn_row(params.draw, step[0], column % batch);
  @if(!DRAWN) let sample = params.first + column % batch;
  let exists = block < params.patches && sample < params.draw.rows;
  let tiling = params.tiling;
  let l = tiling.patch_side;
  let place = place_of(select(0u, sample * params.patches + block, exists), tiling);
  let row = (place.state * tiling.side + place.row + id.y) * ((tiling.side + 31u) / 32u);
  let pixel = ((id.y + 1u) * (l + 2u) + 1u) * params.columns + column;
  for (var c = 0u; c < l; c++) {
    let at = place.column + c;
    let bit = (bits[row + at / 32u] >> (at % 32u)) & 1u;
    input[pixel + c * params.columns] = select(0.0, 2.0 * f32(bit) - 1.0, exists);
  }
}
