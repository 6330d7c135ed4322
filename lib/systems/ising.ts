// The two-dimensional Ising model under continuous-time Glauber dynamics (paper, section 3.3).

import { InputError } from "../errors.ts";
import { bufferLimit, type GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import { grid } from "../gpu/grid.ts";
import { binomialInverse } from "../random/binomial.ts";
import { poissonPlan } from "../random/poisson.ts";
import { branch, type Stream, streamUniform } from "../random/stream.ts";
import { Xoshiro } from "../random/xoshiro.ts";
import { checkTime, requireChunks, requirePatches } from "./checks.ts";
import { heatBathThresholds } from "./ising-classes.ts";
import { evolveSites } from "./ising-sites.ts";
import { type Closure, IsingSums, LANES, type Lattices } from "./ising-sums.ts";
import { attemptChunks, piecesOf, type Schedule, type ThresholdTable, thresholdTables } from "./schedule.ts";
import type { BinarySystem, PatchChange, PatchGenerator, States, Watch } from "./system.ts";

/** Frozen neighbours around a patch that is cut out: what the bonds of its neighbours need. */
const MARGIN = 2;
/** From this side on all sites of a lattice move in parallel. */
const PARALLEL_SIDE = 256;
/** Nodes of two-point Gauss–Legendre quadrature on 0 … 1. */
const NODES = [0.5 - Math.sqrt(1 / 12), 0.5 + Math.sqrt(1 / 12)];

export const BOUNDARIES = ["halo", "periodic"] as const;
export const UPSAMPLINGS = ["mosaic", "copy"] as const;
/** Replicas of a word start with the same probability of up spins and make up larger lattices together. */
export const COHORT = LANES;

export interface IsingParameters {
  /** Temperature in units of J/k_B, > 0. */
  readonly temperature: number;
  /** External field h in units of J. */
  readonly field: number;
  /** Side ℓ of a patch in spins, even, at least 4. */
  readonly patchSide: number;
  /** What a patch feels in partial evolution: its frozen neighbours, or itself closed periodically (the paper's choice). */
  readonly boundary?: (typeof BOUNDARIES)[number];
  /**
   * How lattices are made larger: from tiles, the lattices of different replicas of a cohort, shifted at random; or by copying each
   * spin to a square (the paper's choice, which doubles all lengths and leaves to LocalRelax what tiles have from the start).
   */
  readonly upsampling?: (typeof UPSAMPLINGS)[number];
  /**
   * Closure made by hand, observables beside m and ρ: none; the diagonal and plaquette correlations; the diagonal correlation and the
   * mean-square magnetization of blocks.
   */
  readonly closure?: Closure;
}

/** A batch of lattices. */
export interface IsingStates extends States, Lattices {}

/**
 * Observables: magnetization m; domain-wall density ρ, the mean over the 2n bonds of (1 − s s')/2; with a closure also the mean
 * of s s' over diagonal neighbours, c, and the mean product over the plaquettes, p, or b, the mean square of the magnetizations of
 * blocks of 8 × 8 spins (of gcd(8, ℓ)² spins, so that patches are whole blocks). In a patch bonds that leave it count half and
 * plaquettes by their corners inside, so that patch averages are exactly the values of the system.
 * The change Δ in a partial evolution, and A and Q, are K times the change of the whole system: there bonds that leave the
 * patch count in full, as a flip changes them in full, and the sum over the patches is the exact generator.
 */
export class Ising implements BinarySystem<IsingStates> {
  readonly name = "ising";
  readonly dimension = 2;
  readonly lanes = LANES;
  readonly cohort = LANES;
  readonly observables;
  readonly patchSide: number;
  readonly #gpu: Gpu;
  readonly #closed: boolean;
  readonly #copies: boolean;
  readonly #thresholds: Record<string, number>;
  readonly #temperature: number;
  readonly #field: number;
  readonly #sums: IsingSums;

  /** Throws InputError for a temperature that is not positive, a field that is not finite or a patch side that cannot be. */
  constructor(gpu: Gpu, parameters: IsingParameters) {
    const { temperature, field, patchSide, boundary = "halo", upsampling = "mosaic", closure = "none" } = parameters;
    if (!(temperature > 0 && Number.isFinite(temperature))) {
      throw new InputError(`temperature ${temperature} is not a positive number`);
    }
    if (!Number.isFinite(field)) throw new InputError(`field ${field} is not a finite number`);
    if (!Number.isInteger(patchSide) || patchSide < 4 || patchSide % 2 !== 0) {
      throw new InputError(`patch side ${patchSide} is not an even number from 4 up: patches overlap by half`);
    }
    this.#gpu = gpu;
    this.#temperature = temperature;
    this.#field = field;
    this.patchSide = patchSide;
    this.#closed = boundary === "periodic";
    this.#copies = upsampling === "copy";
    this.#thresholds = heatBathThresholds(temperature, field);
    this.observables = [
      { name: "magnetization", symbol: "m", unit: "1", range: [-1, 1] as const, odd: true },
      { name: "domain-wall density", symbol: "ρ", unit: "1", range: [0, 1] as const },
      ...(closure === "none"
        ? []
        : [{ name: "diagonal correlation", symbol: "c", unit: "1", range: [-1, 1] as const }]),
      ...(closure === "features"
        ? [{ name: "plaquette correlation", symbol: "p", unit: "1", range: [-1, 1] as const }]
        : []),
      ...(closure === "blocks"
        ? [{ name: "mean-square block magnetization", symbol: "b", unit: "1", range: [0, 1] as const }]
        : []),
    ];
    this.#sums = new IsingSums(gpu, this.observables.length, patchSide, { closure, temperature, field });
  }

  /**
   * Spins independent of each other, up with a probability that all replicas of a cohort have in common, uniform in each of as many equal
   * parts of 0 … 1 as there are cohorts. So lattices put together from those of a cohort are of this law too, up to replicas that occur twice.
   */
  async initial(count: number, side: number, stream: Stream): Promise<IsingStates> {
    const cohorts = Math.ceil(count / COHORT);
    const ups = new Uint32Array(count);
    for (let cohort = 0; cohort < cohorts; cohort++) {
      // Rows of the lattice have the chunks 0, 1, … of these streams.
      const rng = Xoshiro.open(stream, COHORT * cohort, 0xffff_ffff);
      const law = binomialInverse(side ** 2, (cohort + rng.uniform()) / cohorts);
      for (let k = COHORT * cohort; k < Math.min(count, COHORT * (cohort + 1)); k++) ups[k] = law(rng.uniform());
    }
    return this.#placed(ups, side, stream);
  }

  /** `count` replicas of magnetization `m`, rounded to the nearest that the lattice can have, spins at random places. */
  async prepared(count: number, side: number, m: number, stream: Stream): Promise<IsingStates> {
    if (!(m >= -1 && m <= 1)) throw new InputError(`magnetization ${m} is not within -1 … 1`);
    return this.#placed(new Uint32Array(count).fill(Math.round((side ** 2 * (1 + m)) / 2)), side, stream);
  }

  async #placed(ups: Uint32Array, side: number, stream: Stream): Promise<IsingStates> {
    const count = ups.length;
    this.requireSide(side);
    const words = Math.ceil(side / 32);
    const left = this.#gpu.buffer("ising.ups", ups);
    const bits = this.#gpu.buffer("ising.bits", 4 * count * side * words);
    try {
      const kernel = await this.#gpu.kernel("ising/place.wgsl");
      const params = { replicas: count, side, words, stream: streamUniform(stream) };
      await this.#gpu.runSplit(`place ${count} ${side}`, side, 1e7 / (count * side) + 1, (first, last) =>
        kernel.call({ params: { ...params, first, last }, ups: left, bits }, grid(count, 8)),
      );
      return await this.#fromPacked(bits, count, side);
    } finally {
      left.destroy();
      bits.destroy();
    }
  }

  /** In continuous time, rate-1 attempts at every site (one sweep per unit of time); a cut-out patch moves in its frozen frame. */
  async evolve(states: IsingStates, time: number, stream: Stream): Promise<void> {
    checkTime(time);
    if (time === 0) return;
    const { side, margin } = states;
    if (margin === 0 && side >= PARALLEL_SIDE) return evolveSites(this.#gpu, states, time, stream, this.#thresholds);
    await this.#evolveRegions(states, { side, across: 1, stride: 0, row: margin, column: margin }, time, stream);
  }

  /**
   * The same between two times of a schedule in place of the system's own temperature and field. Exact in law, but for heat-bath probabilities to
   * within 2⁻²⁴. Piece k of its tables has the stream `branch(stream, k)`.
   */
  async evolveAlong(states: IsingStates, schedule: Schedule, from: number, to: number, stream: Stream): Promise<void> {
    checkTime(to - from);
    if (states.margin !== 0) throw new Error("a cut-out patch moves at the system's own temperature and field");
    const isParallel = states.side >= PARALLEL_SIDE;
    for (const [k, table] of piecesOf(schedule, from, to)
      .flatMap((piece) => thresholdTables(piece))
      .entries()) {
      const at = branch(stream, k);
      if (isParallel) await evolveSites(this.#gpu, states, table.piece.time, at, table);
      else await this.#evolveMoving(states, table, at);
    }
  }

  async #evolveMoving(
    { count, side, spins }: IsingStates,
    { piece, steps, thresholds }: ThresholdTable,
    stream: Stream,
  ): Promise<void> {
    const groups = Math.ceil(count / LANES);
    const cut = attemptChunks(side ** 2 * piece.time);
    const table = this.#gpu.buffer("ising.thresholds", thresholds);
    const kernel = await this.#gpu.kernel("ising/glauber_moving.wgsl");
    const params = { groups, side, ...cut, steps, stream: streamUniform(stream) };
    const perChunk = groups * cut.attempts;
    await this.#gpu.runSplit(`glauber moving ${perChunk}`, cut.chunks, 3e5 / perChunk + 1, (first, last) =>
      kernel.call({ params: { ...params, first, last }, thresholds: table, spins }, Math.ceil(groups / 8)),
    );
    table.destroy();
  }

  async #evolveRegions(
    { count, side, margin, spins }: IsingStates,
    regions: { side: number; across: number; stride: number; row: number; column: number },
    time: number,
    stream: Stream,
  ): Promise<void> {
    const { side: region, ...places } = regions;
    const groups = Math.ceil(count / LANES);
    const { chunks, table } = poissonPlan(region ** 2 * time);
    requireChunks(chunks);
    const poisson = this.#gpu.buffer("poisson", table.thresholds);
    const kernel = await this.#gpu.kernel("ising/glauber.wgsl", { constants: this.#thresholds });
    const params = {
      groups,
      side: side + 2 * margin,
      region,
      ...places,
      poisson_first: table.first,
      stream: streamUniform(stream),
    };
    const invocations = groups * places.across ** 2;
    const perChunk = (invocations * region ** 2 * time) / chunks;
    await this.#gpu.runSplit(`glauber ${perChunk}`, chunks, 1e6 / perChunk + 1, (first, last) =>
      kernel.call({ params: { ...params, first, last }, poisson, spins }, grid(invocations, 8)),
    );
    poisson.destroy();
  }

  /**
   * Discrete time: `sweeps` times a heat-bath update of all sites, one colour of the checkerboard after the other. Keeps the
   * equilibrium law; the path there is not that of `evolve`. Throws InputError unless `sweeps` is a whole number from 0.
   */
  async sweep({ count, side, margin, spins }: IsingStates, sweeps: number, stream: Stream): Promise<void> {
    if (!Number.isInteger(sweeps) || sweeps < 0) throw new InputError(`${sweeps} sweeps: use a whole number from 0`);
    if (margin !== 0) throw new Error("a cut-out patch moves in continuous time: use evolve");
    const groups = Math.ceil(count / LANES);
    const kernel = await this.#gpu.kernel("ising/sweep.wgsl", { constants: this.#thresholds });
    const workgroups = grid(groups * Math.ceil(side ** 2 / 32), 64);
    const at = streamUniform(stream);
    const label = `sweep ${groups} ${side}`;
    for (let turn = 2; turn < 2 * sweeps + 2; turn++) {
      await this.#gpu.runSplit(label, 1, 1, () =>
        kernel.call({ params: { groups, side, turn, stream: at }, spins }, workgroups),
      );
    }
  }

  /**
   * Flips `clusters` clusters of like spins in each lattice, one after the other (Wolff): the fastest way to independent lattices in equilibrium
   * near the critical temperature. How often a site was flipped, mean over sites and lattices. Throws InputError with a field, and unless `clusters` is a
   * whole number from 0.
   */
  async flipClusters(states: IsingStates, clusters: number, stream: Stream): Promise<number> {
    if (this.#field !== 0) throw new InputError(`clusters are only flipped without a field, not at h = ${this.#field}`);
    if (!Number.isInteger(clusters) || clusters < 0)
      throw new InputError(`${clusters} clusters: use a whole number from 0`);
    if (states.margin !== 0) throw new Error("a cut-out patch has no clusters of its own: use evolve");
    const { count, side, spins } = states;
    const bits = await this.#toBits(states);
    const words = Math.ceil(side / 32);
    const work = this.#gpu.buffer("ising.clusters", 4 * 3 * count * side * words);
    const flips = this.#gpu.buffer("ising.flips", 4 * count);
    const kernel = await this.#gpu.kernel("ising/wolff.wgsl");
    const threshold = Math.round(-Math.expm1(-2 / this.#temperature) * 2 ** 32) - 1;
    const params = { replicas: count, side, words, threshold, stream: streamUniform(stream) };
    try {
      await this.#gpu.runSplit(`wolff ${count} ${side}`, clusters, 1e6 / (count * side ** 2) + 1, (first, last) =>
        kernel.call({ params: { ...params, first, last }, bits, work, flips }, grid(count, 8)),
      );
      const flipped = await this.#fromPacked(bits, count, side);
      this.#gpu.copy(flipped.spins, spins);
      flipped.destroy();
      const each = await this.#gpu.read(flips, Float32Array);
      return each.reduce((sum, flips) => sum + flips, 0) / count;
    } finally {
      for (const buffer of [bits, work, flips]) buffer.destroy();
    }
  }

  /** A patch may be chosen several times: these are independent evolutions. */
  async evolvePatches(
    states: IsingStates,
    patches: Uint32Array,
    time: number,
    stream: Stream,
    watch?: Watch<IsingStates>,
    rates = true,
  ): Promise<PatchChange> {
    checkTime(time);
    const d = this.observables.length;
    const items = patches.length;
    const sums = this.#sums;
    const columns = 2 * d + (rates ? sums.generatorColumns : 0);
    const values = await sums.read(columns, items, async (table) => {
      const cut = await this.#cut(states, patches);
      try {
        await watch?.(cut, "before");
        // The sums over the patch and the ring around it see all that a flip changes. Blocks end where the patch does.
        const ringed = cut.margin === 0 ? 0 : sums.block > 0 ? d - 1 : d;
        const around = async (factor: number) => {
          const target = { column: d, begin: 0, end: ringed, factor };
          if (ringed > 0) await sums.addObservables(table, cut, this.patchSide + 2, [target]);
        };
        const inside = (factor: number) => (ringed < d ? [{ column: d, begin: ringed, end: d, factor }] : []);
        const before = { column: 0, begin: 0, end: d, factor: 1 };
        await sums.addObservables(table, cut, this.patchSide, [before, ...inside(-1)]);
        await around(-1);
        let at = 0;
        for (const [k, node] of (rates ? NODES : []).entries()) {
          await this.evolve(cut, (node - at) * time, branch(stream, k));
          await sums.addGenerator(table, cut, 2 * d);
          at = node;
        }
        await this.evolve(cut, (1 - at) * time, branch(stream, NODES.length));
        await around(1);
        if (ringed < d) await sums.addObservables(table, cut, this.patchSide, inside(1));
        await watch?.(cut, "after");
      } finally {
        cut.destroy();
      }
    });
    const known = rates ? sums.generator(values, items, 2 * d, time / NODES.length) : null;
    return {
      before: sums.observables(values, items),
      delta: sums.changes(values, items, d),
      compensator: known?.drift ?? null,
      variation: known?.variation ?? null,
    };
  }

  async generator(
    states: IsingStates,
    patches: Uint32Array,
    _stream?: Stream,
    watch?: Watch<IsingStates>,
  ): Promise<PatchGenerator> {
    const tiles = (states.side / this.patchSide) ** 2;
    const isAll = patches.length === states.count * tiles && patches.every((patch, k) => patch === k % tiles);
    // Closed on itself, a patch is another lattice.
    if (isAll && !this.#closed && !watch) return this.#generator(states, patches.length);
    const cut = await this.#cut(states, patches);
    try {
      await watch?.(cut, "before");
      return await this.#generator(cut, patches.length);
    } finally {
      cut.destroy();
    }
  }

  /** Of all patches of whole lattices, or of cut-out ones. */
  async #generator(states: IsingStates, items: number): Promise<PatchGenerator> {
    const d = this.observables.length;
    const values = await this.#sums.read(d + this.#sums.generatorColumns, items, async (table) => {
      await this.#sums.addObservables(table, states, this.patchSide, [{ column: 0, begin: 0, end: d, factor: 1 }]);
      await this.#sums.addGenerator(table, states, d);
    });
    return { before: this.#sums.observables(values, items), ...this.#sums.generator(values, items, d, 1) };
  }

  /** The chosen patches `[count, P]` as lattices of their own: in a frozen frame, or closed periodically (`boundary`). */
  async #cut(states: IsingStates, patches: Uint32Array): Promise<IsingStates> {
    requirePatches(patches, patches.length / states.count, (states.side / this.patchSide) ** 2);
    const { patchSide } = this;
    // A patch as large as the system has no neighbours but itself.
    const margin = this.#closed || states.side === patchSide ? 0 : MARGIN;
    const tiles = states.side / patchSide;
    const extent = patchSide + 2 * margin;
    const framed = await this.#toBits(states, { tiles, stride: patchSide, frame: margin });
    const words = Math.ceil(extent / 32);
    const rows = states.side + 2 * margin;
    const per = patches.length / states.count;
    const corners = new Uint32Array(patches.length);
    for (let item = 0; item < corners.length; item++) {
      const row = Math.floor(item / per) * rows + Math.floor(patches[item] / tiles) * patchSide;
      corners[item] = (row * tiles + (patches[item] % tiles)) * words;
    }
    try {
      return await this.#fromBits(framed, corners, { side: patchSide, margin, words: tiles * words });
    } finally {
      framed.destroy();
    }
  }

  /** Keeps m exactly, of each lattice (copies) or on average over a cohort (tiles). */
  async upsample(states: IsingStates, factor: number, stream: Stream, keep?: Uint32Array): Promise<IsingStates> {
    if (!Number.isInteger(factor)) throw new InputError(`factor ${factor} is not an integer: spins are copied whole`);
    const { count, side, spins } = states;
    if (this.#copies) {
      if (keep) {
        const some = await this.#picked(states, keep);
        return this.upsample(some, factor, stream).finally(() => some.destroy());
      }
      const large = this.#allocate(count, side * factor);
      const groups = Math.ceil(count / LANES);
      const kernel = await this.#gpu.kernel("ising/magnify.wgsl");
      const params = { groups, side: large.side, factor };
      this.#gpu.run(kernel.call({ params, spins, larger: large.spins }, grid(groups * large.side ** 2, 64)));
      return large;
    }
    const made = keep ?? Uint32Array.from({ length: count }, (_, k) => k);
    const large = this.#allocate(made.length, side * factor);
    const groups = Math.ceil(made.length / LANES);
    const plan = this.#gpu.buffer("ising.plan", mosaicPlan(count, side, factor, stream, made));
    const kernel = await this.#gpu.kernel("ising/mosaic.wgsl");
    const params = { groups, side, factor };
    this.#gpu.run(kernel.call({ params, spins, plan, larger: large.spins }, grid(groups * large.side ** 2, 64)));
    plan.destroy();
    return large;
  }

  /** Some replicas as states of their own. */
  async #picked(states: IsingStates, keep: Uint32Array): Promise<IsingStates> {
    const width = this.words(states.side);
    const all = await this.pack(states);
    const words = new Uint32Array(keep.length * width);
    for (const [k, replica] of keep.entries())
      words.set(all.subarray(replica * width, (replica + 1) * width), k * width);
    return this.unpack(words, states.side);
  }

  get leaps(): boolean {
    return !this.#copies;
  }

  /**
   * Patches at all half-patch positions, in rounds of such that are apart: those whose numbers are equal modulo the smallest
   * divisor from 3 on of the positions per row.
   */
  async relax(states: IsingStates, time: number, stream: Stream): Promise<void> {
    const { side } = states;
    const half = this.patchSide / 2;
    const positions = side / half;
    // One patch: its four positions are the whole lattice each.
    if (positions === 2) return this.evolve(states, 4 * checkTime(time), stream);
    let rounds = 3;
    while (positions % rounds !== 0) rounds++;
    const places = { side: this.patchSide, across: positions / rounds, stride: rounds * half };
    for (let round = 0; round < rounds ** 2; round++) {
      const corner = { row: half * Math.floor(round / rounds), column: half * (round % rounds) };
      await this.#evolveRegions(states, { ...places, ...corner }, checkTime(time), branch(stream, round));
    }
  }

  async observe(states: IsingStates): Promise<Float32Array> {
    // A cut-out patch is one piece; the sums of a lattice stay exact in float32 patch by patch.
    const values = await this.observePatches(states);
    const { count } = states;
    const d = this.observables.length;
    const per = values.length / (count * d);
    const means = new Float32Array(count * d);
    for (let replica = 0; replica < count; replica++) {
      for (let j = 0; j < d; j++) {
        let sum = 0;
        for (let patch = 0; patch < per; patch++) sum += values[(replica * per + patch) * d + j];
        means[replica * d + j] = sum / per;
      }
    }
    return means;
  }

  /**
   * How many spins of each lattice are in each class (s, u) of a spin and how many of its neighbours are up, `[count, 10]`, entry 5 · (s is up) + u:
   * all that (m, ρ) and their generator depend on, at any temperature and field (ising-classes.ts).
   */
  async classes(states: IsingStates): Promise<Uint32Array> {
    if (states.margin !== 0) throw new Error("classes are those of whole lattices");
    return this.#sums.classes(states);
  }

  async observePatches(states: IsingStates): Promise<Float32Array> {
    const d = this.observables.length;
    const items = states.count * (states.side / this.patchSide) ** 2;
    const values = await this.#sums.read(d, items, (table) =>
      this.#sums.addObservables(table, states, this.patchSide, [{ column: 0, begin: 0, end: d, factor: 1 }]),
    );
    return this.#sums.observables(values, items);
  }

  async bits(states: IsingStates): Promise<GpuArray> {
    return this.#toBits(states);
  }

  bytes(side: number): number {
    const patches = (side / this.patchSide) ** 2;
    // Patches that are closed on themselves are copies.
    const copies = this.#closed ? side ** 2 / 8 : 0;
    return side ** 2 / 8 + copies + patches * this.#sums.bytes;
  }

  words(side: number): number {
    return side * Math.ceil(side / 32);
  }

  /** Rows of bits, `[count][side][⌈side/32⌉]`: bit c % 32 of word ⌊c/32⌋ is column c. */
  async pack(states: IsingStates): Promise<Uint32Array> {
    const bits = await this.#toBits(states);
    const words = await this.#gpu.read(bits, Uint32Array);
    bits.destroy();
    return words;
  }

  /** Throws InputError for words that are not whole lattices. */
  async unpack(words: Uint32Array, side: number): Promise<IsingStates> {
    if (words.length === 0 || words.length % this.words(side) !== 0) {
      throw new InputError(
        `${words.length} words are not lattices of side ${side}, which have ${this.words(side)} each`,
      );
    }
    const bits = this.#gpu.buffer("ising.bits", words);
    try {
      return await this.#fromPacked(bits, words.length / this.words(side), side);
    } finally {
      bits.destroy();
    }
  }

  /** The spins of the first replica for a picture, row by row, 1 is up. */
  async spins(states: IsingStates): Promise<Uint8Array> {
    const words = await this.pack(states);
    const { side } = states;
    const perRow = Math.ceil(side / 32);
    return Uint8Array.from({ length: side ** 2 }, (_, k) => {
      const column = k % side;
      return (words[Math.floor(k / side) * perRow + (column >>> 5)] >>> (column & 31)) & 1;
    });
  }

  /** The largest side of one word of replicas that a buffer of the adapter holds, a multiple of the patch side. */
  get maxSide(): number {
    const side = Math.floor(Math.sqrt(bufferLimit(this.#gpu.device) / 4));
    return Math.min(65_535, side) - (Math.min(65_535, side) % this.patchSide);
  }

  /** Throws InputError for a side that the patch does not divide or the adapter cannot hold. */
  requireSide(side: number): void {
    if (!Number.isInteger(side) || side < this.patchSide || side % this.patchSide !== 0) {
      throw new InputError(
        `patch side ${this.patchSide} does not divide lattice side ${side}: use a patch side that divides it`,
      );
    }
    if (side > this.maxSide) {
      throw new InputError(
        `lattice side ${side} is above ${this.maxSide}, the largest that the buffers of this adapter hold`,
      );
    }
  }

  #allocate(count: number, side: number, margin = 0): IsingStates {
    if (margin === 0) this.requireSide(side);
    const bytes = 4 * Math.ceil(count / LANES) * (side + 2 * margin) ** 2;
    const spins = this.#gpu.buffer("ising.spins", bytes);
    return { count, side, margin, spins, destroy: () => spins.destroy() };
  }

  /** Rows of bits of the lattices, or of tiles side by side, with `frame` neighbours around them; those of a cut-out patch are its own frame. */
  async #toBits(
    { count, side, margin, spins }: IsingStates,
    { tiles = 1, stride = side, frame = 0 } = {},
  ): Promise<GpuArray> {
    const array = side + 2 * margin;
    const rows = side + 2 * frame;
    const width = stride + 2 * frame;
    const words = rows * tiles * Math.ceil(width / 32);
    const bits = this.#gpu.buffer("ising.bits", 4 * count * words);
    const kernel = await this.#gpu.kernel("ising/to_bits.wgsl");
    const shift = (array + margin - frame) % array;
    const params = { replicas: count, side: array, rows, tiles, stride, width, shift };
    this.#gpu.run(kernel.call({ params, spins, bits }, grid(Math.ceil(count / LANES) * words, 64)));
    return bits;
  }

  /** Lattices, or pieces of lattices whose first words are `corners`, from rows of bits `words` apart. */
  async #fromBits(
    bits: GpuArray,
    corners: Uint32Array,
    { side, margin = 0, words }: { side: number; margin?: number; words: number },
  ): Promise<IsingStates> {
    const items = corners.length;
    const states = this.#allocate(items, side, margin);
    const list = this.#gpu.buffer("ising.corners", corners);
    const kernel = await this.#gpu.kernel("ising/from_bits.wgsl");
    const extent = side + 2 * margin;
    const params = { items, side: extent, words };
    const invocations = Math.ceil(items / LANES) * extent * Math.ceil(extent / 32);
    const { spins } = states;
    this.#gpu.run(kernel.call({ params, bits, corners: list, spins }, grid(invocations, 64)));
    list.destroy();
    return states;
  }

  /** Whole lattices from what `pack` gives. */
  #fromPacked(bits: GpuArray, count: number, side: number): Promise<IsingStates> {
    const corners = Uint32Array.from({ length: count }, (_, k) => k * this.words(side));
    return this.#fromBits(bits, corners, { side, words: Math.ceil(side / 32) });
  }
}

