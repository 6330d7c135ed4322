// Lattices of the alloy on the device, with what is known of them.
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { States } from "../system.ts";

/** Sites of a lattice of so many cells per side. */
export const siteCount = (cells: number) => 2 * cells ** 3;
/** 32-bit words of a lattice, 16 sites each. */
export const latticeWords = (cells: number) => siteCount(cells) / 16;

/** Unordered pairs of elements, in the order of all that is told of them (Nb 1, Mo 2, Ta 3). */
export const PAIRS = [
  [1, 1],
  [1, 2],
  [1, 3],
  [2, 2],
  [2, 3],
  [3, 3],
] as const;

/** Their names. */
export const PAIR_NAMES = ["NbNb", "NbMo", "NbTa", "MoMo", "MoTa", "TaTa"] as const;

/** Atoms of Nb, Mo and Ta. */
export type Composition = readonly [number, number, number];

/** `side` is the number of cells C along a side; a replica has 2C³ sites, of which `vacancies` are empty. */
export class AlloyStates implements States {
  readonly count: number;
  readonly side: number;
  /** Vacancies of each replica. */
  readonly vacancies: number;
  /** Atoms of each element in every replica: Nb, Mo, Ta. */
  readonly atoms: Composition;
  /** Types, two bits a site, `[count][2C³/16]` (kernels/nbmota/lattice.wgsl). */
  readonly lattice: GpuArray;
  /** Sites of the vacancies, `[count][vacancies]`; their order is kept. */
  readonly places: GpuArray;
  /** Bonds of each pair of types, `[count][6]`, int32, in the order of `PAIRS`. */
  readonly bonds: GpuArray;

  constructor(gpu: Gpu, count: number, side: number, vacancies: number, atoms: Composition) {
    this.count = count;
    this.side = side;
    this.vacancies = vacancies;
    this.atoms = atoms;
    this.lattice = gpu.buffer("nbmota.lattice", 4 * count * latticeWords(side));
    this.places = gpu.buffer("nbmota.vacancies", 4 * count * vacancies);
    this.bonds = gpu.buffer("nbmota.bonds", 4 * 6 * count);
  }

  destroy(): void {
    for (const buffer of [this.lattice, this.places, this.bonds]) buffer.destroy();
  }
}
