// How a run ended: what the terminal shows of it then, and again when the same line is given once more.
import { pathToFileURL } from "node:url";
import { drawEndTable, type EndTable } from "./end-table.ts";
import { print } from "./output.ts";
import { isQuiet } from "./progress.ts";

/** A run whose results are kept, but are not to be relied on: one sentence, exit code 1. */
export class FailedRun extends Error {
  override name = "FailedRun";
}

/** What is shown of a finished run. */
export interface End {
  /** null of runs that have none. */
  table: EndTable | null;
  /** Sentences without a stop. */
  warnings: string[];
  /** Whether it is not to be relied on. */
  failed: boolean;
}

/** A run that was asked for and is finished already. */
export class FinishedRun extends Error {
  override name = "FinishedRun";

  /** `message`: why it is not done again. */
  constructor(
    message: string,
    readonly report: string,
    readonly end: End,
  ) {
    super(message);
  }
}

/** Prints the table, the warnings and where the report is. Throws FailedRun behind that where the run has failed. */
export function showEnd({ table, warnings, failed }: End, report: string): void {
  if (table) print(drawEndTable(table));
  for (const warning of warnings) print(`! ${warning}`);
  if (!isQuiet()) print(`report: ${linkTo(report)}`);
  if (failed) throw new FailedRun(`the run is finished, but not to be relied on: ${warnings[0]}`);
}

/** An address that terminals open at a click. */
const linkTo = (path: string) => pathToFileURL(path).href;
