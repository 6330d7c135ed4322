// What tests of the alloy experiment need of a run.
import { type NbMoTaOptions, nbmotaCommand } from "../../../lib/experiments/nbmota/parameters.ts";
import { defaults } from "../../../lib/run/parameters.ts";
import type { Run } from "../../../lib/run/run-folder.ts";

/** The quick profile with some options of its own. */
export const optionsOf = (part: Partial<NbMoTaOptions>): NbMoTaOptions => ({
  ...(defaults(nbmotaCommand.parameters, "quick") as NbMoTaOptions),
  ...part,
});

/** A run that keeps nothing. */
export const unkept = {
  phase: (_: string, work: () => unknown) => work(),
  keep: (_: string, __: unknown, work: () => unknown) => work(),
} as unknown as Run;
