// Stochastic predator–prey fields on a line: two species, reaction, diffusion, additive noise (paper, section 3.2).
import { InputError } from "../errors.ts";
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import { grid } from "../gpu/grid.ts";
import type { Bindings, Call, UniformValue } from "../gpu/kernel.ts";
import { type Stream, streamUniform } from "../random/stream.ts";
import { Xoshiro } from "../random/xoshiro.ts";
import { requirePatches } from "./checks.ts";
import { antitheticChange, type DiffusiveSystem, type PatchChange, type States, type Watch } from "./system.ts";

const WORKGROUP = 64;
/** Points that share a random stream, part of the address of random numbers. */
const TILE = 100;
/** Tiles of one invocation of the step kernel: more of them leave it fewer invocations, fewer have it make more points twice. */
const STRIP = 4;
/** Invocations in a workgroup of the step kernel: 50 systems are to keep more than one processor busy. */
const STEP_WORKGROUP = 32;
/** Most steps of a call of the step kernel, which has as many cells. */
const CALL_STEPS = { euler: 5, rk4: 1 } as const;
/** Calls in one list. Even, so that whole lists end in the buffer that they began in. */
const GROUP = 8;
/** Populations are shares of what the habitat carries: the prey alone settle at 1. */
const MAX_POPULATION = 10;
/** Points that are added up in float32; sums of these in float64. */
const SUMMED = 32;
const NONE_FAILED = 2 ** 32 - 1;
/** Waves of the initial state along the system, in half waves: cos(10 π x). */
const INITIAL_HALF_WAVES = 10;

export const INTEGRATORS = ["euler", "rk4"] as const;
export const INTERPOLATIONS = ["linear", "cubic"] as const;

export interface PredatorPreyParameters {
  /** Points ℓ of a patch, even. */
  readonly patchPoints: number;
  /** Growth rate a of the predators per prey above the threshold b. */
  readonly growth: number;
  readonly threshold: number;
  /** Exchange rates of prey and predators between neighbouring points, per time; ≥ 0. */
  readonly preyDiffusion: number;
  readonly predatorDiffusion: number;
  /** Noise strength s: every point and species gets s dW of its own. */
  readonly noise: number;
  /** Time step. */
  readonly dt: number;
  /** How the drift of a step is taken; the noise is added at its end. */
  readonly integrator: (typeof INTEGRATORS)[number];
  readonly interpolation: (typeof INTERPOLATIONS)[number];
}

/** The paper's values. */
export const PREDATOR_PREY: Omit<PredatorPreyParameters, "patchPoints"> = {
  growth: 3,
  threshold: 0.4,
  preyDiffusion: 0,
  predatorDiffusion: 1,
  noise: 0.02,
  dt: 0.01,
  integrator: "euler",
  interpolation: "linear",
};

/** The initial state u = m + k cos(10πx), v = 1 − u on the cell centres x = (i + ½)/N. */
export interface InitialWave {
  readonly mean: number;
  readonly amplitude: number;
}

/** Training law of the initial states (paper): m uniform in 0.45 … 0.55, k in 0.05 … 0.15. */
const INITIAL = { mean: [0.45, 0.55], amplitude: [0.05, 0.15] } as const;

/** Fields `[count][species][side]`, species u (prey) and v (predators); patches know what they see outside. */
export class PredatorPreyStates implements States {
  readonly count: number;
  readonly side: number;
  fields: GpuArray;
  /** Same size; the next step is written there. */
  spare: GpuArray;
  /** u, v left and right outside, and which ends are walls; null for whole systems, whose ends both are. */
  readonly surroundings: { readonly halo: GpuArray; readonly walls: GpuArray } | null;
  /** Time since the states were made. */
  time = 0;

  constructor(gpu: Gpu, count: number, side: number, cut = false) {
    this.count = count;
    this.side = side;
    this.fields = gpu.buffer("predator-prey.fields", 8 * count * side);
    this.spare = gpu.buffer("predator-prey.spare", 8 * count * side);
    this.surroundings = cut
      ? {
          halo: gpu.buffer("predator-prey.halo", 16 * count),
          walls: gpu.buffer("predator-prey.walls", 4 * count),
        }
      : null;
  }

