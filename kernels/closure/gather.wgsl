// Input of an encoder from patches of fields: column (q · batch + b) holds the numbers that block q of sample b reads,
// standardised per part,
//   input[i][q · batch + b] = (x − center_p) scale_p,   sites row by row.
// Fields are fields[state][part][site] of stored states (closure/patches.wgsl); the patches I = 0 … P − 1 of sample s are the patches
// s P + I of all states. JOINT 0: a block is one part of one patch, q = part · P + I, and reads its numbers; JOINT 1: a block is
// one patch and reads the parts one after another.
// DRAWN: sample b of the batch is a row drawn at random (nn/permutation.wgsl), else the sample first + b.
// Padding (rows beyond the numbers, columns beyond the blocks, samples beyond the last) is zero.
// One invocation per column.
import package::closure::patches::{ Tiling, place_of, power };
import package::nn::permutation::{ Draw, drawn_row };
import constants::JOINT;

struct Params {
  draw: Draw,          // rows: samples there are, batch: samples of this call
  tiling: Tiling,
  first: u32,
  patches: u32,        // P, per sample
  parts: u32,
  rows: u32,           // inputs of the encoder with padding
  columns: u32,
  center: vec4f,       // per part
  scale: vec4f,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> fields: array<f32>;
@group(0) @binding(2) var<storage, read_write> input: array<f32>;
@if(DRAWN) @group(0) @binding(3) var<storage, read> step: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= params.columns) { return; }
  let batch = params.draw.batch;
  let block = column / batch;
  let part = block / params.patches;
  @if(DRAWN) let sample = drawn_row(params.draw, step[0], column % batch);
  @if(!DRAWN) let sample = params.first + column % batch;
  let exists = block < select(params.parts * params.patches, params.patches, JOINT == 1) && sample < params.draw.rows;
  let tiling = params.tiling;
  let l = tiling.patch_side;
  let place = place_of(sample * params.patches + block % params.patches, tiling);
  let plane = power(tiling.side, tiling.dimension);
  let rows = power(l, tiling.dimension) / l;
  let first = select(part, 0u, JOINT == 1);
  let last = select(first, select(part + 1u, params.parts, JOINT == 1), exists);
  var i = column;
  for (var p = first; p < last; p++) {
    for (var row = 0u; row < rows; row++) {
      let start = (place.state * params.parts + p) * plane + (place.row + row) * tiling.side + place.column;
      for (var c = 0u; c < l; c++) {
        input[i] = (fields[start + c] - params.center[p]) * params.scale[p];
        i += params.columns;
      }
    }
  }
  for (; i < params.rows * params.columns; i += params.columns) { input[i] = 0.0; }
}
