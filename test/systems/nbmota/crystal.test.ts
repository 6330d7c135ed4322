import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { InputError } from "../../../lib/errors.ts";
import type { Configuration } from "../../../lib/io/configuration.ts";
import { readExtxyz, writeExtxyz } from "../../../lib/io/extxyz.ts";
import { readDump, writeDump } from "../../../lib/io/lammps-dump.ts";
import { fromConfiguration, LATTICE_CONSTANT, toConfiguration } from "../../../lib/systems/nbmota/crystal.ts";
import { ELEMENTS } from "../../../lib/systems/nbmota/environment.ts";
import { generators, temporaryFolder } from "../../fixtures.ts";

setDefaultTimeout(60_000);

const a = LATTICE_CONSTANT;
/** Distance of nearest neighbours, and how far from its site an atom may be. */
const NEIGHBOUR = (Math.sqrt(3) / 2) * a;
const REACH = NEIGHBOUR / 4;
const folder = temporaryFolder("crystal");
const rng = generators(1);

/** The message of the InputError that `run` must throw. */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return "no error";
}

/** Random types with `vacancies` of them 0. */
function alloy(cells: number, vacancies: number, purpose: string): Uint8Array {
  const draw = rng(purpose);
  const types = Uint8Array.from({ length: 2 * cells ** 3 }, () => 1 + Math.floor(3 * draw.uniform() * 0.999999));
  for (let left = vacancies; left > 0; ) {
    const site = Math.floor(draw.uniform() * types.length) % types.length;
    if (types[site] === 0) continue;
    types[site] = 0;
    left--;
  }
  return types;
}

/** A configuration with each position moved by `move(atom, axis)`, Å. */
function moved(configuration: Configuration, move: (atom: number, axis: number) => number): Configuration {
  const positions = configuration.positions.map((x, at) => x + move(Math.floor(at / 3), at % 3));
  return { ...configuration, positions };
}

/** The atoms of `kept`, in its order. */
function chosen({ elements, positions, ...rest }: Configuration, kept: readonly number[]): Configuration {
  return {
    ...rest,
    elements: kept.map((atom) => elements[atom]),
    positions: Float64Array.from(kept.flatMap((atom) => [...positions.subarray(3 * atom, 3 * atom + 3)])),
  };
}

const lattice = fc.integer({ min: 2, max: 5 }).chain((cells) => {
  const sites = 2 * cells ** 3;
  return fc.record({
    cells: fc.constant(cells),
    atoms: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: sites, maxLength: sites }),
    vacancies: fc.uniqueArray(fc.nat(sites - 1), { minLength: 1, maxLength: Math.floor(sites / 8) }),
  });
});
const lattices = lattice.map(({ cells, atoms, vacancies }) => ({
  cells,
  types: Uint8Array.from(atoms, (type, site) => (vacancies.includes(site) ? 0 : type)),
}));

describe("a lattice as atoms", () => {
  test("has corner and centre of each cell where the numbers of sites say, x fastest", () => {
    // Cell (x, y, z) = (1, 0, 2) of 3 has the sites ((2·3 + 0)·3 + 1)·2 = 38 and 39.
    const types = new Uint8Array(54);
    types[38] = 2;
    types[39] = 3;
    const { box, elements, positions } = toConfiguration(types, 3);
    expect(box).toEqual([3 * a, 3 * a, 3 * a]);
    expect(elements).toEqual(["Mo", "Ta"]);
    expect([...positions].map((x) => Number((x / a).toFixed(12)))).toEqual([1, 0, 2, 1.5, 0.5, 2.5]);
    expect(Math.hypot(...positions.subarray(0, 3).map((x, axis) => positions[3 + axis] - x))).toBeCloseTo(
      NEIGHBOUR,
      12,
    );
  });

  test("is refused with types that are not those of the cells, or not of the alloy", () => {
    expect(() => toConfiguration(new Uint8Array(15), 2)).toThrow("15 sites are not those of 2 cells per side");
    expect(() => toConfiguration(new Uint8Array(16).fill(4), 2)).toThrow("site 0 has type 4");
  });
});

