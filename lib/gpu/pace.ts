// Between pieces of work: whoever wants to end it or to tell the user how long it takes is asked and told.

/** Work of which the speed is not yet known, s. */
export const SETTLING = 3;

let listener: (secondsLeft: number) => void = () => {};
let pausing: () => void = () => {};

/**
 * Has `hook` called whenever the program has waited for work or for data: between the slices of long work too. What it throws ends that work, and leaves
 * what it was done on as it is.
 */
export function onPause(hook: () => void): void {
  pausing = hook;
}

/** A pause, where the program has waited. */
export function pause(): void {
  pausing();
}

/** It is looked so often whether work elsewhere is to stop, ms. */
const LOOK_MS = 200;

/** What work elsewhere gives, of a worker or of another program; whoever wants to stop does not wait for it. Throws what a pause throws. */
export async function unlessStopped<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setInterval> | undefined;
  const stopped = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      try {
        pause();
      } catch (error) {
        reject(error);
      }
    }, LOOK_MS);
  });
  try {
    return await Promise.race([stopped, work]);
  } finally {
    clearInterval(timer);
  }
}

/** Has `hear` called with the seconds that the work under way still takes, again and again. */
export function onPace(hear: (secondsLeft: number) => void): void {
  listener = hear;
}

/** The pace of `total` units. */
export class Pace {
  readonly #total: number;
  /** When the first units were done, which may have had to wait for a compiler, and how many these were. */
  #began = 0;
  #first = 0;

  constructor(total: number) {
    this.#total = total;
  }

  /** So many units are done in all. */
  at(done: number): void {
    if (this.#began === 0) {
      this.#began = performance.now();
      this.#first = done;
      return;
    }
    const seconds = (performance.now() - this.#began) / 1000;
    if (seconds > SETTLING && done > this.#first) listener((seconds / (done - this.#first)) * (this.#total - done));
  }

  /** The same, and a pause that lets signals in, which work that never waits for a device keeps out. */
  async rest(done: number): Promise<void> {
    this.at(done);
    await new Promise((resolve) => setImmediate(resolve));
    pause();
  }
}
