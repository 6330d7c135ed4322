// The bcc alloy Nb–Mo–Ta that orders by jumps of vacancies (paper, section on the NbMoTa alloy).
import { InputError } from "../errors.ts";
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import { grid } from "../gpu/grid.ts";
import { normalPair } from "../random/normal.ts";
import type { Stream } from "../random/stream.ts";
import { Xoshiro } from "../random/xoshiro.ts";
import { checkTime, requirePatches } from "./checks.ts";
import type { BarrierModel } from "./nbmota/barriers.ts";
import { DIRECTIONS, packTypes, unpackTypes } from "./nbmota/environment.ts";
import { SUMS, type Walk, type WalkOptions, walk, walkBytes } from "./nbmota/kinetics.ts";
import { equimolar, order, randomAlloy } from "./nbmota/random-alloy.ts";
import { AlloyStates, type Composition, latticeWords, PAIR_NAMES, PAIRS, siteCount } from "./nbmota/states.ts";
import type { Observable, PatchChange, PatchGenerator, System } from "./system.ts";

/** Cells along a side of a patch, and of a small lattice: one vacancy in 1,024 sites, and words of kernels are rows of eight cells. */
export const PATCH_CELLS = 8;
/** Small lattices of a cohort, which tiles are taken from. */
export const TILE_COHORT = 8;
/** A vacancy must not see a site twice: it sees four half lattice constants in each direction. */
const LEAST_CELLS = 6;
const MOST_CELLS = 256;
/** Device memory of one batch of pairs. */
const BATCH_BYTES = 64 * 2 ** 20;
/** Standard deviation, in k_B T, of the pair energies that random starts are ordered by, and sweeps of exchanges. */
const START_ENERGY = 0.5;
const START_SWEEPS = 4;
const NEIGHBOURS = 8;

/** The order parameters that are learned: three of which the others follow by the sum rules, or all six as in the paper. */
export const COORDINATES = { three: [1, 2, 4], six: [0, 1, 2, 3, 4, 5] } as const;

export interface AlloyParameters {
  /** K. */
  readonly temperature: number;
  readonly barriers: BarrierModel;
  /** Unit of all times, seconds; 1 by default. */
  readonly timeUnit?: number;
  readonly coordinates?: keyof typeof COORDINATES;
  /**
   * How small lattices become large ones: `supercell`, periodic copies of each by itself, without any seam, which jumps of their vacancies
   * then drive apart; `tiles` (the paper's), different ones of a cohort side by side, each shifted at random.
   */
  readonly upsampling?: "supercell" | "tiles";
  /** Vacancies of lattices that are packed and unpacked; one in every 8³ cells by default. */
  readonly vacancies?: number;
}

/** δ of all six pairs from three (NbMo, NbTa, MoTa), where vacancies are a share of 0: rows [n, 3] → [n, 6]. */
export function allPairs(three: ArrayLike<number>): Float64Array {
  const rows = new Float64Array(2 * three.length);
  for (let p = 0; p < three.length / 3; p++) {
    const [nbMo, nbTa, moTa] = [three[3 * p], three[3 * p + 1], three[3 * p + 2]];
    rows.set([-nbMo - nbTa, nbMo, nbTa, -nbMo - moTa, moTa, -nbTa - moTa], 6 * p);
  }
  return rows;
}

/**
 * δ_ij = (mean number of j beside an i atom) − 8 x_j, x_j the share of element j; 8/3 for the equimolar alloy. A patch is what one vacancy
 * does: its jumps change the order parameters of the whole, of which it has no part of its own, so that φ_I is the value of the whole.
 * A lattice of C³ cells has (C/8)³ vacancies.
 */
export class NbMoTa implements System<AlloyStates> {
  readonly name = "nbmota";
  readonly dimension = 3;
  readonly patchSide = PATCH_CELLS;
  readonly lanes = 1;
  readonly cohort: number;
  readonly leaps = true;
  readonly observables: readonly Observable[];
  readonly parameters: Required<Omit<AlloyParameters, "vacancies">>;
  readonly #gpu: Gpu;
  readonly #vacancies: number | undefined;

