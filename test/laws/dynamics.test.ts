// The laws of the dynamics find what they are for: by so many standard errors at least, with the replicas that they take by default.
import { setDefaultTimeout } from "bun:test";
import { checkTime } from "../../lib/systems/checks.ts";
import { blackBox } from "../laws.ts";
import { Ring, type RingStates } from "../systems/ring.ts";
import { bugged, changed, generated, planted, ring } from "./planted.ts";
import { ising, PREDATOR_PREY_LINE, RING } from "./subjects.ts";

setDefaultTimeout(120_000);

type Rows = Float32Array | null;
const scaled = <T extends Rows>(rows: T, factor: number) => (rows?.map((x) => factor * x) ?? null) as T;
const diagonal = <T extends Rows>(rows: T) => (rows?.map((x, k) => (k % 3 === 1 ? 0 : x)) ?? null) as T;

// What adds up to the system.
planted(
  "a generator that is a mean over the system, without K",
  ring(generated(({ drift }, { side }) => ({ drift: scaled(drift, 4 / side) }))),
  { drift: 25, generator: 0, local: 14 },
);
planted(
  "Δ, A, Q and generator with bonds that leave the patch counted half",
  { ...ring(undefined, () => new Ring(0.5)), replicas: 16_384 },
  { drift: 7, paste: 0 },
);
planted("the same Δ of a black box", { ...RING, make: () => blackBox(new Ring(0.5)), rates: "unknown" }, { paste: 0 });
planted(
  "patches of a black box at one and a half times the rate",
  bugged<RingStates, Ring>({ ...RING, make: () => blackBox(new Ring()), rates: "unknown" }, (system) => ({
    evolvePatches: (states, patches, time, at, watch, rates) =>
      system.evolvePatches(states, patches, states.side === 4 || time < 0 ? time : 1.5 * time, at, watch, rates),
  })),
  { drift: 7 },
);
planted(
  "patches at one and a half times the rate",
  ring((system) => {
    const faster = generated(({ drift, variation }) => ({
      drift: scaled(drift, 1.5),
      variation: scaled(variation, 1.5),
    }));
    return {
      ...faster(system),
      evolvePatches: (states, patches, time, at, watch, rates) =>
        system.evolvePatches(states, patches, states.side === 4 || time < 0 ? time : 1.5 * time, at, watch, rates),
    };
  }),
  { drift: 12, local: 8 },
);
planted(
  "systems at one and a half times the rate",
  ring((system) => ({ evolve: (states, time, at) => system.evolve(states, time < 0 ? time : 1.5 * time, at) })),
  { drift: 11, local: 7, "only-patch": 8 },
);
planted(
  "the bond over the edge of the ring forgotten",
  ring((system) => ({
    observe: async (states) => {
      const { side, spins } = states;
      return (await system.observe(states)).map((x, k) => {
        const start = (k >> 1) * side;
        const wall = k % 2 === 1 && side > 4 && spins[start] !== spins[start + side - 1];
        return wall ? x - 1 / side : x;
      });
    },
  })),
  { paste: 0, whole: 0 },
);
planted(
  "the next patch evolved in place of the one asked for",
  ring((system) => {
    const next = ({ side }: RingStates, patches: Uint32Array) => patches.map((patch) => (patch + 1) % (side / 4));
    return {
      evolvePatches: async (states, patches, time, at, watch, rates) => {
        const { before } = await system.evolvePatches(states, patches, 0, at);
        return { ...(await system.evolvePatches(states, next(states, patches), time, at, watch, rates)), before };
      },
      generator: async (states, patches, at, watch) => {
        const { before } = await system.evolvePatches(states, patches, 0, at);
        return { ...(await system.generator(states, next(states, patches), at, watch)), before };
      },
    };
  }),
  { local: 10, paste: 0, watch: 0 },
);

