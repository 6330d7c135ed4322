// The Curie–Weiss model: mean-field Ising spins under continuous-time Glauber dynamics (paper, section 3.1).
import { InputError } from "../errors.ts";
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Bindings, UniformValue } from "../gpu/kernel.ts";
import { type PoissonTable, poissonPlan } from "../random/poisson.ts";
import { branch, type Stream, streamUniform } from "../random/stream.ts";
import { Xoshiro } from "../random/xoshiro.ts";
import { checkTime, requireChunks, requireDistinct } from "./checks.ts";
import { attemptChunks, piecesOf, type Schedule } from "./schedule.ts";
import type { PatchChange, PatchGenerator, States, System, Watch } from "./system.ts";

const WORKGROUP = 32;
/** 4,194,304 spins: magnetizations stay exact in float32. */
const MAX_SIDE = 2048;

export interface CurieWeissParameters {
  /** Temperature in units of J/k_B, > 0. */
  readonly temperature: number;
  /** External field h in units of J. */
  readonly field: number;
  /** Side ℓ of a patch in spins, even. */
  readonly patchSide: number;
}

/**
 * A batch as numbers of up spins. The rates know no positions and the random states are exchangeable, so the total of
 * each lattice is all that matters until positions are asked for: `resolve` then draws them.
 */
export interface CurieWeissStates extends States {
  /** Up spins of each lattice, `[count]`. */
  readonly ups: GpuArray;
  /** Up spins per half-patch block, `[count, (2 side / patchSide)²]`; null while positions are not drawn. */
  counts: GpuArray | null;
}

/** Probability that one attempt flips a spin: `up` from down to up, `down` from up to down, given u up spins of n. */
export function flipProbability(n: number, u: number, temperature: number, field: number) {
  const magnetization = 2 * u - n;
  const rate = (spin: number) => 1 / (1 + Math.exp((2 * spin * ((magnetization - spin) / n + field)) / temperature));
  return { up: rate(-1), down: rate(1) };
}

interface Tables {
  readonly flips: GpuArray;
  readonly chain: GpuArray;
}

export class CurieWeiss implements System<CurieWeissStates> {
  readonly name = "curie-weiss";
  readonly dimension = 2;
  readonly lanes = 1;
  readonly cohort = 1;
  readonly leaps = true;
  readonly observables = [{ name: "magnetization", symbol: "m", unit: "1", range: [-1, 1] as const, odd: true }];
  readonly patchSide: number;
  readonly #gpu: Gpu;
  readonly #parameters: CurieWeissParameters;
  readonly #tables = new Map<number, Tables>();

  /** Throws InputError for a temperature that is not positive, a field that is not finite or an odd patch side. */
  constructor(gpu: Gpu, parameters: CurieWeissParameters) {
    const { temperature, field, patchSide } = parameters;
    if (!(temperature > 0 && Number.isFinite(temperature))) {
      throw new InputError(`temperature ${temperature} is not a positive number`);
    }
    if (!Number.isFinite(field)) throw new InputError(`field ${field} is not a finite number`);
    if (!Number.isInteger(patchSide) || patchSide < 2 || patchSide % 2 !== 0) {
      throw new InputError(`patch side ${patchSide} is not an even number from 2 up: patches overlap by half`);
    }
    this.#gpu = gpu;
    this.#parameters = parameters;
    this.patchSide = patchSide;
  }

  async initial(count: number, side: number, stream: Stream): Promise<CurieWeissStates> {
    const states = this.#allocate(count, side);
    const params = { n: side * side, stream: streamUniform(stream) };
    await this.#run("initial", count, side * side, params, { ups: states.ups });
    return states;
  }

  /** `count` replicas of magnetization `m`, rounded to the nearest that the lattice can have. */
  prepared(count: number, side: number, m: number): CurieWeissStates {
    if (!(m >= -1 && m <= 1)) throw new InputError(`magnetization ${m} is not within -1 … 1`);
    return this.unpack(new Uint32Array(count).fill(Math.round((side * side * (1 + m)) / 2)), side);
  }

