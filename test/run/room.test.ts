// What cannot fit in memory is refused by the command lines of experiments, before anything is done; what can is not.
import { describe, expect, test } from "bun:test";
import { InputError } from "../../lib/errors.ts";
import { curieWeissCommand } from "../../lib/experiments/curie-weiss/parameters.ts";
import { isingCommand } from "../../lib/experiments/ising/parameters.ts";
import { criticalCommand } from "../../lib/experiments/ising-critical/parameters.ts";
import { nbmotaCommand } from "../../lib/experiments/nbmota/parameters.ts";
import { predatorPreyCommand } from "../../lib/experiments/predator-prey/parameters.ts";
import type { Command } from "../../lib/run/command-line.ts";
import { defaults, type Parameters, PROFILES, type Values } from "../../lib/run/parameters.ts";
import { requireRoom } from "../../lib/run/room.ts";

const GIB = 2 ** 30;
const COMMANDS = [curieWeissCommand, isingCommand, predatorPreyCommand, criticalCommand, nbmotaCommand];

/** What a command says of values that differ from those of the quick profile, on a machine of 16 GiB. */
function refusal<P extends Parameters>({ parameters, needs }: Command<P>, values: Partial<Values<P>>): string {
  try {
    requireRoom(needs?.({ ...defaults(parameters, "quick"), ...values }) ?? [], 8 * GIB);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return "fits";
}

describe("sizes that a machine cannot hold", () => {
  test("name what is too large, and the options to lower", () => {
    // 100,000 runs of 5 starts at 20,001 times.
    expect(refusal(curieWeissCommand, { runs: 100_000, horizon: 10_000 })).toBe(
      "predicted trajectories take 38149 MiB, half of the memory is 8192 MiB: lower --runs or --horizon",
    );
    // 65,536 patches of 3,072 snapshots, four numbers for each of three durations.
    expect(refusal(curieWeissCommand, { L: 2048, patches: [8] })).toBe(
      "the training pairs take 9216 MiB, half of the memory is 8192 MiB: lower --trajectories, --records or --patches-per-snapshot",
    );
    expect(refusal(isingCommand, { L: 4096, patches: [16] })).toMatch(
      /^the training pairs .*--snapshots or --patches-per/,
    );
    expect(refusal(isingCommand, { trueRuns: 1e6, horizon: 1000 })).toMatch(
      /^directly simulated .*--true-runs or --horizon$/,
    );
    expect(refusal(predatorPreyCommand, { trajectories: 1e6, records: 1000 })).toMatch(/^the (training|snapshots)/);
    expect(refusal(criticalCommand, { lattices: 1e7, looks: 1000 })).toMatch(
      /^the counts of classes .*--lattices or --looks$/,
    );
  });
  test("of an alloy: lattices of all temperatures, and what their vacancies do", () => {
    expect(refusal(nbmotaCommand, { looks: 1000, replicas: 4096 })).toMatch(/^the .*--seeds, --replicas/);
    expect(refusal(nbmotaCommand, { looks: 1000, trueReplicas: 4096 })).toMatch(/--true-replicas$/);
    expect(refusal(nbmotaCommand, { seeds: 8, records: 1000, replicas: 4096 })).toMatch(/--records/);
    expect(refusal(nbmotaCommand, { runs: 1e8 })).toMatch(/^predicted trajectories .*--runs$/);
  });
  test("are told of in all where none is too large alone", () => {
    const need = (what: string, bytes: number) => ({ what, bytes, options: ["looks"] });
    expect(() => requireRoom([need("these", 5 * GIB), need("those", 4 * GIB)], 8 * GIB)).toThrow(
      "these take 5120 MiB of 9216 MiB that all take together, half of the memory is 8192 MiB: lower --looks",
    );
  });
  test("of an Ising lattice count all comparisons, and what a learned closure leaves out", () => {
    // 1.4 GiB of pairs of one set.
    const some = {
      L: 256,
      patches: [16],
      snapshots: 65_536,
      trajectories: 16_384,
      records: 4,
      patchesPerSnapshot: 256,
    };
    expect(refusal(isingCommand, { ...some, studies: "none" })).toBe("fits");
    expect(refusal(isingCommand, { ...some, studies: "all", studyPatch: 16 })).toMatch(/^the training pairs take/);
    const learned = { ...some, closure: "autoencoder" } as const;
    expect(refusal(isingCommand, { ...learned, studies: "none" })).toBe("fits");
    // Beside it there are closures by hand, of all snapshots.
    const twice = { ...learned, snapshots: 131_072, trajectories: 32_768 };
    expect(refusal(isingCommand, { ...twice, studies: "none" })).toBe("fits");
    expect(refusal(isingCommand, { ...twice, studies: "all", studyPatch: 16 })).toMatch(/^the training pairs take/);
  });
  test("are no profile's", () => {
    for (const profile of PROFILES) {
      for (const { parameters, needs } of COMMANDS) {
        const values = defaults(parameters, profile) as never;
        expect(() => requireRoom(needs?.(values) ?? [], 8 * GIB)).not.toThrow();
      }
    }
  });
});
