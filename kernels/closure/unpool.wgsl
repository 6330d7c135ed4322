// Gradient with respect to an encoder's outputs from that with respect to the closure variables (pool.wgsl):
//   dy[c][(g · P + I) · batch + b] = (1/P) Σ_n dẑ[n][offset + g · outputs + c][b],   n over the networks that read ẑ.
// Rows of padding and columns beyond the blocks get zero. One invocation per row and column of dy.

struct Params {
  batch: u32,
  groups: u32,
  outputs: u32,      // per group
  patches: u32,      // P
  columns: u32,      // of dy
  width: u32,        // rows of dy, with padding
  offset: u32,
  readers: u32,      // networks
  rows: u32,         // inputs of each of them, with padding
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;       // [reader][rows][batch]
@group(0) @binding(2) var<storage, read_write> dy: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.width * params.columns) { return; }
  let row = id.x / params.columns;
  let column = id.x % params.columns;
  let block = column / params.batch;
  let group = block / params.patches;
  var total = 0.0;
  if (row < params.outputs && group < params.groups) {
    let at = (params.offset + group * params.outputs + row) * params.batch + column % params.batch;
    for (var reader = 0u; reader < params.readers; reader++) {
      total += gradient[reader * params.rows * params.batch + at];
    }
  }
  dy[id.x] = total / f32(params.patches);
}
