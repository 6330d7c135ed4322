// Standard normal numbers in pairs: Box & Muller, Ann. Math. Stat. 29, 610 (1958).
// WGSL promises only 2⁻¹¹ for sin and cos, so the angle is cut exactly into octants by integer bits and sine and cosine
// come from Taylor polynomials on [0, π/4]: absolute error below 3·10⁻⁷. The radius uses 32 bits of the other word, so
// that tails reach 6.6 standard deviations. Twin: lib/random/normal.ts.

fn normal_pair(a: u32, b: u32) -> vec2f {
  let u = min((f32(a) + 1.0) * 0x1p-32f, 1.0);
  let radius = sqrt(max(-2.0 * log(u), 0.0));
  // Top three bits: swap, sign of the cosine, sign of the sine. The other 29 bits: the angle within an octant.
  let x = (f32((b & 0x1fffffffu) >> 5u) + 0.5) * (0.78539816339744831 * 0x1p-24f);
  let x2 = x * x;
  let sine = x * (1.0 - x2 * (0.16666666666666667 - x2 * (0.0083333333333333333 - x2 * 0.00019841269841269841)));
  let cosine = 1.0 - x2 * (0.5 - x2 * (0.041666666666666667 - x2 * (0.0013888888888888889 - x2 * 0.0000248015873015873)));
  let swap = (b >> 31u) == 1u;
  let first = select(cosine, sine, swap);
  let second = select(sine, cosine, swap);
  return radius * vec2f(
    select(first, -first, (b & 0x40000000u) != 0u),
    select(second, -second, (b & 0x20000000u) != 0u),
  );
}
