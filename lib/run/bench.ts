// Measuring rates: the median over repeats of units per second, and how it is printed.

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

/** One line: name, median rate with its range, the ratio to the baseline of the same run, and a note. */
export function rateLine(name: string, unit: string, rate: Rate, baseline?: Rate, note = ""): string {
  const number = (value: number) => value.toPrecision(3).padStart(9);
  const range = `(${rate.low.toPrecision(2)} … ${rate.high.toPrecision(2)})`;
  const ratio = baseline ? `  ${(rate.median / baseline.median).toPrecision(3)} x baseline` : "";
  return `${name.padEnd(46)} ${number(rate.median)} ${unit}/s ${range}${ratio}${note && `  ${note}`}`;
}
