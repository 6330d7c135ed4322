// One step of AdamW (Loshchilov & Hutter, ICLR 2019) with linear warm-up and cosine decay of the learning rate:
//   g = Σ_s partial[s],  m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,
//   w ← w − η_t (m̂ / (√v̂ + ε) + decay · w),   η_t = η · warm-up · ½ (1 + cos(π t / T)).
// The step number t lives on the device, so that a recorded step can be submitted again unchanged; `advance.wgsl`
// raises it. Weights are kept twice, as [input][output] and transposed, for the two directions of dense.wgsl.
// One invocation per parameter. `rule[p]`: index of the transposed copy; the top bit set: no weight decay (biases);
// 0xffffffff: not trained.

struct Params {
  count: u32,
  segments: u32,
  steps: f32,          // T
  warmup: f32,         // steps
  rate: f32,           // η
  decay: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> step: array<u32>;
@group(0) @binding(2) var<storage, read> partial: array<f32>;
@group(0) @binding(3) var<storage, read> rule: array<u32>;
@group(0) @binding(4) var<storage, read_write> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> transposed: array<f32>;
@group(0) @binding(6) var<storage, read_write> moments: array<vec2f>;

const BETA1 = 0.9;
const BETA2 = 0.999;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let p = id.x;
  if (p >= params.count || rule[p] == 0xffffffffu) { return; }
  let t = f32(step[0]);
  var gradient = 0.0;
  for (var s = 0u; s < params.segments; s++) {
    gradient += partial[s * params.count + p];
  }
  let moment = vec2f(BETA1, BETA2) * moments[p] + vec2f((1.0 - BETA1) * gradient, (1.0 - BETA2) * gradient * gradient);
  moments[p] = moment;
  let corrected = moment / (vec2f(1.0) - exp2((t + 1.0) * log2(vec2f(BETA1, BETA2))));
  let progress = min(t / params.steps, 1.0);
  let rate = params.rate * min((t + 1.0) / params.warmup, 1.0) * 0.5 * (1.0 + cos(3.14159265 * progress));
  let decay = select(params.decay, 0.0, (rule[p] >> 31u) == 1u);
  let old = weights[p];
  let updated = old - rate * (corrected.x / (sqrt(corrected.y) + 1e-8) + decay * old);
  weights[p] = updated;
  transposed[rule[p] & 0x7fffffffu] = updated;
}
