// Sums behind mean and variance of every channel over pixels and batch, in parts:
//   sums[s][c] = (Σ (z − z₀), Σ (z − z₀)²)   over part s,   z₀ = the channel's first number,
// a shift that spares float32 the cancellation where the mean is large against the spread.
// One invocation per channel (workgroups in x) and part (in y, 64 to a workgroup): part s takes every `parts`-th vec4 from s on.
// No barriers, which cost a software adapter more than the sum over the parts by batch_norm.wgsl.

struct Params {
  length: u32,        // vec4 of one channel
  parts: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> z: array<vec4f>;             // [channel][length]
@group(0) @binding(2) var<storage, read_write> sums: array<vec2f>;    // [part][channel]

@compute @workgroup_size(64)
fn main(
  @builtin(local_invocation_id) local: vec3u,
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
) {
  let part = group.y * 64u + local.x;
  let start = group.x * params.length;
  let end = start + params.length;
  let shift = vec4f(z[start].x);
  var first = vec4f();
  var second = vec4f();
  for (var k = start + part; k < end; k += params.parts) {
    let value = z[k] - shift;
    first += value;
    second += value * value;
  }
  sums[part * groups.x + group.x] = vec2f(dot(first, vec4f(1.0)), dot(second, vec4f(1.0)));
}
