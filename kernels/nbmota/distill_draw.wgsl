// A mini-batch for the compact model (lib/experiments/nbmota/distill.ts): which type is at each place of the frame of a jump, as
// x[3 place + type − 1][column] = 1, else 0; and the barrier that belongs to it, in standard units. Example 8 e + j is jump j in
// environment e. One invocation per column.
import package::nn::permutation::{ Draw, drawn_row };

struct Params {
  draw: Draw,
  places: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> step: array<u32>;
@group(0) @binding(2) var<storage, read> sites: array<u32>;          // [place]: the sites of the eight jumps in bytes of two words
@group(0) @binding(3) var<storage, read> environments: array<u32>;   // [environment][7]
@group(0) @binding(4) var<storage, read> barriers: array<f32>;       // [example]
@group(0) @binding(5) var<storage, read_write> x: array<f32>;
@group(0) @binding(6) var<storage, read_write> wanted: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let batch = params.draw.batch;
  if (id.x >= batch) { return; }
  let example = drawn_row(params.draw, step[0], id.x);
  let jump = example % 8u;
  for (var place = 0u; place < params.places; place++) {
    let site = (sites[2u * place + (jump >> 2u)] >> (8u * (jump & 3u))) & 255u;
    let kind = (environments[7u * (example / 8u) + (site >> 4u)] >> (2u * (site & 15u))) & 3u;
    for (var t = 1u; t <= 3u; t++) { x[(3u * place + t - 1u) * batch + id.x] = select(0.0, 1.0, t == kind); }
  }
  wanted[id.x] = barriers[example];
}
