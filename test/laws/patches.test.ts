// The laws of patches find what they are for.
import { setDefaultTimeout } from "bun:test";
import type { Ring, RingStates } from "../systems/ring.ts";
import { bugged, type Members, planted, ring } from "./planted.ts";
import { CURIE_WEISS, PREDATOR_PREY_LINE } from "./subjects.ts";

setDefaultTimeout(120_000);

/** φ_I of patches as they are in their system, by another rule for the bonds that leave them. */
const boundary =
  (left: number, right: number): Members<Ring> =>
  (system) => {
    const corrected = (rows: Float32Array, { spins, side }: RingStates, patches: Uint32Array, count: number) =>
      rows.map((x, k) => {
        if (k % 2 === 0) return x;
        const pair = k >> 1;
        const start = Math.floor((pair * count) / patches.length) * side;
        const first = patches[pair] * 4;
        const wall = (a: number, b: number) => (spins[start + (a % side)] !== spins[start + (b % side)] ? 1 : 0);
        return x + ((left - 0.5) * wall(first, first + side - 1) + (right - 0.5) * wall(first + 3, first + 4)) / 4;
      });
    return {
      observePatches: async (states) => {
        const K = states.side / 4;
        const all = Uint32Array.from({ length: states.count * K }, (_, k) => k % K);
        return corrected(await system.observePatches(states), states, all, states.count);
      },
      evolvePatches: async (states, patches, ...given) => {
        const change = await system.evolvePatches(states, patches, ...given);
        const before = states.side === 4 ? change.before : corrected(change.before, states, patches, states.count);
        return { ...change, before };
      },
      generator: async (states, patches, ...given) => {
        const found = await system.generator(states, patches, ...given);
        return { ...found, before: corrected(found.before, states, patches, states.count) };
      },
    };
  };
planted("bonds that leave a patch counted in full in its observables", ring(boundary(1, 1)), { whole: 0 });
planted(
  "bonds that leave a patch counted on one side, by one verb",
  ring((system) => ({ observePatches: boundary(1, 0)(system).observePatches })),
  { before: 0 },
);
planted(
  "patches evolved in place",
  ring((system) => ({
    evolvePatches: async (states, patches, time, at, watch, rates) => {
      const each = patches.length / states.count;
      return system.evolvePatches(
        states,
        patches,
        time,
        at,
        async (cut, moment) => {
          await watch?.(cut, moment);
          for (const [pair, patch] of patches.entries()) {
            const start = Math.floor(pair / each) * states.side + patch * 4;
            states.spins.set(cut.spins.subarray(4 * pair, 4 * pair + 4), start);
          }
        },
        rates,
      );
    },
  })),
  { alone: 0, before: 0, generator: 0, "only-patch": 4.5, paste: 0, untouched: 0, watch: 0 },
);
planted(
  "a watch that is called twice",
  ring((system) => ({
    evolvePatches: (states, patches, time, at, watch, rates) =>
      system.evolvePatches(
        states,
        patches,
        time,
        at,
        async (cut, moment) => {
          await watch?.(cut, moment);
          if (moment === "after") await watch?.(cut, moment);
        },
        rates,
      ),
  })),
  { watch: 0 },
);
planted(
  "a watch that sees the last pair first",
  ring((system) => ({
    evolvePatches: (states, patches, time, at, watch, rates) =>
      system.evolvePatches(
        states,
        patches,
        time,
        at,
        async (cut, moment) => {
          const pairs = Array.from({ length: cut.count }, (_, k) => cut.spins.slice(4 * k, 4 * k + 4));
          const spins = Int8Array.from(pairs.reverse().flatMap((pair) => [...pair]));
          await watch?.({ ...cut, spins }, moment);
        },
        rates,
      ),
  })),
  { watch: 0, paste: 0, "only-patch": 0 },
);
planted(
  "patches beyond the last",
  ring((system) => ({
    evolvePatches: (states, patches, ...given) =>
      system.evolvePatches(
        states,
        patches.map((patch) => patch % (states.side / 4)),
        ...given,
      ),
  })),
  { patches: 0 },
);
planted(
  "positions that the generator draws for itself",
  bugged(CURIE_WEISS, (system) => ({
    generator: (states, patches, at) => system.generator(states, patches, { ...at, step: at.step + 1 }),
  })),
  { lazy: 0 },
);
planted(
  "a mirrored evolution that is not shown",
  bugged(PREDATOR_PREY_LINE, (system) => ({
    evolvePatches: (states, patches, time, at, watch, rates) =>
      system.evolvePatches(
        states,
        patches,
        time,
        at,
        async (cut, moment) => {
          if (moment !== "mirrored") await watch?.(cut, moment);
        },
        rates,
      ),
  })),
  { watch: 0, paste: 0 },
);
