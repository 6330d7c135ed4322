// Gradient of the SDE loss with respect to what the fields in training put out, one invocation per sample.
//
// Inputs in standardised units (lib/method/sde/fit.ts): g = output of the drift, raw = output of the diffusion, target y.
//   r = y − κ ∘ g,   S = F σ̃(raw),   C = S Sᵀ + ε I,   F: a fixed lower triangle, the identity unless σ̃ is triangular
// increment estimator (paper, eq. of the custom loss):  L = rᵀ C⁻¹ r + log det C
// compensator estimator:                                L = |r|² + tr(C⁻¹ V) + log det C,  V = Q standardised
// Where durations differ between samples y has the noise of the mean one, and κ of a sample is κ times a scale of its own (`rowScales`).
// With a = C⁻¹ r:  ∂L/∂C = C⁻¹ − a aᵀ  or  C⁻¹ − C⁻¹ V C⁻¹,  ∂L/∂σ̃ = 2 Fᵀ (∂L/∂C) S,  ∂L/∂g = −2 κ a  or  −2 κ r.
// The gradients are divided by the batch size. Rows of padding get gradient zero.
import package::sde::sigma::{ sigma_entry, sigma_slope };
import constants::D;
import constants::FULL;          // kind of σ̃, see sigma.wgsl
import constants::COMPENSATOR;   // 1: compensator estimator, 0: increments
import constants::EACH;          // 1: samples have a scale of κ of their own
import constants::DRIFT_ROWS;      // outputs with padding
import constants::DIFFUSION_ROWS;

struct Params {
  batch: u32,
  epsilon: f32,
  inputs: u32,               // rows before those of y
  kappa: array<vec4f, 2>,
  frame: array<vec4f, 16>,   // F, row by row
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> batch: array<f32>;        // [z and conditions (inputs), y (D), V (D(D+1)/2 if compensator), scale (if EACH)][b]
@group(0) @binding(2) var<storage, read> drift: array<f32>;        // [DRIFT_ROWS][b]
@group(0) @binding(3) var<storage, read> diffusion: array<f32>;    // [DIFFUSION_ROWS][b]
@group(0) @binding(4) var<storage, read_write> drift_gradient: array<f32>;
@group(0) @binding(5) var<storage, read_write> diffusion_gradient: array<f32>;
@group(0) @binding(6) var<storage, read_write> losses: array<f32>; // [b]

fn frame_at(j: u32, k: u32) -> f32 {
  let index = j * D + k;
  return params.frame[index / 4u][index % 4u];
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let b = id.x;
  let n = params.batch;
  if (b >= n) { return; }
  var scale = 1.0;
  if (EACH == 1) {
    scale = batch[(params.inputs + D + COMPENSATOR * (D * (D + 1u)) / 2u) * n + b];
  }
  var r: array<f32, D>;
  var s: array<f32, D * D>;
  var c: array<f32, D * D>;
  for (var j = 0u; j < D; j++) {
    let kappa = scale * params.kappa[j / 4u][j % 4u];
    r[j] = batch[(params.inputs + j) * n + b] - kappa * drift[j * n + b];
    for (var k = 0u; k < D; k++) {
      var sum = 0.0;
      for (var l = 0u; l <= j; l++) {
        let output = select(l, l * D + k, FULL > 0);
        sum += frame_at(j, l) * sigma_entry(l, k, diffusion[output * n + b]);
      }
      s[j * D + k] = sum;
    }
  }
  for (var j = 0u; j < D; j++) {
    for (var k = 0u; k < D; k++) {
      var sum = select(0.0, params.epsilon, j == k);
      for (var l = 0u; l < D; l++) { sum += s[j * D + l] * s[k * D + l]; }
      c[j * D + k] = sum;
    }
  }
  // In place: C → its inverse by Gauss–Jordan without pivoting (C is positive definite); the pivots give log det C.
  var log_det = 0.0;
  for (var p = 0u; p < D; p++) {
    let pivot = max(c[p * D + p], 0.5 * params.epsilon);   // C ⪰ ε I: less is rounding
    log_det += log(pivot);
    let inverse = 1.0 / pivot;
    c[p * D + p] = 1.0;
    for (var k = 0u; k < D; k++) { c[p * D + k] *= inverse; }
    for (var j = 0u; j < D; j++) {
      if (j != p) {
        let factor = c[j * D + p];
        c[j * D + p] = 0.0;
        for (var k = 0u; k < D; k++) { c[j * D + k] -= factor * c[p * D + k]; }
      }
    }
  }
  // e = ∂L/∂C, and the loss.
  var loss = log_det;
  var e: array<f32, D * D>;
  var a: array<f32, D>;
  for (var j = 0u; j < D; j++) {
    a[j] = r[j];
    if (COMPENSATOR == 0) {
      var sum = 0.0;
      for (var k = 0u; k < D; k++) { sum += c[j * D + k] * r[k]; }
      a[j] = sum;
    }
    loss += r[j] * a[j];
  }
  if (COMPENSATOR == 1) {
    var cv: array<f32, D * D>;
    for (var j = 0u; j < D; j++) {
      for (var k = 0u; k < D; k++) {
        var sum = 0.0;
        for (var l = 0u; l < D; l++) {
          let low = min(l, k);
          let index = low * D - (low * (low + 1u)) / 2u + max(l, k);   // upper triangle, row by row
          sum += c[j * D + l] * batch[(params.inputs + D + index) * n + b];
        }
        cv[j * D + k] = sum;
      }
      loss += cv[j * D + j];
    }
    for (var j = 0u; j < D; j++) {
      for (var k = 0u; k < D; k++) {
        var sum = c[j * D + k];
        for (var l = 0u; l < D; l++) { sum -= cv[j * D + l] * c[l * D + k]; }
        e[j * D + k] = sum;
      }
    }
  } else {
    for (var j = 0u; j < D; j++) {
      for (var k = 0u; k < D; k++) { e[j * D + k] = c[j * D + k] - a[j] * a[k]; }
    }
  }
  losses[b] = loss;

  let mean = 1.0 / f32(n);
  for (var j = 0u; j < DRIFT_ROWS; j++) { drift_gradient[j * n + b] = 0.0; }
  for (var j = 0u; j < DIFFUSION_ROWS; j++) { diffusion_gradient[j * n + b] = 0.0; }
  for (var j = 0u; j < D; j++) {
    drift_gradient[j * n + b] = -2.0 * scale * params.kappa[j / 4u][j % 4u] * a[j] * mean;
    for (var k = 0u; k < D; k++) {
      var sum = 0.0;
      for (var l = 0u; l < D; l++) { sum += e[j * D + l] * s[l * D + k]; }
      c[j * D + k] = sum;   // (∂L/∂C) S
    }
  }
  for (var j = 0u; j < D; j++) {
    for (var k = 0u; k < D; k++) {
      var sum = 0.0;
      for (var l = j; l < D; l++) { sum += frame_at(l, j) * c[l * D + k]; }
      let output = select(j, j * D + k, FULL > 0) * n + b;
      let slope = sigma_slope(j, k, diffusion[output]);
      if (FULL > 0 || j == k) { diffusion_gradient[output] = 2.0 * sum * slope * mean; }
    }
  }
}