  destroy(): void {
    for (const buffer of [this.fields, this.spare, this.surroundings?.halo, this.surroundings?.walls])
      buffer?.destroy();
  }
}

/** A field left the physical range 0 … 10. The states are those of that step, nothing was advanced beyond it. */
export class PopulationError extends InputError {
  override name = "PopulationError";
}

export class PredatorPrey implements DiffusiveSystem<PredatorPreyStates> {
  readonly name = "predator-prey";
  readonly dimension = 1;
  readonly lanes = 1;
  readonly cohort = 1;
  readonly observables = [
    { name: "mean prey", symbol: "u", unit: "1" },
    { name: "mean predators", symbol: "v", unit: "1" },
  ];
  readonly patchSide: number;
  readonly parts = 2;
  readonly noiseVariance: number;
  readonly parameters: PredatorPreyParameters;
  readonly #gpu: Gpu;
  readonly #counter: GpuArray;
  readonly #failed: GpuArray;

  /** Throws InputError for an odd patch, rates or noise that are negative or not finite, and an unstable time step. */
  constructor(gpu: Gpu, parameters: PredatorPreyParameters) {
    checkPredatorPrey(parameters);
    this.#gpu = gpu;
    this.parameters = parameters;
    this.patchSide = parameters.patchPoints;
    this.noiseVariance = parameters.noise ** 2;
    this.#counter = gpu.buffer("predator-prey.counter", 4);
    this.#failed = gpu.buffer("predator-prey.failed", Uint32Array.of(NONE_FAILED));
  }

  /** Waves with mean and amplitude of the training law. */
  async initial(count: number, side: number, stream: Stream): Promise<PredatorPreyStates> {
    const waves = Array.from({ length: count }, (_, replica) => {
      const rng = Xoshiro.open(stream, replica, 0);
      const within = ([low, high]: readonly [number, number]) => low + (high - low) * rng.uniform();
      return { mean: within(INITIAL.mean), amplitude: within(INITIAL.amplitude) };
    });
    return this.prepared(waves, side);
  }

  /** One replica per wave. */
  prepared(waves: readonly InitialWave[], side: number): PredatorPreyStates {
    const states = this.#allocate(waves.length, side);
    const cosine = Float64Array.from({ length: side }, (_, i) =>
      Math.cos((INITIAL_HALF_WAVES * Math.PI * (i + 0.5)) / side),
    );
    const fields = new Float32Array(2 * side * waves.length);
    waves.forEach(({ mean, amplitude }, replica) => {
      const row = replica * 2 * side;
      for (let i = 0; i < side; i++) {
        const u = mean + amplitude * cosine[i];
        fields[row + i] = u;
        fields[row + side + i] = 1 - u;
      }
    });
    this.#gpu.write(states.fields, fields);
    return states;
  }

  /**
   * Throws PopulationError at the first step that leaves the physical range, InputError for a time that is not a whole
   * number of steps. `reversed` turns the sign of all noise: the same law, and together with the unreversed evolution
   * of the same stream its mean is free of the noise to first order (antithetic variates). One evolution of a system at a time.
   */
  async evolve(states: PredatorPreyStates, time: number, stream: Stream, reversed = false): Promise<void> {
    const steps = this.#steps(time);
    if (steps === 0) return;
    const tiles = Math.ceil(states.side / TILE);
    if (steps * tiles >= 2 ** 32) {
      throw new InputError(`${steps} steps of ${states.side} points exhaust a random stream: evolve for shorter times`);
    }
    this.#gpu.write(this.#counter, Uint32Array.of(0));
    const advance = await this.#gpu.kernel("nn/advance.wgsl");
    const call = await this.#stepCall(states, stream, reversed ? -1 : 1);
    const most = CALL_STEPS[this.parameters.integrator];
    const rounds = Math.floor(steps / (GROUP * most));
    if (rounds > 0) {
      const list = Array.from({ length: GROUP }, (_, k) => call(k * most, most));
      await this.#gpu.runRepeated([...list, advance.call({ counter: this.#counter }, 1)], rounds);
    }
    const rest = steps - rounds * GROUP * most;
    const calls = Math.ceil(rest / most);
    if (calls > 0)
      this.#gpu.run(Array.from({ length: calls }, (_, k) => call(k * most, Math.min(most, rest - k * most))));
    await this.#checkPopulations(states, steps, call);
    if (calls % 2 === 1) [states.fields, states.spare] = [states.spare, states.fields];
    states.time += time;
  }

