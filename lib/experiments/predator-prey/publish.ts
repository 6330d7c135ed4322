// What a predator–prey run leaves behind.
import { publish } from "../../run/publish.ts";
import type { Run } from "../../run/run-folder.ts";
import type { PredatorPreyReportData } from "./data.ts";
import {
  type PredatorPreyStudy,
  predatorPreyEnd,
  predatorPreyFigures,
  predatorPreyMetrics,
  predatorPreyTables,
  predatorPreyVerdict,
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
  return publish(run, {
    tables: predatorPreyTables(study),
    metrics: (seconds) => predatorPreyMetrics(study, seconds),
    verdict: predatorPreyVerdict(study),
    endTable: (metrics) => predatorPreyEnd(metrics, study),
    report: (done) => predatorPreyReport({ ...done, ...predatorPreyFigures(study, done.result.seconds), ...setting }),
  });
}
