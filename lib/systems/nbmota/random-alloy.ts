// Random alloys on the host: without order, and with the short-range order of pair energies drawn at random.
import type { Xoshiro } from "../../random/xoshiro.ts";
import { neighbourTable } from "./lattice.ts";
import { type Composition, siteCount } from "./states.ts";

/** As equal numbers of atoms as there can be. */
export function equimolar(atoms: number): Composition {
  const share = (k: number) => Math.floor((atoms + 2 - k) / 3);
  return [share(0), share(1), share(2)];
}

/** Types of all sites: vacancies where they are said to be, atoms at random. */
export function randomAlloy(cells: number, vacancies: readonly number[], atoms: Composition, rng: Xoshiro): Uint8Array {
  const kinds = atoms.flatMap((count, k) => new Array<number>(count).fill(k + 1));
  for (let k = kinds.length - 1; k > 0; k--) {
    const other = rng.below(k + 1);
    [kinds[k], kinds[other]] = [kinds[other], kinds[k]];
  }
  const types = new Uint8Array(siteCount(cells)).fill(255);
  for (const site of vacancies) types[site] = 0;
  let next = 0;
  return types.map((kind) => (kind === 255 ? kinds[next++] : kind));
}

/** An equimolar alloy without order, with so many vacancies at random sites. */
export function randomLattice(cells: number, vacancies: number, rng: Xoshiro): Uint8Array {
  const sites = siteCount(cells);
  const places = new Set<number>();
  while (places.size < vacancies) places.add(rng.below(sites));
  return randomAlloy(cells, [...places], equimolar(sites - vacancies), rng);
}

/**
 * Exchanges atoms of random pairs of sites by the rule of Metropolis for energies of nearest neighbours, `energies` `[4, 4]` of types in
 * units of k_B T, `sweeps` attempts per site; in place. Vacancies stay. The composition stays as it is.
 */
export function order(types: Uint8Array, cells: number, energies: Float64Array, sweeps: number, rng: Xoshiro): void {
  const neighbours = neighbourTable(cells);
  const sites = types.length;
  const field = (site: number, kind: number) => {
    let sum = 0;
    for (let d = 0; d < 8; d++) sum += energies[4 * kind + types[neighbours[8 * site + d]]];
    return sum;
  };
  for (let attempt = 0; attempt < sweeps * sites; attempt++) {
    const [a, b] = [rng.below(sites), rng.below(sites)];
    const [p, q] = [types[a], types[b]];
    if (p === q || p === 0 || q === 0) continue;
    const before = field(a, p) + field(b, q);
    types[a] = q;
    types[b] = p;
    const change = field(a, q) + field(b, p) - before;
    if (change > 0 && rng.uniform() > Math.exp(-change)) {
      types[a] = p;
      types[b] = q;
    }
  }
}
