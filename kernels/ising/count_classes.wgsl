// How many sites of Ising lattices are in each of the ten classes (spin s, number u of up neighbours): all sites of a class flip at one rate, and
// change magnetization and unlike bonds alike, so that these numbers give both and their generator at any temperature and field
// (lib/systems/ising.ts).
//
// spins[32 lattices][site], bit r of a word for lattice r. One invocation per 32 lattices and chunk of sites: it counts in bit planes, 32 lattices
// at once, four sites at a time. Exact.
import package::ising::lattice::site_at;
import constants::CHUNK;   // sites of a chunk, below 2¹²
import package::gpu::rows::number_in_rows;

struct Params {
  first: u32,         // this dispatch does the chunks [first, last), those of 32 lattices after each other
  last: u32,
  lattices: u32,
  side: u32,          // even
  chunks: u32,        // of one lattice
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> spins: array<u32>;
@group(0) @binding(2) var<storage, read_write> counts: array<atomic<u32>>;   // [lattice][5 · (s is up) + u], 0 at first

// Of 32 lattices, numbers below 2¹² as binary digits in planes. Not an array: places that are known beforehand stay in registers.
struct Counter { low: vec4u, middle: vec4u, high: vec4u }

fn majority(a: u32, b: u32, c: u32) -> u32 {
  return (a & b) | (c & (a ^ b));
}

// With four planes more.
fn counted(counter: Counter, m: vec4u) -> Counter {
  var c = counter;
  let first = majority(c.low.x, m.x, m.y);
  let ones = c.low.x ^ m.x ^ m.y;
  let second = majority(ones, m.z, m.w);
  c.low.x = ones ^ m.z ^ m.w;
  var carry = majority(c.low.y, first, second);
  c.low.y ^= first ^ second;
  var before = c.low.z;
  c.low.z ^= carry;
  carry &= before;
  before = c.low.w;
  c.low.w ^= carry;
  carry &= before;
  before = c.middle.x;
  c.middle.x ^= carry;
  carry &= before;
  before = c.middle.y;
  c.middle.y ^= carry;
  carry &= before;
  before = c.middle.z;
  c.middle.z ^= carry;
  carry &= before;
  before = c.middle.w;
  c.middle.w ^= carry;
  carry &= before;
  before = c.high.x;
  c.high.x ^= carry;
  carry &= before;
  before = c.high.y;
  c.high.y ^= carry;
  carry &= before;
  before = c.high.z;
  c.high.z ^= carry;
  carry &= before;
  c.high.w ^= carry;
  return c;
}

// Row and column of the next two sites of a row: sides are even.
fn next_pair(pair: vec2u, side: u32) -> vec2u {
  return select(pair + vec2u(0u, 2u), vec2u(pair.x + 1u, 0u), pair.y + 2u == side);
}

// The number of lattice r.
fn number(c: Counter, r: u32) -> u32 {
  let places = vec4u(0u, 1u, 2u, 3u);
  let digits = (((c.low >> vec4u(r)) & vec4u(1u)) << places) | (((c.middle >> vec4u(r)) & vec4u(1u)) << (places + 4u)) |
    (((c.high >> vec4u(r)) & vec4u(1u)) << (places + 8u));
  return digits.x | digits.y | digits.z | digits.w;
}

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let index = params.first + number_in_rows(id, size, 8u);
  if (index >= params.last) { return; }
  let side = params.side;
  let group = index / params.chunks;
  let base = group * side * side;
  let first = (index % params.chunks) * CHUNK;
  let last = min(first + CHUNK, side * side);
  var pair = vec2u(first / side, first % side);
  var down0 = Counter();
  var down1 = Counter();
  var down2 = Counter();
  var down3 = Counter();
  var down4 = Counter();
  var up0 = Counter();
  var up1 = Counter();
  var up2 = Counter();
  var up3 = Counter();
  var up4 = Counter();
  for (var site = first; site < last; site += 4u) {
    let a = site_at(base, side, pair.x, pair.y);
    let b = site_at(base, side, pair.x, pair.y + 1u);
    pair = next_pair(pair, side);
    let c = site_at(base, side, pair.x, pair.y);
    let d = site_at(base, side, pair.x, pair.y + 1u);
    pair = next_pair(pair, side);
    let s = vec4u(spins[a.here], spins[b.here], spins[c.here], spins[d.here]);
    let west = vec4u(spins[a.west], s.x, spins[c.west], s.z);
    let east = vec4u(s.y, spins[b.east], s.w, spins[d.east]);
    let north = vec4u(spins[a.north], spins[b.north], spins[c.north], spins[d.north]);
    let south = vec4u(spins[a.south], spins[b.south], spins[c.south], spins[d.south]);
    // As add_planes, four sites at once.
    let odd_a = north ^ south;
    let odd_b = west ^ east;
    let ones = odd_a ^ odd_b;
    let both_a = north & south;
    let both_b = west & east;
    let twos = both_a ^ both_b ^ (odd_a & odd_b);
    let fours = both_a & both_b;
    let none = ~(ones | twos | fours);
    down0 = counted(down0, none & ~s);
    up0 = counted(up0, none & s);
    down1 = counted(down1, ones & ~twos & ~s);
    up1 = counted(up1, ones & ~twos & s);
    down2 = counted(down2, twos & ~ones & ~s);
    up2 = counted(up2, twos & ~ones & s);
    down3 = counted(down3, ones & twos & ~s);
    up3 = counted(up3, ones & twos & s);
    down4 = counted(down4, fours & ~s);
    up4 = counted(up4, fours & s);
  }
  for (var r = 0u; r < min(32u, params.lattices - 32u * group); r++) {
    let at = 10u * (32u * group + r);
    atomicAdd(&counts[at], number(down0, r));
    atomicAdd(&counts[at + 1u], number(down1, r));
    atomicAdd(&counts[at + 2u], number(down2, r));
    atomicAdd(&counts[at + 3u], number(down3, r));
    atomicAdd(&counts[at + 4u], number(down4, r));
    atomicAdd(&counts[at + 5u], number(up0, r));
    atomicAdd(&counts[at + 6u], number(up1, r));
    atomicAdd(&counts[at + 7u], number(up2, r));
    atomicAdd(&counts[at + 8u], number(up3, r));
    atomicAdd(&counts[at + 9u], number(up4, r));
  }
}
