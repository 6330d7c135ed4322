// xoshiro128++ of Blackman & Vigna, "Scrambled linear pseudorandom number generators", ACM TOMS 47 (2021), seeded by
// Philox: the generator of long loops. Twin: lib/random/xoshiro.ts.
//
// A stream has the address (seed, purpose, replica, step, chunk). The chunk is a fixed unit of work of the caller, so
// that the numbers drawn do not depend on how the work is cut into dispatches or batches.
import package::random::philox::philox4x32;
import package::random::philox::mul_high;

struct Stream {
  key: vec2u,      // (seed, purpose)
  replica: u32,    // index of the first replica of this batch
  step: u32,
}

fn open_stream(stream: Stream, replica: u32, chunk: u32) -> vec4u {
  return philox4x32(vec4u(chunk, stream.replica + replica, stream.step, 0u), stream.key);
}

fn rotate_left(x: u32, k: u32) -> u32 {
  return (x << k) | (x >> (32u - k));
}

fn next_u32(state: ptr<function, vec4u>) -> u32 {
  let s = *state;
  let result = rotate_left(s.x + s.w, 7u) + s.x;
  let z = s.z ^ s.x;
  let w = s.w ^ s.y;
  *state = vec4u(s.x ^ w, s.y ^ z, z ^ (s.y << 9u), rotate_left(w, 11u));
  return result;
}

// Uniform in (0, 1], a multiple of 2⁻²⁴: never 0, so that it may go into a logarithm.
fn next_uniform(state: ptr<function, vec4u>) -> f32 {
  return f32((next_u32(state) >> 8u) + 1u) * 0x1p-24f;
}

// Exponential with mean 1.
fn next_exponential(state: ptr<function, vec4u>) -> f32 {
  return -log(next_uniform(state));
}

// Integer uniform on 0 … n − 1, exactly: Lemire, "Fast random integer generation in an interval", ACM TOMACS 29 (2019).
fn next_below(state: ptr<function, vec4u>, n: u32) -> u32 {
  let excess = (0u - n) % n;   // 2³² mod n
  var r = next_u32(state);
  while (r * n < excess) {
    r = next_u32(state);
  }
  return mul_high(r, n);
}

// Integer on 0 … n − 1 by one multiplication, for hot loops: probabilities of events are off by at most 2⁻³².
fn next_site(state: ptr<function, vec4u>, n: u32) -> u32 {
  return mul_high(next_u32(state), n);
}
