// The laws that every system obeys (lib/systems/laws.ts) as tests: `systemLaws` registers them for one. What it has to be told is in
// lib/systems/laws/subject.ts; for a system of one's own, cells with a state of two on a square lattice say, that is
//
//   systemLaws("contact process", {
//     make: (gpu) => new ContactProcess(gpu, { rate: 2.5, patchSide: 8 }),
//     side: 16,
//     time: 0.3,
//     rates: "unknown",
//     conserved: [0],
//     local: [0],
//     paste: pasteBits(8),
//   });
//
import { describe, test } from "bun:test";
import { openDevice } from "../lib/gpu/device.ts";
import type { Subject } from "../lib/systems/laws/subject.ts";
import { type Law, laws as lawsOn } from "../lib/systems/laws.ts";
import type { States, System } from "../lib/systems/system.ts";

const gpu = await openDevice();

/** All laws on one system. Throws Error if `subject.skip` names what is none. */
export const laws = <S extends States, T extends System<S>>(subject: Subject<S, T>): Law[] => lawsOn(gpu, subject);

/** Registers the laws as tests; those that say nothing about this system are skipped, the reason in their name. */
export function systemLaws<S extends States, T extends System<S>>(name: string, subject: Subject<S, T>): void {
  describe(name, () => {
    for (const { id, title, skip, run } of laws(subject)) {
      if (skip) test.skip(`${id}: ${title} (not here: ${skip})`, () => {});
      else test(`${id}: ${title}`, run);
    }
  });
}

/** A system whose given members stand in for its own; its own verbs still call its own. */
export function wrapped<T extends object>(system: T, members: Partial<T>): T {
  return new Proxy(system, {
    get(target, key) {
      if (key in members) return members[key as keyof T];
      const own = target[key as keyof T];
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

/** The same system to someone who does not know its rates: no generator, no A, no Q. */
export function blackBox<S extends States, T extends System<S>>(system: T): T {
  const evolvePatches: System<S>["evolvePatches"] = async (...given) => {
    const { before, delta } = await system.evolvePatches(...given);
    return { before, delta, compensator: null, variation: null };
  };
  return wrapped<System<S>>(system, { evolvePatches, generator: undefined }) as T;
}
