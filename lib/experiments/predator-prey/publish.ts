// What a predator–prey run leaves behind.
import { publish } from "../../run/publish.ts";
import type { Run } from "../../run/run-folder.ts";
import type { PredatorPreyReportData } from "./data.ts";
import { predatorPreyLive } from "./live.ts";
import {
  type PredatorPreyStudy,
  predatorPreyEnd,
  predatorPreyFigures,
  predatorPreyMetrics,
  predatorPreyTables,
  predatorPreyVerdict,
  spectrumMetrics,
} from "./metrics.ts";
import type { PredatorPreyOptions } from "./parameters.ts";
import { predatorPreyReport } from "./report.ts";

type Checks = Pick<
  PredatorPreyReportData,
  "kramersMoyal" | "driftField" | "fieldPoints" | "spectra" | "spectrumRatios" | "profiles" | "spaceTime"
>;

/** Finishes the run. `checks`: of the equation and of the upsampled fields. */
export function publishPredatorPrey(
  run: Run,
  study: PredatorPreyStudy,
  { small, interpolation, relaxTime }: PredatorPreyOptions,
  checks: Checks,
): Promise<void> {
  const { points, patch } = study;
  const setting = { points, patch, small, interpolation, relaxTime, ...checks };
  const figures = (seconds: Record<string, number>) => {
    const shown = predatorPreyFigures(study, seconds);
    return { ...shown, live: predatorPreyLive(study, shown.cases) };
  };
  return publish(run, {
    tables: predatorPreyTables(study),
    metrics: (seconds) => ({ ...predatorPreyMetrics(study, seconds), ...spectrumMetrics(checks.spectrumRatios) }),
    verdict: predatorPreyVerdict(study),
    endTable: (metrics) => predatorPreyEnd(metrics, study),
    report: (done) => predatorPreyReport({ ...done, ...figures(done.result.seconds), ...setting }),
  });
}
