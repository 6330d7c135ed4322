// Systems with one planted bug each: the laws that find it, and no others.
import { expect, test } from "bun:test";
import type { Gpu } from "../../lib/gpu/device.ts";
import type { Subject } from "../../lib/systems/laws/subject.ts";
import type { PatchChange, PatchGenerator, States, System } from "../../lib/systems/system.ts";
import { laws, wrapped } from "../laws.ts";
import { Ring, type RingStates } from "../systems/ring.ts";
import { RING } from "./subjects.ts";

/** Laws that throw, and by how many standard errors at least; 0: exact ones. */
type Broken = Readonly<Record<string, number>>;
/** Members of a system that stand in for its own. */
export type Members<T> = (system: T) => Partial<T>;

/** A subject with a bug. */
export function bugged<S extends States, T extends System<S>>(
  subject: Subject<S, T>,
  members: Members<T>,
): Subject<S, T> {
  return {
    ...subject,
    make: (gpu: Gpu) => {
      const system = subject.make(gpu);
      return wrapped(system, members(system)) as typeof system;
    },
  };
}

/** A ring with a bug. */
export const ring = (members: Members<Ring> = () => ({}), make = () => new Ring()): Subject<RingStates, Ring> =>
  bugged({ ...RING, make }, members);

/** Registers a test: of all laws on a system with a bug exactly those of `broken` throw. LAWS_VERBOSE=1 shows what they say. */
export function planted<S extends States, T extends System<S>>(
  bug: string,
  subject: Subject<S, T>,
  broken: Broken,
): void {
  const names = Object.keys(broken).sort();
  // What only exact laws see needs no statistics; the statistical laws still run, to hold.
  const replicas = Object.values(broken).some((sigmas) => sigmas > 0) ? subject.replicas : 256;
  test(`${bug}: ${names.join(", ") || "all hold"}`, async () => {
    const found = new Map<string, string>();
    for (const { id, skip, run } of laws({ ...subject, replicas })) {
      if (!skip) await run().catch((error: Error) => found.set(id, error.message));
    }
    if (process.env.LAWS_VERBOSE) console.log(bug, Object.fromEntries(found));
    expect([...found.keys()].sort()).toEqual(names);
    for (const [id, message] of found) {
      const sigmas = /(-?[\d.]+) standard errors/.exec(message)?.[1];
      expect(Math.abs(Number(sigmas ?? 0))).toBeGreaterThanOrEqual(broken[id]);
    }
  });
}

/** A partial evolution of the ring with its result changed. */
export const changed =
  (change: (result: PatchChange) => Partial<PatchChange>): Members<Ring> =>
  (system) => ({
    evolvePatches: async (states, patches, time, at, watch, rates = true) => {
      const result = await system.evolvePatches(states, patches, time, at, watch);
      return { ...result, ...change(result), ...(!rates && { compensator: null, variation: null }) };
    },
  });

/** The generator of the ring with its result changed. */
export const generated =
  (change: (result: PatchGenerator, states: RingStates) => Partial<PatchGenerator>): Members<Ring> =>
  (system) => ({
    generator: async (states, patches, at, watch) => {
      const result = await system.generator(states, patches, at, watch);
      return { ...result, ...change(result, states) };
    },
  });
