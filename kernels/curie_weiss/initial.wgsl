// Random initial states of the training law: m₀ uniform in (−1, 1), every spin up with probability (1 + m₀)/2.
// The probability is one random word over 2³², each spin compares another with it: integers only.
// One invocation per replica in [first, last); ups[replica] = number of up spins.
import package::random::xoshiro::{ Stream, open_stream, next_u32 };

struct Params {
  first: u32,
  last: u32,
  n: u32,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> ups: array<u32>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let replica = params.first + id.x;
  if (replica >= params.last) { return; }
  var rng = open_stream(params.stream, replica, 0u);
  let probability = next_u32(&rng);
  var up = 0u;
  for (var k = 0u; k < params.n; k++) {
    up += select(0u, 1u, next_u32(&rng) < probability);
  }
  ups[replica] = up;
}