  async evolve({ count, side, ups, counts }: CurieWeissStates, time: number, stream: Stream): Promise<void> {
    const n = side ** 2;
    const { chunks, table } = poissonPlan(n * checkTime(time));
    requireChunks(chunks);
    const { flips, chain } = this.#tablesFor(n);
    const poisson = this.#poisson(table);
    const cost = (count * n * time) / chunks;
    const params = { replicas: count, poisson_first: table.first, stream: streamUniform(stream) };
    if (counts) {
      const blocks = { blocks: this.#blocks(side), block_spins: this.#blockSpins };
      await this.#run("evolve_blocks", chunks, cost, { ...params, ...blocks }, { poisson, flips, ups, counts }, count);
    } else {
      await this.#run("evolve", chunks, cost, params, { poisson, chain, ups }, count);
    }
    poisson.destroy();
  }

  /**
   * The same between two times of a schedule in place of the system's own temperature and field; positions must not have been drawn. Probabilities in float32.
   * Piece k has the stream `branch(stream, k)`.
   */
  async evolveAlong(
    { count, side, ups, counts }: CurieWeissStates,
    schedule: Schedule,
    from: number,
    to: number,
    stream: Stream,
  ): Promise<void> {
    checkTime(to - from);
    if (counts) throw new Error("the positions of these states are drawn: their totals alone move along a schedule");
    const spins = side ** 2;
    for (const [k, { time, temperature, field }] of piecesOf(schedule, from, to).entries()) {
      const cut = attemptChunks(spins * time);
      const at = streamUniform(branch(stream, k));
      const params = { spins, replicas: count, ...cut, temperature, field, stream: at };
      await this.#run("evolve_moving", cut.chunks, 4 * count * cut.attempts, params, { ups }, count);
    }
  }

  /** While positions are not drawn, those of the chosen patches alone are: the cost does not grow with the lattice. */
  async evolvePatches(
    states: CurieWeissStates,
    patches: Uint32Array,
    time: number,
    stream: Stream,
    _watch?: Watch<CurieWeissStates>,
    rates = true,
  ): Promise<PatchChange> {
    const { count, side, ups } = states;
    const pairs = patches.length;
    const perReplica = pairs / count;
    const patchSpins = this.patchSide ** 2;
    const { chunks, table } = poissonPlan(patchSpins * checkTime(time));
    const starts = await this.#patchUps(states, patches, stream);
    const poisson = this.#poisson(table);
    const result = this.#gpu.buffer("curie-weiss.change", 16 * pairs);
    const params = {
      per_replica: perReplica,
      patch_spins: patchSpins,
      chunks,
      poisson_first: table.first,
      time,
      stream: streamUniform(stream),
    };
    const { flips } = this.#tablesFor(side ** 2);
    await this.#run("partial", pairs, patchSpins * time + 10, params, { poisson, flips, ups, starts, result });
    const rows = await this.#gpu.read(result, Float32Array);
    for (const buffer of [poisson, starts, result]) buffer.destroy();
    const column = (c: number) => Float32Array.from({ length: pairs }, (_, p) => rows[4 * p + c]);
    const [before, delta] = [column(0), column(1)];
    return { before, delta, compensator: rates ? column(2) : null, variation: rates ? column(3) : null };
  }

  /** From the up spins of patch and lattice, in float64. Positions that are not drawn yet are those that `evolvePatches` would draw. */
  async generator(states: CurieWeissStates, patches: Uint32Array, stream: Stream): Promise<PatchGenerator> {
    const { count, side, ups } = states;
    const { temperature, field } = this.#parameters;
    const starts = await this.#patchUps(states, patches, stream);
    const inside = await this.#gpu.read(starts, Uint32Array);
    starts.destroy();
    const rates = Array.from(await this.#gpu.read(ups, Uint32Array), (u) =>
      flipProbability(side ** 2, u, temperature, field),
    );
    const spins = this.patchSide ** 2;
    const each = (value: (rise: number, fall: number) => number) =>
      Float32Array.from(inside, (u, pair) => {
        const { up, down } = rates[Math.floor((pair * count) / patches.length)];
        return value((spins - u) * up, u * down);
      });
    return {
      before: Float32Array.from(inside, (u) => (2 * u - spins) / spins),
      drift: each((rise, fall) => (2 * (rise - fall)) / spins),
      variation: each((rise, fall) => (4 * (rise + fall)) / spins ** 2),
    };
  }

  /** Up spins of the chosen patches, `[pairs]`: of drawn positions, or drawn here for these patches alone. */
  async #patchUps(
    { count, side, ups, counts }: CurieWeissStates,
    patches: Uint32Array,
    stream: Stream,
  ): Promise<GpuArray> {
    const perReplica = patches.length / count;
    const tiles = side / this.patchSide;
    requireDistinct(patches, perReplica, tiles ** 2);
    const starts = this.#gpu.buffer("curie-weiss.starts", 4 * patches.length);
    if (counts) {
      const chosen = this.#gpu.buffer("curie-weiss.chosen", patches);
      const params = { per_replica: perReplica, grid: 2 * tiles };
      await this.#run("gather_patches", patches.length, 10, params, { counts, chosen, starts });
      chosen.destroy();
    } else {
      // The stream counts pairs; positions belong to replicas.
      const at = { ...aside(stream), replica: Math.floor(stream.replica / perReplica) };
      await this.#drawCounts(ups, starts, count, side, perReplica, this.patchSide ** 2, at);
    }
    return starts;
  }

