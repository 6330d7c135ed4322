// Copies images [channel][row][column][batch] into ones with a border of one pixel, which is left as it is (zero).
// One invocation per four of the batch of one pixel; workgroups: x over these, y over channels.

struct Params {
  columns: u32,        // batch / 4
  side: u32,           // without border
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let side = params.side;
  let pixel = id.x / params.columns;
  if (pixel >= side * side) { return; }
  let row = group.y * (side + 2u) + pixel / side + 1u;
  let place = row * (side + 2u) + pixel % side + 1u;
  y[place * params.columns + id.x % params.columns] = x[group.y * side * side * params.columns + id.x];
}
