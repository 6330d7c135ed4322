// Residence-time Monte Carlo of vacancies on the device: walks until a time is over or a number of jumps is done.
import { InputError } from "../../errors.ts";
import { bufferLimit, type GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import { type Stream, streamUniform } from "../../random/stream.ts";
import { type BarrierModel, LIST_HEAD, SLOT } from "./barriers.ts";
import { DIRECTIONS, OFFSETS, siteIndex } from "./environment.ts";
import { latticeWords } from "./states.ts";

/** Attempts of a vacancy to jump, 1/s, and Boltzmann's constant, eV/K. */
export const ATTEMPT_RATE = 1e13;
export const BOLTZMANN = 8.617333e-5;
/** Times of kernels are in units of the mean time over a barrier of so many eV. */
const REFERENCE = 0.9;

/** Slots of the cache of each vacancy. */
const SLOTS = 256;
/** Slots that a walker may list between two evaluations, on average. */
const LISTED = 2;
/** Jumps of one call at most. */
const MOST_JUMPS = 256;
/** Rounds of a submission at first, and at most. */
const FIRST_ROUNDS = 8;
const MOST_ROUNDS = 1024;
const SLICE_SECONDS = 0.25;

/** Time unit of the kernels at a temperature in K, seconds. */
const kernelTime = (temperature: number) => Math.exp(REFERENCE / (BOLTZMANN * temperature)) / ATTEMPT_RATE;

/** Lattices with vacancies that move: arrays of `AlloyStates`, the vacancies some of a lattice or all. */
export interface Walkers {
  readonly count: number;
  readonly cells: number;
  /** Vacancies that move, of each walker. */
  readonly mobile: number;
  readonly lattice: GpuArray;
  readonly places: GpuArray;
  readonly bonds: GpuArray;
}

export interface WalkOptions {
  /** Seconds; until the jumps are done by default. */
  readonly time?: number;
  /** Jumps of each walker; until the time is over by default. */
  readonly jumps?: number;
  /** Sums up what the rates say of the bonds along the way. */
  readonly rates?: boolean;
  /** Nothing moves: the rates of the lattices as they are. */
  readonly still?: boolean;
  /** Keeps all jumps; their number has to be given. */
  readonly log?: boolean;
  /** Slots of the cache of each vacancy, a power of two. Jumps do not depend on it. */
  readonly slots?: number;
}

export interface Walk {
  /** Seconds that have passed, `[count]`. */
  readonly time: Float64Array;
  /** Jumps done, `[count]`. */
  readonly jumps: Uint32Array;
  /**
   * Of each walker `[count, 27]`: ∫ Σ r Δ ds of the six bond numbers, and ∫ Σ r Δ Δᵀ ds, the upper triangle row by row; per second where
   * nothing moves. null unless asked for.
   */
  readonly sums: Float64Array | null;
  /** Of each jump: the seconds before it, the site that the vacancy went to, and the direction; `[count, jumps]`, 0 behind the last. */
  readonly log: { readonly waited: Float64Array; readonly site: Uint32Array; readonly direction: Uint8Array } | null;
}

/** 32-bit words of a walker's record, and numbers beside each of its vacancies (kernels/nbmota/walker.wgsl). */
const RECORD = 8;
const RATES = 20;
/** Numbers that rates are summed up in: 6 drifts, 21 products. */
export const SUMS = 27;

/** Device bytes that a walk takes for each walker, beside its lattice, with the sums of its rates. */
export function walkBytes({ bytesOfSlot }: BarrierModel, mobile: number): number {
  const listed = Math.min(mobile, LISTED);
  return 4 * (RECORD + (RATES + SLOT * SLOTS) * mobile + SUMS) + listed * (4 + bytesOfSlot);
}

/** Moves walkers at one temperature (K), in place. Walkers are numbered from `at.replica` on. */
export async function walk(
  gpu: Gpu,
  model: BarrierModel,
  temperature: number,
  walkers: Walkers,
  at: Stream,
  { time, jumps, rates = false, still = false, log = false, slots: wanted = SLOTS }: WalkOptions,
): Promise<Walk> {
  const { count, cells, mobile } = walkers;
  if (jumps !== undefined && !(Number.isInteger(jumps) && jumps > 0 && jumps < 2 ** 32)) {
    throw new InputError(`${jumps} jumps: use a whole number from 1 to 4294967295`);
  }
  const slots = slotsThatFit(wanted, 4 * SLOT * count * mobile, bufferLimit(gpu.device));
  const unit = kernelTime(temperature);
  const limit = jumps ?? 2 ** 32 - 1;
  const capacity = model.granularity * Math.ceil(Math.max(1, count * Math.min(mobile, LISTED)) / model.granularity);
  const conditions = { SUMS: rates, LOG: log };
  const [start, clear, step] = await Promise.all([
    gpu.kernel("nbmota/start_walk.wgsl"),
    gpu.kernel("nbmota/clear_list.wgsl"),
    gpu.kernel("nbmota/walk.wgsl", { conditions }),
  ]);
  const own = {
    walkers: gpu.buffer("nbmota.walkers", 4 * RECORD * count),
    rates: gpu.buffer("nbmota.rates", 4 * RATES * count * mobile),
    cache: gpu.buffer("nbmota.cache", 4 * SLOT * slots * count * mobile),
    list: gpu.buffer("nbmota.list", 4 * (LIST_HEAD + capacity)),
    ...(rates && { sums: gpu.buffer("nbmota.sums", 4 * SUMS * count) }),
    ...(log && { history: gpu.buffer("nbmota.history", 8 * count * limit) }),
  };
  const evaluation = await model.kernels(gpu, capacity, own.list, own.cache);
  try {
    const first = { walkers: count, mobile, stream: streamUniform(at) };
    const kept = { walkers: own.walkers, rates: own.rates };
    gpu.run(start.call({ params: first, ...kept }, Math.ceil((count * mobile) / 64)));
    const params = {
      walkers: count,
      cells,
      words: latticeWords(cells),
      mobile,
      slots,
      capacity,
      most: MOST_JUMPS,
      jumps: limit,
      time: time === undefined ? 3e38 : time / unit,
      reference: REFERENCE,
      beta: 1 / (BOLTZMANN * temperature),
      still: still ? 1 : 0,
      sites: 16,
    };
    const { lattice, places: vacancies, bonds } = walkers;
    const round = [
      clear.call({ list: own.list }, 1),
      step.call({ params, reach: reachUniform(), lattice, vacancies, bonds, ...own }, Math.ceil(count / 32)),
      ...evaluation.calls,
    ];
    for (let rounds = FIRST_ROUNDS, active = count; active > 0; ) {
      const began = performance.now();
      gpu.run(round, rounds);
      [, active] = await gpu.read(own.list, Uint32Array, 2);
      const seconds = Math.max(1e-4, (performance.now() - began) / 1000);
      rounds = Math.max(1, Math.min(MOST_ROUNDS, 2 * rounds, Math.round((rounds * SLICE_SECONDS) / seconds)));
    }
    const records = await gpu.read(own.walkers, Uint32Array);
    const clocks = new Float32Array(records.buffer);
    const scale = still ? 1 / unit : 1;
    return {
      time: Float64Array.from({ length: count }, (_, w) => (clocks[RECORD * w + 4] + clocks[RECORD * w + 5]) * unit),
      jumps: Uint32Array.from({ length: count }, (_, w) => records[RECORD * w + 6]),
      sums: own.sums ? Float64Array.from(await gpu.read(own.sums, Float32Array), (x) => x * scale) : null,
      log: own.history ? historyOf(await gpu.read(own.history, Uint32Array), unit) : null,
    };
  } finally {
    evaluation.destroy();
    for (const buffer of Object.values(own)) buffer.destroy();
  }
}

/** As many slots of so many bytes, a power of two, as fit: with fewer, barriers are evaluated more often, and are the same. */
function slotsThatFit(wanted: number, bytes: number, limit: number): number {
  let slots = wanted;
  while (slots > 1 && slots * bytes > limit) slots /= 2;
  return slots;
}

function historyOf(words: Uint32Array, unit: number): NonNullable<Walk["log"]> {
  const times = new Float32Array(words.buffer);
  const length = words.length / 2;
  return {
    waited: Float64Array.from({ length }, (_, k) => times[2 * k] * unit),
    site: Uint32Array.from({ length }, (_, k) => words[2 * k + 1] >>> 3),
    direction: Uint8Array.from({ length }, (_, k) => words[2 * k + 1] & 7),
  };
}

/** The places around a vacancy as a uniform of kernels. */
function reachUniform() {
  return {
    offsets: OFFSETS.flatMap((place) => [...place, 0]),
    jumps: DIRECTIONS.flatMap((place) => [...place, siteIndex(place)]),
  };
}
