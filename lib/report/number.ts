/** Numbers as a journal prints them: a true minus sign, powers of ten as superscripts, "—" for what is missing. */
import type { Estimate } from "../run/seeds.ts";

export const MISSING = "—";
const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** Outside 0.01 … 999,999 powers of ten are written out. */
const PLAIN_LOW = -2;
const PLAIN_HIGH = 5;
const MAX_DECIMALS = 8;

function present(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** With so many digits behind the point. */
export function formatFixed(value: number, digits: number): string {
  return present(value) ? value.toFixed(digits).replace("-", "−") : MISSING;
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

/** Fixed number of decimals, a true minus, no "−0.00", thousands grouped. */
function fixed(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(Math.min(20, Math.max(0, decimals)));
  const [whole, fraction] = text.split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  const sign = value < 0 && Number(text) !== 0 ? "−" : "";
  return sign + grouped + (fraction ? `.${fraction}` : "");
}

/** `value` with `digits` significant digits: 0.4899, 4.05×10⁻⁴, 12,345; "—" for null, undefined, NaN and ±∞. */
export function formatNumber(value: number | null | undefined, digits = 4): string {
  if (!present(value)) return MISSING;
  if (value === 0) return "0";
  const { mantissa, exponent } = scientific(value, digits);
  if (exponent < PLAIN_LOW || exponent > PLAIN_HIGH) {
    return `${value < 0 ? "−" : ""}${mantissa}×${powerOfTen(exponent)}`;
  }
  return fixed(Number(value.toPrecision(digits)), digits - 1 - exponent);
}

/** A setting or a count as it was given: integers in full, other numbers as short as they are exact to six digits. */
export function formatSetting(value: number): string {
  if (!Number.isFinite(value)) return MISSING;
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return fixed(value, 0);
  return String(Number(value.toPrecision(6))).replace("-", "−");
}

/** Whole numbers below a million in full, others with four significant digits without trailing zeros: what read-outs and fixed ticks show. */
export function shortNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return formatSetting(value);
  return formatNumber(value)
    .replace(/(\.\d*?)0+(?=$|×)/, "$1")
    .replace(/\.(?=$|×)/, "");
}

/** The parts of an estimate: digits of value and interval, and the power of ten that both share. null without an interval. */
function rounded({ value, low, high }: Estimate) {
  if (!present(value) || !present(low) || !present(high) || low === high) return null;
  // Not half the difference, which can be beyond the largest number.
  const halfWidth = Math.abs(high / 2 - low / 2);
  const largest = exponentOf(Math.max(Math.abs(value), halfWidth));
  const scaled = largest < PLAIN_LOW || largest > PLAIN_HIGH ? largest : 0;
  const decimals = Math.min(scaled + 1 - exponentOf(halfWidth), MAX_DECIMALS);
  const show = (number: number) => fixed(scaledBy(number, scaled), decimals);
  const symmetric = Math.abs(high + low - 2 * value) < 0.2 * halfWidth;
  const interval = symmetric ? `± ${show(halfWidth)}` : `[${show(low)}, ${show(high)}]`;
  return { value: show(value), interval, suffix: scaled === 0 ? "" : `×${powerOfTen(scaled)}` };
}

/**
 * An estimate rounded to two significant digits of half its interval, for two columns of a table: "4.10×10⁻⁴" and
 * "± 0.22×10⁻⁴", or "[3.80, 4.70]×10⁻⁴" where it is not symmetric. Without an interval four digits of the value.
 */
export function formatEstimate(estimate: Estimate): { value: string; interval: string } {
  const parts = rounded(estimate);
  if (!parts) return { value: formatNumber(estimate.value), interval: "" };
  return { value: parts.value + parts.suffix, interval: parts.interval + parts.suffix };
}

/** The same for running text: "0.4899 ± 0.0012", "(4.10 ± 0.22)×10⁻⁴", "4.10 [3.80, 4.70]×10⁻⁴". */
export function formatWithInterval(estimate: Estimate): string {
  const parts = rounded(estimate);
  if (!parts) return formatNumber(estimate.value);
  const both = `${parts.value} ${parts.interval}`;
  return parts.suffix && parts.interval.startsWith("±") ? `(${both})${parts.suffix}` : both + parts.suffix;
}
