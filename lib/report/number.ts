/** Numbers as a journal prints them: a true minus sign, powers of ten as superscripts, "—" for what is missing. */
import type { Estimate } from "../run/seeds.ts";

export const MISSING = "—";
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Outside 0.01 … 999,999 powers of ten are written out. */
const PLAIN_LOW = -2;
const PLAIN_HIGH = 5;
/** Beside numbers with powers of ten those from 0.1 to below 100 have none. */
const [NEAR_LOW, NEAR_HIGH] = [-1, 1];
const MAX_DECIMALS = 8;

function present(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** With so many digits behind the point; no "−0.0". */
export function formatFixed(value: number, digits: number): string {
  if (!present(value)) return MISSING;
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `−${text}` : text;
}

/** Decimal digits and power of ten of a number's size, of so many significant digits. Exact down to the smallest number and up to the largest. */
function scientific(value: number, digits: number): { mantissa: string; exponent: number } {
  const [mantissa, power] = Math.abs(value)
    .toExponential(digits - 1)
    .split("e");
  return { mantissa, exponent: Number(power) };
}

function exponentOf(value: number): number {
  return value === 0 ? 0 : scientific(value, 17).exponent;
}

/** Part of a power of ten that a number holds; one division by it can leave the range of numbers. */
const EXTREME = 300;

/** value / 10^exponent. */
function scaledBy(value: number, exponent: number): number {
  const first = Math.max(-EXTREME, Math.min(EXTREME, exponent));
  return value / 10 ** first / 10 ** (exponent - first);
}

/** "10⁻³". */
export function powerOfTen(exponent: number): string {
  const digits = [...String(Math.abs(exponent))].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
  return `10${exponent < 0 ? "⁻" : ""}${digits}`;
}

/** "×10⁻³", nothing for 10⁰. */
function times(exponent: number): string {
  return exponent === 0 ? "" : `×${powerOfTen(exponent)}`;
}

/** Fixed number of decimals, a true minus, no "−0.00", thousands grouped. */
function fixed(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(Math.min(20, Math.max(0, decimals)));
  const [whole, fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const sign = value < 0 && Number(text) !== 0 ? "−" : "";
  return sign + grouped + (fraction ? `.${fraction}` : "");
}

/** Plain digits, powers of ten but for numbers near 1, or what is shorter for the number at hand. */
export type Notation = "plain" | "powers" | "auto";

/** Whether a number of this power of ten is written with it. */
function hasPower(exponent: number, notation: Notation): boolean {
  if (notation === "powers") return exponent < NEAR_LOW || exponent > NEAR_HIGH;
  return notation === "auto" && (exponent < PLAIN_LOW || exponent > PLAIN_HIGH);
}

/** Whether a number of this size is written with a power of ten where that is left to it. */
function needsPower(value: number, digits: number): boolean {
  return value !== 0 && hasPower(scientific(value, digits).exponent, "auto");
}

/** `value` with `digits` significant digits: 0.4899, 4.050×10⁻⁴, 12,350; "—" for null, undefined, NaN and ±∞. */
export function formatNumber(value: number | null | undefined, digits = 4, notation: Notation = "auto"): string {
  if (!present(value)) return MISSING;
  if (value === 0) return "0";
  const { mantissa, exponent } = scientific(value, digits);
  if (hasPower(exponent, notation)) {
    return `${value < 0 ? "−" : ""}${mantissa}${times(exponent)}`;
  }
  return fixed(Number(value.toPrecision(digits)), digits - 1 - exponent);
}

/** A setting or a count as it was given: integers in full, other numbers as short as they are exact to six digits. */
export function formatSetting(value: number): string {
  if (!Number.isFinite(value)) return MISSING;
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return fixed(value, 0);
  return String(Number(value.toPrecision(6))).replace("-", "−");
}

/** Whole numbers below a milliard in full, others with four significant digits without trailing zeros: what read-outs and fixed ticks show. */
export function shortNumber(value: number): string {
  if (isCount(value)) return formatSetting(value);
  return formatNumber(value)
    .replace(/(\.\d*?)0+(?=$|×)/, "$1")
    .replace(/\.(?=$|×)/, "");
}

/** Whole numbers that are printed in full. */
export function isCount(value: number): boolean {
  return Number.isInteger(value) && Math.abs(value) < 1e9;
}

/** Ends of an interval that lie so many times closer to the value on one side than on the other are not written as ±. */
const SKEW = 0.2;
/** Digits beyond those that half the interval is worth, for the sake of the nearer end. */
const EXTRA_DIGITS = 3;

interface Rounded {
  value: string;
  interval: string;
  /** The power of ten that value and interval share, "" for none. */
  suffix: string;
}

function hasInterval({ value, low, high }: Estimate): boolean {
  return present(value) && present(low) && present(high) && low !== high;
}

/** Not half the difference, which can be beyond the largest number. */
const halfWidthOf = ({ low, high }: Estimate) => Math.abs(high / 2 - low / 2);

/** The power of ten by which value and interval are divided where they are written with one: that of a positive value far from an end. */
function sharedExponent(estimate: Estimate): number {
  const { value, low } = estimate;
  if (low > 0 && isSkew(estimate)) return exponentOf(value);
  return exponentOf(Math.max(Math.abs(value), halfWidthOf(estimate)));
}

/** Intervals of a few seeds that reach over so large a factor say nothing: the seeds themselves do. */
const VAGUE = 1000;
const FEW = 5;

function isVague({ low, high, seeds = [] }: Estimate): boolean {
  return seeds.length > 1 && seeds.length <= FEW && seeds.every(present) && low > 0 && high / low > VAGUE;
}

function isSkew(estimate: Estimate): boolean {
  const { value, low, high } = estimate;
  return !(Math.abs(high / 2 + low / 2 - value) < (SKEW / 2) * halfWidthOf(estimate));
}

/** Digits of value and interval, and the power of ten that both share. null without an interval. */
function rounded(estimate: Estimate, notation: Notation): Rounded | null {
  if (!hasInterval(estimate)) return null;
  const { value, low, high } = estimate;
  if (isVague(estimate)) {
    const own = (number: number) => formatNumber(number, 2, notation === "plain" ? "auto" : notation);
    return { value: own(value), interval: `(seeds ${(estimate.seeds ?? []).map(own).join(", ")})`, suffix: "" };
  }
  const largest = sharedExponent(estimate);
  const scaled = hasPower(largest, notation) ? largest : 0;
  const halfWidth = halfWidthOf(estimate);
  const coarse = scaled + 1 - exponentOf(halfWidth);
  const show = (number: number, decimals: number) => fixed(scaledBy(number, scaled), Math.min(decimals, MAX_DECIMALS));
  const suffix = times(scaled);
  if (!isSkew(estimate) && coarse > MAX_DECIMALS) {
    return {
      value: formatNumber(value, MAX_DECIMALS, notation),
      interval: `± ${formatNumber(halfWidth, 2)}`,
      suffix: "",
    };
  }
  if (!isSkew(estimate)) return { value: show(value, coarse), interval: `± ${show(halfWidth, coarse)}`, suffix };
  // Two digits of the distance to the nearer end, and one at least of every number: rounded to the same decimals they keep their order.
  const distances = [Math.abs(value - low), Math.abs(high - value)].filter((distance) => distance > 0);
  const fine = scaled + 1 - exponentOf(Math.min(halfWidth, ...distances));
  const first = [value, low, high].filter((number) => number !== 0).map((number) => scaled - exponentOf(number));
  const least = Math.max(...first);
  const decimals = Math.max(Math.min(fine, coarse + EXTRA_DIGITS), least);
  if (least <= Math.min(coarse + EXTRA_DIGITS, MAX_DECIMALS)) {
    return { value: show(value, decimals), interval: `[${show(low, decimals)}, ${show(high, decimals)}]`, suffix };
  }
  // Ends of so different size need notations of their own.
  const own = (number: number) => formatNumber(number, 2, notation === "plain" ? "auto" : notation);
  return { value: own(value), interval: `[${own(low)}, ${own(high)}]`, suffix: "" };
}

/** One notation for all numbers of a column: powers of ten where any of them needs one. */
export function commonNotation(values: readonly (number | Estimate)[]): Notation {
  const needs = (one: number | Estimate | null): boolean => {
    if (typeof one === "number" || one === null) return present(one) && !isCount(one) && needsPower(one, 4);
    return hasInterval(one) && !isVague(one) ? hasPower(sharedExponent(one), "auto") : needs(one.value);
  };
  return values.some(needs) ? "powers" : "plain";
}

/**
 * An estimate rounded to two significant digits of half its interval, for two columns of a table: "4.10×10⁻⁴" and
 * "± 0.22×10⁻⁴", or "[3.80, 4.70]×10⁻⁴" where it is not symmetric, with digits for the nearer end. Every printed end lies on its side of the
 * printed value, and is not 0 unless it is. Without an interval four digits of the value. The values of a few seeds, "(seeds 1.0×10⁻⁷, 2.0×10⁻⁵,
 * 4.0×10⁻³)", where their interval reaches over a factor of more than 1000.
 */
export function formatEstimate(estimate: Estimate, notation: Notation = "auto"): { value: string; interval: string } {
  const parts = rounded(estimate, notation);
  if (!parts) return { value: formatNumber(estimate.value, 4, notation), interval: "" };
  return { value: parts.value + parts.suffix, interval: parts.interval + parts.suffix };
}

/** The same for running text: "0.4899 ± 0.0012", "(4.10 ± 0.22)×10⁻⁴", "4.10 [3.80, 4.70]×10⁻⁴". */
export function formatWithInterval(estimate: Estimate, notation: Notation = "auto"): string {
  const parts = rounded(estimate, notation);
  if (!parts) return formatNumber(estimate.value, 4, notation);
  const both = `${parts.value} ${parts.interval}`;
  return parts.suffix && parts.interval.startsWith("±") ? `(${both})${parts.suffix}` : both + parts.suffix;
}
