// Barriers by the compact model: sums over the sites around a vacancy, their squares, and a few hidden units. Distilled from the published
// network by scripts/nbmota-distill.ts.
import { join } from "node:path";
import { InputError } from "../../errors.ts";
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import { type Format, flatTensors, readArrays } from "../../io/format.ts";
import { readSafetensors } from "../../io/safetensors.ts";
import { type BarrierKernels, type BarrierModel, digestOf, siteTable } from "./barriers.ts";
import { ELEMENTS, SITES } from "./environment.ts";

/** Where the model stands that the program ships. */
const SHIPPED = join(import.meta.dir, "../../../data/nbmota/compact.safetensors");

const KINDS = ELEMENTS.length;
const GROUP = 32;

/**
 * E = offset + slope s₀ + Σ_{r>0} sign_r s_r² + Σ_h out_h max(0, bias_h + Σ_r in_rh s_r), s_r = shift_r + Σ_places value(place, type, r), in the
 * frame of the jump: a cluster expansion with all single and pair terms, of low rank, and a small correction. Energies in eV. A vacancy
 * adds nothing.
 */
export interface CompactWeights {
  /** Numbers s, a multiple of 8. */
  readonly rank: number;
  /** Hidden units, a multiple of 4. */
  readonly hidden: number;
  /** `[places][types][rank]`, types Nb, Mo, Ta. */
  readonly values: Float32Array;
  /** `[rank]` */
  readonly shift: Float32Array;
  /** `[rank]`, in eV; that of s₀ is 0. */
  readonly sign: Float32Array;
  /** `[rank][hidden]` */
  readonly input: Float32Array;
  /** `[hidden]` */
  readonly bias: Float32Array;
  /** `[hidden]`, eV. */
  readonly output: Float32Array;
  /** `[1]`: of E; and `[1]`: of s₀ in it, eV. */
  readonly offset: Float32Array;
  readonly slope: Float32Array;
}

/** What the program ships. */
export function shippedWeights(): CompactWeights {
  const { tensors, metadata } = readSafetensors(SHIPPED, "restore it from the repository");
  return COMPACT.read({ tensors, text: metadata });
}

/** Largest sum of whole numbers, of 16 bits. */
const LARGEST = 65_535;

/**
 * The values of one s as whole numbers `[places][types + 1]` (vacancy first) whose sum over the places is in 0 … 65,535 whatever the types, with
 * s = step · sum − base.
 */
function quantized({ values, shift, rank }: CompactWeights, r: number) {
  const value = (place: number, kind: number) => (kind === 0 ? 0 : values[(place * KINDS + kind - 1) * rank + r]);
  const kinds = Array.from({ length: KINDS + 1 }, (_, kind) => kind);
  let low = 0;
  let high = 0;
  for (let place = 0; place < SITES; place++) {
    const all = kinds.map((kind) => value(place, kind));
    low += Math.min(...all);
    high += Math.max(...all);
  }
  // Each number is off by half at most.
  const step = Math.max(high - low, 1e-12) / (LARGEST - SITES - 1);
  const whole = new Int32Array(SITES * (KINDS + 1));
  for (let place = 0; place < SITES; place++) {
    for (const kind of kinds) whole[place * (KINDS + 1) + kind] = Math.round(value(place, kind) / step);
  }
  // A vacancy is 0, so the start of the sum keeps it from falling below 0.
  const start = Math.ceil(-low / step + SITES / 2);
  return { step, base: step * start - shift[r], start, whole };
}

export class CompactBarriers implements BarrierModel {
  readonly name = "compact";
  readonly digest: string;
  readonly granularity = GROUP;
  readonly bytesOfSlot: number;
  readonly #weights: CompactWeights;

  constructor(weights: CompactWeights) {
    const { values, shift, sign, input, bias, output, offset, slope } = weights;
    this.digest = digestOf([values, shift, sign, input, bias, output, offset, slope]);
    this.#weights = weights;
    this.bytesOfSlot = 16 * weights.rank;
  }