  /**
   * Copies every spin to factor × factor spins and places the copies at random: no rate depends on positions, and given
   * its magnetization an upsampled system then has exactly the law of a true one. The magnetization is kept exactly.
   */
  async upsample({ count, side, ups }: CurieWeissStates, factor: number): Promise<CurieWeissStates> {
    if (!Number.isInteger(factor)) throw new InputError(`factor ${factor} is not an integer: spins are copied whole`);
    const large = this.#allocate(count, side * factor);
    await this.#run("scale", count, 1, { copies: factor ** 2 }, { source: ups, scaled: large.ups });
    return large;
  }

  async relax(states: CurieWeissStates, time: number, stream: Stream): Promise<void> {
    const counts = await this.resolve(states, aside(stream));
    const { count, side, ups } = states;
    const grid = (2 * side) / this.patchSide;
    const { chunks, table } = poissonPlan(this.patchSide ** 2 * checkTime(time));
    const poisson = this.#poisson(table);
    const params = {
      replicas: count,
      grid,
      block_spins: this.#blockSpins,
      chunks,
      poisson_first: table.first,
      stream: streamUniform(stream),
    };
    const cost = count * grid * (this.patchSide ** 2 * time + 2);
    const { flips } = this.#tablesFor(side ** 2);
    await this.#run("relax", grid, cost, params, { poisson, flips, ups, counts }, count);
    poisson.destroy();
  }

  /** Draws the positions of the up spins, if they are not drawn yet: O(n) per replica. Returns the counts per block. */
  async resolve(states: CurieWeissStates, stream: Stream): Promise<GpuArray> {
    if (!states.counts) {
      const { count, side, ups } = states;
      const blocks = this.#blocks(side);
      states.counts = this.#gpu.buffer("curie-weiss.counts", 4 * count * blocks);
      await this.#drawCounts(ups, states.counts, count, side, blocks, this.#blockSpins, stream);
    }
    return states.counts;
  }

