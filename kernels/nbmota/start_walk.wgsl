// The records of walkers (walk.wgsl) at the start: random numbers from their own address, clock 0, no rate known. One invocation per vacancy.
import package::random::xoshiro::{ Stream, open_stream };
import package::nbmota::walker::{ Walker, RATES, SUM, SIDE, BACK };

struct Params {
  walkers: u32,
  mobile: u32,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> walkers: array<Walker>;
@group(0) @binding(2) var<storage, read_write> rates: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.walkers * params.mobile) { return; }
  rates[id.x * RATES + SUM] = -1.0;
  rates[id.x * RATES + SIDE] = 0.0;
  rates[id.x * RATES + BACK] = 8.0;
  if (id.x < params.walkers) { walkers[id.x] = Walker(open_stream(params.stream, id.x, 0u), 0.0, 0.0, 0u, 0u); }
}