/**
 * What kernels/ising/mosaic.wgsl puts together for the replicas `made`: for every word of the small lattices and every tile a random affine
 * order of its replicas, k ↦ (odd · k + b) mod 32, each used once (of a last word that is not full: some again), and a random shift.
 * So a lattice has a uniform replica of a full word in every tile, independent of its other tiles.
 */
function mosaicPlan(count: number, side: number, factor: number, stream: Stream, made: Uint32Array): Uint32Array {
  const tiles = factor ** 2;
  const plan = new Uint32Array(2 * Math.ceil(made.length / LANES) * tiles * LANES);
  const draws = new Uint32Array(2 * tiles);
  let drawn = -1;
  for (const [k, replica] of made.entries()) {
    const group = Math.floor(replica / LANES);
    if (group !== drawn) {
      drawn = group;
      const rng = Xoshiro.open(stream, LANES * group, 0);
      for (let tile = 0; tile < tiles; tile++) {
        draws[2 * tile] = rng.next();
        draws[2 * tile + 1] = rng.below(side ** 2);
      }
    }
    const replicas = Math.min(LANES, count - LANES * group);
    const to = 2 * (Math.floor(k / LANES) * tiles * LANES + (k % LANES));
    for (let tile = 0; tile < tiles; tile++) {
      const order = draws[2 * tile] >>> 16;
      const lane = ((2 * (order & 15) + 1) * (replica % LANES) + (order >>> 4)) % LANES;
      plan[to + 2 * tile * LANES] = LANES * group + (lane % replicas);
      plan[to + 2 * tile * LANES + 1] = draws[2 * tile + 1];
    }
  }
  return plan;
}
