// Diagnostics as metrics.
import { memoryRatio } from "../analysis/autocovariance.ts";
import type { Diagnostics } from "../analysis/diagnostics.ts";
import { BAND, type Tested } from "../analysis/pit.ts";
import type { ClosureTest } from "./closure-test.ts";
import { metricName, metricNumber } from "./result.ts";
import { type metricSet, NORMAL, overSeeds, single } from "./seeds.ts";

type Put = ReturnType<typeof metricSet>["put"];

/** Of the seeds of one equation; `parts`: method and case. An interval is that of the test: it holds what is exact where predicted runs have the law of true ones. */
export function putDiagnostics(put: Put, list: readonly Diagnostics[], ...parts: string[]): void {
  const tested = (of: (one: Diagnostics) => Tested, most = Number.POSITIVE_INFINITY) => {
    const [{ value, error }] = list.map(of);
    // True runs, which are half of what is compared, are those of all seeds.
    return overSeeds(
      list.map((one) => of(one).value),
      { alone: [value - NORMAL * error, Math.min(most, value + NORMAL * error)], shared: error * Math.SQRT1_2 },
    );
  };
  put(
    metricName("pit_chi2", ...parts),
    tested(({ pit }) => pit.chi2),
    { exact: 1 },
  );
  put(
    metricName("coverage", ...parts),
    tested(({ pit }) => pit.coverage, 1),
    { exact: BAND },
  );
  const ratios = list.map(({ memory }) => memoryRatio(memory.predicted, memory.truth));
  const [{ value, error }] = ratios;
  const alone = [value * Math.exp((-NORMAL * error) / value), value * Math.exp((NORMAL * error) / value)] as const;
  const ratio = overSeeds(
    ratios.map((one) => one.value),
    { scale: "log", alone, shared: (error / value) * Math.SQRT1_2 },
  );
  put(metricName("memory_ratio", ...parts), ratio, { exact: 1 });
}

/** χ² per degree of freedom of the closure test: of every case, named by what starts there, and the largest. */
export function putClosureTest(put: Put, { tests }: ClosureTest, cases: readonly string[], ...parts: string[]): void {
  const ratios = tests.map(({ chi2, freedom }) => chi2 / freedom);
  put(metricName("closure_chi2", ...parts), single(Math.max(...ratios)), { exact: 1 });
  for (const [c, ratio] of ratios.entries())
    put(metricName("closure_chi2", ...parts, cases[c]), single(ratio), { exact: 1 });
}

/** "m0.5", "mm0.5": a start by its initial magnetization, as names of metrics have it. */
export const startName = (symbol: string, value: number) => `${symbol}${metricNumber(value).replace("-", "m")}`;