describe("atoms as a lattice", () => {
  test("come back as they were, through either format", () => {
    fc.assert(
      fc.property(lattices, ({ cells, types }) => {
        const atoms = toConfiguration(types, cells, { step: 3 });
        expect(fromConfiguration(atoms, "x")).toEqual({ cells, types, displacement: expect.any(Number) });
        expect(fromConfiguration(atoms, "x").displacement).toBeLessThan(1e-9);
        const [dump, xyz] = [join(folder, "x.dump"), join(folder, "x.xyz")];
        writeDump(dump, [atoms], ELEMENTS);
        writeExtxyz(xyz, [atoms]);
        for (const [read] of [readDump(dump), readExtxyz(xyz)]) {
          expect(fromConfiguration(read, "x").types).toEqual(types);
        }
      }),
      { numRuns: 100, seed: 1 },
    );
  });

  test("come back from any order, periodic image, lattice constant and thermal motion", () => {
    const draw = rng("motion");
    const scales = fc.constantFrom(0.1, 0.97, 1, 1.3, 12);
    fc.assert(
      fc.property(lattices, scales, fc.boolean(), ({ cells, types }, scale, isHot) => {
        const atoms = toConfiguration(types, cells);
        const amplitude = isHot ? 0.9 * (REACH / Math.sqrt(3)) : 0;
        const hot = moved(
          atoms,
          () => amplitude * (2 * draw.uniform() - 1) + Math.floor(5 * draw.uniform() - 2) * cells * a,
        );
        const order = [...atoms.elements.keys()].sort(() => draw.uniform() - 0.5);
        const { box, elements, positions } = chosen(hot, order);
        const found = fromConfiguration(
          {
            box: [box[0] * scale, box[1] * scale, box[2] * scale],
            elements,
            positions: positions.map((x) => x * scale),
          },
          "x",
        );
        expect([found.cells, found.types]).toEqual([cells, types]);
        expect(found.displacement).toBeLessThanOrEqual(REACH * scale);
        if (!isHot) expect(found.displacement).toBeLessThan(1e-9 * scale * cells);
      }),
      { numRuns: 200, seed: 2 },
    );
  });

  test("come back as the same crystal, wherever its origin is", () => {
    const cells = 4;
    const types = alloy(cells, 5, "origin");
    const atoms = toConfiguration(types, cells);
    /** Types around each vacancy, in all sites of the crystal: what no shift of the lattice changes. */
    const seen = (of: Uint8Array) => {
      const place = (site: number) =>
        [0, 1, 2].map((axis) => 2 * (Math.floor((site >> 1) / cells ** axis) % cells) + (site & 1));
      const sites = [...of.keys()];
      const at = new Map(sites.map((site) => [String(place(site)), of[site]]));
      return sites
        .filter((site) => of[site] === 0)
        .map((centre) =>
          sites
            .map((site) => {
              const there = place(site).map((x, axis) => (x + place(centre)[axis]) % (2 * cells));
              return at.get(String(there));
            })
            .join(""),
        )
        .sort();
    };
    for (const shift of [
      [0.1, -0.7, 0.3],
      [a / 2, 0, 0],
      [a / 2, a / 2, 0],
      [0, a / 2, 0],
      [0, 0, a / 2],
      [a / 2, a / 2, a / 2],
      [a / 4, 0, a / 3],
      [17.2, 0.81, -100],
    ]) {
      const found = fromConfiguration(
        moved(atoms, (_, axis) => shift[axis]),
        "x",
      );
      expect(found.displacement).toBeLessThan(1e-9);
      expect(seen(found.types)).toEqual(seen(types));
    }
  });

  test("keep their sites where the vacancies are many, but few enough to tell a bcc lattice", () => {
    const types = alloy(6, 100, "many");
    expect(fromConfiguration(toConfiguration(types, 6), "x").types).toEqual(types);
  });

  test("of half a million sites take less than 3 s of processor time", () => {
    const types = alloy(64, 512, "large");
    const atoms = toConfiguration(types, 64);
    const start = process.cpuUsage().user;
    const found = fromConfiguration(atoms, "x");
    expect((process.cpuUsage().user - start) / 1e6).toBeLessThan(3);
    expect(Buffer.compare(found.types, types)).toBe(0);
  });
});

