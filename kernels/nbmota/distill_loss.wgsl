// Loss of the compact model and its gradient: E = out₀ + s₀ + Σ_{r>0} sign_r s_r², and the absolute error, rounded at its foot:
//   L = |E − y| − δ/2 where that is above δ, else (E − y)²/(2δ) (Huber, Ann. Math. Stat. 35, 73 (1964), over δ).
// GRADIENT: what comes to s from above and from E, dL/ds_r = above_r + dL/dE · (1 or 2 sign_r s_r). One invocation per column.

struct Params {
  batch: u32,
  rank: u32,
  outputs: u32,
  delta: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sign: array<f32>;
@group(0) @binding(2) var<storage, read> s: array<f32>;                              // [rank][batch]
@if(!GRADIENT) @group(0) @binding(3) var<storage, read> out: array<f32>;             // [outputs][batch]
@if(!GRADIENT) @group(0) @binding(4) var<storage, read> wanted: array<f32>;
@if(!GRADIENT) @group(0) @binding(5) var<storage, read_write> out_gradient: array<f32>;
@if(!GRADIENT) @group(0) @binding(6) var<storage, read_write> losses: array<f32>;
@if(GRADIENT) @group(0) @binding(3) var<storage, read> out_gradient: array<f32>;
@if(GRADIENT) @group(0) @binding(4) var<storage, read> above: array<f32>;            // [rank][batch]
@if(GRADIENT) @group(0) @binding(5) var<storage, read_write> s_gradient: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let batch = params.batch;
  if (id.x >= batch) { return; }
  @if(!GRADIENT) {
    var energy = out[id.x] + s[id.x];
    for (var r = 1u; r < params.rank; r++) {
      let x = s[r * batch + id.x];
      energy += sign[r] * x * x;
    }
    let error = energy - wanted[id.x];
    let size = abs(error);
    losses[id.x] = select(0.5 * size * size / params.delta, size - 0.5 * params.delta, size > params.delta);
    out_gradient[id.x] = clamp(error / params.delta, -1.0, 1.0) / f32(batch);
    for (var o = 1u; o < params.outputs; o++) { out_gradient[o * batch + id.x] = 0.0; }
  }
  @if(GRADIENT) {
    let slope = out_gradient[id.x];
    s_gradient[id.x] = above[id.x] + slope;
    for (var r = 1u; r < params.rank; r++) {
      let at = r * batch + id.x;
      s_gradient[at] = above[at] + 2.0 * slope * sign[r] * s[at];
    }
  }
}
