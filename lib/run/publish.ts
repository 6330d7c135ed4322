// The end of a run: tables, metrics, the scores on the terminal, the report.
import type { ColumnTable } from "arquero";
import { repeatCommand } from "./command-text.ts";
import type { EndTable } from "./end-table.ts";
import type { Metric, RunResult } from "./result.ts";
import type { Run } from "./run-folder.ts";
import { type Training, trainingTable } from "./trainings.ts";
import type { Verdict } from "./verdict.ts";

/** What every report is told of its run. */
export interface Finished {
  readonly result: RunResult;
  /** Repeats the run. */
  readonly command: string;
  readonly trainings: readonly Training[];
}

export interface Publication {
  readonly tables: Record<string, ColumnTable>;
  /** The metrics after so many seconds. */
  metrics(seconds: number): Record<string, Metric>;
  /** How the learned equations went. */
  readonly verdict: Verdict;
  /** What of the metrics stands on the terminal. */
  endTable(metrics: Record<string, Metric>): EndTable;
  report(run: Finished): string;
}

/** Writes all of it and finishes the run. Throws FailedRun behind that where the verdict says so. */
export async function publish(run: Run, { tables, metrics, verdict, endTable, report }: Publication): Promise<void> {
  for (const [name, table] of Object.entries(tables)) run.table(name, table);
  const { trainings } = run;
  if (trainings.length > 0) run.table("training", trainingTable(trainings));
  const { experiment, seconds } = run.result({});
  const all = metrics(seconds.total);
  const { warnings, failed } = verdict;
  const page = (result: RunResult) => report({ result, command: repeatCommand(experiment), trainings });
  await run.finish(all, page, warnings, { failed, table: endTable(all) });
}
