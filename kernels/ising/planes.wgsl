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

fn masked(n: Sum, mask: u32) -> Sum {
  return Sum(n.ones & mask, n.twos & mask, n.fours & mask);
}

// Σ n
fn total(n: Sum) -> u32 {
  return countOneBits(n.ones) + 2u * countOneBits(n.twos) + 4u * countOneBits(n.fours);
}

// Σ n²; a number with the digit four has no other.
fn total_square(n: Sum) -> u32 {
  return countOneBits(n.ones) + 4u * countOneBits(n.twos) + 4u * countOneBits(n.ones & n.twos) + 16u * countOneBits(n.fours);
}

// Σ a b
fn total_product(a: Sum, b: Sum) -> u32 {
  return total(masked(b, a.ones)) + 2u * total(masked(b, a.twos)) + 4u * total(masked(b, a.fours));
}