  /** The model that the program ships. */
  static shipped(): CompactBarriers {
    return new CompactBarriers(shippedWeights());
  }

  async kernels(gpu: Gpu, capacity: number, list: GpuArray, cache: GpuArray): Promise<BarrierKernels> {
    const { rank, hidden, sign, input, bias, output, offset, slope } = this.#weights;
    const parts = rank / 8;
    const [sum, end] = await Promise.all([
      gpu.kernel("nbmota/compact_sums.wgsl", { constants: { GROUP } }),
      gpu.kernel("nbmota/compact_head.wgsl", { constants: { GROUP, RANK: rank } }),
    ]);
    const rows = new Uint32Array(4 * parts * (SITES * KINDS + 1));
    const head = new Float32Array(4 * (rank + (hidden / 4) * (2 + rank)));
    const row = (part: number, k: number) => 4 * (part * (SITES * KINDS + 1) + k);
    for (let r = 0; r < rank; r++) {
      const { step, base, start, whole } = quantized(this.#weights, r);
      // Word r / 2 of all, its low half for even r; negative numbers borrow from the high half and give it back in the sum.
      const [part, word] = [r >> 3, (r & 7) >> 1];
      const put = (k: number, value: number) => {
        rows[row(part, k) + word] += r % 2 === 0 ? value : value * 65_536;
      };
      for (let place = 0; place < SITES; place++) {
        for (let kind = 1; kind <= KINDS; kind++) put(place * KINDS + kind - 1, whole[place * (KINDS + 1) + kind]);
      }
      put(SITES * KINDS, start);
      head.set([step, base, sign[r], r === 0 ? slope[0] : 0], 4 * r);
    }
    for (let h = 0; h < hidden; h++) {
      const first = 4 * (rank + (h >> 2) * (2 + rank)) + (h & 3);
      head[first] = output[h];
      head[first + 4] = bias[h];
      for (let r = 0; r < rank; r++) head[first + 8 + 4 * r] = input[r * hidden + h];
    }
    const buffers = {
      sites: gpu.buffer("compact.sites", siteTable()),
      rows: gpu.buffer("compact.rows", rows),
      head: gpu.buffer("compact.head", head),
      sums: gpu.buffer("compact.sums", 16 * 8 * parts * capacity),
    };
    const shared = { list, cache, sums: buffers.sums };
    const groups = Math.ceil(capacity / GROUP);
    return {
      calls: [
        sum.call({ params: { capacity, places: SITES }, sites: buffers.sites, rows: buffers.rows, ...shared }, [
          groups,
          parts,
        ]),
        end.call({ params: { capacity, fours: hidden / 4, rank, offset: offset[0] }, head: buffers.head, ...shared }, [
          groups,
          8,
        ]),
      ],
      destroy() {
        for (const buffer of Object.values(buffers)) buffer.destroy();
      },
    };
  }
}

/** Files of the compact model. */
export const COMPACT: Format<CompactWeights> = {
  write: ({ rank, hidden, ...arrays }) => ({
    tensors: flatTensors(arrays),
    text: { rank: String(rank), hidden: String(hidden) },
  }),
  read: ({ tensors, text }) => {
    const [rank, hidden] = [Number(text.rank), Number(text.hidden)];
    if (!(rank > 0 && rank % 8 === 0 && hidden >= 0 && hidden % 4 === 0)) {
      throw new InputError(`a compact model of rank ${text.rank} with ${text.hidden} hidden units is none`);
    }
    const lengths = {
      values: SITES * KINDS * rank,
      shift: rank,
      sign: rank,
      input: rank * hidden,
      bias: hidden,
      output: hidden,
      offset: 1,
      slope: 1,
    };
    return { rank, hidden, ...readArrays(tensors, lengths, "compact model") };
  },
};
