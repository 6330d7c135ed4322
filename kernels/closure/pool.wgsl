// Closure variables of a sample: means of an encoder's outputs over the patches,
//   ẑ[g · outputs + c][b] = (1/P) Σ_I y[c][(g · P + I) · batch + b],   g = part (one group for a joint encoder),
// written behind the first `offset` rows of the next network's input. One invocation per closure variable and sample.

struct Params {
  batch: u32,
  groups: u32,
  outputs: u32,      // per group
  patches: u32,      // P
  columns: u32,      // of y
  offset: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> input: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let batch = params.batch;
  let variable = id.x / batch;
  let b = id.x % batch;
  if (variable >= params.groups * params.outputs) { return; }
  let group = variable / params.outputs;
  let row = variable % params.outputs * params.columns;
  var total = 0.0;
  for (var patch_number = 0u; patch_number < params.patches; patch_number++) {
    total += y[row + (group * params.patches + patch_number) * batch + b];
  }
  input[(params.offset + variable) * batch + b] = total / f32(params.patches);
}
