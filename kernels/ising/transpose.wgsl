// Bits of 32 words turned over: bit j of word k becomes bit k of word j. Squares of bits off the diagonal change places, from 16 × 16
// down to 1 × 1 (Warren, Hacker's Delight, section 7-3).
fn transpose(words: ptr<function, array<u32, 32>>) {
  var mask = 0xffffu;
  for (var size = 16u; size > 0u; size >>= 1u) {
    for (var k = 0u; k < 32u; k = (k + size + 1u) & ~size) {
      let moved = (((*words)[k] >> size) ^ (*words)[k + size]) & mask;
      (*words)[k] ^= moved << size;
      (*words)[k + size] ^= moved;
    }
    mask ^= mask << (size >> 1u);
  }
}
