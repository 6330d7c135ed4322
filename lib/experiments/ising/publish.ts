// What an Ising run leaves behind.
import { publish } from "../../run/publish.ts";
import type { Run } from "../../run/run-folder.ts";
import type { Observable } from "../../systems/system.ts";
import type { IsingReportData } from "./data.ts";
import { isingLive } from "./live.ts";
import { type IsingStudy, isingEnd, isingFigures, isingMetrics, isingTables, isingVerdict } from "./metrics.ts";
import { isLearned } from "./parameters.ts";
import { isingReport } from "./report.ts";
import type { checkUpsampling } from "./upsampled-lattices.ts";

/** Finishes the run. `observables`: of the main equations, without what a network learned to see. */
export function publishIsing(
  run: Run,
  study: IsingStudy,
  observables: readonly Observable[],
  { metrics: distances, ...lattices }: Awaited<ReturnType<typeof checkUpsampling>>,
  rest: Pick<IsingReportData, "driftField" | "size">,
): Promise<void> {
  const { closure, variables } = study.options;
  const learned = Array.from({ length: isLearned(closure) ? variables : 0 }, (_, k) => ({
    name: `learned variable ${k + 1}`,
    symbol: `ψ${k + 1}`,
  }));
  const all = [...observables, ...learned].map(({ name, symbol }) => ({ name, symbol }));
  const shown = isingFigures(study);
  const figures = { variables: all, ...shown, ...lattices, ...rest, live: isingLive(study, shown.cases) };
  return publish(run, {
    tables: isingTables(study),
    metrics: (seconds) => isingMetrics(study, distances, rest.size, seconds),
    verdict: isingVerdict(study, rest.size),
    endTable: (metrics) => isingEnd(metrics, study.options),
    report: (done) => isingReport({ ...done, ...figures }),
  });
}
