// Order parameters, large lattices from small ones, and the starts of the training law.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../../lib/gpu/device.ts";
import { stream } from "../../../lib/random/stream.ts";
import { CompactBarriers } from "../../../lib/systems/nbmota/compact-barriers.ts";
import { neighbourTable, placeOf, siteAt } from "../../../lib/systems/nbmota/lattice.ts";
import { equimolar, order, randomAlloy } from "../../../lib/systems/nbmota/random-alloy.ts";
import { siteCount } from "../../../lib/systems/nbmota/states.ts";
import { allPairs, NbMoTa } from "../../../lib/systems/nbmota.ts";
import { generators } from "../../fixtures.ts";
import { toyWeights } from "./toy-barriers.ts";

setDefaultTimeout(60_000);

const gpu = await openDevice();
const random = generators(14);
const barriers = new CompactBarriers(toyWeights(7));
const three = new NbMoTa(gpu, { temperature: 1500, barriers });
const six = new NbMoTa(gpu, { temperature: 1500, barriers, coordinates: "six" });
const tiles = new NbMoTa(gpu, { temperature: 1500, barriers, coordinates: "six", upsampling: "tiles" });

/** δ of the pair (i, j) by its definition: mean number of j atoms beside an i atom, less 8/3. */
function delta(types: Uint8Array, cells: number, i: number, j: number): number {
  const table = neighbourTable(cells);
  let [count, found] = [0, 0];
  for (const [site, type] of types.entries()) {
    if (type !== i) continue;
    count++;
    for (let d = 0; d < 8; d++) if (types[table[8 * site + d]] === j) found++;
  }
  return found / count - 8 / 3;
}

describe("order parameters", () => {
  test("are the mean numbers of neighbours less 8/3, from either side of a pair", async () => {
    const types = randomAlloy(8, [3], equimolar(1023), random("definition"));
    order(
      types,
      8,
      Float64Array.from({ length: 16 }, (_, k) => (k === 11 || k === 14 ? -1 : 0)),
      5,
      random("order"),
    );
    const states = await six.fromTypes([types], 8);
    const found = await six.observe(states);
    const pairs = [
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 2],
      [2, 3],
      [3, 3],
    ];
    for (const [k, [i, j]] of pairs.entries()) {
      expect(found[k]).toBeCloseTo(delta(types, 8, i, j), 5);
      expect(found[k]).toBeCloseTo(delta(types, 8, j, i), 5);
    }
    // Mo and Ta attract each other in these energies.
    expect(found[4]).toBeGreaterThan(0.5);
    states.destroy();
  });

  test("follow from three of them by the sum rules, up to the share of vacancies", async () => {
    const start = stream(3, "test/sums");
    const [a, b] = [await three.initial(20, 16, start), await six.initial(20, 16, start)];
    const derived = allPairs(await three.observe(a));
    const counted = await six.observe(b);
    for (const [k, x] of counted.entries()) {
      // Each atom has 8/1024 vacancies beside it on average; at most 8 vacancies of 8 neighbours fall to one element.
      expect(Math.abs(x - derived[k])).toBeLessThan((2 * 64) / 2728);
      const [nbNb, nbMo, nbTa, moMo, moTa, taTa] = derived.subarray(6 * Math.floor(k / 6), 6 * Math.floor(k / 6) + 6);
      for (const sum of [nbNb + nbMo + nbTa, nbMo + moMo + moTa, nbTa + moTa + taTa]) {
        expect(Math.abs(sum)).toBeLessThan(1e-12);
      }
    }
    a.destroy();
    b.destroy();
  });

  test("of alloys without order vanish; training starts have order of many kinds", async () => {
    const replicas = 200;
    const [none, some] = [
      await six.disordered(replicas, 8, stream(3, "a")),
      await six.initial(replicas, 8, stream(3, "b")),
    ];
    const [plain, ordered] = [await six.observe(none), await six.observe(some)];
    for (let k = 0; k < 6; k++) {
      const column = (rows: Float32Array) => Array.from({ length: replicas }, (_, r) => rows[6 * r + k]);
      const moments = (values: number[]) => {
        const mean = values.reduce((sum, x) => sum + x, 0) / replicas;
        return [mean, Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / replicas)];
      };
      const [mean, std] = moments(column(plain));
      // An atom cannot be beside itself, and some neighbours are vacancies: 8/3 (341 or 340)/1023 for 8/3.
      expect(Math.abs(mean)).toBeLessThan(4.5 * (std / Math.sqrt(replicas)) + 0.011);
      expect(moments(column(ordered))[1]).toBeGreaterThan(4 * std);
    }
    none.destroy();
    some.destroy();
  });
});

describe("large lattices", () => {
  test("as supercells are periodic copies: every vacancy sees what that of the small lattice saw", async () => {
    const small = await six.initial(3, 8, stream(3, "small"));
    const large = await six.upsample(small, 3, stream(4, "large"));
    const [types, big] = [await six.types(small), await six.types(large)];
    const sites = siteCount(24);
    for (let at = 0; at < big.length; at += 7) {
      const own = siteAt(placeOf(at % sites, 24), 8);
      expect(big[at]).toBe(types[1024 * Math.floor(at / sites) + own]);
    }
    expect(large.vacancies).toBe(27);
    const [a, b] = [await six.observe(small), await six.observe(large)];
    for (const [k, x] of b.entries()) expect(x).toBeCloseTo(a[k], 5);
    small.destroy();
    large.destroy();
  });

  test("as tiles are lattices of one cohort, each shifted by whole cells, with their vacancies", async () => {
    const small = await tiles.initial(16, 8, stream(3, "small"));
    const large = await tiles.upsample(small, 2, stream(4, "large"), Uint32Array.of(1, 9));
    const [types, big] = [await tiles.types(small), await tiles.types(large)];
    const places = await gpu.read(large.places, Uint32Array);
    const used = new Set<string>();
    for (let state = 0; state < 2; state++) {
      for (let tile = 0; tile < 8; tile++) {
        const corner = [tile & 1, (tile >> 1) & 1, tile >> 2].map((u) => 16 * u);
        // Which small lattice, by which shift, is found by trying all.
        const own = Uint8Array.from({ length: 1024 }, (_, site) => {
          const place = placeOf(site, 8).map((u, j) => u + corner[j]);
          return big[state * siteCount(16) + siteAt(place, 16)];
        });
        const vacancy = own.indexOf(0);
        const matches: string[] = [];
        for (let member = 8 * state; member < 8 * state + 8; member++) {
          const one = types.subarray(1024 * member, 1024 * (member + 1));
          const from = placeOf(one.indexOf(0), 8);
          const shift = placeOf(vacancy, 8).map((u, j) => u - from[j]);
          const same = own.every(
            (type, site) =>
              type ===
              one[
                siteAt(
                  placeOf(site, 8).map((u, j) => u - shift[j] + 16),
                  8,
                )
              ],
          );
          if (same) matches.push(`${member} ${shift.map((u) => (u + 16) % 16)}`);
        }
        expect(matches.length).toBe(1);
        used.add(matches[0]);
        const place = placeOf(places[8 * state + tile], 16);
        expect(place.map((u, j) => u >= corner[j] && u < corner[j] + 16)).toEqual([true, true, true]);
        expect(big[state * siteCount(16) + places[8 * state + tile]]).toBe(0);
      }
    }
    expect(used.size).toBe(16);
    expect(new Set([...used].map((text) => text.split(" ")[0])).size).toBe(16);
    expect(large.atoms).toEqual([2728, 2728, 2728]);
    small.destroy();
    large.destroy();
  });
});
