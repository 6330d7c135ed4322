/** Beyond so many decades only whole powers are marked. */
const DECADES = 20;
/** An axis has so many labels at least, where it has marks for them. */
const LABELS = 3;

/**
 * Where a logarithmic axis from `min` to `max` is marked: powers of two, or one to nine times powers of ten, and finer where that is fewer than three;
 * nowhere for a range that has no logarithm. (uPlot's own marks never end for some ranges of small numbers.)
 */
export function logTicks(min: number, max: number, base: 2 | 10): number[] {
  if (!(min > 0 && max >= min && Number.isFinite(max))) return [];
  const [first, last] = [min, max].map((end) => Math.floor(Math.log(end) / Math.log(base) + 1e-9));
  const powers = Array.from({ length: last - first + 1 }, (_, k) => first + k);
  const digits = base === 10 && powers.length <= DECADES ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : [1];
  const value = (digit: number, power: number) => (base === 2 ? 2 ** power : Number(`${digit}e${power}`));
  const ticks = powers
    .flatMap((power) => digits.map((digit) => value(digit, power)))
    .filter((tick) => tick >= min * (1 - 1e-9) && tick <= max * (1 + 1e-9));
  return base === 10 && ticks.length < LABELS && max > min * (1 + 1e-6) ? evenTicks(min, max) : ticks;
}

/** Multiples of 1, 2 or 5 times a power of ten from `min` to `max`: three to nine. */
function evenTicks(min: number, max: number): number[] {
  const power = Math.floor(Math.log10((max - min) / LABELS));
  const step = [5, 2, 1].map((digit) => digit * 10 ** power).find((one) => (max - min) / one >= LABELS) ?? 10 ** power;
  const first = Math.ceil(min / step - 1e-9);
  const count = Math.floor(max / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** Leading digits of the ticks that have labels: the fewest of these that give enough. */
const LABELLED = [[1], [1, 2, 5], [1, 2, 3, 5, 7]];

/** Those of the `ticks` of a logarithmic axis of base ten that have labels: whole powers alone where they are two decades or more. */
export function labelledTicks(ticks: readonly number[]): number[] {
  const decades = Math.log10((ticks.at(-1) ?? 1) / (ticks[0] ?? 1));
  const choices = decades < 2 - 1e-9 ? LABELLED.slice(1) : LABELLED;
  const chosen = choices.map((digits) => ticks.filter((tick) => digits.includes(leadingDigit(tick))));
  return chosen.find((some) => some.length >= LABELS) ?? [...ticks];
}

/** 2 of 0.02, 2.5 of 25. */
function leadingDigit(tick: number): number {
  return Number(tick.toExponential(9).split("e")[0]);
}
