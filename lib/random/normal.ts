// Standard normal pairs by Box and Muller. Twin of kernels/random/normal.wgsl, in float64.

/**
 * Two independent standard normal numbers from two words. The kernel agrees to about 4·10⁻⁶ absolutely
 * (its logarithm and square root are float32).
 */
export function normalPair(a: number, b: number): [number, number] {
  const u = Math.min((Math.fround(a) + 1) * 2 ** -32, 1);
  const radius = Math.sqrt(-2 * Math.log(u));
  const angle = (((b & 0x1fffffff) >>> 5) + 0.5) * (Math.PI / 4) * 2 ** -24;
  const swap = b >>> 31 === 1;
  const first = swap ? Math.sin(angle) : Math.cos(angle);
  const second = swap ? Math.cos(angle) : Math.sin(angle);
  return [radius * ((b & 0x40000000) !== 0 ? -first : first), radius * ((b & 0x20000000) !== 0 ? -second : second)];
}
