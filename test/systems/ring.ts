// A small complete system in host memory, written for the laws: a ring of coupled spins (the one-dimensional Ising model).
import type { Stream } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import { checkTime, requirePatches } from "../../lib/systems/checks.ts";
import type { PatchChange, PatchGenerator, States, System, Watch } from "../../lib/systems/system.ts";

/** Inverse temperature times coupling, and field over coupling. */
const BETA = 0.6;
const FIELD = 0.3;

export interface RingStates extends States {
  /** ±1, `[count, side]`. */
  readonly spins: Int8Array<ArrayBufferLike>;
}

/** A ring of spins, or a patch of one between two frozen spins. */
interface Piece {
  readonly spins: Int8Array<ArrayBufferLike>;
  /** Frozen neighbours; null: the ends are each other's neighbours. */
  readonly ends: readonly [number, number] | null;
}

function around({ spins, ends }: Piece, k: number): [number, number] {
  const last = spins.length - 1;
  return [k > 0 ? spins[k - 1] : ends ? ends[0] : spins[last], k < last ? spins[k + 1] : ends ? ends[1] : spins[0]];
}

/** An attempt leaves a spin up with this probability, by the sum of its neighbours + 2. */
const UP = [-2, -1, 0, 1, 2].map((sum) => 1 / (1 + Math.exp(-2 * BETA * (sum + FIELD))));

/** Adds `weight` times Lm, Lρ, Γ_mm, Γ_mρ, Γ_ρρ of a piece; bonds that leave it count `outside`. */
function addRates(piece: Piece, outside: number, weight: number, sums: number[]): void {
  const { spins, ends } = piece;
  const n = spins.length;
  for (let k = 0; k < n; k++) {
    const s = spins[k];
    const [left, right] = around(piece, k);
    const up = UP[left + right + 2];
    const rate = weight * (s === 1 ? 1 - up : up);
    const m = (-2 * s) / n;
    const rho = (s * ((ends && k === 0 ? outside : 1) * left + (ends && k === n - 1 ? outside : 1) * right)) / n;
    sums[0] += rate * m;
    sums[1] += rate * rho;
    sums[2] += rate * m * m;
    sums[3] += rate * m * rho;
    sums[4] += rate * rho * rho;
  }
}

/** m and ρ of a piece; bonds that leave it count `outside`. */
function observed({ spins, ends }: Piece, outside = 0.5): [number, number] {
  const n = spins.length;
  let sum = spins[n - 1];
  let walls = 0;
  for (let k = 1; k < n; k++) {
    sum += spins[k - 1];
    walls += (1 - spins[k - 1] * spins[k]) / 2;
  }
  walls += ends ? outside * (1 - (spins[0] * ends[0] + spins[n - 1] * ends[1]) / 2) : (1 - spins[0] * spins[n - 1]) / 2;
  return [sum / n, walls / n];
}

/** Heat-bath attempts at rate 1 at every spin, in place; adds the integrals of the rates to `sums`. */
function move(piece: Piece, time: number, rng: Xoshiro, outside = 1, sums?: number[]): void {
  const n = piece.spins.length;
  for (let now = 0; now < time; ) {
    const next = Math.min(time, now - Math.log(rng.uniform()) / n);
    if (sums) addRates(piece, outside, next - now, sums);
    now = next;
    if (now === time) break;
    const k = rng.below(n);
    const [left, right] = around(piece, k);
    piece.spins[k] = rng.uniform() <= UP[left + right + 2] ? 1 : -1;
  }
}

/** Observables: magnetization m, and density ρ of walls between unlike neighbours; bonds that leave a patch count half. */
export class Ring implements System<RingStates> {
  readonly name = "ring";
  readonly dimension = 1;
  readonly lanes = 1;
  readonly cohort = 2;
  readonly observables = ["m", "ρ"].map((symbol) => ({ name: symbol, symbol, unit: "1" }));
  readonly patchSide = 4;
  /** What a bond that leaves a patch counts in Δ, A, Q and the generator: 1 is right. */
  readonly #outside: number;

  constructor(outside = 1) {
    this.#outside = outside;
  }

  /** A magnetization for each cohort, spins at random places. */
  async initial(count: number, side: number, at: Stream): Promise<RingStates> {
    const states = this.#states(count, side);
    for (let r = 0; r < count; r++) {
      const first = r - (r % this.cohort);
      let left = Math.floor(Xoshiro.open(at, first, 1).uniform() * side + 0.5);
      const rng = Xoshiro.open(at, r, 0);
      for (let k = 0; k < side; k++) {
        const isUp = rng.below(side - k) < left;
        states.spins[r * side + k] = isUp ? 1 : -1;
        if (isUp) left--;
      }
    }
    return states;
  }

