// Gradients of γ and β of batch normalisation from the sums of normalise_sums.wgsl, and the means that the gradient of z takes:
//   partial[γ_c] = Σ δ x̂,   partial[β_c] = Σ δ,   means[c] = (Σ δ x̂, Σ δ)/n.
// Only the first segment of `partial` is written; the others stay zero. One invocation per channel.

struct Params {
  channels: u32,
  parts: u32,          // of the sums
  place: u32,          // of γ in the parameters; β is `channels` behind it
  count: f32,          // n = pixels · batch
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;
@group(0) @binding(3) var<storage, read_write> means: array<vec2f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let c = id.x;
  if (c >= params.channels) { return; }
  var total = vec2f();
  for (var s = 0u; s < params.parts; s++) { total += sums[s * params.channels + c]; }
  partial[params.place + c] = total.x;
  partial[params.place + params.channels + c] = total.y;
  means[c] = total / params.count;
}
