// Input of a convolutional encoder from spins kept as bits: one column per patch, its spins as ±1,
//   input[(r + 1)(l + 2) + c + 1][column] = 2 bit − 1,   l = side of a patch, K patches of a sample numbered row by row,
// with a border of one pixel, left as it is (zero). bits[sample][row][word]: bit c mod 32 of word ⌊c/32⌋ is the spin in column c.
// DRAWN: column q · batch + b is patch q of sample b of a batch, a row drawn at random (nn/permutation.wgsl); else columns are
// the patches of all samples in order, from the patch `first` on. Padding (columns beyond the last patch) is zero.
// One invocation per column (x) and row of a patch (y).
import package::nn::permutation::{ Draw, drawn_row };

struct Params {
  draw: Draw,          // rows: samples there are, batch: samples of this call
  first: u32,          // patch, unless drawn
  side: u32,           // of a sample
  patch_side: u32,
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
  @if(DRAWN) let batch = params.draw.batch;
  let l = params.patch_side;
  let across = params.side / l;
  let patches = across * across;
  @if(DRAWN) let patch_number = column / batch;
  @if(DRAWN) let sample = drawn_row(params.draw, step[0], column % batch);
  @if(DRAWN) let exists = patch_number < patches;
  @if(!DRAWN) let patch_number = (params.first + column) % patches;
  @if(!DRAWN) let sample = (params.first + column) / patches;
  @if(!DRAWN) let exists = sample < params.draw.rows;
  let words = (params.side + 31u) / 32u;
  let row = select(0u, sample * params.side + patch_number / across * l + id.y, exists);
  let start = patch_number % across * l;
  let place = ((id.y + 1u) * (l + 2u) + 1u) * params.columns + column;
  for (var c = 0u; c < l; c++) {
    let at = start + c;
    let bit = (bits[row * words + at / 32u] >> (at % 32u)) & 1u;
    input[place + c * params.columns] = select(0.0, 2.0 * f32(bit) - 1.0, exists);
  }
}
