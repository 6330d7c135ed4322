// Gradient with respect to an encoder's outputs from that with respect to the closure variables (pool.wgsl):
//   dy[c][(g · P + I) · batch + b] = (1/P) dẑ[offset + g · outputs + c][b].
// Rows of padding and columns beyond the blocks get zero. One invocation per row and column of dy.

struct Params {
  batch: u32,
  groups: u32,
  outputs: u32,      // per group
  patches: u32,      // P
  columns: u32,      // of dy
  width: u32,        // rows of dy, with padding
  offset: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> gradient: array<f32>;       // [rows][batch]
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
    total = gradient[at];
  }
  dy[id.x] = total / f32(params.patches);
}
