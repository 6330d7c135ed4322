// Philox4x32-10 (Salmon et al., SC11, 2011). Twin of kernels/random/philox.wgsl, bit for bit.

/** High 32 bits of the product of two unsigned 32-bit integers. */
export function mulHigh(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const middle = a1 * b0 + ((a0 * b0) >>> 16);
  const cross = a0 * b1 + (middle & 0xffff);
  return (a1 * b1 + Math.floor(middle / 65536) + Math.floor(cross / 65536)) >>> 0;
}

/**
 * Ten Philox rounds over a 128-bit counter with a 64-bit key.
 * `counter`: 4 words, `key`: 2 words (unsigned 32-bit). Returns 4 words.
 */
export function philox4x32(
  counter: readonly [number, number, number, number],
  key: readonly [number, number],
): [number, number, number, number] {
  let [x, y, z, w] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = mulHigh(0xd2511f53, x);
    const low0 = Math.imul(0xd2511f53, x) >>> 0;
    const high1 = mulHigh(0xcd9e8d57, z);
    const low1 = Math.imul(0xcd9e8d57, z) >>> 0;
    x = (high1 ^ y ^ k0) >>> 0;
    y = low1;
    z = (high0 ^ w ^ k1) >>> 0;
    w = low0;
    k0 = (k0 + 0x9e3779b9) >>> 0;
    k1 = (k1 + 0xbb67ae85) >>> 0;
  }
  return [x, y, z, w];
}