  /** A = ½ (Δ⁺ + Δ⁻) over an evolution and the one with reversed noise: E[Δ | x] with next to no noise. Q = s² δt/ℓ is exact. */
  async evolvePatches(
    states: PredatorPreyStates,
    patches: Uint32Array,
    time: number,
    stream: Stream,
    watch?: Watch<PredatorPreyStates>,
    rates = true,
  ): Promise<PatchChange> {
    const change = await antitheticChange(
      () => this.#cut(states, patches),
      (cut, reversed) => this.evolve(cut, time, stream, reversed),
      (cut) => this.observe(cut),
      watch,
      rates,
    );
    if (!rates) return { ...change, variation: null };
    const q = (this.noiseVariance * time) / this.patchSide;
    return {
      ...change,
      variation: Float32Array.from({ length: 3 * patches.length }, (_, k) => (k % 3 === 1 ? 0 : q)),
    };
  }

  async upsample({ count, side, fields }: PredatorPreyStates, factor: number): Promise<PredatorPreyStates> {
    if (!Number.isInteger(factor) || factor < 1) throw new InputError(`factor ${factor} is not a positive integer`);
    const large = this.#allocate(count, side * factor);
    const constants = { CUBIC: this.parameters.interpolation === "cubic" ? 1 : 0 };
    const params = { fields: 2 * count, points: side, factor };
    await this.#run("upsample", 2 * count * side * factor, params, { small: fields, large: large.fields }, constants);
    return large;
  }

  async observe(states: PredatorPreyStates): Promise<Float32Array> {
    return this.#means(states, states.side);
  }

  async observePatches(states: PredatorPreyStates): Promise<Float32Array> {
    this.#tiles(states.side);
    return this.#means(states, this.patchSide);
  }

  /**
   * In four rounds: every other patch of the tiling, the others, and the same of the tiling shifted by half a patch. Patches of one
   * round do not touch, so each moves beside neighbours at rest and the stationary law stays as it is; two neighbours that moved
   * at once would each follow the other's past. Points inside are relaxed twice, the half patches at the ends once.
   */
  async relax(states: PredatorPreyStates, time: number, stream: Stream): Promise<void> {
    const { count, side } = states;
    const tiles = this.#tiles(side);
    const half = this.patchSide / 2;
    const rounds = [
      { shift: 0, first: 0, tiles },
      { shift: 0, first: 1, tiles },
      { shift: half, first: 0, tiles: tiles - 1 },
      { shift: half, first: 1, tiles: tiles - 1 },
    ];
    for (const [round, { shift, first, tiles: all }] of rounds.entries()) {
      const patches = Math.ceil((all - first) / 2);
      if (patches <= 0) continue;
      const origins = Uint32Array.from(
        { length: count * patches },
        (_, pair) => shift + (first + 2 * (pair % patches)) * this.patchSide,
      );
      const cut = await this.#cutAt(states, origins);
      try {
        const { replica, step } = stream;
        await this.evolve(cut, time, { ...stream, replica: replica * patches, step: step + round });
        await this.#paste(cut, origins, states);
      } finally {
        cut.destroy();
      }
    }
  }

  bytes(side: number): number {
    return 16 * side;
  }

  words(side: number): number {
    return 2 * side;
  }

  async pack({ fields }: PredatorPreyStates): Promise<Uint32Array> {
    return this.#gpu.read(fields, Uint32Array);
  }

  /** Throws InputError for words that are no populations. */
  unpack(words: Uint32Array, side: number): PredatorPreyStates {
    const populations = new Float32Array(words.buffer, words.byteOffset, words.length);
    const wrong = populations.find((value) => !isPhysical(value));
    if (wrong !== undefined) throw new InputError(`${wrong} is no population: allowed are 0 to ${MAX_POPULATION}`);
    const states = this.#allocate(words.length / this.words(side), side);
    this.#gpu.write(states.fields, words);
    return states;
  }

