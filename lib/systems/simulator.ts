// A plain simulator of one system in host memory, and what makes a system of it that the method can learn from.
import { InputError, ProgramError, Stopped, VerbError } from "../errors.ts";
import { Pace } from "../gpu/pace.ts";
import { branch, type Stream } from "../random/stream.ts";
import { Xoshiro } from "../random/xoshiro.ts";
import { checkTime, requirePatches } from "./checks.ts";
import type { Observable, PatchChange, PatchGenerator, States, System } from "./system.ts";

/** The sites of one system, `side`^dimension of them row by row, `parts` numbers each, part after part. */
export type Sites = Uint8Array | Float32Array;

/** Sites in a cube from `corner` on; beyond the edge it goes on at the other side. */
export interface Region {
  readonly corner: readonly number[];
  readonly side: number;
}

/** Random numbers: `uniform()` in (0, 1], `below(n)` an integer in 0 … n − 1, `next()` 32 bits. */
export type Random = Pick<Xoshiro, "uniform" | "below" | "next">;

/**
 * One system at a time. All of it is deterministic given the random numbers it is handed: nothing else may be random, and nothing may be kept
 * between calls. Lattices are closed periodically.
 */
export interface Simulator {
  readonly dimension: number;
  readonly observables: readonly Observable[];
  /** Whether sites are bytes (states such as 0 and 1) or float32 numbers; bytes by default. */
  readonly sites?: "bytes" | "floats";
  /** Numbers of a site; 1 by default. */
  readonly parts?: number;
  /** Of one that moves in steps: their length; `evolve` is then asked for whole ones where it matters. */
  readonly step?: number;
  /**
   * A random state of the training law. `common` gives the same numbers to the systems of a cohort: what they start with macroscopically, a density
   * say, is drawn from it, so that a large system can be put together from them.
   */
  initial(sites: Sites, side: number, random: Random, common: Random): void;
  /** The true dynamics for `time` of the sites of a region, everything outside frozen. The whole system is a region too. */
  evolve(sites: Sites, side: number, region: Region, time: number, random: Random): void;
  /** The observables z of the whole system. */
  observe(sites: Sites, side: number): readonly number[];
  /** The same of a region by itself, such that the mean over regions that tile a system is that of the whole: for baselines alone. */
  observePatch?(sites: Sites, side: number, region: Region): readonly number[];
  /**
   * Calls `event` for everything that can happen in a region, with its rate and how it changes the observables of the whole system: drift and diffusion
   * are then known without noise at every state.
   */
  rates?(sites: Sites, side: number, region: Region, event: (rate: number, change: readonly number[]) => void): void;
}

/** Systems that start macroscopically alike. */
export const COHORT = 8;
/** Nodes of two-point Gauss–Legendre quadrature on 0 … 1. */
const NODES = [0.5 - Math.sqrt(1 / 12), 0.5 + Math.sqrt(1 / 12)];
/** Copies of systems beside each other, bytes. */
const COPY_BYTES = 64 * 2 ** 20;
/** A system on the processor lets others in so often, ms. */
const REST_MS = 50;

/** What moves systems in host memory: a simulator here, or another program. */
export interface Engine {
  readonly dimension: number;
  readonly observables: readonly Observable[];
  readonly sites: "bytes" | "floats";
  readonly parts: number;
  /** Of one that moves in steps. */
  readonly step?: number;
  /** So many systems share random numbers; batches are multiples. */
  readonly lanes: number;
  /** Systems of the training law; system r is of cohort `cohorts[r]`, which draws from `common`. */
  initial(side: number, stream: Stream, cohorts: Uint32Array, common: Stream): Promise<Sites[]>;
  /** Named starts, by number. */
  start(index: number, count: number, side: number, stream: Stream): Promise<Sites[]>;
  /** Moves each system in its own region, or as a whole, in place; system r has the number `first` + r of the stream. */
  evolve(
    systems: readonly Sites[],
    side: number,
    regions: readonly Region[] | null,
    time: number,
    stream: Stream,
    first?: number,
  ): Promise<void>;
  /** z of every system, `[count][d]`. */
  observe(systems: readonly Sites[], side: number): Promise<readonly (readonly number[])[]>;
  readonly observePatch?: Simulator["observePatch"];
  readonly rates?: Simulator["rates"];
  close?(): void;
}

