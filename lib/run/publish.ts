// The end of a run: tables, metrics, the scores on the terminal, the report.
import type { ColumnTable } from "arquero";
import { repeatCommand } from "./command-text.ts";
import type { Metric, RunResult } from "./result.ts";
import type { Run } from "./run-folder.ts";

export interface Publication {
  readonly tables: Record<string, ColumnTable>;
  /** The metrics after so many seconds. */
  metrics(seconds: number): Record<string, Metric>;
  /** What of them stands on the terminal. */
  scoreTable(metrics: Record<string, Metric>): string;
  /** The report; `command` repeats the run. */
  report(result: RunResult, command: string): string;
}

/** Writes all of it and finishes the run. */
export async function publish(run: Run, { tables, metrics, scoreTable, report }: Publication): Promise<void> {
  for (const [name, table] of Object.entries(tables)) run.table(name, table);
  const { experiment, seconds } = run.result({});
  const all = metrics(seconds.total);
  console.log(scoreTable(all));
  await run.finish(all, (result) => report(result, repeatCommand(experiment)));
}
