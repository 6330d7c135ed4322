// The sites of the bcc lattice on the host; kernels/nbmota/lattice.wgsl is the same for kernels.
import { DIRECTIONS } from "./environment.ts";
import { siteCount } from "./states.ts";

/** Place of a site in half lattice constants; see kernels/nbmota/lattice.wgsl. */
export function placeOf(site: number, cells: number): [number, number, number] {
  const b = site & 1;
  const cell = site >> 1;
  return [
    2 * (cell % cells) + b,
    2 * (Math.floor(cell / cells) % cells) + b,
    2 * Math.floor(cell / (cells * cells)) + b,
  ];
}

/** The site at a place, with periodic ends. */
export function siteAt([x, y, z]: readonly number[], cells: number): number {
  const within = (u: number) => Math.floor((((u % (2 * cells)) + 2 * cells) % (2 * cells)) / 2);
  return 2 * ((within(z) * cells + within(y)) * cells + within(x)) + (x & 1);
}

const tables = new Map<number, Uint32Array>();

/** The eight neighbours of every site, `[2C³, 8]`; kept, as it is asked for again and again. */
export function neighbourTable(cells: number): Uint32Array {
  let table = tables.get(cells);
  if (!table) {
    table = Uint32Array.from({ length: 8 * siteCount(cells) }, (_, k) => {
      const place = placeOf(k >> 3, cells);
      return siteAt(
        place.map((u, j) => u + DIRECTIONS[k & 7][j]),
        cells,
      );
    });
    tables.set(cells, table);
  }
  return table;
}