/** Numbers along the dimensions of place number `index` of so many across, the first dimension slowest. */
export function placeOf(index: number, across: number, dimension: number): number[] {
  const place: number[] = [];
  for (let a = 0, rest = index; a < dimension; a++, rest = Math.floor(rest / across)) place.unshift(rest % across);
  return place;
}

/** Patch number `index` of those that tile a system. */
export function patchRegion(index: number, side: number, patch: number, dimension: number): Region {
  return { corner: placeOf(index, side / patch, dimension).map((at) => at * patch), side: patch };
}

/** What is wrong in what a simulator says of itself; null for nothing. */
export function wrongDescription(said: {
  readonly dimension?: unknown;
  readonly observables?: unknown;
  readonly sites?: unknown;
  readonly parts?: unknown;
  readonly step?: unknown;
}): string | null {
  const { dimension, observables, sites = "bytes", parts = 1, step } = said;
  if (![1, 2, 3].includes(dimension as number)) return `dimension is ${String(dimension)}, not 1, 2 or 3`;
  const list = Array.isArray(observables) ? (observables as Partial<Observable>[]) : [];
  if (list.length === 0 || list.some((one) => !one?.name || !one.symbol))
    return "no observables with a name and a symbol";
  for (const key of ["name", "symbol"] as const)
    if (new Set(list.map((one) => one[key])).size < list.length) return `two observables of one ${key}`;
  for (const { name, range } of list)
    if (range && !(range.length === 2 && range[0] < range[1])) return `the range of ${name} is no [low, high]`;
  if (sites !== "bytes" && sites !== "floats") return `sites are ${String(sites)}, not bytes or floats`;
  if (!Number.isInteger(parts) || (parts as number) < 1) return `${String(parts)} numbers of a site`;
  if (step !== undefined && !(Number.isFinite(step) && (step as number) > 0)) return `a step of ${String(step)}`;
  return null;
}

/** What a verb of a user's threw as a sentence, with its place; what is none of its mistakes as it is. */
export function verbError(verb: string, error: unknown): Error {
  if (error instanceof InputError || error instanceof ProgramError || error instanceof Stopped) return error;
  if (!(error instanceof Error)) return new VerbError(`${verb} throws ${String(error)}`);
  const place = /\(?([^()\s]+:\d+):\d+\)?$/m.exec(error.stack ?? "")?.[1];
  return new VerbError(`${verb} throws ${error.name}: ${error.message}${place ? ` (${place})` : ""}`);
}

/** A state to start from. */
export type Fill = (sites: Sites, side: number, random: Random) => unknown;

/** A verb whose errors are said as those of the others. */
function told<A extends unknown[], R>(verb: string, work: ((...given: A) => R) | undefined) {
  if (!work) return undefined;
  return (...given: A): R => {
    try {
      return work(...given);
    } catch (error) {
      throw verbError(verb, error);
    }
  };
}

/** What an engine of a simulator says of itself: as the simulator does, what is left out filled in. */
export abstract class SimulatorEngine {
  readonly dimension: number;
  readonly observables: readonly Observable[];
  readonly sites: "bytes" | "floats";
  readonly parts: number;
  readonly step?: number;
  readonly lanes = 1;
  readonly observePatch: Simulator["observePatch"];
  readonly rates: Simulator["rates"];

  constructor({
    dimension,
    observables,
    sites = "bytes",
    parts = 1,
    step,
    observePatch,
    rates,
  }: Omit<Simulator, "initial" | "evolve" | "observe">) {
    this.dimension = dimension;
    this.observables = observables;
    this.sites = sites;
    this.parts = parts;
    if (step !== undefined) this.step = step;
    this.observePatch = observePatch;
    this.rates = rates;
  }
}

