// A complete system in host memory that is solved in closed form: spins without coupling.
import type { Stream } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import { checkTime, requirePatches } from "../../lib/systems/checks.ts";
import type { PatchChange, PatchGenerator, States, System, Watch } from "../../lib/systems/system.ts";

/** Independent spins of two species, in columns of even and of odd number; species j is up with probability UP[j]. */
export const UP = [0.7, 0.35];

export interface Spins extends States {
  /** ±1, `[count, side, side]`. */
  readonly values: Int8Array;
  alive: boolean;
}

/**
 * Two-state spins with no coupling: every spin is redrawn at rate 1. A complete system of its own, in host memory.
 * States are shuffled within each species by `upsample` (no rate knows a position), so that all patches of a state are
 * alike given its observables.
 */
export class FreeSpins implements System<Spins> {
  readonly name = "free spins";
  readonly dimension = 2;
  lanes = 32;
  cohort = 1;
  readonly observables = ["a", "b"].map((symbol) => ({ name: symbol, symbol, unit: "1" }));
  readonly patchSide = 4;
  readonly steps: number[] = [];
  /** What `relax` was asked for. */
  readonly relaxed: { count: number; side: number; time: number; first: number }[] = [];
  /** Memory per site, as `bytes` says. */
  siteBytes = 1;
  /** Whether partial evolutions know A and Q. */
  rates = true;
  leaps = false;

