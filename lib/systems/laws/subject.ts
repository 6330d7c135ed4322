// What the laws of systems need to know of one, and the bench on which a law is checked.
import type { Gpu } from "../../gpu/device.ts";
import { type Stream, stream } from "../../random/stream.ts";
import { Xoshiro } from "../../random/xoshiro.ts";
import type { States, System } from "../system.ts";

/** Of laws that hold for any time, over the subject's usual one: what happens late is seen too. */
export const LONG = 3;

/** Of a system that laws are checked on. What is left out has the value that most systems have. */
export interface Subject<S extends States = States, T extends System<S> = System<S>> {
  /** A new system; one that lives in host memory needs no device. */
  make(gpu: Gpu): T & { destroy?(): void };
  /** Side of the large system: more than one patch. */
  readonly side: number;
  /** A time in which a tenth to a third of a patch changes, well below its relaxation. */
  readonly time: number;
  /** Of a system that moves in steps: their length. `time` is at least four of them. */
  readonly step?: number;
  /**
   * What partial evolution tells beside Δ: integrals of the known rates along the evolution (the default); A as an average over reversed
   * noise, which `watch` sees as "mirrored"; nothing (A and Q are null).
   */
  readonly rates?: "known" | "antithetic" | "unknown";
  /** Observables whose mean over a cohort upsampling keeps, to rounding. */
  readonly conserved?: readonly number[];
  /** Observables that all replicas of a cohort start with, to rounding. */
  readonly alike?: readonly number[];
  /** Observables that are means over sites, such as a magnetization: what changes them in a patch happens inside it. */
  readonly local?: readonly number[];
  /** Observables that a patch shown to `watch` has as it had them in its system; all by default. */
  readonly watched?: readonly number[];
  /** Of a system whose `relax` is to keep its equilibrium: a time that leads there from anywhere. */
  readonly equilibration?: number;
  /** Puts patch number `index`, packed, into a packed system of side `side`, in place. */
  paste?(whole: Uint32Array, patch: Uint32Array, index: number, side: number): void;
  /** Of a lazy system: draws what its states have not drawn, so that patches can be observed. */
  settle?(system: T, states: S, stream: Stream): Promise<unknown>;
  /** The states are in host memory: `bytes` is not measured. */
  readonly onHost?: boolean;
  /** Independent replicas of statistical laws; by default 4,096, in at least 256 independent words. */
  readonly replicas?: number;
  /** Differences of observables that are rounding, over the largest observable. */
  readonly tolerance?: number;
  readonly seed?: number;
  /** Laws that the system does not obey on purpose, and why. */
  readonly skip?: Readonly<Record<string, string>>;
}

/** A system, streams and states for one law; `close` frees them. */
export class Bench<S extends States> {
  readonly gpu: Gpu;
  readonly subject: Subject<S>;
  readonly system: System<S> & { destroy?(): void };
  /** Number of observables, d. */
  readonly d: number;
  /** Patches that tile the large system, K. */
  readonly patches: number;
  /** Batches may be cut at multiples of so many replicas. */
  readonly unit: number;
  /** Replicas of statistical laws. */
  readonly replicas: number;
  readonly tolerance: number;
  readonly #purpose: string;
  readonly #kept: States[] = [];
  #streams = 0;

  constructor(gpu: Gpu, subject: Subject<S>, law: string) {
    this.gpu = gpu;
    this.subject = subject;
    this.system = subject.make(gpu);
    const { observables, patchSide, dimension, lanes, cohort } = this.system;
    this.d = observables.length;
    this.patches = Math.round((subject.side / patchSide) ** dimension);
    this.unit = leastCommonMultiple(lanes, cohort);
    const replicas = subject.replicas ?? Math.max(4096, 256 * lanes);
    this.replicas = this.unit * Math.ceil(replicas / this.unit);
    this.tolerance = subject.tolerance ?? 1e-6;
    this.#purpose = `laws/${law}`;
  }

  /** A stream of its own at every call: eight steps apart, as verbs may use those behind the first. */
  readonly fresh = (): Stream => stream(this.subject.seed ?? 1, this.#purpose, 8 * this.#streams++);

  keep(states: S): S {
    this.#kept.push(states);
    return states;
  }

  /** Fresh states, settled: those are farthest from equilibrium, their drift is the largest. */
  async initial(count: number, side = this.subject.side): Promise<S> {
    const states = this.keep(await this.system.initial(count, side, this.fresh()));
    await this.settle(states);
    return states;
  }

  /** States as they are after some time. */
  async states(count: number, side = this.subject.side): Promise<S> {
    const states = this.keep(await this.system.initial(count, side, this.fresh()));
    await this.system.evolve(states, this.subject.time, this.fresh());
    await this.settle(states);
    return states;
  }

  /** Draws what lazy states have not drawn. */
  async settle(states: S, at = this.fresh()): Promise<void> {
    await this.subject.settle?.(this.system, states, at);
  }

  /** States with the same words. */
  async copy(states: S): Promise<S> {
    return this.unpack(await this.system.pack(states), states.side);
  }

  async unpack(words: Uint32Array, side = this.subject.side): Promise<S> {
    return this.keep(await this.system.unpack(words, side));
  }

  /** All patches of so many replicas. */
  readonly all = (count: number) => Uint32Array.from({ length: count * this.patches }, (_, k) => k % this.patches);

  /** `each` different patches at random for so many replicas. */
  some(count: number, each = 1): Uint32Array {
    const rng = Xoshiro.open(this.fresh(), 0, 0);
    const deck = Array.from({ length: this.patches }, (_, k) => k);
    return Uint32Array.from({ length: count * each }, (_, at) => {
      // Any order of the deck is a fair start for the next replica.
      const k = at % each;
      const other = k + rng.below(this.patches - k);
      [deck[k], deck[other]] = [deck[other], deck[k]];
      return deck[k];
    });
  }

  /** About the n-th part of a time, in whole steps. */
  part(time: number, n: number): number {
    const { step } = this.subject;
    return step === undefined ? time / n : step * Math.max(1, Math.floor(Math.round(time / step) / n));
  }

  close(): void {
    for (const states of this.#kept.splice(0)) states.destroy();
    this.system.destroy?.();
  }
}

function leastCommonMultiple(a: number, b: number): number {
  const divisor = (x: number, y: number): number => (y === 0 ? x : divisor(y, x % y));
  return (a * b) / divisor(a, b);
}
