// Attempts of every site of an Ising lattice in a window of time, for glauber_sites.wgsl: their number is Poisson, and given the
// number k of those to come, the next one is at the smallest of k uniform times on what is left of the window.
//
// A clock is one word: the time of the next attempt in units of 2⁻²⁷ of the window, and in the lowest 5 bits how many are to come,
// that one included. A site without attempts to come has the clock 0xffffffff.
import package::ising::lattice::Site;
import package::random::philox::{ philox4x32, mul_high };
import package::random::xoshiro::{ Stream, next_u32 };
import package::gpu::rows::number_in_rows;

const STRIP = 32u;         // sites of an invocation, with one random stream
const NEVER = 0xffffffffu;
const MOST = 31u;          // attempts of one site in one window: more have a probability below 10⁻¹⁵ at a mean of 4

// Streams of the pass `turn` ≥ 1 over the lattice. Streams of open_stream have a last word of 0.
fn strip_stream(stream: Stream, group: u32, strip: u32, turn: u32) -> vec4u {
  return philox4x32(vec4u(strip, stream.replica + 32u * group, stream.step, turn), stream.key);
}

// The clock after `now` of a site with `left` attempts to come.
fn next_clock(now: u32, left: u32, rng: ptr<function, vec4u>) -> u32 {
  var earliest = 0xffffffffu;
  for (var k = 0u; k < left; k++) { earliest = min(earliest, next_u32(rng)); }
  let time = now + mul_high((1u << 27u) - 1u - now, earliest);
  return select((time << 5u) | left, NEVER, left == 0u);
}

// Whether a site whose clock is `mine` comes before its neighbours in the north, south, west and east. Ties, of probability 2⁻²⁷, go by the site's number.
fn comes_first(site: Site, mine: u32, others: vec4u) -> vec4<bool> {
  let numbers = vec4u(site.north, site.south, site.west, site.east);
  return (vec4u(mine) < others) | ((vec4u(mine) == others) & (vec4u(site.here) < numbers));
}

struct Params {
  sites: u32,         // of all groups together
  per_lattice: u32,
  turn: u32,
  poisson: array<vec4u, 8>,   // 2³² P(at most 0, 1, … attempts), rounded; that of MOST and more 2³² − 1
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> clocks: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let strips = (params.per_lattice + STRIP - 1u) / STRIP;
  let index = number_in_rows(id, size, 64u);
  let group = index / strips;
  let strip = index % strips;
  if (group * params.per_lattice >= params.sites) { return; }
  var rng = strip_stream(params.stream, group, strip, params.turn);
  let end = min(params.per_lattice, (strip + 1u) * STRIP);
  for (var site = strip * STRIP; site < end; site++) {
    let word = min(next_u32(&rng), 0xfffffffeu);
    var below = vec4u();
    for (var k = 0u; k < 8u; k++) { below += select(vec4u(), vec4u(1u), vec4u(word) >= params.poisson[k]); }
    let attempts = below.x + below.y + below.z + below.w;
    clocks[group * params.per_lattice + site] = next_clock(0u, attempts, &rng);
  }
}