  #states(count: number, side: number, values = new Int8Array(count * side * side)): Spins {
    return {
      count,
      side,
      values,
      alive: true,
      destroy() {
        if (!this.alive) throw new Error("destroyed twice");
        this.alive = false;
      },
    };
  }

  async initial(count: number, side: number, at: Stream): Promise<Spins> {
    const states = this.#states(count, side);
    for (let r = 0; r < count; r++) {
      const rng = Xoshiro.open(at, r, 0);
      const up = [rng.uniform(), rng.uniform()];
      for (let k = 0; k < side * side; k++) states.values[r * side * side + k] = rng.uniform() < up[k % 2] ? 1 : -1;
    }
    return states;
  }

  async evolve({ count, side, values }: Spins, time: number, at: Stream): Promise<void> {
    checkTime(time);
    for (let r = 0; r < count; r++) {
      const rng = Xoshiro.open(at, r, 0);
      for (let k = 0; k < side * side; k++) {
        if (rng.uniform() > Math.exp(-time)) values[r * side * side + k] = rng.uniform() <= UP[k % 2] ? 1 : -1;
      }
    }
  }

  async evolvePatches(
    states: Spins,
    patches: Uint32Array,
    time: number,
    at: Stream,
    watch?: Watch<Spins>,
    rates = true,
  ): Promise<PatchChange> {
    checkTime(time);
    const pieces = this.#cut(states, patches);
    await watch?.(pieces, "before");
    const before = await this.observe(pieces);
    const [compensator, variation]: number[][] = [[], []];
    const perPatch = this.patchSide ** 2;
    for (let row = 0; row < patches.length; row++) {
      const rng = Xoshiro.open(at, row, 0);
      const spins = pieces.values.subarray(row * perPatch, (row + 1) * perPatch);
      const m = Array.from(before.subarray(2 * row, 2 * row + 2));
      const a = [0, 0];
      const q = [0, 0];
      for (let now = 0; now < time; ) {
        const next = Math.min(time, now - Math.log(rng.uniform()) / perPatch);
        for (const j of [0, 1]) {
          a[j] += (next - now) * this.#drift(m[j], j);
          q[j] += (next - now) * this.#variation(m[j], j);
        }
        now = next;
        if (now === time) break;
        const k = rng.below(perPatch);
        m[k % 2] -= (2 * spins[k]) / perPatch;
        spins[k] = rng.uniform() <= UP[k % 2] ? 1 : -1;
        m[k % 2] += (2 * spins[k]) / perPatch;
      }
      compensator.push(...a);
      variation.push(q[0], 0, q[1]);
    }
    await watch?.(pieces, "after");
    const delta = (await this.observe(pieces)).map((value, k) => value - before[k]);
    pieces.destroy();
    const change = { before, delta, compensator: null, variation: null };
    if (!(this.rates && rates)) return change;
    return { ...change, compensator: Float32Array.from(compensator), variation: Float32Array.from(variation) };
  }

  async generator(states: Spins, patches: Uint32Array, _stream: Stream, watch?: Watch<Spins>): Promise<PatchGenerator> {
    const pieces = this.#cut(states, patches);
    await watch?.(pieces, "before");
    const before = await this.observe(pieces);
    pieces.destroy();
    const drift = before.map((m, k) => this.#drift(m, k % 2));
    const q = before.map((m, k) => this.#variation(m, k % 2));
    const variation = Float32Array.from({ length: 3 * patches.length }, (_, k) =>
      k % 3 === 1 ? 0 : q[2 * Math.floor(k / 3) + (k % 3) / 2],
    );
    return { before, drift, variation };
  }

  /** L m = m∞ − m of one species. */
  #drift(m: number, species: number): number {
    return 2 * UP[species] - 1 - m;
  }

  /** Γ = (2/n)(1 − m m∞) of one species, of which a patch has n spins. */
  #variation(m: number, species: number): number {
    return (2 / (this.patchSide ** 2 / 2)) * (1 - m * (2 * UP[species] - 1));
  }

  async upsample({ count, side, values }: Spins, factor: number, at: Stream, keep?: Uint32Array): Promise<Spins> {
    this.steps.push(at.step);
    const large = side * factor;
    const replicas = keep ?? Uint32Array.from({ length: count }, (_, r) => r);
    const states = this.#states(replicas.length, large);
    for (const [row, r] of replicas.entries()) {
      const rng = Xoshiro.open(at, r, 0);
      for (const j of [0, 1]) {
        const copies: number[] = [];
        for (let k = j; k < side * side; k += 2) {
          for (let c = 0; c < factor * factor; c++) copies.push(values[r * side * side + k]);
        }
        for (let k = copies.length - 1; k >= 0; k--) {
          const other = rng.below(k + 1);
          [copies[k], copies[other]] = [copies[other], copies[k]];
          states.values[row * large * large + 2 * k + j] = copies[k];
        }
      }
    }
    return states;
  }

  async observe({ count, side, values }: Spins): Promise<Float32Array> {
    const sums = new Float32Array(2 * count);
    for (const [k, s] of values.entries()) sums[2 * Math.floor(k / side ** 2) + (k % 2)] += (2 * s) / side ** 2;
    return sums;
  }

  async observePatches(states: Spins): Promise<Float32Array> {
    const patches = (states.side / this.patchSide) ** 2;
    return this.observe(
      this.#cut(
        states,
        Uint32Array.from({ length: states.count * patches }, (_, k) => k % patches),
      ),
    );
  }

  async relax(states: Spins, time: number, at: Stream): Promise<void> {
    this.steps.push(at.step);
    this.relaxed.push({ count: states.count, side: states.side, time, first: at.replica });
    await this.evolve(states, time, at);
  }

  bytes(side: number): number {
    return this.siteBytes * side * side;
  }

  words(side: number): number {
    return side * side;
  }

  async pack({ values }: Spins): Promise<Uint32Array> {
    return Uint32Array.from(values, (s) => (s + 1) / 2);
  }

  unpack(words: Uint32Array, side: number): Spins {
    return this.#states(
      words.length / side ** 2,
      side,
      Int8Array.from(words, (w) => 2 * w - 1),
    );
  }

  #cut({ count, side, values }: Spins, patches: Uint32Array): Spins {
    const size = this.patchSide;
    const grid = side / size;
    requirePatches(patches, patches.length / count, grid ** 2);
    const pieces = this.#states(patches.length, size);
    patches.forEach((patch, row) => {
      const replica = Math.floor((row * count) / patches.length);
      const corner = replica * side * side + Math.floor(patch / grid) * size * side + (patch % grid) * size;
      for (let k = 0; k < size * size; k++) {
        pieces.values[row * size * size + k] = values[corner + Math.floor(k / size) * side + (k % size)];
      }
    });
    return pieces;
  }
}
