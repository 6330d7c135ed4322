// Residence-time Monte Carlo of vacancies (Bortz, Kalos & Lebowitz, J. Comput. Phys. 17, 10 (1975)): a jump to neighbour d at the rate
//   r_d = exp((E_0 − E_d)/kT)   per unit of time e^{E_0/kT}/ν, none into another vacancy; the state lasts −ln(u)/Σ r.
// One invocation per walker, a lattice with `mobile` vacancies that move; others in it stay. It walks as long as it finds
// the barriers of all its vacancies in the cache, at most `most` jumps; a vacancy in surroundings that are new to it gets a slot with these and stands
// in the list, whose barriers another kernel evaluates before the next call. So the same jumps come out however calls are cut.
//
// Of each vacancy a number of slots is kept, found by a hash of its surroundings, which are compared whole. The way straight back (28 … 84 % of
// all jumps) does not even need the surroundings: the rates before a jump stay beside those behind it.
// The clock is a sum of two f32 (Kahan, CACM 8, 40 (1965)): its error does not grow with the number of jumps.
import package::random::xoshiro::next_u32;
import package::nbmota::lattice::{ place_of, site_at, pair_of };
import package::nbmota::cache::{ SLOT, FILLED, BARRIERS };
import package::nbmota::walker::{ Walker, RATES, SUM, BEHIND, SIDE, BACK };

struct Params {
  walkers: u32,
  cells: u32,
  words: u32,          // of a lattice
  mobile: u32,
  slots: u32,          // of a vacancy, a power of two
  capacity: u32,       // of the list
  most: u32,
  jumps: u32,          // a walker ends after so many,
  time: f32,           // or when so much time is over
  reference: f32,      // E_0, eV
  beta: f32,           // 1/kT, 1/eV
  still: u32,          // 1: the rates of the states as they are, nothing moves
  sites: u32,          // 16, of a word of the environment
}

