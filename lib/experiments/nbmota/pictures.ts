// Slices of lattices as pictures: before and after ordering.
import { stream } from "../../random/stream.ts";
import { Xoshiro } from "../../random/xoshiro.ts";
import { type Category, categoryPicture, type Picture } from "../../report/lattice.ts";
import { unpackTypes } from "../../systems/nbmota/environment.ts";
import { siteAt } from "../../systems/nbmota/lattice.ts";
import { randomLattice } from "../../systems/nbmota/random-alloy.ts";
import { latticeWords } from "../../systems/nbmota/states.ts";
import { PATCH_CELLS } from "../../systems/nbmota.ts";
import type { Annealed } from "./annealing.ts";

/** Vacancy, Nb, Mo, Ta, and the space between slices. */
export const SITE_KINDS: readonly Category[] = [
  { name: "vacancy", color: [214, 39, 40] },
  { name: "Nb", color: [230, 159, 0] },
  { name: "Mo", color: [11, 79, 138] },
  { name: "Ta", color: [226, 222, 205] },
];
const BETWEEN: Category = { name: "nothing", color: [140, 140, 140] };
/** Slices beside and below each other. */
const [ACROSS, DOWN] = [2, 2];

/**
 * Two neighbouring (001) layers of a bcc lattice together are a square lattice turned by 45°, with corners and centres of cells in turn: order
 * of the B2 kind is a chessboard. Four such slices, all of different layers.
 */
function slices(types: Uint8Array, cells: number): { kinds: Uint8Array; width: number; height: number } {
  const [wide, high] = [2 * cells, cells];
  const [width, height] = [ACROSS * (wide + 1) - 1, DOWN * (high + 1) - 1];
  const kinds = new Uint8Array(width * height).fill(SITE_KINDS.length);
  for (let slice = 0; slice < ACROSS * DOWN; slice++) {
    const layer = 2 * Math.floor((slice * cells) / (ACROSS * DOWN));
    const [left, top] = [(slice % ACROSS) * (wide + 1), Math.floor(slice / ACROSS) * (high + 1)];
    for (let v = 0; v < high; v++) {
      for (let u = 0; u < wide; u++) {
        const [x, y] = [u + v, u - v];
        const odd = ((x % 2) + 2) % 2;
        kinds[(top + v) * width + left + u] = types[siteAt([x, y, layer + odd], cells)];
      }
    }
  }
  return { kinds, width, height };
}

/** Of a lattice without order, and of one at the hottest and at the coldest of the stages. */
export function orderingPictures(stages: readonly Annealed[], seed: number): Picture[] {
  const picture = (title: string, types: Uint8Array) => {
    const { kinds, width, height } = slices(types, PATCH_CELLS);
    return categoryPicture(title, kinds, width, height, [...SITE_KINDS, BETWEEN]);
  };
  const last = ({ words }: Annealed) => {
    const state = words.length - latticeWords(PATCH_CELLS) - 1;
    return unpackTypes(words.subarray(state, state + latticeWords(PATCH_CELLS)));
  };
  const sorted = stages.toSorted((a, b) => b.temperature - a.temperature);
  const shown = [...new Set([sorted[0], sorted[sorted.length - 1]])];
  const disordered = randomLattice(PATCH_CELLS, 1, Xoshiro.open(stream(seed, "picture"), 0, 0));
  return [
    picture("without order", disordered),
    ...shown.map((stage) => picture(`${Math.round(stage.temperature)} K`, last(stage))),
  ];
}