  /** Throws InputError for a temperature or a time unit that is none. */
  constructor(gpu: Gpu, { vacancies, ...parameters }: AlloyParameters) {
    this.#vacancies = vacancies;
    this.parameters = { timeUnit: 1, coordinates: "three", upsampling: "supercell", ...parameters };
    const { temperature, timeUnit, coordinates, upsampling } = this.parameters;
    checkTemperature(temperature);
    if (!(timeUnit > 0 && Number.isFinite(timeUnit))) throw new InputError(`time unit ${timeUnit} s is not above 0`);
    this.#gpu = gpu;
    this.cohort = upsampling === "tiles" ? TILE_COHORT : 1;
    this.observables = COORDINATES[coordinates].map((pair) => ({
      name: `short-range order ${PAIR_NAMES[pair]}`,
      symbol: `δ_${PAIR_NAMES[pair]}`,
      unit: "1",
      range: [-NEIGHBOURS, NEIGHBOURS] as const,
    }));
  }

  get #pairs(): readonly number[] {
    return COORDINATES[this.parameters.coordinates];
  }

  /** Equimolar alloys, each with the order of pair energies of its own; vacancies at random sites, one in every 8³ cells. */
  async initial(count: number, side: number, stream: Stream): Promise<AlloyStates> {
    this.#vacanciesOf(side);
    const lattices: Uint8Array[] = [];
    for (let replica = 0; replica < count; replica++) {
      const rng = Xoshiro.open(stream, replica, 0);
      // Replicas of a cohort have the same energies.
      const same = Xoshiro.open({ ...stream, step: stream.step + 1 }, replica - (replica % this.cohort), 0);
      const energies = new Float64Array(16);
      for (const [a, b] of [
        [1, 2],
        [1, 3],
        [2, 3],
      ]) {
        const [x] = normalPair(same.next(), same.next());
        energies[4 * a + b] = START_ENERGY * x;
        energies[4 * b + a] = START_ENERGY * x;
      }
      const types = this.#random(side, rng);
      order(types, side, energies, START_SWEEPS, rng);
      lattices.push(types);
    }
    return this.fromTypes(lattices, side);
  }

  /** Equimolar alloys without order. */
  async disordered(count: number, side: number, stream: Stream): Promise<AlloyStates> {
    const lattices = Array.from({ length: count }, (_, r) => this.#random(side, Xoshiro.open(stream, r, 0)));
    return this.fromTypes(lattices, side);
  }

  /** Lattices of types (0 a vacancy), site by site. Throws InputError unless all have the same composition and a vacancy. */
  async fromTypes(lattices: readonly ArrayLike<number>[], side: number): Promise<AlloyStates> {
    checkCells(side);
    const sites = siteCount(side);
    const places: number[] = [];
    const words = new Uint32Array(lattices.length * latticeWords(side));
    let composition: number[] | undefined;
    for (const [replica, types] of lattices.entries()) {
      if (types.length !== sites) throw new InputError(`lattice ${replica} has ${types.length} sites, not ${sites}`);
      const found = [0, 0, 0, 0];
      for (let site = 0; site < sites; site++) {
        const type = types[site];
        if (!(type in found)) {
          throw new InputError(`lattice ${replica}, site ${site}: type ${type}; use 0 a vacancy, 1 Nb, 2 Mo, 3 Ta`);
        }
        found[type]++;
        if (type === 0) places.push(site);
      }
      words.set(packTypes(types), replica * latticeWords(side));
      composition ??= found;
      if (String(found) !== String(composition)) {
        throw new InputError(
          `lattice ${replica} has ${found} vacancies, Nb, Mo and Ta atoms, the first ${composition}: give all the same`,
        );
      }
    }
    const [vacancies, ...atoms] = composition ?? [0, 0, 0, 0];
    if (vacancies === 0) {
      throw new InputError(`a lattice of ${sites} atoms without vacancy cannot move: leave an atom out`);
    }
    return this.#states(words, Uint32Array.from(places), side, vacancies, atoms as unknown as Composition);
  }

  async evolve(states: AlloyStates, time: number, stream: Stream): Promise<void> {
    if (checkTime(time) > 0) await this.#walk(states, stream, { time: time * this.parameters.timeUnit });
  }

  /** The true dynamics until every replica has done so many jumps; at the end replicas are of different age. */
  evolveJumps(states: AlloyStates, jumps: number, stream: Stream, options: WalkOptions = {}): Promise<Walk> {
    return this.#walk(states, stream, { ...options, jumps });
  }

  async evolvePatches(
    states: AlloyStates,
    patches: Uint32Array,
    time: number,
    stream: Stream,
    _watch?: undefined,
    rates = true,
  ): Promise<PatchChange> {
    const options = { time: checkTime(time) * this.parameters.timeUnit, rates };
    const { sums, gained } = await this.#walkPatches(states, patches, stream, options);
    const K = this.#vacanciesOf(states.side);
    const scale = this.#scales(states).map((x) => x * K);
    const d = scale.length;
    const delta = new Float32Array(patches.length * d);
    for (let p = 0; p < patches.length; p++) {
      for (const [j, pair] of this.#pairs.entries()) delta[p * d + j] = scale[j] * gained[6 * p + pair];
    }
    const before = await this.#repeated(states, patches.length / states.count);
    if (!sums) return { before, delta, compensator: null, variation: null };
    const { drift, variation } = this.#moments(sums, scale);
    return { before, delta, compensator: drift, variation };
  }

  async generator(states: AlloyStates, patches: Uint32Array, stream: Stream): Promise<PatchGenerator> {
    const { sums } = await this.#walkPatches(states, patches, stream, { rates: true, still: true });
    const K = this.#vacanciesOf(states.side);
    const scale = this.#scales(states).map((x) => x * K);
    const perUnit = sums?.map((x) => x * this.parameters.timeUnit) ?? new Float64Array();
    return { before: await this.#repeated(states, patches.length / states.count), ...this.#moments(perUnit, scale) };
  }

  async upsample(states: AlloyStates, factor: number, stream: Stream, keep?: Uint32Array): Promise<AlloyStates> {
    if (!Number.isInteger(factor) || factor < 1) throw new InputError(`factor ${factor} is not a positive integer`);
    const { side, vacancies, atoms } = states;
    if (side % PATCH_CELLS !== 0)
      throw new InputError(`lattices of ${side} cells are not made larger: use a multiple of ${PATCH_CELLS}`);
    const replicas = keep ?? Uint32Array.from({ length: states.count }, (_, r) => r);
    const tiles = factor ** 3;
    const sources = new Uint32Array(4 * replicas.length * tiles);
    if (this.parameters.upsampling === "supercell") {
      for (const [k, replica] of replicas.entries()) {
        for (let tile = 0; tile < tiles; tile++) sources[4 * (k * tiles + tile) + 3] = replica;
      }
    } else {
      for (const [k, replica] of replicas.entries()) {
        // All of a cohort equally often, in a random order.
        const rng = Xoshiro.open(stream, replica, 0);
        const cohort = replica - (replica % this.cohort);
        const members = Math.min(this.cohort, states.count - cohort);
        const deck = Array.from({ length: tiles }, (_, tile) => cohort + (tile % members));
        for (let tile = tiles - 1; tile >= 0; tile--) {
          const other = rng.below(tile + 1);
          [deck[tile], deck[other]] = [deck[other], deck[tile]];
          sources.set([rng.below(side), rng.below(side), rng.below(side), deck[tile]], 4 * (k * tiles + tile));
        }
      }
    }
    const scaled = atoms.map((n) => n * tiles) as unknown as Composition;
    const large = new AlloyStates(this.#gpu, replicas.length, side * factor, vacancies * tiles, scaled);
    const kernel = await this.#gpu.kernel("nbmota/tiles.wgsl");
    const from = this.#gpu.buffer("nbmota.sources", sources);
    const params = { count: replicas.length, cells: large.side, small: side, vacancies };
    const bindings = { sources: from, lattice: states.lattice, vacancies: states.places };
    const to = { large: large.lattice, moved: large.places };
    this.#gpu.run(kernel.call({ params, ...bindings, ...to }, grid(replicas.length * latticeWords(large.side), 64)));
    await this.#countBonds(large);
    from.destroy();
    return large;
  }

  async observe(states: AlloyStates): Promise<Float32Array> {
    const { atoms } = states;
    const all = atoms[0] + atoms[1] + atoms[2];
    const bonds = await this.#gpu.read(states.bonds, Int32Array);
    const scale = this.#scales(states);
    const d = scale.length;
    return Float32Array.from({ length: states.count * d }, (_, k) => {
      const pair = this.#pairs[k % d];
      const share = atoms[PAIRS[pair][1] - 1] / all;
      return scale[k % d] * bonds[6 * Math.floor(k / d) + pair] - NEIGHBOURS * share;
    });
  }

  async observePatches(states: AlloyStates): Promise<Float32Array> {
    return this.#repeated(states, this.#vacanciesOf(states.side));
  }

  /** The dynamics of all vacancies: it is local as it is, and keeps the stationary law. */
  relax(states: AlloyStates, time: number, stream: Stream): Promise<void> {
    return this.evolve(states, time, stream);
  }

  /** With the copies of patches that are evolved, also of sides that are not whole patches. */
  bytes(side: number): number {
    const patches = Math.ceil((side / PATCH_CELLS) ** 3);
    return (
      4 * (latticeWords(side) + patches + 6) +
      patches * (4 * (latticeWords(side) + 7) + walkBytes(this.parameters.barriers, 1))
    );
  }

  /** The lattice, then the sites of the vacancies. */
  words(side: number): number {
    return latticeWords(side) + this.#packedVacancies(side);
  }

  #packedVacancies(side: number): number {
    return this.#vacancies ?? this.#vacanciesOf(side);
  }

  async pack(states: AlloyStates): Promise<Uint32Array> {
    const [lattice, places] = [
      await this.#gpu.read(states.lattice, Uint32Array),
      await this.#gpu.read(states.places, Uint32Array),
    ];
    const [a, b] = [latticeWords(states.side), states.vacancies];
    const words = new Uint32Array(lattice.length + places.length);
    for (let r = 0; r < states.count; r++) {
      words.set(lattice.subarray(r * a, (r + 1) * a), r * (a + b));
      words.set(places.subarray(r * b, (r + 1) * b), r * (a + b) + a);
    }
    return words;
  }

  /** Throws InputError for words that are no lattices of this alloy. */
  async unpack(words: Uint32Array, side: number): Promise<AlloyStates> {
    const [a, b] = [latticeWords(side), this.#packedVacancies(side)];
    const count = words.length / (a + b);
    if (!Number.isInteger(count)) {
      throw new InputError(`${words.length} words are not those of whole lattices of ${side}³ cells, ${a + b} each`);
    }
    const lattice = new Uint32Array(count * a);
    const places = new Uint32Array(count * b);
    let atoms: Composition = [0, 0, 0];
    for (let r = 0; r < count; r++) {
      const own = words.subarray(r * (a + b), (r + 1) * (a + b));
      lattice.set(own.subarray(0, a), r * a);
      places.set(own.subarray(a), r * b);
      const found = [0, 0, 0, 0];
      for (const word of own.subarray(0, a)) for (let k = 0; k < 32; k += 2) found[(word >>> k) & 3]++;
      const sites = new Set(own.subarray(a));
      const misplaced = [...sites].some(
        (site) => site >= siteCount(side) || ((own[site >> 4] >>> (2 * (site & 15))) & 3) !== 0,
      );
      if (found[0] !== b || sites.size !== b || misplaced || (r > 0 && String(found.slice(1)) !== String(atoms))) {
        throw new InputError(`state ${r} is no lattice of ${side}³ cells with ${b} vacancies like those before it`);
      }
      atoms = found.slice(1) as unknown as Composition;
    }
    return this.#states(lattice, places, side, b, atoms);
  }

  /** Host types of all sites, `[count][2C³]`. */
  async types(states: AlloyStates): Promise<Uint8Array> {
    return unpackTypes(await this.#gpu.read(states.lattice, Uint32Array));
  }

  #random(side: number, rng: Xoshiro): Uint8Array {
    const vacancies = this.#vacanciesOf(side);
    const tiles = side / PATCH_CELLS;
    const places = Array.from({ length: vacancies }, (_, tile) => {
      const corner = [tile % tiles, Math.floor(tile / tiles) % tiles, Math.floor(tile / (tiles * tiles))];
      const [x, y, z] = corner.map((u) => u * PATCH_CELLS + rng.below(PATCH_CELLS));
      return 2 * ((z * side + y) * side + x) + rng.below(2);
    });
    return randomAlloy(side, places, equimolar(siteCount(side) - vacancies), rng);
  }

  async #states(words: Uint32Array, places: Uint32Array, side: number, vacancies: number, atoms: Composition) {
    const states = new AlloyStates(this.#gpu, words.length / latticeWords(side), side, vacancies, atoms);
    this.#gpu.write(states.lattice, words);
    this.#gpu.write(states.places, places);
    await this.#countBonds(states);
    return states;
  }

  async #countBonds({ count, side, lattice, bonds }: AlloyStates): Promise<void> {
    const kernel = await this.#gpu.kernel("nbmota/count_bonds.wgsl");
    this.#gpu.write(bonds, new Int32Array(6 * count));
    const params = { count, cells: side, words: latticeWords(side) };
    const jumps = { places: DIRECTIONS.flatMap((place) => [...place, 0]) };
    this.#gpu.run(kernel.call({ params, jumps, lattice, bonds }, grid(count * side * side, 64)));
  }

  #walk(states: AlloyStates, stream: Stream, options: WalkOptions): Promise<Walk> {
    const { count, side: cells, vacancies: mobile, lattice, places, bonds } = states;
    const { barriers, temperature } = this.parameters;
    const walkers = { count, cells, mobile, lattice, places, bonds };
    return walk(this.#gpu, barriers, temperature, walkers, stream, options);
  }

  /** Walks of the vacancies of patches, all else at rest; the bonds that each gained `[pairs, 6]`. */
  async #walkPatches(states: AlloyStates, patches: Uint32Array, stream: Stream, options: WalkOptions) {
    const { side: cells, count, vacancies } = states;
    const K = this.#vacanciesOf(cells);
    const each = patches.length / count;
    requirePatches(patches, each, K);
    if (vacancies % K !== 0)
      throw new InputError(`${vacancies} vacancies are not the same number in each of ${K} patches`);
    const mobile = vacancies / K;
    const words = latticeWords(cells);
    const bytes = 4 * words + walkBytes(this.parameters.barriers, mobile);
    const batch = Math.max(1, Math.floor(BATCH_BYTES / bytes / each)) * each;
    const kernel = await this.#gpu.kernel("nbmota/copy_patches.wgsl");
    const before = await this.#gpu.read(states.bonds, Int32Array);
    const gained = new Float64Array(6 * patches.length);
    const sums = options.rates ? new Float64Array(SUMS * patches.length) : null;
    for (let from = 0; from < patches.length; from += batch) {
      const pairs = Math.min(batch, patches.length - from);
      const first = from / each;
      const own = {
        lattice: this.#gpu.buffer("nbmota.copies", 4 * words * pairs),
        places: this.#gpu.buffer("nbmota.moving", 4 * mobile * pairs),
        bonds: this.#gpu.buffer("nbmota.bonds-of-copies", 24 * pairs),
      };
      const chosen = this.#gpu.buffer("nbmota.patches", patches.subarray(from, from + pairs));
      try {
        const params = { pairs, per_state: each, first, words, all: vacancies, mobile };
        const { lattice, places, bonds } = states;
        const to = { copies: own.lattice, moving: own.places, bonds_of: own.bonds };
        this.#gpu.run(
          kernel.call({ params, patches: chosen, lattice, vacancies: places, bonds, ...to }, grid(pairs * words, 64)),
        );
        const { barriers, temperature } = this.parameters;
        const at = { ...stream, replica: stream.replica + from };
        const done = await walk(this.#gpu, barriers, temperature, { count: pairs, cells, mobile, ...own }, at, options);
        if (done.sums) sums?.set(done.sums, SUMS * from);
        const after = await this.#gpu.read(own.bonds, Int32Array);
        for (let k = 0; k < after.length; k++) {
          gained[6 * from + k] = after[k] - before[6 * Math.floor((from + k / 6) / each) + (k % 6)];
        }
      } finally {
        for (const buffer of [chosen, ...Object.values(own)] as GpuArray[]) buffer.destroy();
      }
    }
    return { gained, sums };
  }

  /** What one bond adds to each observable. */
  #scales({ atoms }: AlloyStates): number[] {
    return this.#pairs.map((pair) => {
      const [i, j] = PAIRS[pair];
      return (i === j ? 2 : 1) / atoms[i - 1];
    });
  }

  /** Sums of walks as drift and variation of the observables. */
  #moments(sums: Float64Array, scale: readonly number[]): { drift: Float32Array; variation: Float32Array } {
    const d = scale.length;
    const pairs = sums.length / SUMS;
    const drift = new Float32Array(pairs * d);
    const variation = new Float32Array((pairs * d * (d + 1)) / 2);
    for (let p = 0, at = 0; p < pairs; p++) {
      for (let j = 0; j < d; j++) {
        const [a, own] = [this.#pairs[j], SUMS * p];
        drift[p * d + j] = scale[j] * sums[own + a];
        for (let k = j; k < d; k++) {
          // Row a of the upper triangle of 6 × 6 begins at a (13 − a)/2.
          variation[at++] = scale[j] * scale[k] * sums[own + 6 + (a * (13 - a)) / 2 + this.#pairs[k] - a];
        }
      }
    }
    return { drift, variation };
  }

  /** The observables of every state, `each` times. */
  async #repeated(states: AlloyStates, each: number): Promise<Float32Array> {
    const rows = await this.observe(states);
    const d = this.observables.length;
    return Float32Array.from({ length: states.count * each * d }, (_, k) => {
      return rows[Math.floor(k / (each * d)) * d + (k % d)];
    });
  }

  /** Vacancies of a lattice of the training law, one a patch. */
  #vacanciesOf(side: number): number {
    if (side % PATCH_CELLS !== 0 || side < PATCH_CELLS) {
      throw new InputError(`patches of ${PATCH_CELLS} cells do not tile a lattice of ${side}: use a multiple`);
    }
    return (side / PATCH_CELLS) ** 3;
  }
}

/** K; below, barriers of the network are further above the reference of kinetics.ts than exp in float32 can tell. */
export const COLDEST = 150;

/** Throws InputError for a temperature that is none, or too low. */
export function checkTemperature(temperature: number): void {
  if (!(temperature >= COLDEST && Number.isFinite(temperature))) {
    throw new InputError(`temperature ${temperature} K: use a number from ${COLDEST} up`);
  }
}

/** Throws InputError for a number of cells that kernels do not take; `option`: that it was given by. */
export function checkCells(cells: number, option = ""): void {
  if (!Number.isInteger(cells) || cells % 2 !== 0 || cells < LEAST_CELLS || cells > MOST_CELLS) {
    throw new InputError(
      `${option && `--${option} `}${cells} cells along a side: use an even number from ${LEAST_CELLS} to ${MOST_CELLS}`,
    );
  }
}