  async evolve(states: RingStates, time: number, at: Stream): Promise<void> {
    checkTime(time);
    for (let r = 0; r < states.count; r++) {
      move({ spins: this.#replica(states, r), ends: null }, time, Xoshiro.open(at, r, 0));
    }
  }

  async evolvePatches(
    states: RingStates,
    patches: Uint32Array,
    time: number,
    at: Stream,
    watch?: Watch<RingStates>,
    rates = true,
  ): Promise<PatchChange> {
    checkTime(time);
    const { cut, pieces } = this.#cut(states, patches);
    await watch?.(cut, "before");
    const before = Float32Array.from(pieces.flatMap((piece) => observed(piece)));
    const start = pieces.flatMap((piece) => observed(piece, this.#outside));
    const integrals = pieces.map((piece, pair) => {
      const sums = [0, 0, 0, 0, 0];
      move(piece, time, Xoshiro.open(at, pair, 0), this.#outside, sums);
      return sums;
    });
    await watch?.(cut, "after");
    return {
      before,
      delta: Float32Array.from(
        pieces.flatMap((piece) => observed(piece, this.#outside)),
        (x, k) => x - start[k],
      ),
      compensator: rates ? Float32Array.from(integrals.flatMap((sums) => sums.slice(0, 2))) : null,
      variation: rates ? Float32Array.from(integrals.flatMap((sums) => sums.slice(2))) : null,
    };
  }

  async generator(
    states: RingStates,
    patches: Uint32Array,
    _stream: Stream,
    watch?: Watch<RingStates>,
  ): Promise<PatchGenerator> {
    const { cut, pieces } = this.#cut(states, patches);
    await watch?.(cut, "before");
    const all = pieces.map((piece) => {
      const sums = [0, 0, 0, 0, 0];
      addRates(piece, this.#outside, 1, sums);
      return sums;
    });
    return {
      before: Float32Array.from(pieces.flatMap((piece) => observed(piece))),
      drift: Float32Array.from(all.flatMap((sums) => sums.slice(0, 2))),
      variation: Float32Array.from(all.flatMap((sums) => sums.slice(2))),
    };
  }

  /** Rings of a cohort one after another, each turned round by chance. */
  async upsample(states: RingStates, factor: number, at: Stream, keep?: Uint32Array): Promise<RingStates> {
    const { count, side } = states;
    const replicas = keep ?? Uint32Array.from({ length: count }, (_, r) => r);
    const large = this.#states(replicas.length, side * factor);
    for (const [row, r] of replicas.entries()) {
      const first = r - (r % this.cohort);
      for (let tile = 0; tile < factor; tile++) {
        const other = first + ((r + tile) % Math.min(this.cohort, count - first));
        const turn = Xoshiro.open(at, r, tile).below(side);
        const spins = this.#replica(states, other);
        for (let k = 0; k < side; k++) large.spins[(row * factor + tile) * side + k] = spins[(k + turn) % side];
      }
    }
    return large;
  }

  async observe(states: RingStates): Promise<Float32Array> {
    const rows = new Float32Array(2 * states.count);
    for (let r = 0; r < states.count; r++) rows.set(observed({ spins: this.#replica(states, r), ends: null }), 2 * r);
    return rows;
  }

  async observePatches(states: RingStates): Promise<Float32Array> {
    const K = states.side / this.patchSide;
    const { pieces } = this.#cut(
      states,
      Uint32Array.from({ length: states.count * K }, (_, k) => k % K),
    );
    return Float32Array.from(pieces.flatMap((piece) => observed(piece)));
  }

  /** One piece after another, at half-patch stride. */
  async relax(states: RingStates, time: number, at: Stream): Promise<void> {
    checkTime(time);
    const { count, side } = states;
    const half = this.patchSide / 2;
    for (let r = 0; r < count; r++) {
      const ring = this.#replica(states, r);
      for (let corner = 0; corner < side; corner += half) {
        const piece = this.#piece(ring, corner);
        move(piece, time, Xoshiro.open(at, r, corner));
        for (const [k, s] of piece.spins.entries()) ring[(corner + k) % side] = s;
      }
    }
  }

  bytes(side: number): number {
    return side;
  }

  words(side: number): number {
    return side;
  }

  async pack({ spins }: RingStates): Promise<Uint32Array> {
    return Uint32Array.from(spins, (s) => (s + 1) / 2);
  }

  unpack(words: Uint32Array, side: number): RingStates {
    const states = this.#states(words.length / side, side);
    for (const [k, word] of words.entries()) states.spins[k] = 2 * word - 1;
    return states;
  }

  #states(count: number, side: number, spins = new Int8Array(count * side)): RingStates {
    return { count, side, spins, destroy() {} };
  }

  #replica({ spins, side }: RingStates, r: number): Int8Array {
    return spins.subarray(r * side, (r + 1) * side);
  }

  /** Spins from `corner` on; a piece as long as the ring is one. */
  #piece(ring: Int8Array, corner: number, spins: Int8Array = new Int8Array(this.patchSide)): Piece {
    const n = ring.length;
    for (let k = 0; k < spins.length; k++) spins[k] = ring[(corner + k) % n];
    if (n === this.patchSide) return { spins, ends: null };
    return { spins, ends: [ring[(corner + n - 1) % n], ring[(corner + this.patchSide) % n]] };
  }

  /** The chosen patches, as pieces and, sharing their spins, as states. */
  #cut(states: RingStates, patches: Uint32Array) {
    const each = patches.length / states.count;
    requirePatches(patches, each, states.side / this.patchSide);
    const cut = this.#states(patches.length, this.patchSide);
    const pieces = Array.from(patches, (patch, pair) =>
      this.#piece(this.#replica(states, Math.floor(pair / each)), patch * this.patchSide, this.#replica(cut, pair)),
    );
    return { cut, pieces };
  }
}
