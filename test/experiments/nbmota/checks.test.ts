// What vacancies see where partial evolutions start.
import { expect, setDefaultTimeout, test } from "bun:test";
import { annealed, looksOf } from "../../../lib/experiments/nbmota/annealing.ts";
import { checkSurroundings } from "../../../lib/experiments/nbmota/checks.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { CompactBarriers } from "../../../lib/systems/nbmota/compact-barriers.ts";
import { environmentsOf } from "../../../lib/systems/nbmota/environments.ts";
import { ATTEMPT_RATE, BOLTZMANN } from "../../../lib/systems/nbmota/kinetics.ts";
import { NbMoTa } from "../../../lib/systems/nbmota.ts";
import { mean, range, sum } from "../../numbers.ts";
import { hostBarriers, toyWeights } from "../../systems/nbmota/toy-barriers.ts";

setDefaultTimeout(120_000);

test("escape rates are those of the lattices; copies of one see what it sees, tiles differ by their seams alone", async () => {
  const gpu = await openDevice();
  const weights = toyWeights(9);
  const barriers = new CompactBarriers(weights);
  const [temperature, replicas] = [2500, 8];
  const options = { temperatures: [temperature], replicas, wait: 0.1, settled: 2000, looks: 1, pause: 0.1, seed: 3 };
  const [stage] = await annealed(gpu, { ...options, barriers, purpose: "test" });
  const looks = looksOf(stage);
  expect(looks).toBe(4);
  const { kinds } = await checkSurroundings(gpu, barriers, stage, 16, 3);
  const [small, supercell, tiles, anywhere] = kinds;
  expect(kinds.map(({ name }) => name)).toEqual(["small lattices", "supercell", "tiles", "vacancies at random sites"]);

  const system = new NbMoTa(gpu, { temperature, barriers });
  const states = await system.unpack(stage.words, 8);
  const energies = hostBarriers(weights, environmentsOf(await system.types(states), 8));
  states.destroy();
  const rateLogs = range(looks * replicas, (k) => {
    const rates = range(8, (d) => ATTEMPT_RATE * Math.exp(-energies[8 * k + d] / (BOLTZMANN * temperature)));
    return Math.log10(sum(rates));
  });
  // All looks at a lattice count together.
  const lattices = range(replicas, (r) => mean(range(looks, (k) => rateLogs[k * replicas + r])));
  const spread = Math.sqrt(sum(lattices.map((x) => (x - mean(lattices)) ** 2)) / (replicas - 1) / replicas);
  expect(small.rate).toBeCloseTo(mean(lattices), 3);
  expect(small.error / spread).toBeCloseTo(1, 2);

  expect(Math.abs(supercell.shift)).toBeLessThan(1e-6);
  expect(supercell.distance).toBeLessThan(small.floor);
  // Vacancies of tiles see other atoms behind a seam: beside the lattices that they are of the difference is small.
  expect(tiles.shift).not.toBe(0);
  expect(tiles.shiftError).toBeLessThan(small.error);
  expect(Math.abs(tiles.shift)).toBeLessThan(5 * tiles.shiftError);
  expect(tiles.shiftError).toBeGreaterThan(0);
  for (const one of [small, supercell, anywhere]) expect(one.lattices).toBe(replicas);
  expect(tiles.lattices).toBe(looks * replicas);
  // A vacancy at a random site has other barriers, so other rates, than where it was.
  expect(anywhere.shift).not.toBe(0);
  expect(anywhere.distance).toBeGreaterThan(0);
  expect(anywhere.barriers.length).toBe(small.barriers.length);
  expect(anywhere.barriers.filter((x, k) => x === small.barriers[k]).length).toBeLessThan(small.barriers.length / 10);

  // Few lattices become so large: they are compared with the small ones that they are of.
  const { kinds: larger } = await checkSurroundings(gpu, barriers, stage, 32, 3);
  const copies = larger[1];
  expect(copies.lattices).toBe(replicas);
  expect(Math.abs(copies.shift)).toBeLessThan(1e-6);
  expect(copies.distance).toBeLessThan(1e-6);
  for (const [j, x] of copies.order.entries()) expect(x).toBeCloseTo(copies.sameOrder[j], 5);
  const others = larger[2];
  expect(others.lattices).toBe(replicas);
  for (const [j, x] of others.order.entries()) expect(Math.abs(x - others.sameOrder[j])).toBeLessThan(0.1);
});
