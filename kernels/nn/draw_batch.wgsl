// A mini-batch drawn without replacement: column b of step t is row π(t, b) of the data (permutation.wgsl).
// One invocation per batch column: batch[field][column] = data[field][π(k)]; the first `inputs` fields go to the
// networks' input as well.
import package::nn::permutation::{ Draw, drawn_row };

struct Params {
  draw: Draw,
  fields: u32,
  inputs: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> step: array<u32>;
@group(0) @binding(2) var<storage, read> data: array<f32>;
@group(0) @binding(3) var<storage, read_write> batch: array<f32>;
@group(0) @binding(4) var<storage, read_write> input: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let draw = params.draw;
  if (id.x >= draw.batch) { return; }
  let row = drawn_row(draw, step[0], id.x);
  for (var field = 0u; field < params.fields; field++) {
    let value = data[field * draw.rows + row];
    batch[field * draw.batch + id.x] = value;
    if (field < params.inputs) { input[field * draw.batch + id.x] = value; }
  }
}
