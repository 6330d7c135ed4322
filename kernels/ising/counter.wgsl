// Counting in bit planes: 32 numbers below 2⁸ at once, as binary digits in planes. Not an array: places that are known beforehand stay in
// registers.

struct Counter { low: vec4u, high: vec4u }

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
