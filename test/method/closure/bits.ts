// Lattices of two states on the host for tests of closures.
import { openDevice } from "../../../lib/gpu/device.ts";
import type { ConvolutionModel } from "../../../lib/method/closure/convolution.ts";
import { encoderOf } from "../../../lib/method/closure/kinds.ts";
import type { Xoshiro } from "../../../lib/random/xoshiro.ts";
import type { BinarySystem, States } from "../../../lib/systems/system.ts";
import { mean, range } from "../../numbers.ts";

/** A lattice of ±1 in rows. */
export type Lattice = number[][];
export const lattice = (side: number, site: (r: number, c: number) => number): Lattice =>
  range(side, (r) => range(side, (c) => site(r, c)));
export const randomLattice = (side: number, rng: Xoshiro) => lattice(side, () => (rng.next() & 1 ? 1 : -1));

/** `[lattice][row][word]`, bit c mod 32 of word ⌊c/32⌋. */
export function pack(lattices: Lattice[]): Uint32Array {
  const side = lattices[0].length;
  const words = Math.ceil(side / 32);
  const bits = new Uint32Array(lattices.length * side * words);
  lattices.forEach((rows, k) => {
    rows.forEach((row, r) => {
      row.forEach((site, c) => {
        if (site > 0) bits[(k * side + r) * words + Math.floor(c / 32)] |= 2 ** (c % 32);
      });
    });
  });
  return bits;
}

/** The patches of a lattice, row by row in the tiling. */
export function tilesOf(rows: Lattice, l: number): Lattice[] {
  const across = rows.length / l;
  return range(across ** 2, (k) => lattice(l, (r, c) => rows[l * Math.floor(k / across) + r][l * (k % across) + c]));
}

interface HostStates extends States {
  readonly words: Uint32Array;
}

export const statesOf = (words: Uint32Array, count: number, side: number): HostStates => ({
  words,
  count,
  side,
  destroy: () => {},
});

/** As much of a system as an encoder asks for. */
export function systemOf(patchSide: number): BinarySystem<HostStates> {
  const bits = async ({ words }: HostStates) => (await openDevice()).buffer("test.bits", words);
  return { name: "bits", dimension: 2, patchSide, bits } as unknown as BinarySystem<HostStates>;
}

/** ψ of every patch, `[lattice][patch][variable]`. */
export async function encode(model: ConvolutionModel, lattices: Lattice[]): Promise<number[][][]> {
  const side = lattices[0].length;
  const encoder = encoderOf(await openDevice(), systemOf(model.patchSide), model);
  const values = await encoder.encode(statesOf(pack(lattices), lattices.length, side));
  const patches = (side / model.patchSide) ** 2;
  return range(lattices.length, (k) =>
    range(patches, (patch) => range(model.variables, (v) => values[(k * patches + patch) * model.variables + v])),
  );
}

/** Means of ψ over the patches, by variable. */
export async function closureOf(model: ConvolutionModel, lattices: Lattice[]): Promise<number[][]> {
  const values = await encode(model, lattices);
  return range(model.variables, (v) => values.map((patches) => mean(patches.map((psi) => psi[v]))));
}
