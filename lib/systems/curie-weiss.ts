// The Curie–Weiss model: mean-field Ising spins under continuous-time Glauber dynamics (paper, section 3.1).
import { InputError } from "../errors.ts";
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import { type PoissonTable, poissonPlan } from "../random/poisson.ts";
import { type Stream, streamUniform } from "../random/stream.ts";
import type { PatchChange, PatchChoice, States, System } from "./system.ts";

const WORKGROUP = 32;
/** Spins per lattice: counts stay exact in float32 and tables small. */
const MAX_SPINS = 2 ** 22;

export interface CurieWeissParameters {
  /** Temperature in units of J/k_B, > 0. */
  readonly temperature: number;
  /** External field h in units of J. */
  readonly field: number;
  /** Side ℓ of a patch in spins, even. */
  readonly patchSide: number;
}

/**
 * A batch as numbers of up spins: `ups[replica]` of the whole lattice and, once the lattice is resolved into
 * grid × grid blocks, `counts[replica · grid² + block]`. The rates know no positions, so this is all that matters.
 */
export interface CurieWeissStates extends States {
  readonly grid: number;
  readonly ups: GpuArray;
  /** Counts per block; with grid = 1 the same array as `ups`. */
  readonly counts: GpuArray;
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
  readonly observables = [{ name: "magnetization", symbol: "m", unit: "1" }];
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
    const states = this.#allocate(count, side, 1);
    const kernel = await this.#gpu.kernel("curie_weiss/initial.wgsl");
    const params = { replicas: count, n: side * side, stream: streamUniform(stream) };
    this.#gpu.run(kernel.call({ params, ups: states.ups }, Math.ceil(count / WORKGROUP)));
    return states;
  }

  /** `count` replicas of magnetization `m`, rounded to the nearest that the lattice can have. */
  prepared(count: number, side: number, m: number): CurieWeissStates {
    if (!(m >= -1 && m <= 1)) throw new InputError(`magnetization ${m} is not within -1 … 1`);
    return this.unpack(new Uint32Array(count).fill(Math.round((side * side * (1 + m)) / 2)), side);
  }

  async evolve(states: CurieWeissStates, time: number, stream: Stream): Promise<void> {
    const n = states.side ** 2;
    const { chunks, table } = poissonPlan(n * checkTime(time));
    const { flips, chain } = this.#tablesFor(n);
    const resolved = states.grid > 1;
    const kernel = await this.#gpu.kernel(`curie_weiss/${resolved ? "evolve_blocks" : "evolve"}.wgsl`);
    const poisson = this.#poisson(table);
    const first = Math.max(1, Math.floor(10_000_000 / ((n * time * states.count) / chunks + 1)));
    const label = `evolve ${states.count} x ${n} x ${resolved} x ${time}`;
    await this.#gpu.runSplit(label, chunks, first, (from, to) =>
      kernel.call(
        {
          params: {
            replicas: states.count,
            ...(resolved ? { blocks: states.grid ** 2, block_spins: n / states.grid ** 2 } : {}),
            chunk_first: from,
            chunk_last: to,
            poisson_first: table.first,
            stream: streamUniform(stream),
          },
          poisson,
          ups: states.ups,
          ...(resolved ? { flips, counts: states.counts } : { chain }),
        },
        Math.ceil(states.count / WORKGROUP),
      ),
    );
    poisson.destroy();
  }

  /** Needs states resolved into half patches, as `upsample` and `resolve` make them. */
  async evolvePatches(
    states: CurieWeissStates,
    { replicas, patches }: PatchChoice,
    time: number,
    stream: Stream,
  ): Promise<PatchChange> {
    this.#requireResolved(states);
    const pairs = replicas.length;
    const patchSpins = this.patchSide ** 2;
    const { chunks, table } = poissonPlan(patchSpins * checkTime(time));
    const kernel = await this.#gpu.kernel("curie_weiss/partial.wgsl");
    const poisson = this.#poisson(table);
    const chosen = this.#gpu.buffer("curie-weiss.chosen", interleave(replicas, patches));
    const result = this.#gpu.buffer("curie-weiss.change", pairs * 16);
    this.#gpu.run(
      kernel.call(
        {
          params: {
            pairs,
            grid: states.grid,
            patch_spins: patchSpins,
            chunks,
            poisson_first: table.first,
            time,
            stream: streamUniform(stream),
          },
          poisson,
          flips: this.#tablesFor(states.side ** 2).flips,
          ups: states.ups,
          counts: states.counts,
          chosen,
          result,
        },
        Math.ceil(pairs / WORKGROUP),
      ),
    );
    const rows = await this.#gpu.read(result, Float32Array);
    for (const buffer of [poisson, chosen, result]) buffer.destroy();
    const column = (c: number) => Float32Array.from({ length: pairs }, (_, p) => rows[4 * p + c]);
    return { before: column(0), delta: column(1), compensator: column(2), variation: column(3) };
  }

  /**
   * Copies every spin to factor × factor spins. Positions inside half-patch blocks are drawn afresh (the dynamics
   * cannot see them); the magnetization of the system is kept exactly.
   */
  async upsample(states: CurieWeissStates, factor: number, stream: Stream): Promise<CurieWeissStates> {
    const blockSide = this.patchSide / 2;
    if (blockSide % factor !== 0) {
      throw new InputError(`half a patch, ${blockSide} spins, is not a multiple of the upsampling factor ${factor}`);
    }
    const coarse = states.grid === 1 ? await this.resolve(states, { ...stream, step: stream.step + 1 }) : states;
    const large = await this.#split(coarse, states.side * factor, factor, factor ** 2, stream);
    if (coarse !== states) coarse.destroy();
    return large;
  }

  /** The same systems as counts per half-patch block: the spins of an unresolved system are exchangeable. */
  async resolve(states: CurieWeissStates, stream: Stream): Promise<CurieWeissStates> {
    if (states.grid !== 1) throw new Error("these states are resolved already");
    return this.#split(states, states.side, (2 * states.side) / this.patchSide, 1, stream);
  }

  async #split(source: CurieWeissStates, side: number, factor: number, copies: number, stream: Stream) {
    const fine = this.#allocate(source.count, side, source.grid * factor);
    const kernel = await this.#gpu.kernel("curie_weiss/split.wgsl");
    const groups = Math.ceil((source.count * source.grid ** 2) / WORKGROUP);
    const params = {
      replicas: source.count,
      grid: source.grid,
      block_spins: (source.side / source.grid) ** 2,
      factor,
      copies,
      stream: streamUniform(stream),
    };
    const call = kernel.call({ params, source: source.counts, fine: fine.counts }, foldWorkgroups(groups));
    this.#gpu.run(call);
    const scale = await this.#gpu.kernel("curie_weiss/scale.wgsl");
    this.#gpu.run(
      scale.call(
        { params: { replicas: source.count, copies }, source: source.ups, scaled: fine.ups },
        Math.ceil(source.count / WORKGROUP),
      ),
    );
    return fine;
  }

  async relax(states: CurieWeissStates, time: number, stream: Stream): Promise<void> {
    this.#requireResolved(states);
    const blockSpins = (this.patchSide / 2) ** 2;
    const { chunks, table } = poissonPlan(4 * blockSpins * checkTime(time));
    const kernel = await this.#gpu.kernel("curie_weiss/relax.wgsl");
    const poisson = this.#poisson(table);
    const flips = this.#tablesFor(states.side ** 2).flips;
    const perRow = states.count * states.grid * (4 * blockSpins * time + 1);
    const first = Math.max(1, Math.floor(10_000_000 / perRow));
    const label = `relax ${states.count} x ${states.grid} x ${blockSpins} x ${time}`;
    await this.#gpu.runSplit(label, states.grid, first, (from, to) =>
      kernel.call(
        {
          params: {
            replicas: states.count,
            grid: states.grid,
            block_spins: blockSpins,
            row_first: from,
            row_last: to,
            chunks,
            poisson_first: table.first,
            stream: streamUniform(stream),
          },
          poisson,
          flips,
          ups: states.ups,
          counts: states.counts,
        },
        Math.ceil(states.count / WORKGROUP),
      ),
    );
    poisson.destroy();
  }

  async observe(states: CurieWeissStates): Promise<Float32Array> {
    const n = states.side ** 2;
    const ups = await this.#gpu.read(states.ups, Uint32Array);
    return Float32Array.from(ups, (u) => (2 * u - n) / n);
  }

  /** Numbers of up spins per block, `[count, grid²]`. */
  async blockCounts(states: CurieWeissStates): Promise<Uint32Array> {
    return this.#gpu.read(states.counts, Uint32Array);
  }

  /** Only whole systems as `initial`, `prepared` and `evolve` make them: one word each. */
  async pack(states: CurieWeissStates): Promise<Uint32Array> {
    if (states.grid !== 1) throw new Error("only unresolved states are packed");
    return this.#gpu.read(states.ups, Uint32Array);
  }

  unpack(words: Uint32Array, side: number): CurieWeissStates {
    const states = this.#allocate(words.length, side, 1);
    this.#gpu.write(states.ups, words);
    return states;
  }

  #allocate(count: number, side: number, grid: number): CurieWeissStates {
    if (!Number.isInteger(side) || side < this.patchSide || side % this.patchSide !== 0) {
      throw new InputError(
        `patch side ${this.patchSide} does not divide lattice side ${side}: use a patch side that divides it`,
      );
    }
    if (side * side > MAX_SPINS) throw new InputError(`lattice side ${side} is above ${Math.sqrt(MAX_SPINS)}`);
    const ups = this.#gpu.buffer("curie-weiss.ups", 4 * count);
    const counts = grid === 1 ? ups : this.#gpu.buffer("curie-weiss.counts", 4 * count * grid ** 2);
    const destroy = () => {
      ups.destroy();
      counts.destroy();
    };
    return { count, side, grid, ups, counts, destroy };
  }

  #requireResolved(states: CurieWeissStates): void {
    if ((states.grid * this.patchSide) / 2 !== states.side) {
      throw new Error(`states of ${states.grid} x ${states.grid} blocks are not resolved into half patches`);
    }
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
}

function checkTime(time: number): number {
  if (!(time >= 0 && Number.isFinite(time))) throw new InputError(`time ${time} is not a number from 0 up`);
  return time;
}

function interleave(a: Uint32Array, b: Uint32Array): Uint32Array {
  const pairs = new Uint32Array(2 * a.length);
  for (let k = 0; k < a.length; k++) {
    pairs[2 * k] = a[k];
    pairs[2 * k + 1] = b[k];
  }
  return pairs;
}

/** Workgroups along x and y: WebGPU allows 65,535 along each. */
function foldWorkgroups(groups: number): [number, number] {
  const y = Math.ceil(groups / 65_535);
  return [Math.ceil(groups / y), y];
}