struct Reach {
  offsets: array<vec4i, 112>,    // places around a vacancy
  jumps: array<vec4i, 8>,        // w: number among the offsets
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<uniform> reach: Reach;
@group(0) @binding(2) var<storage, read_write> walkers: array<Walker>;
@group(0) @binding(3) var<storage, read_write> lattice: array<u32>;      // [walker][words]
@group(0) @binding(4) var<storage, read_write> vacancies: array<u32>;    // [walker][mobile], sites
@group(0) @binding(5) var<storage, read_write> bonds: array<i32>;        // [walker][6], nearest neighbours of each pair of types
@group(0) @binding(6) var<storage, read_write> rates: array<f32>;        // [walker][mobile][RATES], see walker.wgsl
@group(0) @binding(7) var<storage, read_write> cache: array<u32>;        // [walker][mobile][slots][SLOT]
@group(0) @binding(8) var<storage, read_write> list: array<atomic<u32>>; // slots listed, walkers that are not done, 0, 0, then slots
@if(SUMS) @group(0) @binding(9) var<storage, read_write> sums: array<f32>;   // [walker][6 + 21], see `add_rates`
@if(LOG) @group(0) @binding(10) var<storage, read_write> history: array<vec2u>;   // [walker][jumps]: time before the jump as f32, 8 · site + direction

fn type_at(walker: u32, site: u32) -> u32 {
  return (lattice[walker * params.words + (site >> 4u)] >> (2u * (site & 15u))) & 3u;
}

fn put(walker: u32, site: u32, kind: u32) {
  let word = walker * params.words + (site >> 4u);
  let shift = 2u * (site & 15u);
  lattice[word] = (lattice[word] & ~(3u << shift)) | (kind << shift);
}

// Number of neighbours of each type, in bytes.
fn neighbours(walker: u32, place: vec3i) -> u32 {
  var count = 0u;
  for (var d = 0u; d < 8u; d++) {
    count += 1u << (8u * type_at(walker, site_at(place + reach.jumps[d].xyz, params.cells)));
  }
  return count;
}

// How many bonds of the atom type `kind` to types 1, 2, 3 there are more when such an atom leaves a place with `old` neighbours for an
// empty one with `now`, beside it.
fn change(kind: u32, old: u32, now: u32) -> vec3i {
  let shift = vec3u(8u, 16u, 24u);
  let gained = vec3i((vec3u(now) >> shift) & vec3u(255u)) - vec3i((vec3u(old) >> shift) & vec3u(255u));
  return gained - select(vec3i(0), vec3i(1), vec3u(kind) == vec3u(1u, 2u, 3u));
}

// Where the rates of a vacancy as it stands begin.
fn rates_of(number: u32) -> u32 {
  let first = number * RATES;
  return first + u32(rates[first + SIDE]) * BEHIND;
}

// Rates of a vacancy from the cache; the sum, or −1 where it has to be evaluated first.
fn refresh(walker: u32, vacancy: u32) -> f32 {
  let place = place_of(vacancies[walker * params.mobile + vacancy], params.cells);
  var key: array<u32, 7>;
  var hash = 0u;
  for (var k = 0u; k < 7u; k++) {
    var word = 0u;
    for (var j = 0u; j < params.sites; j++) {
      word |= type_at(walker, site_at(place + reach.offsets[16u * k + j].xyz, params.cells)) << (2u * j);
    }
    key[k] = word;
    hash = (hash ^ word) * 0x9e3779b1u;
    hash ^= hash >> 15u;
  }
  let number = (walker * params.mobile + vacancy) * params.slots + (hash & (params.slots - 1u));
  let slot = number * SLOT;
  var known = cache[slot + FILLED] == 1u;
  for (var k = 0u; k < 7u; k++) { known = known && cache[slot + k] == key[k]; }
  if (!known) {
    let at = atomicAdd(&list[0], 1u);
    if (at < params.capacity) {
      atomicStore(&list[4u + at], number);
      for (var k = 0u; k < 7u; k++) { cache[slot + k] = key[k]; }
      cache[slot + FILLED] = 1u;
    }
    return -1.0;
  }
  let to = rates_of(walker * params.mobile + vacancy);
  var sum = 0.0;
  for (var d = 0u; d < 8u; d++) {
    let site = u32(reach.jumps[d].w);
    let kind = (cache[slot + (site >> 4u)] >> (2u * (site & 15u))) & 3u;
    let barrier = bitcast<f32>(cache[slot + BARRIERS + d]);
    let rate = select(exp(clamp((params.reference - barrier) * params.beta, -80.0, 80.0)), 0.0, kind == 0u);
    rates[to + d] = rate;
    sum += rate;
  }
  rates[to + SUM] = sum;
  return sum;
}

// Adds to the sums: bonds gained per time of each pair, Σ r Δ, and Σ r Δ Δᵀ, its upper triangle row by row, both for `time`.
@if(SUMS) fn add_rates(walker: u32, time: f32) {
  var drift: array<f32, 6>;
  var square: array<f32, 21>;
  for (var k = 0u; k < 6u; k++) { drift[k] = 0.0; }
  for (var k = 0u; k < 21u; k++) { square[k] = 0.0; }
  for (var m = 0u; m < params.mobile; m++) {
    let place = place_of(vacancies[walker * params.mobile + m], params.cells);
    let around = neighbours(walker, place);
    let own = rates_of(walker * params.mobile + m);
    for (var d = 0u; d < 8u; d++) {
      let rate = time * rates[own + d];
      let there = place_of(site_at(place + reach.jumps[d].xyz, params.cells), params.cells);
      let kind = type_at(walker, site_at(there, params.cells));
      let gained = change(kind, neighbours(walker, there), around);
      var delta: array<f32, 6>;
      for (var p = 0u; p < 6u; p++) {
        var g = 0;
        g = select(g, gained.x, p == pair_of(kind, 1u));
        g = select(g, gained.y, p == pair_of(kind, 2u));
        g = select(g, gained.z, p == pair_of(kind, 3u));
        delta[p] = select(0.0, f32(g), kind != 0u);
      }
      var at = 0u;
      for (var p = 0u; p < 6u; p++) {
        drift[p] += rate * delta[p];
        for (var q = p; q < 6u; q++) {
          square[at] += rate * delta[p] * delta[q];
          at++;
        }
      }
    }
  }
  for (var k = 0u; k < 6u; k++) { sums[walker * 27u + k] += drift[k]; }
  for (var k = 0u; k < 21u; k++) { sums[walker * 27u + 6u + k] += square[k]; }
}

// Uniform in (0, 1], fine near 0.
fn fine_uniform(state: ptr<function, vec4u>) -> f32 {
  return min((f32(next_u32(state)) + 1.0) * 0x1p-32f, 1.0);
}

// Whether a vacancy at `site` sees a place.
fn sees(site: u32, place: vec3i) -> bool {
  let size = i32(2u * params.cells);
  let apart = abs(place_of(site, params.cells) - place);
  let near = min(apart, vec3i(size) - apart);
  return dot(near, near) <= 21;
}

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let walker = id.x;
  if (walker >= params.walkers) { return; }
  var me = walkers[walker];
  if (me.over == 1u) { return; }
  let first = walker * params.mobile;
  for (var step = 0u; step < params.most; step++) {
    var total = 0.0;
    var unknown = false;
    for (var m = 0u; m < params.mobile; m++) {
      var sum = rates[rates_of(first + m) + SUM];
      if (sum < 0.0) { sum = refresh(walker, m); }
      unknown = unknown || sum < 0.0;
      total += sum;
    }
    if (unknown) { break; }
    var random = me.random;
    let lasts = select(3e38, -log(fine_uniform(&random)) / max(total, 1e-35), total > 0.0);
    var pick = fine_uniform(&random) * total;
    me.random = random;
    let left = (params.time - me.clock) - me.lost;
    let last = lasts >= left || params.still == 1u;
    @if(SUMS) { add_rates(walker, select(min(lasts, left), 1.0, params.still == 1u)); }
    let passed = min(lasts, left) + me.lost;
    let clock = me.clock + passed;
    me.lost = passed - (clock - me.clock);
    me.clock = clock;
    if (last) {
      me.over = 1u;
      break;
    }
    // The vacancy, then the direction, the one of the largest rate last of all: numbers are finest near 0, so that jumps that are rare beside
    // one usual one come out with their own probability down to 2⁻³². Behind another sizeable one it is off by up to 2⁻²⁵.
    var which = 0u;
    var largest = -1.0;
    for (var m = 0u; m < params.mobile; m++) {
      let sum = rates[rates_of(first + m) + SUM];
      which = select(which, m, sum > largest);
      largest = max(largest, sum);
    }
    let busiest = which;
    var found = false;
    for (var m = 0u; m < params.mobile; m++) {
      let sum = rates[rates_of(first + m) + SUM];
      if (!found && m != busiest) {
        found = pick < sum;
        which = select(which, m, found);
        pick = select(pick - sum, pick, found);
      }
    }
    let own = rates_of(first + which);
    var direction = 0u;
    largest = -1.0;
    for (var d = 0u; d < 8u; d++) {
      let rate = rates[own + d];
      direction = select(direction, d, rate > largest);
      largest = max(largest, rate);
    }
    let usual = direction;
    found = false;
    for (var d = 0u; d < 8u; d++) {
      let rate = rates[own + d];
      if (!found && d != usual) {
        found = pick < rate;
        direction = select(direction, d, found);
        pick = select(pick - rate, pick, found);
      }
    }
    let here = vacancies[first + which];
    let place = place_of(here, params.cells);
    let to = site_at(place + reach.jumps[direction].xyz, params.cells);
    let there = place_of(to, params.cells);
    let kind = type_at(walker, to);
    let gained = change(kind, neighbours(walker, there), neighbours(walker, place));
    for (var other = 1u; other <= 3u; other++) { bonds[walker * 6u + pair_of(kind, other)] += gained[other - 1u]; }
    put(walker, here, kind);
    put(walker, to, 0u);
    vacancies[first + which] = to;
    // The rates that it leaves stay behind; those ahead are known if it goes back.
    let record = (first + which) * RATES;
    rates[record + SIDE] = 1.0 - rates[record + SIDE];
    if (f32(direction) != rates[record + BACK]) { rates[rates_of(first + which) + SUM] = -1.0; }
    rates[record + BACK] = f32(7u - direction);
    for (var m = 0u; m < params.mobile; m++) {
      if (m == which) { continue; }
      let site = vacancies[first + m];
      let other = (first + m) * RATES;
      rates[other + BACK] = 8.0;
      if (sees(site, place) || sees(site, there)) { rates[rates_of(first + m) + SUM] = -1.0; }
    }
    @if(LOG) { history[walker * params.jumps + me.jumps] = vec2u(bitcast<u32>(lasts), 8u * to + direction); }
    me.jumps++;
    if (me.jumps >= params.jumps) {
      me.over = 1u;
      break;
    }
  }
  walkers[walker] = me;
  if (me.over == 0u) { atomicAdd(&list[1], 1u); }
}
