// Input of an encoder from patches of fields: column (q · batch + b) holds the numbers that block q of sample b reads,
// standardised per part,
//   input[i][q · batch + b] = (x − center_p) scale_p.
// Samples are fields[sample][part][patch · size + i]. JOINT 0: a block is one part of one patch, q = part · patches + patch,
// and reads `size` numbers; JOINT 1: a block is one patch and reads the parts one after another.
// DRAWN: sample b of the batch is a row drawn at random (nn/permutation.wgsl), else the sample first + b.
// Padding (rows beyond the numbers, columns beyond the blocks, samples beyond the last) is zero.
// One invocation per column.
import package::nn::permutation::{ Draw, drawn_row };
import constants::JOINT;

struct Params {
  draw: Draw,          // rows: samples there are, batch: samples of this call
  first: u32,
  parts: u32,
  patches: u32,        // per sample
  size: u32,           // numbers of one part of a patch
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
  let patch_number = block % params.patches;
  let part = block / params.patches;
  @if(DRAWN) let sample = drawn_row(params.draw, step[0], column % batch);
  @if(!DRAWN) let sample = params.first + column % batch;
  let size = params.size;
  let side = params.patches * size;
  let blocks = select(params.parts * params.patches, params.patches, JOINT == 1);
  let used = select(0u, select(size, size * params.parts, JOINT == 1), block < blocks && sample < params.draw.rows);
  for (var i = 0u; i < used; i++) {
    let p = select(part, i / size, JOINT == 1);
    let value = fields[(sample * params.parts + p) * side + patch_number * size + i % size];
    input[i * params.columns + column] = (value - params.center[p]) * params.scale[p];
  }
  for (var i = used; i < params.rows; i++) { input[i * params.columns + column] = 0.0; }
}
