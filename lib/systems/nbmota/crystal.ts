// The bcc lattice of the alloy as a configuration of atoms, and back: vacancies are atoms that are not there.
// Site ((z·C + y)·C + x)·2 + b of C cells per side is the corner (b = 0) or the centre (b = 1) of cell (x, y, z).
import { InputError } from "../../errors.ts";
import type { Configuration } from "../../io/configuration.ts";
import { ELEMENTS } from "./environment.ts";
import { placeOf } from "./lattice.ts";

/** Å; equimolar Nb–Mo–Ta (Xing et al., Nat. Commun. 15, 3879 (2024)). */
export const LATTICE_CONSTANT = 3.24;

/** How far an atom may be from its site, in distances of nearest neighbours; twice as far it would be nearer to another. */
const TOLERANCE = 0.25;
/** Half a lattice constant is the unit inside: there nearest neighbours are √3 apart. */
const TOLERANCE_SQUARED = 3 * TOLERANCE ** 2;
/** Beyond this share of vacancies other lattices are bcc lattices too: half empty is simple cubic, three quarters fcc. */
const VACANT = 1 / 4;
/** How much longer one side of a cubic box may be than another, relative: as rounding or barostats leave it. */
const ASPECT = 1e-3;

export interface Crystal {
  /** Cubic cells per side, C. */
  readonly cells: number;
  /** `[2C³]`: 0 a vacancy, 1 Nb, 2 Mo, 3 Ta. */
  readonly types: Uint8Array;
}

/** The atoms of a lattice, in the order of its sites. Throws Error where `types` are not those of `cells` per side. */
export function toConfiguration(
  types: Uint8Array,
  cells: number,
  meta: Pick<Configuration, "step" | "time" | "notes"> = {},
): Configuration {
  if (types.length !== 2 * cells ** 3)
    throw new Error(`${types.length} sites are not those of ${cells} cells per side`);
  const atoms = types.reduce((sum, type) => sum + Math.min(type, 1), 0);
  const positions = new Float64Array(3 * atoms);
  const elements: string[] = [];
  for (const [site, type] of types.entries()) {
    if (type === 0) continue;
    if (type > ELEMENTS.length) throw new Error(`site ${site} has type ${type}`);
    for (const [axis, at] of placeOf(site, cells).entries()) {
      positions[3 * elements.length + axis] = (at / 2) * LATTICE_CONSTANT;
    }
    elements.push(ELEMENTS[type - 1]);
  }
  const side = cells * LATTICE_CONSTANT;
  return { box: [side, side, side], elements, positions, ...meta };
}

/**
 * The lattice that the atoms of a configuration are on. Any lattice constant will do, and the lattice may be shifted as a
 * whole; `displacement` is the distance, in Å, of the atom that is farthest from its site. Throws InputError with `name`,
 * the file's, and the line of the atom: a foreign element, a box that is no cube, an atom that has no site of its own, a
 * lattice without a vacancy.
 */
export function fromConfiguration(configuration: Configuration, name: string): Crystal & { displacement: number } {
  const { box, elements, lines } = configuration;
  const where = (atom: number) => (lines ? `line ${lines[atom]}` : `atom ${atom + 1}`);
  const fail = (problem: string, remedy: string, atom?: number): never => {
    throw new InputError(`${name}${atom === undefined ? "" : `, ${where(atom)}`}: ${problem}; ${remedy}`);
  };
  const numbers = new Map<string, number>(ELEMENTS.map((element, index) => [element, index + 1]));
  const foreign = elements.findIndex((element) => !numbers.has(element));
  if (foreign >= 0) {
    const problem = `element ${elements[foreign].slice(0, 20)} is none of this alloy, ${ELEMENTS.join(", ")}`;
    fail(problem, "replace it, or say which of these the types of the file are", foreign);
  }
  const atoms = elements.length;
  if (atoms === 0) fail("there are no atoms", "give a bcc lattice that has them");
  if (!(Math.max(...box) <= Math.min(...box) * (1 + ASPECT))) {
    fail(`the box of ${box.join(" × ")} Å is no cube`, "repeat the cell as often along x, y and z");
  }
  const { cells, sites, displacement, homeless } = bestFit(configuration);
  const { atom, other, others } = homeless;
  const lattice = `a bcc lattice of ${cells} × ${cells} × ${cells} cells`;
  if (atom !== undefined) {
    const rest = others > 0 ? ` (so are ${others} more of ${atoms} atoms)` : "";
    if (other !== undefined) {
      fail(`this atom is on the same site as the one of ${where(other)}, in ${lattice}${rest}`, "remove one", atom);
    }
    const reach = ((TOLERANCE * Math.sqrt(3) * box[0]) / (2 * cells)).toFixed(2);
    const problem = `this atom is over ${reach} Å from every site of ${lattice}${rest}`;
    fail(problem, "relax the atoms, or give a bcc lattice with few vacancies", atom);
  }
  if (atoms === 2 * cells ** 3) {
    fail(`${atoms} atoms fill ${lattice}: without a vacancy nothing can move`, "leave one atom out");
  }
  const types = new Uint8Array(2 * cells ** 3);
  for (const [index, site] of sites.entries()) types[site] = numbers.get(elements[index]) ?? 0;
  return { cells, types, displacement };
}