  async #drawCounts(
    ups: GpuArray,
    counts: GpuArray,
    replicas: number,
    side: number,
    parts: number,
    partSpins: number,
    stream: Stream,
  ): Promise<void> {
    const params = { n: side ** 2, parts, part_spins: partSpins, stream: streamUniform(stream) };
    await this.#run("draw_counts", replicas, parts * partSpins, params, { ups, counts });
  }

  async observe({ side, ups }: CurieWeissStates): Promise<Float32Array> {
    const n = side ** 2;
    return Float32Array.from(await this.#gpu.read(ups, Uint32Array), (u) => (2 * u - n) / n);
  }

  /** Positions must have been drawn (`resolve`, `relax`). */
  async observePatches({ count, side, counts }: CurieWeissStates): Promise<Float32Array> {
    if (!counts) throw new Error("the positions of these states are not drawn: call resolve first");
    const blocks = await this.#gpu.read(counts, Uint32Array);
    const tiles = side / this.patchSide;
    const grid = 2 * tiles;
    const spins = this.patchSide ** 2;
    return Float32Array.from({ length: count * tiles ** 2 }, (_, k) => {
      const corner = Math.floor(k / tiles) * 2 * grid + (k % tiles) * 2;
      const up = blocks[corner] + blocks[corner + 1] + blocks[corner + grid] + blocks[corner + grid + 1];
      return (2 * up - spins) / spins;
    });
  }

  /** The spins of the first replica for a picture, row by row, 1 is up; positions within blocks are drawn at random. */
  async spins(states: CurieWeissStates, stream: Stream): Promise<Uint8Array> {
    const counts = await this.#gpu.read(await this.resolve(states, stream), Uint32Array, this.#blocks(states.side));
    const grid = (2 * states.side) / this.patchSide;
    const edge = this.patchSide / 2;
    // `resolve` has used the numbers of `stream` itself.
    const rng = Xoshiro.open(aside(stream), 0, 0);
    const spins = new Uint8Array(states.side ** 2);
    counts.forEach((count, block) => {
      let up = count;
      for (let left = edge * edge; left > 0; left--) {
        if (rng.below(left) >= up) continue;
        const site = left - 1;
        const row = Math.floor(block / grid) * edge + Math.floor(site / edge);
        spins[row * states.side + (block % grid) * edge + (site % edge)] = 1;
        up--;
      }
    });
    return spins;
  }

  bytes(side: number): number {
    // Measured patches are listed, and their up spins.
    return 4 + 4 * this.#blocks(side) + 8 * (side / this.patchSide) ** 2;
  }

  words(): number {
    return 1;
  }

  /** The totals; positions, if drawn, are forgotten. */
  async pack({ ups }: CurieWeissStates): Promise<Uint32Array> {
    return this.#gpu.read(ups, Uint32Array);
  }

  /** Throws InputError for a word that is no number of up spins of such a lattice. */
  unpack(words: Uint32Array, side: number): CurieWeissStates {
    const wrong = words.find((word) => word > side ** 2);
    if (wrong !== undefined) throw new InputError(`${wrong} up spins do not fit a lattice of ${side} x ${side}`);
    const states = this.#allocate(words.length, side);
    this.#gpu.write(states.ups, words);
    return states;
  }

  #allocate(count: number, side: number): CurieWeissStates {
    if (!Number.isInteger(side) || side < this.patchSide || side % this.patchSide !== 0) {
      throw new InputError(
        `patch side ${this.patchSide} does not divide lattice side ${side}: use a patch side that divides it`,
      );
    }
    if (side > MAX_SIDE) throw new InputError(`lattice side ${side} is above ${MAX_SIDE}`);
    return new Batch(count, side, this.#gpu.buffer("curie-weiss.ups", 4 * count));
  }

  get #blockSpins(): number {
    return (this.patchSide / 2) ** 2;
  }

  #blocks(side: number): number {
    return ((2 * side) / this.patchSide) ** 2;
  }

  /**
   * Runs a kernel over the units [0, total) in slices [first, last). `cost`: random words of a unit, for the size of
   * the first slice. `invocations`: of each slice; one per unit by default.
   */
  async #run(
    name: string,
    total: number,
    cost: number,
    params: { readonly [field: string]: UniformValue },
    bindings: Bindings,
    invocations?: number,
  ): Promise<void> {
    const kernel = await this.#gpu.kernel(`curie_weiss/${name}.wgsl`);
    await this.#gpu.runSplit(`${name} ${cost}`, total, 10_000_000 / (cost + 1), (first, last) =>
      kernel.call(
        { params: { ...params, first, last }, ...bindings },
        Math.ceil((invocations ?? last - first) / WORKGROUP),
      ),
    );
  }

  #tablesFor(n: number): Tables {
    const known = this.#tables.get(n);
    if (known) return known;
    const { temperature, field } = this.#parameters;
    const flips = new Uint32Array(2 * (n + 1));
    const chain = new Uint32Array(2 * (n + 1));
    const word = (p: number) => Math.min(2 ** 32 - 1, Math.round(p * 2 ** 32));
    for (let u = 0; u <= n; u++) {
      const { up, down } = flipProbability(n, u, temperature, field);
      flips[2 * u] = word(up);
      flips[2 * u + 1] = word(down);
      chain[2 * u] = word(((n - u) / n) * up);
      chain[2 * u + 1] = 2 ** 32 - 1 - word((u / n) * down);
    }
    const tables = {
      flips: this.#gpu.buffer("curie-weiss.flips", flips),
      chain: this.#gpu.buffer("curie-weiss.chain", chain),
    };
    this.#tables.set(n, tables);
    return tables;
  }

  #poisson(table: PoissonTable): GpuArray {
    return this.#gpu.buffer("poisson", table.thresholds);
  }

  /** Frees the tables of the rates. */
  destroy(): void {
    for (const { flips, chain } of this.#tables.values()) {
      flips.destroy();
      chain.destroy();
    }
    this.#tables.clear();
  }
}

class Batch implements CurieWeissStates {
  readonly count: number;
  readonly side: number;
  readonly ups: GpuArray;
  counts: GpuArray | null = null;

  constructor(count: number, side: number, ups: GpuArray) {
    this.count = count;
    this.side = side;
    this.ups = ups;
  }

  destroy(): void {
    this.ups.destroy();
    this.counts?.destroy();
  }
}

/** A stream for a preparation inside a verb, apart from the verb's own. */
function aside(stream: Stream): Stream {
  return { ...stream, purpose: ~stream.purpose >>> 0 };
}
