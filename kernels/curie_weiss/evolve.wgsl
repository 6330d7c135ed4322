// Continuous-time Glauber dynamics of whole Curie–Weiss systems for a fixed time, exact in law.
//
// Why counting is enough: the rate of a spin depends on its sign and on the total magnetization alone, so the number u
// of up spins is a Markov chain by itself (births (n − u) p↑(u), deaths u p↓(u)) and, given u, all arrangements of an
// exchangeable start stay equally likely.
// Why it is exact: every rate is at most 1, so each site attempts at rate 1 (uniformisation). In a time t there are
// Poisson(n t) attempts; one attempt raises u with probability (n − u)/n p↑(u), lowers it with u/n p↓(u), and does
// nothing otherwise. One random word decides; the table holds both probabilities for every u, rounded to 2⁻³².
//
// One invocation per replica, state in a register. A chunk is one Poisson number of attempts on its own random stream,
// so results do not depend on the dispatch split.
import package::random::xoshiro::{ Stream, open_stream, next_u32 };
import package::random::poisson::poisson_search;

struct Params {
  replicas: u32,
  first: u32,         // this dispatch does the chunks [first, last)
  last: u32,
  poisson_first: u32,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> poisson: array<u32>;
@group(0) @binding(2) var<storage, read> chain: array<vec2u>;      // [u]: 2³² birth, 2³² − 1 − 2³² death probability
@group(0) @binding(3) var<storage, read_write> ups: array<u32>;    // [replica]

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.replicas) { return; }
  var u = ups[id.x];
  for (var chunk = params.first; chunk < params.last; chunk++) {
    var rng = open_stream(params.stream, id.x, chunk);
    let attempts = poisson_search(next_u32(&rng), params.poisson_first, &poisson);
    for (var k = 0u; k < attempts; k++) {
      let r = next_u32(&rng);
      let threshold = chain[u];
      u += select(0u, 1u, r < threshold.x);
      u -= select(0u, 1u, r > threshold.y);
    }
  }
  ups[id.x] = u;
}