interface Fit extends Pick<Crystal, "cells"> {
  /** The site of each atom. */
  readonly sites: Uint32Array;
  readonly displacement: number;
  /** The first atom without a site of its own, the one that has its site, and how many more there are. */
  readonly homeless: { atom?: number; other?: number; others: number };
}

/** Tries all numbers of cells that leave the allowed share of sites vacant; where none fits, the one that fits most atoms. */
function bestFit(configuration: Configuration): Fit {
  const atoms = configuration.elements.length;
  const cellsOf = (sites: number) => Math.floor(Math.cbrt(sites / 2) + 1e-9);
  const [first, last] = [cellsOf(atoms), cellsOf(atoms / (1 - VACANT))].map((cells) => Math.max(1, cells));
  let best = fit(configuration, first);
  for (let cells = first + 1; cells <= last && best.homeless.others >= 0; cells++) {
    const next = fit(configuration, cells);
    if (next.homeless.others < best.homeless.others) best = next;
  }
  return best;
}

/** Puts the atoms on the nearest sites of a lattice of `cells` per side, shifted to where most of them are. */
function fit({ box, positions }: Configuration, cells: number): Fit {
  const atoms = positions.length / 3;
  const sides = 2 * cells;
  // The mean phase of the atoms in half lattice constants: what all are off the grid by, whatever single ones are.
  const shift = box.map((side, axis) => {
    let [sine, cosine] = [0, 0];
    for (let at = axis; at < positions.length; at += 3) {
      const phase = (2 * Math.PI * sides * positions[at]) / side;
      sine += Math.sin(phase);
      cosine += Math.cos(phase);
    }
    return Math.atan2(sine, cosine) / (2 * Math.PI);
  });
  const grid = new Int32Array(positions.length);
  const distances = new Float64Array(atoms);
  /** Sites have coordinates of equal parity, but the grid may be off by one in x or y: atoms by parities against z. */
  const votes = [0, 0, 0, 0];
  const parity = (at: number) => ((grid[at] ^ grid[at + 2]) & 1) | (((grid[at + 1] ^ grid[at + 2]) & 1) << 1);
  for (let atom = 0; atom < atoms; atom++) {
    for (let axis = 0; axis < 3; axis++) {
      const place = (sides * positions[3 * atom + axis]) / box[axis] - shift[axis];
      const nearest = Math.round(place);
      distances[atom] += (place - nearest) ** 2;
      grid[3 * atom + axis] = nearest - sides * Math.floor(nearest / sides);
    }
    votes[parity(3 * atom)]++;
  }
  const common = votes.indexOf(Math.max(...votes));
  const owners = new Int32Array(2 * cells ** 3).fill(-1);
  const sites = new Uint32Array(atoms);
  const homeless: Fit["homeless"] = { others: -1 };
  let farthest = 0;
  for (let atom = 0; atom < atoms; atom++) {
    const at = 3 * atom;
    const [i, j, k] = [(grid[at] + (common & 1)) % sides, (grid[at + 1] + (common >> 1)) % sides, grid[at + 2]];
    const site = 2 * (((k >> 1) * cells + (j >> 1)) * cells + (i >> 1)) + (k & 1);
    const isNear = distances[atom] <= TOLERANCE_SQUARED && parity(at) === common;
    if (isNear && owners[site] < 0) {
      owners[site] = atom;
      sites[atom] = site;
      farthest = Math.max(farthest, distances[atom]);
      continue;
    }
    homeless.atom ??= atom;
    if (homeless.atom === atom && isNear) homeless.other = owners[site];
    homeless.others++;
  }
  return { cells, sites, displacement: (Math.sqrt(farthest) * box[0]) / sides, homeless };
}
