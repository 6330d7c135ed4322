// How fast work goes on, for the time that is left of it.

/** How fast a count grows, over the later half of the time since it first grew: what comes before that, such as a compiler's work, says nothing of the rest. */
export class Speed {
  readonly #seen: { time: number; count: number }[] = [];

  /** So many units are done, at a time in seconds. */
  at(time: number, count: number): void {
    this.#seen.push({ time, count });
    // Every second of the older ones is enough.
    if (this.#seen.length > 400) this.#seen.splice(0, 200, ...this.#seen.slice(0, 200).filter((_, k) => k % 2 === 0));
  }

  /** Units per second; NaN where that is not known. */
  get rate(): number {
    const seen = this.#seen;
    if (seen.length < 2) return Number.NaN;
    const [first, last] = [seen[0], seen[seen.length - 1]];
    const middle = (first.time + last.time) / 2;
    const from = seen.findLast(({ time }) => time <= middle) ?? first;
    return (last.count - from.count) / (last.time - from.time);
  }

  /** Seconds that it has been watched for. */
  get watched(): number {
    return this.#seen.length < 2 ? 0 : this.#seen[this.#seen.length - 1].time - this.#seen[0].time;
  }
}

/** What is done in less was kept of an earlier sitting, s. */
const KEPT = 0.1;

/** Seconds that the parts of a program take for a unit: their median, as the first of a kind wait for a compiler. */
export class PartTimes {
  readonly #each: { seconds: number; units: number }[] = [];

  add(seconds: number, units: number): void {
    if (seconds > KEPT && units > 0) this.#each.push({ seconds: seconds / units, units });
  }

  /** NaN before there is one. */
  get median(): number {
    const sorted = this.#each.toSorted((a, b) => a.seconds - b.seconds);
    const half = sorted.reduce((sum, { units }) => sum + units, 0) / 2;
    let passed = 0;
    for (const { seconds, units } of sorted) {
      passed += units;
      if (passed >= half) return seconds;
    }
    return Number.NaN;
  }
}
