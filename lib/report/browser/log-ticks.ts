/** Beyond so many decades only whole powers are marked. */
const DECADES = 20;

/**
 * Where a logarithmic axis from `min` to `max` is marked: powers of two, or one to nine times powers of ten; nowhere for a range that has no
 * logarithm. (uPlot's own marks never end for some ranges of small numbers.)
 */
export function logTicks(min: number, max: number, base: 2 | 10): number[] {
  if (!(min > 0 && max >= min && Number.isFinite(max))) return [];
  const [first, last] = [min, max].map((end) => Math.floor(Math.log(end) / Math.log(base) + 1e-9));
  const powers = Array.from({ length: last - first + 1 }, (_, k) => first + k);
  const digits = base === 10 && powers.length <= DECADES ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : [1];
  const value = (digit: number, power: number) => (base === 2 ? 2 ** power : Number(`${digit}e${power}`));
  return powers
    .flatMap((power) => digits.map((digit) => value(digit, power)))
    .filter((tick) => tick >= min * (1 - 1e-9) && tick <= max * (1 + 1e-9));
}