/** A simulator as an engine: one system after the other, with rests in which signals get in. */
export class LocalEngine extends SimulatorEngine implements Engine {
  readonly #simulator: Simulator;
  readonly #starts: readonly Fill[];
  readonly #rest = new Rest();

  constructor(simulator: Simulator, starts: readonly Fill[] = []) {
    const { dimension, observables, sites, parts, step } = simulator;
    super({
      ...{ dimension, observables, sites, parts, step },
      observePatch: told("observePatch", simulator.observePatch?.bind(simulator)),
      rates: told("rates", simulator.rates?.bind(simulator)),
    });
    this.#simulator = simulator;
    this.#starts = starts;
  }

  initial(side: number, stream: Stream, cohorts: Uint32Array, common: Stream): Promise<Sites[]> {
    return this.#each("initial", cohorts.length, (r) => {
      const sites = emptySites(this, side);
      this.#simulator.initial(sites, side, Xoshiro.open(stream, r, 0), Xoshiro.open(common, cohorts[r], 0));
      return sites;
    });
  }

  start(index: number, count: number, side: number, stream: Stream): Promise<Sites[]> {
    return this.#each("a start", count, (r) => {
      const sites = emptySites(this, side);
      this.#starts[index](sites, side, Xoshiro.open(stream, r, 0));
      return sites;
    });
  }

  async evolve(
    systems: readonly Sites[],
    side: number,
    regions: readonly Region[] | null,
    time: number,
    stream: Stream,
    first = 0,
  ): Promise<void> {
    const whole = { corner: new Array<number>(this.dimension).fill(0), side };
    await this.#each("evolve", systems.length, (r) =>
      this.#simulator.evolve(systems[r], side, regions?.[r] ?? whole, time, Xoshiro.open(stream, first + r, 0)),
    );
  }

  observe(systems: readonly Sites[], side: number): Promise<(readonly number[])[]> {
    return this.#each("observe", systems.length, (r) => this.#simulator.observe(systems[r], side));
  }

  async #each<T>(verb: string, count: number, work: (r: number) => T): Promise<T[]> {
    const all: T[] = [];
    for (let r = 0; r < count; r++) {
      try {
        all.push(work(r));
      } catch (error) {
        throw verbError(verb, error);
      }
      await this.#rest.take();
    }
    return all;
  }
}

/** Sites of a system of some side, all 0. */
function emptySites(engine: Pick<Engine, "dimension" | "sites" | "parts">, side: number): Sites {
  const numbers = engine.parts * side ** engine.dimension;
  return engine.sites === "bytes" ? new Uint8Array(numbers) : new Float32Array(numbers);
}

export interface HostStates extends States {
  /** `[count]`, site by site. */
  readonly systems: readonly Sites[];
}

const noDestroy = () => {};

/** Lets signals in, once in a while. */
class Rest {
  #last = performance.now();

  async take(): Promise<void> {
    if (performance.now() - this.#last < REST_MS) return;
    await new Pace(1).rest(0);
    this.#last = performance.now();
  }
}

/** Which systems of a cohort the tiles of its large ones are, and how each is shifted. */
interface CohortPlan {
  readonly first: number;
  of(replica: number): { readonly deck: readonly number[]; readonly shifts: readonly (readonly number[])[] };
}

/** For every tile a random order of the cohort: each system is used as often as the others. */
function cohortPlan(first: number, members: number, tiles: number, shift: () => number[], random: Random): CohortPlan {
  const orders = Array.from({ length: tiles }, () => {
    const order = Array.from({ length: members }, (_, k) => first + k);
    for (let k = members - 1; k > 0; k--) {
      const other = random.below(k + 1);
      [order[k], order[other]] = [order[other], order[k]];
    }
    return { order, shifts: order.map(shift) };
  });
  return {
    first,
    of: (replica) => ({
      deck: orders.map(({ order }) => order[replica - first]),
      shifts: orders.map(({ shifts }) => shifts[replica - first]),
    }),
  };
}

/**
 * Upsampling puts a large system together from tiles: systems of a cohort, each shifted at random. Δ, A and Q are K times the
 * change of the whole system by what happens in the patch. Where the simulator does not measure patches φ_I is the value of the whole.
 */
export class HostSystem implements System<HostStates> {
  readonly name: string;
  readonly dimension: number;
  readonly observables: readonly Observable[];
  readonly patchSide: number;
  readonly lanes: number;
  readonly cohort = COHORT;
  readonly leaps = true;
  readonly generator: System<HostStates>["generator"];
  readonly #engine: Engine;

