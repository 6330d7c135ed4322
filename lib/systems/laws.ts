// The laws that every system obeys, whatever it is made of. What has to be told of one is in laws/subject.ts.
//
//   streams      initial-batches, batches, noise: bytes that depend on the address of a replica alone
//   states       packing, upsample, keep, no-time, times, relax-moves, cohorts
//   memory       memory, leaks
//   patches      whole, before, lazy, untouched, watch, paste, patches: exact; `paste` is what tells whether Δ counts bonds in full
//   sums         drift, local: whole system against its patches
//   dynamics     generator, martingale, only-patch, alone, semigroup, equilibrium
//
// Statistical laws (sums, dynamics, cohorts) fail beyond 4.5 standard errors of at least 256 independent words of replicas (cohorts: 80
// starts). A false alarm has probability below 2e-5 an assertion whenever the numbers drawn change, and none while they stay; a
// system with d observables and K patches is put to about 14 d + 14 d² + 4 d³ + 2 K d of them. What they see with the replicas that they
// take by default, measured on the systems here: errors of the generator's drift from 4 to 11 % (drift), of one patch from 8 to 19 %
// (local), of Γ from 6 to 11 % (drift), of A from 6 to 11 % and of Q from 4 to 7 % (martingale), of the rate of a patch from 14 to 21 %
// (only-patch), of a time cut in parts from 5 to 20 % (semigroup); of a system in steps with weak noise ten times less. Bugs that they
// were seen to find: test/laws/*.test.ts.
import type { Gpu } from "../gpu/device.ts";
import { DYNAMICS } from "./laws/dynamics.ts";
import type { Statute } from "./laws/law.ts";
import { MEMORY } from "./laws/memory.ts";
import { PATCHES } from "./laws/patches.ts";
import { STATES } from "./laws/states.ts";
import { STREAMS } from "./laws/streams.ts";
import { Bench, type Subject } from "./laws/subject.ts";
import { SUMS } from "./laws/sums.ts";
import type { States, System } from "./system.ts";

/** A law on one system. `skip`: why it says nothing about this one. */
export interface Law {
  readonly id: string;
  readonly title: string;
  readonly skip?: string;
  /** Throws where the law is broken. */
  run(): Promise<void>;
}

/** All laws on one system. Throws Error if `subject.skip` names what is none. */
export function laws<S extends States, T extends System<S>>(gpu: Gpu, subject: Subject<S, T>): Law[] {
  const statutes: readonly Statute[] = [...STREAMS, ...STATES, ...MEMORY, ...PATCHES, ...SUMS, ...DYNAMICS];
  const unknown = Object.keys(subject.skip ?? {}).find((id) => !statutes.some((statute) => statute.id === id));
  if (unknown) throw new Error(`${unknown} is no law: there are ${statutes.map(({ id }) => id).join(", ")}`);
  const general = subject as unknown as Subject<S>;
  const sample = subject.make(gpu);
  const made = statutes.map((statute) => {
    const { id, title, check } = statute;
    const skip =
      subject.skip?.[id] ?? (statute.unfit?.(general as unknown as Subject, sample as unknown as System) || undefined);
    const run = async () => {
      const bench = new Bench(gpu, general, id);
      try {
        await check(bench);
      } finally {
        bench.close();
      }
    };
    return { id, title, skip, run };
  });
  sample.destroy?.();
  return made;
}