// Generator and integrals.
planted("Γ without off-diagonals", ring(generated(({ variation }) => ({ variation: diagonal(variation) }))), {
  drift: 19,
  generator: 0,
});
planted(
  "Γ and Q without off-diagonals",
  ring((system) => ({
    ...generated(({ variation }) => ({ variation: diagonal(variation) }))(system),
    ...changed(({ variation }) => ({ variation: diagonal(variation) }))(system),
  })),
  { drift: 19, martingale: 30 },
);
planted(
  "a generator whose patches are in another order",
  ring(generated(({ drift }) => ({ drift: drift.map((_, k) => drift[8 * (k >> 3) + ((k + 2) % 8)]) }))),
  { generator: 0, local: 10 },
);
planted(
  "A and Q with bonds that leave the patch counted half",
  ring((system) => ({
    evolvePatches: async (...given) => {
      const { compensator, variation } = await new Ring(0.5).evolvePatches(...given);
      return { ...(await system.evolvePatches(...given)), compensator, variation };
    },
  })),
  { generator: 0, martingale: 8, watch: 0 },
);
planted("A with the wrong sign", ring(changed(({ compensator }) => ({ compensator: scaled(compensator, -1) }))), {
  generator: 0,
  martingale: 50,
});
planted(
  "A as the rate at the start times time",
  ring((system) => ({
    evolvePatches: async (states, patches, time, at, watch, rates) => {
      const change = await system.evolvePatches(states, patches, time, at, watch, rates);
      if (rates === false) return change;
      const { drift } = await system.generator(states, patches, at);
      return { ...change, compensator: scaled(drift, time) };
    },
  })),
  { martingale: 29 },
);
planted("Q four fifths", ring(changed(({ variation }) => ({ variation: scaled(variation, 0.8) }))), {
  generator: 0,
  martingale: 11,
});
planted(
  "½ (Δ⁺ − Δ⁻) for A",
  bugged(PREDATOR_PREY_LINE, (system) => ({
    evolvePatches: async (...given) => {
      const change = await system.evolvePatches(...given);
      const { delta, compensator } = change;
      return { ...change, compensator: compensator && delta.map((x, k) => x - compensator[k]) };
    },
  })),
  { drift: 150, local: 140, martingale: 330, paste: 0, watch: 0 },
);
planted(
  "Δ of the Ising model with bonds that leave the patch counted half",
  bugged(ising(), (system) => ({
    evolvePatches: async (states, patches, time, at, watch, rates) => {
      const seen: Float32Array[] = [];
      const change = await system.evolvePatches(
        states,
        patches,
        time,
        at,
        async (cut, moment) => {
          seen.push(await system.observe(cut));
          await watch?.(cut, moment);
        },
        rates,
      );
      return { ...change, delta: seen[1].map((x, k) => x - seen[0][k]) };
    },
  })),
  { martingale: 6, paste: 0 },
);

// Laws of time.
planted(
  "a lone patch at three quarters of the rate",
  ring((system) => ({
    evolvePatches: (states, patches, time, at, watch, rates) =>
      system.evolvePatches(states, patches, states.side === 4 ? 0.75 * time : time, at, watch, rates),
  })),
  { "only-patch": 5 },
);
planted(
  "patches at four fifths of the rate where A and Q are not asked for",
  ring((system) => ({
    evolvePatches: (states, patches, time, at, watch, rates = true) =>
      system.evolvePatches(states, patches, rates ? time : 0.8 * time, at, watch, rates),
  })),
  { alone: 5 },
);
planted(
  "A and Q that nobody asked for",
  ring((system) => ({
    evolvePatches: (states, patches, time, at, watch) => system.evolvePatches(states, patches, time, at, watch),
  })),
  { alone: 0 },
);
planted(
  "no more than a longest time",
  ring((system) => ({
    evolve: (states, time, at) => system.evolve(states, time > 0.9 && time < 1.5 ? 0.9 : time, at),
  })),
  { "only-patch": 6, semigroup: 7 },
);
planted(
  "the same noise in every step",
  ring((system) => ({ evolve: (states, time, at) => system.evolve(states, time, { ...at, step: 1 }) })),
  { drift: 36, local: 22, noise: 0, "only-patch": 40, semigroup: 18 },
);
planted(
  "relaxation of all patches at once, each beside its neighbours' past",
  ring((system) => ({
    relax: async (states, time, at) => {
      checkTime(time);
      const K = states.side / 4;
      const all = Uint32Array.from({ length: states.count * K }, (_, k) => k % K);
      await system.evolvePatches(states, all, 4 * time, { ...at, replica: at.replica * K }, async (cut, moment) => {
        if (moment === "after") states.spins.set(cut.spins);
      });
    },
  })),
  { equilibrium: 6.5 },
);