describe("atoms that are no lattice with vacancies are refused:", () => {
  const cells = 4;
  const types = alloy(cells, 1, "wrong");
  const atoms = toConfiguration(types, cells);
  const count = atoms.elements.length; // 127
  const path = join(folder, "bad.xyz");
  /** Written and read again, so that atoms have lines: that of atom 0 is 3. */
  function fault(wrong: Configuration): string {
    writeExtxyz(path, [wrong]);
    const [read] = readExtxyz(path);
    return refusal(() => fromConfiguration(read, "bad.xyz"));
  }
  const LATTICE = "a bcc lattice of 4 × 4 × 4 cells";
  const REMOVE = `${LATTICE}; remove one`;
  const RELAX = "relax the atoms, or give a bcc lattice with few vacancies";
  const FAR = `this atom is over ${REACH.toFixed(2)} Å from every site of ${LATTICE}`;

  test("a foreign element", () => {
    const elements = atoms.elements.map((element, atom) => (atom === 9 ? "Fe" : element));
    expect(fault({ ...atoms, elements })).toBe(
      "bad.xyz, line 12: element Fe is none of this alloy, Nb, Mo, Ta; replace it, or say which of these the types of the file are",
    );
  });

  test("two atoms on one site, one or many", () => {
    const all = [...atoms.elements.keys()];
    expect(fault(chosen(atoms, [...all, 20]))).toBe(
      `bad.xyz, line ${3 + count}: this atom is on the same site as the one of line 23, in ${REMOVE}`,
    );
    expect(fault(chosen(atoms, [...all, 20, 21, 22]))).toBe(
      `bad.xyz, line ${3 + count}: this atom is on the same site as the one of line 23, in ${LATTICE} (so are 2 more of 130 atoms); remove one`,
    );
    // Across the boundary of the box too.
    const image = moved(chosen(atoms, [...all, 20]), (atom, axis) => (atom === count && axis === 1 ? -cells * a : 0));
    expect(fault(image)).toContain("is on the same site as the one of line 23");
  });

  test("an atom between sites, in the middle of an octahedron, or a bit over a quarter of the distance off", () => {
    const off = (atom: number, ...by: number[]) => moved(atoms, (other, axis) => (other === atom ? by[axis] : 0));
    expect(fault(off(30, a / 2, 0, 0))).toBe(`bad.xyz, line 33: ${FAR}; ${RELAX}`);
    expect(fault(off(30, 0, 0, a / 4))).toBe(`bad.xyz, line 33: ${FAR}; ${RELAX}`);
    const along = (share: number) => off(30, ...[1, 1, 1].map(() => (share * REACH) / Math.sqrt(3)));
    // The mean of 127 atoms moves by 1/127 of it.
    expect(fault(along(1.03))).toBe(`bad.xyz, line 33: ${FAR}; ${RELAX}`);
    expect(fault(along(0.99))).toBe("no error");
  });

  test("other lattices: face-centred, simple, base-centred, a gas", () => {
    const side = 4 * a;
    const box = [side, side, side] as const;
    const lattice = (size: number, basis: number[][]): Configuration => {
      const cell = side / size;
      const places = Array.from({ length: size ** 3 }, (_, k) => [
        k % size,
        Math.floor(k / size) % size,
        Math.floor(k / size ** 2),
      ]);
      const positions = places.flatMap((place) => basis.flatMap((b) => place.map((x, axis) => (x + b[axis]) * cell)));
      return {
        box,
        elements: positions.slice(0, positions.length / 3).map(() => "Nb"),
        positions: Float64Array.from(positions),
      };
    };
    const fcc = [
      [0, 0, 0],
      [0.5, 0.5, 0],
      [0.5, 0, 0.5],
      [0, 0.5, 0.5],
    ];
    const draw = rng("gas");
    const gas = { box, elements: atoms.elements, positions: atoms.positions.map(() => side * draw.uniform()) };
    for (const wrong of [
      lattice(4, fcc),
      lattice(5, [[0, 0, 0]]),
      lattice(4, [
        [0, 0, 0],
        [0.5, 0.5, 0],
      ]),
      gas,
    ]) {
      expect(fault(wrong)).toMatch(
        /^bad\.xyz, line \d+: this atom is (over .* Å from every site of|on the same site as the one of line \d+, in) a bcc lattice of \d × \d × \d cells \(so are \d+ more of \d+ atoms\); /,
      );
    }
  });

  test("a box that is no cube", () => {
    const longer = { ...atoms, box: [cells * a, cells * a, 1.01 * cells * a] as const };
    expect(fault(longer)).toBe(
      `bad.xyz: the box of ${longer.box.join(" × ")} Å is no cube; repeat the cell as often along x, y and z`,
    );
  });

  test("no vacancy, no atoms", () => {
    const full = alloy(cells, 0, "full");
    expect(fault(toConfiguration(full, cells))).toBe(
      `bad.xyz: 128 atoms fill ${LATTICE}: without a vacancy nothing can move; leave one atom out`,
    );
    expect(fault(chosen(atoms, []))).toBe("bad.xyz: there are no atoms; give a bcc lattice that has them");
    // Not of a file: atoms by number.
    const elements = ["W", ...atoms.elements.slice(1)];
    expect(refusal(() => fromConfiguration({ ...atoms, elements }, "start"))).toContain("start, atom 1: element W");
  });

  test("whatever the numbers are, by one sentence", () => {
    const number = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.double({ min: -9, max: 9, noNaN: true }),
    );
    const side = fc.oneof(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), fc.constant(3.24));
    const any = fc.array(fc.tuple(fc.constantFrom(...ELEMENTS), number, number, number), { maxLength: 40 });
    fc.assert(
      fc.property(any, side, (content, length) => {
        const wrong = {
          box: [length, length, length] as const,
          elements: content.map(([element]) => element),
          positions: Float64Array.from(content.flatMap(([, ...place]) => place)),
        };
        const message = refusal(() => fromConfiguration(wrong, "x"));
        if (message !== "no error") expect(message).toMatch(/^x(, atom \d+)?: [^\n]*; /);
      }),
      { numRuns: 1000, seed: 3 },
    );
  });
});
