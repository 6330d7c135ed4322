// Sums of the losses over equal parts of a training: step t of T, from 0 on, is in part ⌊t · parts / T⌋.
//   sums[part][lane] += Σ losses[k] over k = lane, lane + 64, …
// `step` has been raised by advance.wgsl when this runs, so that t = step − 1. One workgroup; an invocation is a lane with sums of its own, which are
// added up in the same order always. float32: relative error about 6e-8 times the root of the number of steps in a part.

struct Params {
  count: u32,    // losses of a step
  steps: u32,    // T, T · parts < 2³²
  parts: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> step: array<u32>;
@group(0) @binding(2) var<storage, read> losses: array<f32>;            // [count]
@group(0) @binding(3) var<storage, read_write> sums: array<f32>;        // [parts][64]

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_id) id: vec3u) {
  var sum = 0.0;
  for (var k = id.x; k < params.count; k += 64u) { sum += losses[k]; }
  let part = (step[0] - 1u) * params.parts / params.steps;
  sums[part * 64u + id.x] += sum;
}
