// Runs of an equation from one start, integrated a little at a time: by the schemes of kernels/sde/rollout.wgsl, in float64.
import { leverages } from "../../../method/sde/hull.ts";
import { eachFactor } from "../../../method/sde/polynomial/diffusion.ts";
import { driftValues } from "../../../method/sde/polynomial/drift.ts";
import { normalPair } from "../../../random/normal.ts";
import { stream } from "../../../random/stream.ts";
import { Xoshiro } from "../../../random/xoshiro.ts";
import type { Equation } from "./equation.ts";

export interface RunsOptions {
  readonly runs: number;
  /** √(n₀/n): the noise of a system of n, over that of the equation's own. */
  readonly noise: number;
  /** Runs end there, or less than a kept time before. */
  readonly horizon: number;
  readonly seed: number;
}

/** Mean and standard deviation of a variable over the runs, at one time. */
export interface Law {
  readonly mean: number;
  readonly std: number;
}

/** Times that are kept, at most. */
const KEPT = 151;
/** Further from the training data than so many of their spreads a run counts as lost. */
const LOST = 1e4;

export class Runs {
  readonly d: number;
  readonly runs: number;
  readonly times: Float64Array;
  /** `[times][runs][d]`, of the times so far; NaN for runs that are lost. */
  readonly record: Float64Array;
  /** Number of times so far. */
  known = 1;
  /** Runs that have left all bounds. */
  lost = 0;
  readonly #equation: Equation;
  readonly #noise: number;
  readonly #every: number;
  readonly #generators: Xoshiro[];
  readonly #z: Float64Array;
  readonly #kicks: Float64Array;
  readonly #isLost: Uint8Array;
  #step = 0;

  /** The same seed gives the same noise, whatever the start and the size, and in however many pieces it is advanced. */
  constructor(equation: Equation, start: readonly number[], { runs, noise, horizon, seed }: RunsOptions) {
    const { d, dt } = equation;
    const steps = Math.max(1, Math.round(horizon / dt));
    this.#every = Math.ceil(steps / (KEPT - 1));
    const count = Math.floor(steps / this.#every) + 1;
    this.times = Float64Array.from({ length: count }, (_, k) => k * this.#every * dt);
    [this.d, this.runs, this.#equation, this.#noise] = [d, runs, equation, noise];
    this.#generators = Array.from({ length: runs }, (_, r) => Xoshiro.open(stream(seed, "live"), r, 0));
    this.#z = Float64Array.from({ length: runs * d }, (_, k) => start[k % d]);
    this.#kicks = new Float64Array(runs * d);
    this.#isLost = new Uint8Array(runs);
    this.record = new Float64Array(count * runs * d);
    this.record.set(this.#z);
  }

  get isDone(): boolean {
    return this.known === this.times.length;
  }

  /** Goes on by whole steps while `more` says so, one at least. */
  advance(more: () => boolean): void {
    do {
      if (this.isDone) return;
      this.#advanceOnce();
      this.#step++;
      if (this.#step % this.#every === 0) this.#keep();
    } while (more());
  }

  #advanceOnce(): void {
    const [z, kicks, d] = [this.#z, this.#kicks, this.d];
    const { drift, diffusion, dt, heun } = this.#equation;
    const root = this.#noise * Math.sqrt(dt);
    const xi = new Float64Array(d + 1);
    kicks.fill(0);
    eachFactor(diffusion, z, [], (sigma, _, r) => {
      const generator = this.#generators[r];
      for (let j = 0; j < d; j += 2) [xi[j], xi[j + 1]] = normalPair(generator.next(), generator.next());
      for (let j = 0; j < d; j++) {
        for (let k = 0; k <= j; k++) kicks[r * d + j] += root * sigma[j * d + k] * xi[k];
      }
    });
    let f = driftValues(drift, z);
    if (heun) {
      const ahead = driftValues(
        drift,
        z.map((x, at) => x + dt * f[at] + kicks[at]),
      );
      f = f.map((x, at) => (x + ahead[at]) / 2);
    }
    for (let at = 0; at < z.length; at++) z[at] += dt * f[at] + kicks[at];
  }

  #keep(): void {
    const [z, d, isLost] = [this.#z, this.d, this.#isLost];
    const { center, spread } = this.#equation.hull;
    const from = this.known++ * z.length;
    for (let r = 0; r < this.runs; r++) {
      const own = z.subarray(r * d, (r + 1) * d);
      // Also true of NaN.
      if (isLost[r] === 0 && !own.every((x, j) => Math.abs(x - center[j]) <= LOST * spread[j])) {
        isLost[r] = 1;
        this.lost++;
      }
      // Where nothing overflows.
      if (isLost[r] === 1) own.set(center.subarray(0, d));
      for (let j = 0; j < d; j++) this.record[from + r * d + j] = isLost[r] === 1 ? Number.NaN : own[j];
    }
  }

  /** States at a time `[runs, d]`. */
  at(time: number): Float64Array {
    const width = this.runs * this.d;
    return this.record.subarray(time * width, (time + 1) * width);
  }

  /** Of variable `j` over the runs that are not lost; NaN where all are. */
  law(time: number, j: number): Law {
    const states = this.at(time);
    let [count, sum] = [0, 0];
    for (let k = j; k < states.length; k += this.d)
      if (!Number.isNaN(states[k])) [count, sum] = [count + 1, sum + states[k]];
    const mean = sum / count;
    let square = 0;
    for (let k = j; k < states.length; k += this.d) if (!Number.isNaN(states[k])) square += (states[k] - mean) ** 2;
    return { mean, std: count > 0 ? Math.sqrt(square / Math.max(1, count - 1)) : Number.NaN };
  }

  /** Share of the times of all runs that are outside the hull of the training data; those that are lost are. */
  outside(): number {
    const states = this.record.subarray(0, this.known * this.runs * this.d);
    const { hull } = this.#equation;
    const far = leverages(hull, states).filter((h) => !(h <= hull.limit)).length;
    return (far * this.d) / states.length;
  }
}
