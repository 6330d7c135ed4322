// Measuring rates: the median over repeats of units per second, and how it is printed.
import { short } from "./text-table.ts";

export interface Rate {
  /** Units per second: median over repeats. */
  readonly median: number;
  /** Slowest and fastest repeat. */
  readonly low: number;
  readonly high: number;
}

/** Runs `work` (which does `units` units) once to warm up and then `repeats` times. */
export async function measureRate(units: number, work: () => Promise<unknown>, repeats = 5): Promise<Rate> {
  await work();
  const rates: number[] = [];
  for (let k = 0; k < repeats; k++) {
    const start = performance.now();
    await work();
    rates.push((1000 * units) / (performance.now() - start));
  }
  return rateOf(rates);
}

/** Median and range of rates measured one by one; at least one. */
export function rateOf(rates: readonly number[]): Rate {
  const sorted = rates.toSorted((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)], low: sorted[0], high: sorted[sorted.length - 1] };
}

/** The same work counted in other units, `per` of them for one. */
export function scaled({ median, low, high }: Rate, per: number): Rate {
  return { median: median * per, low: low * per, high: high * per };
}

/** Columns of a line: what was measured, its rate, its unit, and between which the repeats lie. */
const [NAME, NUMBER, UNIT, RANGE] = [48, 8, 12, 18];

/** What the columns of lines are. */
export const RATE_HEAD = `${"".padEnd(NAME)}${"median".padStart(NUMBER)} ${"per second".padEnd(UNIT)}${"slowest – fastest".padEnd(RANGE)}× 1 thread`;

/** One line: name, median rate with its range, and the ratio to the baseline of the same run; `quoted`: lines beneath it. */
export function rateLine(
  name: string,
  unit: string,
  rate: Rate,
  baseline?: Rate,
  quoted: readonly string[] = [],
): string {
  const range = `${short(Number(rate.low.toPrecision(2)))} – ${short(Number(rate.high.toPrecision(2)))}`;
  const ratio = baseline ? `${short(rate.median / baseline.median)} ×` : "";
  const line = `${name.padEnd(NAME)}${short(rate.median).padStart(NUMBER)} ${unit.padEnd(UNIT)}${range.padEnd(RANGE)}${ratio}`;
  return [line.trimEnd(), ...quoted.map((text) => `      ${text}`)].join("\n");
}
