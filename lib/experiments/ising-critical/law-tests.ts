// Whether lattices in equilibrium have the learned stationary law.
import type { Diagnostics } from "../../analysis/diagnostics.ts";
import { type Sample, spacingOf } from "../../analysis/distribution.ts";
import { type Pit, pitOf, pitTable } from "../../analysis/pit.ts";
import { marginalsOf } from "./laws.ts";
import type { Learned } from "./training.ts";
import type { CriticalTruth } from "./truth.ts";

/** Tests of m and of ρ at one side. */
export interface LawTest {
  readonly side: number;
  readonly tests: readonly Pit[];
}

const testOf = (law: Sample, values: number[]) => pitOf(law, { values }, { spacing: spacingOf(values) });

/** Of lattices of the truth, which are independent of each other. */
export function lawTest(learned: Learned, { side, temperature, states }: CriticalTruth, cells: number): LawTest {
  const tests = marginalsOf(learned, temperature, side, cells).map((law, j) =>
    testOf(
      law,
      states.filter((_, k) => k % 2 === j),
    ),
  );
  return { side, tests };
}

/** Sides as cases. */
export const lawDiagnostics = (list: readonly LawTest[]): Diagnostics => ({
  pit: pitTable([Number.POSITIVE_INFINITY], [list.map(({ tests }) => tests)]),
  memory: null,
});
