// The laws of whole states find what they are for.
import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import type { GpuArray } from "../../lib/gpu/buffer.ts";
import { openDevice } from "../../lib/gpu/device.ts";
import { concatenate } from "../../lib/method/concatenate.ts";
import { checkTime } from "../../lib/systems/checks.ts";
import { laws } from "../laws.ts";
import type { Ring } from "../systems/ring.ts";
import { bugged, type Members, planted, ring } from "./planted.ts";
import { CURIE_WEISS, RING } from "./subjects.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();
const leaked: GpuArray[] = [];
afterAll(() => {
  for (const buffer of leaked) buffer.destroy();
});

test("a law that is none cannot be skipped", () => {
  expect(() => laws({ ...RING, skip: { dirft: "a slip" } })).toThrow("dirft is no law: there are initial-batches, ");
});

planted("nothing", ring(), {});

/** A ring that is made larger in one leap, as its tiles can be. */
const leaping =
  (members: Members<Ring> = () => ({})): Members<Ring> =>
  (system) => ({ leaps: true, ...members(system) });

planted(
  "random starts that depend on the size of the batch",
  ring((system) => ({ initial: (count, side, at) => system.initial(count, side, { ...at, seed: at.seed + count }) })),
  { "initial-batches": 0 },
);
planted(
  "noise that depends on the size of the batch",
  ring((system) => ({
    evolve: (states, time, at) => system.evolve(states, time, { ...at, seed: at.seed + states.count }),
  })),
  { batches: 0 },
);
planted(
  "noise by the place in the batch alone",
  ring((system) => ({ evolve: (states, time, at) => system.evolve(states, time, { ...at, replica: 0 }) })),
  { batches: 0, noise: 0 },
);
planted(
  "patches by the place in the batch alone",
  ring((system) => ({
    evolvePatches: (states, patches, time, at, watch, rates) =>
      system.evolvePatches(states, patches, time, { ...at, replica: 0 }, watch, rates),
  })),
  { batches: 0 },
);
planted(
  "streams that forget their purpose",
  ring((system) => ({ evolve: (states, time, at) => system.evolve(states, time, { ...at, purpose: 1 }) })),
  { noise: 0 },
);
planted(
  "unpack shifted by one",
  ring((system) => ({
    unpack: (words, side) =>
      system.unpack(
        words.map((_, k) => words[k - (k % side) + ((k + 1) % side)]),
        side,
      ),
  })),
  { packing: 0 },
);
planted(
  "a spin lost in upsampling",
  ring((system) => ({
    upsample: async (states, factor, at, keep) => {
      const large = await system.upsample(states, factor, at, keep);
      for (let r = 0; r < large.count; r++) large.spins[r * large.side] = 1;
      return large;
    },
  })),
  { upsample: 0 },
);
planted("a leap", ring(leaping()), {});
planted(
  "a leap that makes all states larger, whatever is asked for",
  ring(leaping((system) => ({ upsample: (states, factor, at) => system.upsample(states, factor, at) }))),
  { keep: 0 },
);
planted(
  "a leap that puts some states together from themselves",
  ring(
    leaping((system) => ({
      upsample: async (states, factor, at, keep) => {
        if (!keep) return system.upsample(states, factor, at);
        const all = await system.pack(states);
        const rows = Array.from(keep, (r) => all.subarray(r * states.side, (r + 1) * states.side));
        return system.upsample(system.unpack(concatenate(rows), states.side), factor, at);
      },
    })),
  ),
  { keep: 0 },
);
planted(
  "upsampling that turns its source",
  ring((system) => ({
    upsample: async (states, factor, at) => {
      const large = await system.upsample(states, factor, at);
      states.spins.reverse();
      return large;
    },
  })),
  { untouched: 0 },
);
planted(
  "one attempt at least",
  ring((system) => ({ evolve: (states, time, at) => system.evolve(states, time === 0 ? 0.1 : time, at) })),
  { "no-time": 0 },
);
planted(
  "times that are not checked",
  ring((system) => ({
    evolve: async (states, time, at) => (time > 0 && time < 1e9 ? system.evolve(states, time, at) : undefined),
  })),
  { times: 0 },
);
planted(
  "a relaxation that does nothing",
  ring(() => ({ relax: async (_, time) => void checkTime(time) })),
  { "relax-moves": 0 },
);
planted(
  "a buffer that is not freed",
  ring((system) => ({
    observe: (states) => {
      leaked.push(gpu.buffer("leaked", 4));
      return system.observe(states);
    },
  })),
  { leaks: 0 },
);
planted(
  "a buffer that is not freed after an error",
  ring((system) => ({
    evolvePatches: async (...given) => {
      const buffer = gpu.buffer("scratch", 4);
      leaked.push(buffer);
      const change = await system.evolvePatches(...given);
      buffer.destroy();
      return change;
    },
  })),
  { leaks: 0, times: 0, patches: 0 },
);
planted(
  "a cohort of which each replica starts by itself",
  ring((system) => ({
    initial: async (count, side, at) => {
      const words = [];
      for (let r = 0; r < count; r++) {
        words.push(...(await system.pack(await system.initial(1, side, { ...at, replica: at.replica + r }))));
      }
      return system.unpack(Uint32Array.from(words), side);
    },
  })),
  { cohorts: 0 },
);
planted(
  "cohorts that start alike",
  ring((system) => ({
    initial: async (count, side, at) => {
      const words = await system.pack(await system.initial(system.cohort, side, { ...at, replica: 0 }));
      const repeated = Uint32Array.from({ length: count * side }, (_, k) => words[k % words.length]);
      return system.unpack(repeated, side);
    },
  })),
  { cohorts: 8.9 },
);

planted(
  "half the memory",
  bugged(CURIE_WEISS, (system) => ({ bytes: (side) => system.bytes(side) / 2 })),
  { memory: 0 },
);
planted(
  "twice the memory",
  bugged(CURIE_WEISS, (system) => ({ bytes: (side) => system.bytes(side) * 2 })),
  { memory: 0 },
);
