// Models of the barriers that a vacancy has to jump over: what evaluates them where walks (kinetics.ts) have listed new surroundings.
import { createHash } from "node:crypto";
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Call } from "../../gpu/kernel.ts";
import { DIRECTIONS, ENVIRONMENT_WORDS, FRAMES, packTypes, SITES, siteIndex } from "./environment.ts";

/** Words of a slot of the cache, and where the barriers begin (kernels/nbmota/cache.wgsl). */
export const SLOT = 16;
const BARRIERS = 8;
/** Words of a list before its slots. */
export const LIST_HEAD = 4;

/** A model on the device, for lists of at most `capacity` slots. */
export interface BarrierKernels {
  /** Evaluates the slots that are listed. */
  readonly calls: readonly Call[];
  destroy(): void;
}

/** What gives the eight barriers of a vacancy, eV, from the types of the 112 sites around it. */
export interface BarrierModel {
  readonly name: string;
  /** SHA-256 of its numbers: which model it is. */
  readonly digest: string;
  /** Capacities are multiples of this. */
  readonly granularity: number;
  /** Device bytes that an evaluation takes for each slot of its list. */
  readonly bytesOfSlot: number;
  /** `list`: how many slots, three words, then their numbers. `cache`: the slots. */
  kernels(gpu: Gpu, capacity: number, list: GpuArray, cache: GpuArray): Promise<BarrierKernels>;
}

/** SHA-256 of arrays one after another. */
export function digestOf(arrays: readonly Float32Array[]): string {
  const hash = createHash("sha256");
  for (const { buffer, byteOffset, byteLength } of arrays) hash.update(new Uint8Array(buffer, byteOffset, byteLength));
  return hash.digest("hex");
}

/** For kernels: which site stands at each place of the frame of each jump, `[112]` of eight bytes. */
export function siteTable(): Uint32Array {
  const bytes = new Uint8Array(8 * SITES);
  for (const [jump, sites] of FRAMES.entries()) {
    for (const [place, site] of sites.entries()) bytes[8 * place + jump] = site;
  }
  return new Uint32Array(bytes.buffer);
}

/** The same barriers `[n, 8]`, infinite where the site to jump to is another vacancy: no jump, whatever a model says of it. */
export function blocked(barriers: Float32Array, types: ArrayLike<number>): Float32Array {
  const targets = DIRECTIONS.map(siteIndex);
  return barriers.map((barrier, k) => {
    const target = SITES * Math.floor(k / targets.length) + targets[k % targets.length];
    return types[target] === 0 ? Number.POSITIVE_INFINITY : barrier;
  });
}

/** Environments of one batch of `barriersOf`. */
const BATCH = 4096;

/** Barriers `[n, 8]` in eV of environments `[n, 112]` of types, in the orders of `OFFSETS` and `DIRECTIONS`. */
export async function barriersOf(gpu: Gpu, model: BarrierModel, types: ArrayLike<number>): Promise<Float32Array> {
  const n = types.length / SITES;
  const keys = packTypes(types);
  const width = ENVIRONMENT_WORDS;
  const capacity = model.granularity * Math.ceil(Math.min(BATCH, Math.max(1, n)) / model.granularity);
  const list = gpu.buffer("nbmota.list", 4 * (LIST_HEAD + capacity));
  const cache = gpu.buffer("nbmota.cache", 4 * SLOT * capacity);
  const kernels = await model.kernels(gpu, capacity, list, cache);
  const out = new Float32Array(8 * n);
  try {
    for (let from = 0; from < n; from += capacity) {
      const count = Math.min(capacity, n - from);
      const slots = new Uint32Array(SLOT * count);
      for (let k = 0; k < count; k++) slots.set(keys.subarray((from + k) * width, (from + k + 1) * width), SLOT * k);
      gpu.write(cache, slots);
      gpu.write(list, Uint32Array.of(count, 0, 0, 0, ...slots.subarray(0, count).map((_, k) => k)));
      gpu.run(kernels.calls);
      const found = await gpu.read(cache, Float32Array, SLOT * count);
      for (let k = 0; k < count; k++) out.set(found.subarray(SLOT * k + BARRIERS, SLOT * (k + 1)), 8 * (from + k));
    }
  } finally {
    kernels.destroy();
    list.destroy();
    cache.destroy();
  }
  return out;
}