  destroy(): void {
    this.#counter.destroy();
    this.#failed.destroy();
  }

  /** The chosen patches `[count, P]` as states of their own, which evolve between frozen surroundings. */
  async #cut(states: PredatorPreyStates, patches: Uint32Array): Promise<PredatorPreyStates> {
    requirePatches(patches, patches.length / states.count, states.side / this.patchSide);
    return this.#cutAt(
      states,
      patches.map((patch) => patch * this.patchSide),
    );
  }

  #allocate(count: number, side: number): PredatorPreyStates {
    if (!Number.isInteger(side) || side < 2) throw new InputError(`${side} grid points: use an integer from 2 up`);
    return new PredatorPreyStates(this.#gpu, count, side);
  }

  #tiles(side: number): number {
    if (side % this.patchSide !== 0) {
      throw new InputError(`patches of ${this.patchSide} points do not tile a grid of ${side}`);
    }
    return side / this.patchSide;
  }

  #steps(time: number): number {
    const { dt } = this.parameters;
    const steps = Math.round(time / dt);
    if (!(time >= 0) || Math.abs(steps * dt - time) > 1e-6 * Math.max(time, dt)) {
      throw new InputError(`time ${time} is not a whole number of steps of ${dt}: use a multiple`);
    }
    return steps;
  }

  async #cutAt({ count, side, fields, time }: PredatorPreyStates, origins: Uint32Array): Promise<PredatorPreyStates> {
    const perReplica = origins.length / count;
    const cut = new PredatorPreyStates(this.#gpu, origins.length, this.patchSide, true);
    cut.time = time;
    const at = this.#gpu.buffer("predator-prey.origins", origins);
    const params = { pairs: origins.length, per_replica: perReplica, points: side, size: this.patchSide };
    const bindings = { fields, origins: at, patches: cut.fields, ...cut.surroundings };
    await this.#run("cut", origins.length * this.patchSide, params, bindings);
    at.destroy();
    return cut;
  }

  /** Puts patches back where they were cut out; those of one replica must not overlap. */
  async #paste({ fields: patches }: PredatorPreyStates, origins: Uint32Array, into: PredatorPreyStates): Promise<void> {
    const params = {
      pairs: origins.length,
      per_replica: origins.length / into.count,
      points: into.side,
      size: this.patchSide,
    };
    const at = this.#gpu.buffer("predator-prey.origins", origins);
    await this.#run("paste", origins.length * this.patchSide, params, { fields: into.fields, origins: at, patches });
    await this.#gpu.idle();
    at.destroy();
  }

  /** Of u and v over pieces of `size` points, `[count, pieces, 2]`. */
  async #means({ count, side, fields }: PredatorPreyStates, size: number): Promise<Float32Array> {
    const pieces = side / size;
    const parts = Math.ceil(size / SUMMED);
    const total = 2 * count * pieces * parts;
    const result = this.#gpu.buffer("predator-prey.sums", 4 * total);
    const params = { replicas: count, points: side, size, parts };
    await this.#run("sums", total, params, { fields, result }, { PART: SUMMED });
    const sums = await this.#gpu.read(result, Float32Array);
    result.destroy();
    return Float32Array.from({ length: 2 * count * pieces }, (_, k) => {
      const [piece, species] = [k >> 1, k & 1];
      let sum = 0;
      for (let part = 0; part < parts; part++) sum += sums[2 * (piece * parts + part) + species];
      return sum / size;
    });
  }

  /** One dispatch of `total` invocations. */
  async #run(
    name: string,
    total: number,
    params: { readonly [field: string]: UniformValue },
    bindings: Bindings,
    constants: Record<string, number> = {},
  ): Promise<void> {
    const kernel = await this.#gpu.kernel(`predator_prey/${name}.wgsl`, { constants });
    const workgroups = grid(total, WORKGROUP);
    this.#gpu.run(kernel.call({ params: { ...params, rows: workgroups[0] }, ...bindings }, workgroups));
  }

  /** What makes a call of so many steps, the first of them `offset` steps behind the counter: even calls of a list go from `fields` to `spare`. */
  async #stepCall({ count, side, surroundings, fields, spare }: PredatorPreyStates, stream: Stream, sign: number) {
    const { growth, threshold, preyDiffusion, predatorDiffusion, noise, dt, integrator } = this.parameters;
    const tiles = Math.ceil(side / TILE);
    const most = CALL_STEPS[integrator];
    const workgroups = grid(count * Math.ceil(tiles / STRIP), STEP_WORKGROUP);
    const kernel = await this.#gpu.kernel("predator_prey/step.wgsl", {
      constants: { TILE, MAX_POPULATION, WORKGROUP: STEP_WORKGROUP },
      conditions: { HALO: surroundings !== null, RK4: integrator === "rk4" },
    });
    const common = {
      replicas: count,
      points: side,
      tiles,
      strip: STRIP,
      rows: workgroups[0],
      group: GROUP * most,
      dt,
      noise: sign * noise * Math.sqrt(dt),
      rates: { growth, threshold, spread: [preyDiffusion, predatorDiffusion] },
      stream: streamUniform(stream),
    };
    return (offset: number, steps: number): Call => {
      const [x, next] = (offset / most) % 2 === 0 ? [fields, spare] : [spare, fields];
      const params = { ...common, offset, steps };
      return kernel.call(
        { params, counter: this.#counter, failed: this.#failed, ...surroundings, x, next },
        workgroups,
      );
    };
  }

  /** Throws PopulationError when a step left the range, with the states of that step: made anew from those that its call began with. */
  async #checkPopulations(
    states: PredatorPreyStates,
    steps: number,
    call: (offset: number, steps: number) => Call,
  ): Promise<void> {
    const [failed] = await this.#gpu.read(this.#failed, Uint32Array);
    if (failed >= steps) return;
    const most = CALL_STEPS[this.parameters.integrator];
    const calls = Math.floor(failed / most);
    this.#gpu.write(this.#counter, Uint32Array.of(Math.floor(calls / GROUP)));
    this.#gpu.run(call((calls % GROUP) * most, (failed % most) + 1));
    if (calls % 2 === 0) [states.fields, states.spare] = [states.spare, states.fields];
    const fields = await this.#gpu.read(states.fields, Float32Array);
    this.#gpu.write(this.#failed, Uint32Array.of(NONE_FAILED));
    const { side, time } = states;
    const at = fields.findIndex((value) => !isPhysical(value));
    const species = Math.floor(at / side) % 2 === 0 ? "prey u" : "predators v";
    const { dt } = this.parameters;
    const step = Math.round(time / dt) + failed + 1;
    states.time = step * dt;
    throw new PopulationError(
      `${species} = ${fields[at]} at point ${at % side} of replica ${Math.floor(at / side / 2)}, step ${step} (time ${Number((step * dt).toPrecision(9))}): ` +
        `populations stay within 0 … ${MAX_POPULATION}; use less noise, a smaller time step or a gentler start`,
    );
  }
}

/** Throws InputError for parameters that cannot be simulated. */
export function checkPredatorPrey(parameters: PredatorPreyParameters): void {
  const { patchPoints, growth, threshold, preyDiffusion, predatorDiffusion, noise, dt } = parameters;
  if (!Number.isInteger(patchPoints) || patchPoints < 2 || patchPoints % 2 !== 0) {
    throw new InputError(`patches of ${patchPoints} points: use an even number from 2 up, they overlap by half`);
  }
  const rates = { growth, threshold, preyDiffusion, predatorDiffusion, noise };
  for (const [name, value] of Object.entries(rates)) {
    if (!(value >= 0 && Number.isFinite(value))) throw new InputError(`${name} ${value} is not a number from 0 up`);
  }
  const fastest = Math.max(1, preyDiffusion, predatorDiffusion);
  if (!(dt > 0 && dt * fastest <= 0.5)) {
    throw new InputError(
      `time step ${dt} is unstable: explicit diffusion needs 0 < dt ≤ ${0.5 / fastest}, ½ over the largest exchange rate`,
    );
  }
}

function isPhysical(value: number): boolean {
  return value >= 0 && value <= MAX_POPULATION;
}
