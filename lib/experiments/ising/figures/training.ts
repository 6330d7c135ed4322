/** Scores over what the training can be done with: closures, boundaries, times of partial evolution, numbers of pairs. */

import { type Axis, chart, type Series } from "../../../report/chart.ts";
import { LOOKS, type Method } from "../../../report/figures/methods.ts";
import { floorLevels, sidesOf, sideTitle } from "../../../report/figures/patch-sides.ts";
import { type Content, type Html, html } from "../../../report/html.ts";
import { formatSetting } from "../../../report/number.ts";
import { ISING_CLOSURES, type IsingClosure } from "../parameters.ts";
import type { IsingReportData as Data, IsingScores } from "../report.ts";
import { aligned, FLOOR, inOrder, methodsOf, scoreTable, text } from "./score-table.ts";

/** ", patches of 16 × 16" where all rows have one patch side. */
function atSide(rows: readonly { patch: number }[]): string {
  const sides = sidesOf(rows);
  return sides.length === 1 ? `, ${sideTitle(sides[0]!)}` : "";
}

export function closures(data: Data): Html | false {
  if (data.closures.length === 0) return false;
  const rank = (closure: IsingClosure) => ISING_CLOSURES.indexOf(closure);
  const rows = data.closures.toSorted(
    (a, b) => rank(a.closure) - rank(b.closure) || inOrder(a.method) - inOrder(b.method),
  );
  return scoreTable(
    rows,
    { closure: { column: text("Closure"), cell: ({ closure }) => closure } },
    `Scores with each closure${atSide(rows)}; the main figures use “${data.closure}”. A closure helps where its error is lower than that of “none” by more than the intervals.`,
  );
}

const BOUNDARIES = { halo: "frozen neighbours (halo)", periodic: "closed on itself (paper)" };

export function boundaries(data: Data): Html | false {
  if (data.boundaries.length === 0) return false;
  const rows = data.boundaries.toSorted(
    (a, b) => b.patch - a.patch || inOrder(a.method) - inOrder(b.method) || a.boundary.localeCompare(b.boundary),
  );
  return scoreTable(
    rows,
    {
      boundary: { column: text("Boundary of the moving patch"), cell: ({ boundary }) => BOUNDARIES[boundary] },
      patch: { column: aligned("Patch side"), cell: ({ patch }) => String(patch) },
    },
    "A patch that moves between its true, frozen neighbours drifts as the whole lattice does; one closed on itself meets other neighbours at its seam, a bias of the drift that goes like 1/ℓ.",
  );
}

/** Error against one setting of the training on logarithmic axes, a curve per method, and the table of it. */
function ablation<T extends IsingScores & { method: Method; patch: number }>(
  data: Data,
  rows: readonly T[],
  key: keyof T & string,
  spec: { id: string; title: string; caption: Content; x: Axis; column: Content },
): Content {
  if (rows.length === 0) return false;
  const at = (row: T) => row[key] as number;
  const methods = methodsOf(rows).toReversed();
  const series = methods.map((method, i): Series => {
    const own = rows.filter((row) => row.method === method).sort((a, b) => at(a) - at(b));
    return {
      ...LOOKS[method],
      draw: "line+points",
      width: 1.25,
      dodge: (i - (methods.length - 1) / 2) * 5,
      x: own.map(at),
      y: own.map(({ error }) => error.mean),
      low: own.map(({ error }) => error.low),
      high: own.map(({ error }) => error.high),
    };
  });
  const values = rows.map(at).filter((value) => value > 0);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  // On the left there is room for the label of the floor.
  const range: [number, number] = [least / (1.4 * (most / least) ** 0.5), most * 1.5];
  const ticks = [...new Set(values)].sort((a, b) => a - b);
  const ordered = rows.toSorted((a, b) => at(a) - at(b) || inOrder(a.method) - inOrder(b.method));
  return [
    chart({
      id: spec.id,
      title: spec.title + atSide(rows),
      caption: spec.caption,
      alt: `Error of the mean trajectories against ${spec.x.label} for each method, with the sampling floor`,
      x: { ...spec.x, ticks, ...(values.length > 0 && { range }) },
      y: { label: "relative squared error", log: 10 },
      height: 300,
      panels: [{ series, levels: floorLevels(data.floors.error, FLOOR) }],
    }),
    scoreTable(
      ordered,
      { [key]: { column: aligned(spec.column), cell: (row: T) => formatSetting(at(row)) } },
      "The numbers of the figure above, and the other scores.",
    ),
  ];
}

export function timeSteps(data: Data): Content {
  return ablation(data, data.timeSteps, "time", {
    id: "time-step",
    title: "Error against the time of partial evolution",
    caption: html`δ<i>t</i> is how long a patch moves for one training pair. Long times let the state change while it is observed (bias); short ones leave the increments with nothing but noise, which the
compensator does not have. Bars are 95 % intervals, the dotted line is what a perfect model would score.
The generator itself, δ<i>t</i> → 0, is in the table as 0.`,
    x: { label: "δt [sweeps]", log: 10 },
    column: html`<i>δt</i> [sweeps]`,
  });
}

export function dataSizes(data: Data): Content {
  return ablation(data, data.dataSizes, "pairs", {
    id: "data-size",
    title: "Error against the number of training pairs",
    caption: html`Trained on a part of the snapshots; the small lattices behind them are the same. Bars are 95 % intervals, the dotted line is what a perfect model would score.`,
    x: { label: "training pairs", log: 10 },
    column: "Pairs",
  });
}
