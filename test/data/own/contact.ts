// The contact process: an infected site heals at rate 1 and infects each of its four neighbours at rate λ/4.
import type { OwnSystem, Region, Sites } from "../../../lib/experiments/own/module.ts";

const at = (i: number, j: number, L: number) => ((i + L) % L) * L + ((j + L) % L);
const near = (x: Sites, L: number, i: number, j: number) =>
  x[at(i - 1, j, L)] + x[at(i + 1, j, L)] + x[at(i, j - 1, L)] + x[at(i, j + 1, L)];
const place = (k: number, { corner, side }: Region) => [corner[0] + Math.floor(k / side), corner[1] + (k % side)];
/** A density drawn once for all systems of a cohort, or given. */
const fill = (x: Sites, density: number, uniform: () => number) => x.forEach((_, k) => (x[k] = uniform() < density ? 1 : 0));

export default {
  name: "contact",
  parameters: { lambda: { default: 2.5, min: 0, max: 10, meaning: "rate of infection" } },
  simulator: ({ lambda }) => ({
    dimension: 2,
    observables: [
      { name: "infected fraction", symbol: "ρ", unit: "1", range: [0, 1] },
      { name: "unlike bonds", symbol: "c", unit: "1", range: [0, 1] },
    ],
    initial: (x, _side, random, common) => fill(x, 0.05 + 0.95 * common.uniform(), () => random.uniform()),
    evolve(x, L, region, time, random) {
      const [fastest, sites] = [Math.max(1, lambda), region.side ** 2];
      for (let t = 0; (t -= Math.log(random.uniform()) / fastest / sites) < time; ) {
        const [i, j] = place(random.below(sites), region);
        const here = x[at(i, j, L)];
        if (random.uniform() * fastest < (here ? 1 : (lambda * near(x, L, i, j)) / 4)) x[at(i, j, L)] = 1 - here;
      }
    },
    observe(x, L) {
      let [infected, unlike] = [0, 0];
      for (let k = 0; k < L * L; k++) {
        const [i, j] = [Math.floor(k / L), k % L];
        infected += x[k];
        unlike += (x[k] ^ x[at(i, j + 1, L)]) + (x[k] ^ x[at(i + 1, j, L)]);
      }
      return [infected / L ** 2, unlike / (2 * L ** 2)];
    },
    rates(x, L, region, event) {
      for (let k = 0; k < region.side ** 2; k++) {
        const [i, j] = place(k, region);
        const [here, sick] = [x[at(i, j, L)], near(x, L, i, j)];
        event(here ? 1 : (lambda * sick) / 4, [(1 - 2 * here) / L ** 2, ((1 - 2 * here) * (4 - 2 * sick)) / (2 * L ** 2)]);
      }
    },
  }),
  starts: { "ρ = 0.2": (x, _, random) => fill(x, 0.2, () => random.uniform()), "ρ = 1": (x) => x.fill(1) },
} satisfies OwnSystem;
