// Sums over a channel in the gradient of batch normalisation behind normalise.wgsl, in parts:
//   sums[s][c] = (Σ δ x̂, Σ δ),   δ = leaky'(u) dy at the pixel that won its window,   x̂ = (z − m) r.
// One invocation per channel (workgroups in x) and part (in y, 64 to a workgroup), as in channel_moments.wgsl.
import package::nn::leaky::leaky_slope;

struct Params {
  columns: u32,        // batch / 4
  side: u32,           // of dy
  parts: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<vec4f>;              // no border
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;             // no border
@group(0) @binding(3) var<storage, read> coefficients: array<vec4f>;   // (a, b, m, r)
@group(0) @binding(4) var<storage, read_write> sums: array<vec2f>;     // [part][channel]

@compute @workgroup_size(64)
fn main(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let columns = params.columns;
  let side = params.side;
  let c = group.x;
  let coefficient = coefficients[c];
  let a = coefficient.x;
  let b = vec4f(coefficient.y);
  let length = side * side * columns;
  let part = group.y * 64u + local.x;
  var beta = vec4f();
  var gamma = vec4f();
  for (var i = part; i < length; i += params.parts) {
    @if(POOL) let pixel = i / columns;
    @if(POOL) let k = ((c * 2u * side + pixel / side * 2u) * 2u * side + pixel % side * 2u) * columns + i % columns;
    @if(POOL) let below = k + 2u * side * columns;
    @if(POOL) let z0 = z[k];
    @if(POOL) let z1 = z[k + columns];
    @if(POOL) let z2 = z[below];
    @if(POOL) let z3 = z[below + columns];
    // u grows with z where a > 0 and falls where a < 0.
    @if(POOL) let winner = select(min(min(z0, z1), min(z2, z3)), max(max(z0, z1), max(z2, z3)), a > 0.0);
    @if(!POOL) let winner = z[c * length + i];
    let delta = dy[c * length + i] * leaky_slope(a * winner + b);
    beta += delta;
    gamma += delta * (winner - vec4f(coefficient.z)) * coefficient.w;
  }
  sums[part * groups.x + c] = vec2f(dot(gamma, vec4f(1.0)), dot(beta, vec4f(1.0)));
}
