// Where the up spins are: their numbers in `parts` disjoint parts of `part_spins` sites each.
//
// Given its magnetization, all arrangements of a Curie–Weiss system that started exchangeable are equally likely, so
// the numbers follow a multivariate hypergeometric law: the spins of part after part are drawn without replacement.
// The parts need not fill the lattice. Exact but for 2⁻³² in each draw.
//
// One invocation per replica in [first, last): ups[replica] → counts[replica · parts + part].
import package::random::philox::mul_high;
import package::random::xoshiro::{ Stream, open_stream, next_u32 };

struct Params {
  first: u32,
  last: u32,
  n: u32,
  parts: u32,
  part_spins: u32,
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> ups: array<u32>;
@group(0) @binding(2) var<storage, read_write> counts: array<u32>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let replica = params.first + id.x;
  if (replica >= params.last) { return; }
  var rng = open_stream(params.stream, replica, 0u);
  var up = ups[replica];     // up spins not yet placed
  var sites = params.n;      // sites not yet filled
  for (var part = 0u; part < params.parts; part++) {
    let before = up;
    for (var k = 0u; k < params.part_spins; k++) {
      up -= select(0u, 1u, mul_high(next_u32(&rng), sites) < up);
      sites--;
    }
    counts[replica * params.parts + part] = before - up;
  }
}
