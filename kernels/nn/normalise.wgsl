// Second half of a block: batch normalisation, leaky ReLU and, with POOL, the maximum over 2 × 2 pixels,
//   y[c][i] = leaky(max_{k in window i} (a_c z[c][k] + b_c)),   (a, b) from batch_norm.wgsl;
// leaky ReLU grows, so it may come after the maximum. Without POOL a window is one pixel.
// One invocation per four of the batch of one output pixel; workgroups: x over these, y over channels.
import package::nn::leaky::leaky;

struct Params {
  columns: u32,        // batch / 4
  side: u32,           // of the output, without border
  output_row: u32,     // pixels of an output row and channel, with border
  output_plane: u32,
  output_start: u32,   // first pixel inside the border
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<vec4f>;              // no border
@group(0) @binding(2) var<storage, read> coefficients: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u) {
  let columns = params.columns;
  let side = params.side;
  let pixel = id.x / columns;
  if (pixel >= side * side) { return; }
  let column = id.x % columns;
  let px = pixel % side;
  let py = pixel / side;
  let a = coefficients[group.y].x;
  let b = vec4f(coefficients[group.y].y);
  @if(POOL) let k = ((group.y * 2u * side + 2u * py) * 2u * side + 2u * px) * columns + column;
  @if(POOL) let below = k + 2u * side * columns;
  @if(POOL) let u = max(
    max(a * z[k] + b, a * z[k + columns] + b),
    max(a * z[below] + b, a * z[below + columns] + b),
  );
  @if(!POOL) let u = a * z[(group.y * side * side + pixel) * columns + column] + b;
  y[(group.y * params.output_plane + params.output_start + py * params.output_row + px) * columns + column] = leaky(u);
}
