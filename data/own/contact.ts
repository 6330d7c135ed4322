// The contact process: an infected site heals at rate 1 and infects each of its four neighbours at rate λ/4.
import type { OwnSystem, Random, Region, Sites } from "../../lib/experiments/own/module.ts";

// A system is a list of sites, row by row, closed periodically: L² bytes here.
const at = (i: number, j: number, L: number) => ((i + L) % L) * L + ((j + L) % L);
const sickAround = (x: Sites, L: number, i: number, j: number) =>
  x[at(i - 1, j, L)] + x[at(i + 1, j, L)] + x[at(i, j - 1, L)] + x[at(i, j + 1, L)];
// Site number k of a region, which may go on beyond the edge.
const placeOf = (k: number, { corner, side }: Region) => [corner[0] + Math.floor(k / side), corner[1] + (k % side)];
const fill = (x: Sites, density: number, random: Random) =>
  x.set(Array.from(x, () => (random.uniform() < density ? 1 : 0)));

export default {
  name: "contact",
  // Numbers that it can be told: options of the command line.
  parameters: { lambda: { default: 2.5, min: 0, max: 10, meaning: "rate of infection" } },
  simulator: ({ lambda }) => ({
    dimension: 2,
    // z: what the equation is of.
    observables: [
      { name: "infected fraction", symbol: "ρ", unit: "1", range: [0, 1] },
      { name: "unlike bonds", symbol: "c", unit: "1", range: [0, 1] },
    ],
    // States to learn from. `common` is the same in systems that are to start macroscopically alike: here their density.
    initial: (x, _side, random, common) => fill(x, 0.05 + 0.95 * common.uniform(), random),
    // The true dynamics inside a region, all else at rest: attempts at the fastest rate at every site, some of which do nothing.
    evolve(x, L, region, time, random) {
      const fastest = Math.max(1, lambda);
      const wait = () => -Math.log(random.uniform()) / (fastest * region.side ** 2);
      for (let t = wait(); t < time; t += wait()) {
        const [i, j] = placeOf(random.below(region.side ** 2), region);
        const rate = x[at(i, j, L)] ? 1 : (lambda * sickAround(x, L, i, j)) / 4;
        if (random.uniform() * fastest < rate) x[at(i, j, L)] ^= 1;
      }
    },
    observe(x, L) {
      let [sick, unlike] = [0, 0];
      for (let k = 0; k < L * L; k++) {
        const [i, j] = [Math.floor(k / L), k % L];
        sick += x[k];
        unlike += (x[k] ^ x[at(i, j + 1, L)]) + (x[k] ^ x[at(i + 1, j, L)]);
      }
      return [sick / L ** 2, unlike / (2 * L ** 2)];
    },
    // Optional: all that can happen in a region, its rate, and what it changes in z of the whole. Without it the equation is learned from changes.
    rates(x, L, region, event) {
      for (let k = 0; k < region.side ** 2; k++) {
        const [i, j] = placeOf(k, region);
        const [sign, sick] = [1 - 2 * x[at(i, j, L)], sickAround(x, L, i, j)];
        event(sign < 0 ? 1 : (lambda * sick) / 4, [sign / L ** 2, (sign * (4 - 2 * sick)) / (2 * L ** 2)]);
      }
    },
  }),
  // Optional: where predictions start from.
  starts: { "ρ = 0.2": (x, _side, random) => fill(x, 0.2, random), "ρ = 1": (x) => x.fill(1) },
} satisfies OwnSystem;
