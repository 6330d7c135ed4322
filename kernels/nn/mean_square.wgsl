// Mean squared error of a network's outputs and its gradient:
//   L_b = (1/n) Σ_k (y_k − t_k)²,   ∂L/∂y_k = 2 (y_k − t_k)/(n batch),   L = mean over the batch.
// Output k of sample b is compared with target[k mod inner][(k div inner) · batch + b], rows of `columns`: the input of
// another network that sees a sample as several columns. Outputs beyond n (padding) get gradient zero.
// One invocation per sample.

struct Params {
  batch: u32,
  outputs: u32,      // n
  width: u32,        // outputs with padding
  inner: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> outputs: array<f32>;          // [width][batch]
@group(0) @binding(2) var<storage, read> target_values: array<f32>;    // [inner][columns]
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;   // [width][batch]
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;     // [batch]

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let b = id.x;
  if (b >= params.batch) { return; }
  let scale = 2.0 / (f32(params.outputs) * f32(params.batch));
  var loss = 0.0;
  for (var k = 0u; k < params.outputs; k++) {
    let wanted = target_values[(k % params.inner) * params.columns + (k / params.inner) * params.batch + b];
    let difference = outputs[k * params.batch + b] - wanted;
    loss += difference * difference;
    gradient[k * params.batch + b] = scale * difference;
  }
  for (var k = params.outputs; k < params.width; k++) { gradient[k * params.batch + b] = 0.0; }
  losses[b] = loss / f32(params.outputs);
}
