// What a vacancy sees, and the frame that a jump is looked at from.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readNpy } from "../../../lib/io/npy.ts";
import {
  DIRECTIONS,
  FRAMES,
  inFrame,
  OFFSETS,
  packTypes,
  SITES,
  siteIndex,
  unpackTypes,
} from "../../../lib/systems/nbmota/environment.ts";
import { placeOf, siteAt } from "../../../lib/systems/nbmota/lattice.ts";
import { generators, SHARED } from "../../fixtures.ts";

const OFFSETS_FILE = join(SHARED, "nbmota/nnk_barriers/offsets.npy");
const random = generators(11);

describe("surroundings", () => {
  test("are the shells of the bcc lattice within √21 half lattice constants", () => {
    const shells = new Map<number, number>();
    for (const [x, y, z] of OFFSETS) {
      const square = x * x + y * y + z * z;
      shells.set(square, (shells.get(square) ?? 0) + 1);
    }
    // First to seventh neighbours of a bcc site (3, 4, 8, 11, 12, 16, 19 quarters of a²) and their numbers; √20 is the eighth.
    expect([...shells].sort(([a], [b]) => a - b)).toEqual([
      [3, 8],
      [4, 6],
      [8, 12],
      [11, 24],
      [12, 8],
      [16, 6],
      [19, 24],
      [20, 24],
    ]);
    expect(SITES).toBe(112);
  });

  const absent = existsSync(OFFSETS_FILE) ? "" : " (skipped: no ../shared beside the project)";
  test.skipIf(absent !== "")(`stand in the order of the published data${absent}`, () => {
    const { shape, data } = readNpy(OFFSETS_FILE);
    expect(shape).toEqual([SITES, 3]);
    expect(Array.from(data as Int8Array)).toEqual(OFFSETS.flat());
  });

  test("are packed two bits a site", () => {
    const rng = random("pack");
    const types = Uint8Array.from({ length: 5 * SITES }, () => rng.below(4));
    const words = packTypes(types);
    expect(words.length).toBe(35);
    expect(unpackTypes(words)).toEqual(types);
    expect((words[7] >>> 6) & 3).toBe(types[SITES + 3]);
  });
});

describe("the frame of a jump", () => {
  test("has the target at (1, 1, 1), every site once, and distances as they are", () => {
    for (const [jump, direction] of DIRECTIONS.entries()) {
      expect(inFrame(jump, direction)).toEqual([1, 1, 1]);
      expect(FRAMES[jump][siteIndex([1, 1, 1])]).toBe(siteIndex(direction));
      expect([...FRAMES[jump]].sort((a, b) => a - b)).toEqual(OFFSETS.map((_, k) => k));
      for (const a of OFFSETS.slice(0, 20)) {
        for (const b of OFFSETS.slice(60, 80)) {
          const [p, q] = [inFrame(jump, a), inFrame(jump, b)];
          const square = (u: readonly number[], v: readonly number[]) =>
            u.reduce((sum, x, k) => sum + (x - v[k]) ** 2, 0);
          expect(square(p, q)).toBe(square(a, b));
        }
      }
    }
  });

  test("follows the published rules: turned about z, mirrored for jumps downward", () => {
    const [x, y, z] = [1, 2, 3] as const;
    const rule = (sx: number, sy: number) => (sx === sy ? [sx * x, sx * y] : sx < 0 ? [y, -x] : [-y, x]);
    for (const [jump, [sx, sy, sz]] of DIRECTIONS.entries()) {
      expect(inFrame(jump, [x, y, z])).toEqual([...rule(sx, sy), sz * z] as [number, number, number]);
    }
  });

  test("directions d and 7 − d are opposite", () => {
    for (const [d, place] of DIRECTIONS.entries()) expect(DIRECTIONS[7 - d]).toEqual(place.map((x) => -x) as never);
  });
});

test("places and sites of a lattice are inverse, with periodic ends", () => {
  for (const cells of [6, 8, 10]) {
    for (let site = 0; site < 2 * cells ** 3; site++) {
      const place = placeOf(site, cells);
      expect(siteAt(place, cells)).toBe(site);
      const [x, y, z] = place;
      expect(siteAt([x - 2 * cells, y + 2 * cells, z - 4 * cells], cells)).toBe(site);
    }
  }
});