  /** Throws InputError for an engine of no observables, or a patch side that is odd. */
  constructor(name: string, engine: Engine, patchSide: number) {
    if (engine.observables.length === 0) throw new InputError(`${name} has no observables`);
    if (!Number.isInteger(patchSide) || patchSide < 2 || patchSide % 2 !== 0)
      throw new InputError(`patch side ${patchSide} is not an even number from 2 up: patches overlap by half`);
    this.name = name;
    this.dimension = engine.dimension;
    this.observables = engine.observables;
    this.patchSide = patchSide;
    this.lanes = engine.lanes;
    this.#engine = engine;
    if (engine.rates) this.generator = (states, patches) => this.#generator(states, patches);
  }

  /** Whether rates are known. */
  get knowsRates(): boolean {
    return this.#engine.rates !== undefined;
  }

  /** Whether patches are measured by themselves. */
  get knowsPatches(): boolean {
    return this.#engine.observePatch !== undefined;
  }

  async initial(count: number, side: number, stream: Stream): Promise<HostStates> {
    // By the number of the system, whatever batch it is in.
    const cohorts = Uint32Array.from({ length: count }, (_, r) => Math.floor((stream.replica + r) / COHORT));
    return this.#states(side, await this.#initial(side, stream, cohorts, { ...branch(stream, 1), replica: 0 }));
  }

  /** Systems of given cohorts: what those of one have in common is number `cohort` of the stream `common`. */
  async alike(side: number, stream: Stream, cohorts: Uint32Array, common: Stream): Promise<HostStates> {
    return this.#states(side, await this.#initial(side, stream, cohorts, common));
  }

  /** Systems that begin with the start of that number. */
  async started(index: number, count: number, side: number, stream: Stream): Promise<HostStates> {
    this.#requireSide(side);
    return this.#states(side, await this.#engine.start(index, count, side, stream));
  }

  #initial(side: number, stream: Stream, cohorts: Uint32Array, common: Stream): Promise<Sites[]> {
    this.#requireSide(side);
    return this.#engine.initial(side, stream, cohorts, common);
  }

  async evolve({ systems, side }: HostStates, time: number, stream: Stream): Promise<void> {
    if (checkTime(time) > 0) await this.#engine.evolve(systems, side, null, time, stream);
  }

