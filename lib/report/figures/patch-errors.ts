// The table on the terminal of experiments that compare patch sides: errors of mean trajectories of all methods, the floor, the paper.
import { METHODS } from "../../method/pairs.ts";
import { type EndTable, endRow, endTable } from "../../run/end-table.ts";
import { type Metric, metricName } from "../../run/result.ts";
import { rootPercent } from "../../run/seeds.ts";
import { LOOKS } from "./methods.ts";

/** Of the metrics `error.METHOD.patchSIDE`, relative squared errors, and `error.floor`. `paperTime`: δt of the baselines `naive_paper_dt`; `about`: behind the title. */
export function patchErrors(
  metrics: Readonly<Record<string, Metric>>,
  { patches, paperTime, about = "" }: { patches: readonly number[]; paperTime: number; about?: string },
): EndTable {
  const sides = patches.toSorted((a, b) => a - b);
  const at = (method: string) => sides.map((side) => metricName("error", method, `patch${side}`));
  const errors = (name: string, method: string) =>
    endRow(metrics, name, at(method), { of: ({ value }) => rootPercent(value) });
  const paper = (name: string, method: string) =>
    endRow(metrics, name, at(method), { kind: "beside", of: ({ paper }) => paper && rootPercent(paper) });
  const floor = sides.map(() => "error.floor");
  return endTable(
    `Error of the mean trajectories, RMS in % of their size${about}`,
    "method, patch side",
    sides.map(String),
    [
      ...METHODS.map((method) => errors(LOOKS[method].name, method)),
      errors(`Naive at δt = ${paperTime}`, "naive_paper_dt"),
      endRow(metrics, "Floor", floor, { kind: "beside", of: ({ value }) => rootPercent(value) }),
      paper("Paper, its method", "increment"),
      paper("Paper, naive", "naive_paper_dt"),
    ],
  );
}
