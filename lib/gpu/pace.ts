// How long a piece of work takes: whoever wants to tell the user hears of it while it goes on.

/** Work of which the speed is not yet known, s. */
const SETTLING = 3;

let listener: (secondsLeft: number) => void = () => {};

/** Has `hear` called with the seconds that the work under way still takes, again and again. */
export function onPace(hear: (secondsLeft: number) => void): void {
  listener = hear;
}

/** The pace of `total` units, from now on. */
export class Pace {
  readonly #total: number;
  readonly #began = performance.now();

  constructor(total: number) {
    this.#total = total;
  }

  /** So many units are done in all. */
  at(done: number): void {
    const seconds = (performance.now() - this.#began) / 1000;
    if (seconds > SETTLING && done > 0) listener((seconds / done) * (this.#total - done));
  }
}