  async evolvePatches(
    states: HostStates,
    patches: Uint32Array,
    time: number,
    stream: Stream,
    _watch?: undefined,
    rates = true,
  ): Promise<PatchChange> {
    checkTime(time);
    const { d, K, each, rows } = this.#shape(states, patches);
    const measured = rates && this.knowsRates;
    const before = new Float32Array(rows * d);
    const delta = new Float32Array(rows * d);
    const compensator = measured ? new Float32Array(rows * d) : null;
    const variation = measured ? new Float32Array((rows * d * (d + 1)) / 2) : null;
    const { side } = states;
    const z = await this.#engine.observe(states.systems, side);
    const chunk = this.#chunk(side);
    for (let from = 0; from < rows; from += chunk) {
      const own = Array.from({ length: Math.min(chunk, rows - from) }, (_, k) => from + k);
      const regions = own.map((p) => this.#region(patches[p], side));
      const systems = own.map((p) => states.systems[Math.floor(p / each)].slice());
      for (const [k, p] of own.entries()) {
        const start = Math.floor(p / each);
        before.set(this.#patchValue(states.systems[start], side, regions[k], z[start]), p * d);
      }
      let now = 0;
      for (const [n, node] of (measured ? [...NODES, 1] : [1]).entries()) {
        const at = { ...stream, purpose: n === 0 ? stream.purpose : branch(stream, 16 + n).purpose };
        if (time > 0) await this.#engine.evolve(systems, side, regions, (node - now) * time, at, from);
        now = node;
        if (!compensator || !variation || node === 1) continue;
        for (const [k, p] of own.entries()) {
          const to = { drift: compensator, variation, at: p };
          this.#addRates(systems[k], side, regions[k], time / NODES.length, to);
        }
      }
      const after = await this.#engine.observe(systems, side);
      for (const [k, p] of own.entries()) {
        const start = z[Math.floor(p / each)];
        for (let j = 0; j < d; j++) delta[p * d + j] = K * (after[k][j] - start[j]);
      }
    }
    return { before, delta, compensator, variation };
  }

  async #generator(states: HostStates, patches: Uint32Array): Promise<PatchGenerator> {
    const { d, each, rows } = this.#shape(states, patches);
    const before = new Float32Array(rows * d);
    const drift = new Float32Array(rows * d);
    const variation = new Float32Array((rows * d * (d + 1)) / 2);
    const { side } = states;
    const z = await this.#engine.observe(states.systems, side);
    const rest = new Rest();
    for (const [p, patch] of patches.entries()) {
      const start = Math.floor(p / each);
      const region = this.#region(patch, side);
      before.set(this.#patchValue(states.systems[start], side, region, z[start]), p * d);
      this.#addRates(states.systems[start], side, region, 1, { drift, variation, at: p });
      await rest.take();
    }
    return { before, drift, variation };
  }

  /** Adds `weight` times K Σ r δ and K² Σ r δ δᵀ of row `at`. */
  #addRates(
    sites: Sites,
    side: number,
    region: Region,
    weight: number,
    { drift, variation, at }: { readonly drift: Float32Array; readonly variation: Float32Array; readonly at: number },
  ): void {
    const d = this.observables.length;
    const K = this.#patches(side);
    const triangle = (d * (d + 1)) / 2;
    // In float64, rounded once.
    const f = new Float64Array(d);
    const s = new Float64Array(triangle);
    this.#engine.rates?.(sites, side, region, (rate, change) => {
      for (let j = 0, entry = 0; j < d; j++) {
        f[j] += rate * change[j];
        for (let k = j; k < d; k++, entry++) s[entry] += rate * change[j] * change[k];
      }
    });
    for (let j = 0; j < d; j++) drift[at * d + j] += weight * K * f[j];
    for (let k = 0; k < triangle; k++) variation[at * triangle + k] += weight * K * K * s[k];
  }

  async upsample(states: HostStates, factor: number, stream: Stream, keep?: Uint32Array): Promise<HostStates> {
    if (!Number.isInteger(factor) || factor < 1) throw new InputError(`factor ${factor} is not a positive integer`);
    const { side, systems, count } = states;
    const large = side * factor;
    const replicas = keep ?? Uint32Array.from({ length: count }, (_, r) => r);
    const tiles = factor ** this.dimension;
    const small = side ** this.dimension;
    const made: Sites[] = [];
    const rest = new Rest();
    let plan: CohortPlan | null = null;
    for (const replica of replicas) {
      const first = replica - (replica % COHORT);
      if (plan?.first !== first) {
        const random = Xoshiro.open(stream, first, 0);
        plan = cohortPlan(
          first,
          Math.min(COHORT, count - first),
          tiles,
          () => Array.from({ length: this.dimension }, () => random.below(side)),
          random,
        );
      }
      const { deck, shifts } = plan.of(replica);
      const sites = emptySites(this.#engine, large);
      for (let site = 0; site < large ** this.dimension; site++) {
        const place = placeOf(site, large, this.dimension);
        const tile = place.reduce((sum, at) => sum * factor + Math.floor(at / side), 0);
        const from = place.reduce((sum, at, a) => sum * side + ((at + shifts[tile][a]) % side), 0);
        const source = systems[deck[tile]];
        for (let part = 0; part < this.#engine.parts; part++)
          sites[part * large ** this.dimension + site] = source[part * small + from];
      }
      made.push(sites);
      await rest.take();
    }
    return this.#states(large, made);
  }

  async relax({ systems, side }: HostStates, time: number, stream: Stream): Promise<void> {
    if (checkTime(time) === 0) return;
    const across = (2 * side) / this.patchSide;
    const half = this.patchSide / 2;
    for (let place = 0; place < across ** this.dimension; place++) {
      const corner = placeOf(place, across, this.dimension).map((at) => at * half);
      const region = { corner, side: Math.min(side, this.patchSide) };
      const at = branch(stream, 16 + place);
      await this.#engine.evolve(systems, side, new Array<Region>(systems.length).fill(region), time, at);
    }
  }

  async observe({ systems, side }: HostStates): Promise<Float32Array> {
    return Float32Array.from((await this.#engine.observe(systems, side)).flat());
  }

  async observePatches({ systems, side }: HostStates): Promise<Float32Array> {
    const K = this.#patches(side);
    const z = await this.#engine.observe(systems, side);
    const rows = systems.flatMap((sites, r) =>
      Array.from({ length: K }, (_, patch) => [
        ...this.#patchValue(sites, side, this.#region(patch, side), z[r]),
      ]).flat(),
    );
    return Float32Array.from(rows);
  }

  bytes(side: number): number {
    return 4 * this.words(side);
  }

  words(side: number): number {
    const numbers = this.#engine.parts * side ** this.dimension;
    return this.#engine.sites === "bytes" ? Math.ceil(numbers / 4) : numbers;
  }

  async pack({ systems, side }: HostStates): Promise<Uint32Array> {
    const width = this.words(side);
    const words = new Uint32Array(systems.length * width);
    const bytes = new Uint8Array(words.buffer);
    for (const [r, sites] of systems.entries())
      bytes.set(new Uint8Array(sites.buffer, sites.byteOffset, sites.byteLength), 4 * r * width);
    return words;
  }

  /** Throws InputError for words that are no whole systems. */
  unpack(words: Uint32Array, side: number): HostStates {
    const width = this.words(side);
    const count = words.length / width;
    if (!Number.isInteger(count)) throw new InputError(`${words.length} words are no systems of ${width} each`);
    const systems = Array.from({ length: count }, (_, r) => {
      const sites = emptySites(this.#engine, side);
      const own = words.slice(r * width, (r + 1) * width);
      new Uint8Array(sites.buffer).set(new Uint8Array(own.buffer, 0, sites.byteLength));
      return sites;
    });
    return this.#states(side, systems);
  }

  #states(side: number, systems: readonly Sites[]): HostStates {
    return { count: systems.length, side, systems, destroy: noDestroy };
  }

  /** Copies of systems that are moved at once: a multiple of those that share random numbers. */
  #chunk(side: number): number {
    return this.lanes * Math.max(1, Math.floor(COPY_BYTES / this.bytes(side) / this.lanes));
  }

  #requireSide(side: number): void {
    if (!Number.isInteger(side) || side < this.patchSide || side % this.patchSide !== 0)
      throw new InputError(
        `patch side ${this.patchSide} does not divide side ${side}: use a patch side that divides it`,
      );
  }

  #patches(side: number): number {
    return Math.round((side / this.patchSide) ** this.dimension);
  }

  #shape(states: HostStates, patches: Uint32Array) {
    const K = this.#patches(states.side);
    const each = patches.length / states.count;
    requirePatches(patches, each, K);
    return { d: this.observables.length, K, each, rows: patches.length };
  }

  #region(patch: number, side: number): Region {
    return patchRegion(patch, side, this.patchSide, this.dimension);
  }

  #patchValue(sites: Sites, side: number, region: Region, whole: readonly number[]): readonly number[] {
    return this.#engine.observePatch?.(sites, side, region) ?? whole;
  }
}
