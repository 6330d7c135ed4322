// Sums of bit planes: 32 numbers 0 … 4 at once, as bits of binary numbers of three digits.

struct Sum { ones: u32, twos: u32, fours: u32 }

// How many of four planes are set, place by place.
fn add_planes(a: u32, b: u32, c: u32, d: u32) -> Sum {
  let odd_a = a ^ b;
  let odd_b = c ^ d;
  let both_a = a & b;
  let both_b = c & d;
  return Sum(odd_a ^ odd_b, both_a ^ both_b ^ (odd_a & odd_b), both_a & both_b);
}

// The same of four sites at once.
struct Sums { ones: vec4u, twos: vec4u, fours: vec4u }

fn add_fours(a: vec4u, b: vec4u, c: vec4u, d: vec4u) -> Sums {
  let odd_a = a ^ b;
  let odd_b = c ^ d;
  let both_a = a & b;
  let both_b = c & d;
  return Sums(odd_a ^ odd_b, both_a ^ both_b ^ (odd_a & odd_b), both_a & both_b);
}
