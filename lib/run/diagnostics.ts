// Diagnostics as metrics, and as a table.
import type { ColumnTable } from "arquero";
import { memoryRatio } from "../analysis/autocovariance.ts";
import type { Diagnostics } from "../analysis/diagnostics.ts";
import { chi2Range, shareRange } from "../analysis/law-range.ts";
import { average } from "../analysis/mean.ts";
import { BAND, type Tested } from "../analysis/pit.ts";
import type { ClosureTest } from "./closure-test.ts";
import { metricName } from "./result.ts";
import { around, type Estimate, type metricSet, NORMAL, overSeeds } from "./seeds.ts";
import { tableOfRows } from "./text-table.ts";

type Put = ReturnType<typeof metricSet>["put"];

/** 95 % of χ² over its degrees of freedom, and of the share of true runs in the predicted bands, where predictions have the true law; from their standard errors. */
export const chi2OfOneLaw = (error: number) => chi2Range(error, NORMAL);
export const coverageOfOneLaw = (error: number) => shareRange(BAND, error, NORMAL);

/** The interval of a score that holds what is `exact` just where the score is in the `range` that it has there; never below 0 or above `most`. */
function testInterval(value: number, exact: number, range: readonly [number, number], most: number): [number, number] {
  return [Math.max(0, value + exact - range[1]), Math.min(most, value + exact - range[0])];
}

/** Of the seeds of one equation; `parts`: method and case. An interval is that of the test: it holds what is exact where predicted runs have the law of true ones. */
export function putDiagnostics(put: Put, list: readonly Diagnostics[], ...parts: string[]): void {
  const tested = (
    of: (one: Diagnostics) => Tested,
    exact: number,
    range: (error: number) => readonly [number, number],
    most = Number.POSITIVE_INFINITY,
  ): Estimate => {
    const [{ value, error, ofTruth }] = list.map(of);
    const found = overSeeds(
      list.map((one) => of(one).value),
      { alone: testInterval(value, exact, range(error), most), shared: ofTruth },
    );
    const [low, high] = [Math.max(0, found.low), Math.min(most, found.high)];
    return { ...found, value: Math.min(most, found.value), low, high };
  };
  put(
    metricName("pit_chi2", ...parts),
    tested(({ pit }) => pit.chi2, 1, chi2OfOneLaw),
    { exact: 1 },
  );
  put(
    metricName("coverage", ...parts),
    tested(({ pit }) => pit.coverage, BAND, coverageOfOneLaw, 1),
    { exact: BAND },
  );
  const ratios = list.flatMap(({ memory }) => (memory ? [memoryRatio(memory.predicted, memory.truth)] : []));
  if (ratios.length === 0) return;
  const [{ value, error, ofTruth, count }] = ratios;
  const { low, high } = around(Math.log(value), error, count);
  const ratio = overSeeds(
    ratios.map((one) => one.value),
    { scale: "log", alone: [Math.exp(low), Math.exp(high)], shared: ofTruth },
  );
  put(metricName("memory_ratio", ...parts), ratio, { exact: 1 });
}

/**
 * Of the seeds of one equation: the degree that was chosen, and which part of the changes a drift leaves of data that it was not fitted to. Nothing of
 * fields that are trained.
 */
export function putChoice(
  put: Put,
  choices: readonly ({ readonly degree: number; readonly unexplained: readonly number[] } | null)[],
  ...parts: string[]
): void {
  const known = choices.flatMap((one) => one ?? []);
  if (known.length === 0) return;
  put(metricName("degree", ...parts), overSeeds(known.map(({ degree }) => degree)));
  // A component that never changes has nothing to explain.
  const left = known.map(({ unexplained }) => average(unexplained.filter(Number.isFinite)));
  put(metricName("held_out", ...parts), overSeeds(left, { scale: "log" }));
}

/** χ² per degree of freedom of the closure test, mean over the cases that say something, with the interval that holds 1 where nothing is missed. */
export function putClosureTest(put: Put, { tests }: ClosureTest, ...parts: string[]): void {
  const known = tests.filter(({ chi2 }) => Number.isFinite(chi2));
  const value = average(known.map(({ chi2, freedom }) => chi2 / freedom));
  const error = Math.sqrt(average(known.map(({ chi2Error }) => chi2Error ** 2)) / known.length);
  const [low, high] = testInterval(value, 1, chi2OfOneLaw(error), Number.POSITIVE_INFINITY);
  put(metricName("closure_chi2", ...parts), { value, low, high }, { exact: 1 });
}

/**
 * The tests that were made as a table of a run: what is missed of every variable from every case, true minus predicted, with its standard error. `about`:
 * the first columns. Nothing where there are none.
 */
export function closureTables<T extends { readonly closed: ClosureTest | null }>(
  list: readonly T[],
  about: (one: T) => Record<string, number | string>,
  cases: readonly string[],
  variables: readonly string[],
): Record<string, ColumnTable> {
  const rows = list.flatMap((one) => {
    if (!one.closed) return [];
    const { from, lag, tests } = one.closed;
    return tests.flatMap(({ mean, error, chi2, freedom }, c) =>
      variables.map((variable, j) => ({
        ...about(one),
        ...{ case: cases[c], from, lag, variable, missed: mean[j], missed_error: error[j] },
        ...{ chi2, freedom },
      })),
    );
  });
  return rows.length > 0 ? { "closure-test": tableOfRows(rows) } : {};
}
