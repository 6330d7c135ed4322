// What a Curie–Weiss run leaves behind.
import { publish } from "../../run/publish.ts";
import type { Run } from "../../run/run-folder.ts";
import type { CurieWeissReportData } from "./data.ts";
import { curieWeissLive } from "./live.ts";
import {
  curieWeissEnd,
  curieWeissFigures,
  curieWeissMetrics,
  curieWeissTables,
  curieWeissVerdict,
  type Diverged,
  type Outcome,
} from "./metrics.ts";
import type { CurieWeissOptions } from "./parameters.ts";
import { curieWeissReport } from "./report.ts";
import type { CurieWeissReference } from "./scores.ts";

/** Finishes the run. */
export function publishCurieWeiss(
  run: Run,
  reference: CurieWeissReference,
  outcomes: readonly Outcome[],
  diverged: readonly Diverged[],
  options: CurieWeissOptions,
  states: Pick<CurieWeissReportData, "upsampling" | "pictures">,
): Promise<void> {
  const shown = curieWeissFigures(reference, outcomes, diverged, options);
  const figures = { ...shown, ...states, live: curieWeissLive(reference, outcomes, shown.cases) };
  return publish(run, {
    tables: curieWeissTables(outcomes),
    metrics: (seconds) => curieWeissMetrics(reference, outcomes, diverged, options, seconds),
    verdict: curieWeissVerdict(outcomes),
    endTable: (metrics) => curieWeissEnd(metrics, options),
    report: (done) => curieWeissReport({ ...done, ...figures }),
  });
}
