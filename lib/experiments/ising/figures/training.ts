/** Scores over what the training can be done with: closures, boundaries, times of partial evolution, numbers of pairs. */
import type { Frame } from "../../../report/chart-spec.ts";
import { collapsed } from "../../../report/figures/collapsed.ts";
import { LOOKS, methodsIn } from "../../../report/figures/methods.ts";
import { sidesOf, sideTitle } from "../../../report/figures/patch-sides.ts";
import { inOrder, largestFirst } from "../../../report/figures/score-table.ts";
import { againstSetting, floorLevels, withLimit } from "../../../report/figures/settings.ts";
import { type Content, type Html, html } from "../../../report/html.ts";
import { formatNumber, formatSetting } from "../../../report/number.ts";
import type { IsingReportData as Data, IsingScore } from "../data.ts";
import { ISING_CLOSURES, type IsingClosure } from "../parameters.ts";
import { FLOOR, PATCH_SIDE, scoreTable } from "./scores.ts";

/** ", patches of 16 × 16" where all rows have one patch side. */
function atSide(rows: readonly { patch: number }[]): string {
  const sides = sidesOf(rows);
  return sides.length === 1 ? `, ${sideTitle(sides[0])}` : "";
}

export function closures({ closures: rows, closure: main }: Data): Html | false {
  if (rows.length === 0) return false;
  const rank = (closure: IsingClosure) => ISING_CLOSURES.indexOf(closure);
  return scoreTable(
    rows.toSorted((a, b) => rank(a.closure) - rank(b.closure) || inOrder(a.method) - inOrder(b.method)),
    [{ label: "Closure", cell: ({ closure }) => closure }],
    `Scores with each closure${atSide(rows)}; the main figures use “${main}”. A closure helps where its error is lower than that of “none” by more than the intervals.`,
  );
}

const BOUNDARIES = { halo: "frozen neighbours (halo)", periodic: "closed on itself (paper)" };

export function boundaries({ boundaries: rows }: Data): Html | false {
  if (rows.length === 0) return false;
  return scoreTable(
    rows.toSorted((a, b) => largestFirst(a, b) || a.boundary.localeCompare(b.boundary)),
    [{ label: "Boundary of the moving patch", cell: ({ boundary }) => BOUNDARIES[boundary] }, PATCH_SIDE],
    "A patch that moves between its true, frozen neighbours drifts as the whole lattice does; one closed on itself meets other neighbours at its seam, a bias of the drift that goes like 1/ℓ.",
  );
}

/** Comparisons are of one seed, but for the equation of the main figures. */
const BARS =
  "One seed: bars hold its training data, runs and the truth, 95 %; where single seeds are drawn (the equation of the main figures) they are intervals over seeds. The dotted line is what a perfect model would score.";

/** Error against one setting of the training on logarithmic axes, a curve per method, a setting of 0 apart, and the table of it. */
function ablation<T extends IsingScore>(
  { floors }: Data,
  rows: readonly T[],
  setting: (row: T) => number,
  frame: Omit<Frame, "alt" | "y">,
  column: Content,
): Content {
  if (rows.length === 0) return false;
  const points = rows.map((row) => ({ source: row.method, at: setting(row), ...row.error }));
  return [
    againstSetting(
      {
        ...frame,
        title: frame.title + atSide(rows),
        alt: `Error of the mean trajectories against ${frame.x.label} for each method, with the sampling floor`,
        y: { label: "relative squared error", log: 10 },
        height: 300,
      },
      [{ ...withLimit(points, "δt → 0"), levels: floorLevels(floors.error, FLOOR) }],
    ),
    collapsed(
      "The numbers of the figure above, and the other scores",
      rows.length,
      scoreTable(
        rows.toSorted((a, b) => setting(a) - setting(b) || inOrder(a.method) - inOrder(b.method)),
        [{ label: column, cell: setting, format: formatSetting }],
        "",
      ),
    ),
  ];
}

const timeOf = (time: number) => (time === 0 ? "δt → 0" : `δt = ${formatSetting(time)}`);

/** What the scores of each method do from the shortest time to the longest, and whether intervals can tell. */
function shortToLong(rows: Data["timeSteps"]): string {
  const said = methodsIn(rows).flatMap((method) => {
    const own = rows
      .filter((row) => row.method === method && Number.isFinite(row.error.value))
      .toSorted((a, b) => a.time - b.time);
    const [first, last] = [own[0], own.at(-1)];
    if (!first || !last || first === last) return [];
    const [short, long] = [first.error, last.error];
    const [falls, rises] = [long.high < short.low, long.low > short.high];
    const how = falls ? "falls" : rises ? "rises" : "goes";
    const ends = `from ${formatNumber(short.value, 2)} at ${timeOf(first.time)} to ${formatNumber(long.value, 2)} at ${timeOf(last.time)}`;
    const known = falls || rises ? "beyond the intervals" : "which the intervals do not resolve";
    const [a, b] = [first, last].map(({ stdRatio }) => formatNumber(stdRatio.value, 3));
    return `of ${LOOKS[method].name} it ${how} ${ends}, ${known}, and std / true goes from ${a} to ${b}`;
  });
  return said.length > 0 ? ` The error here: ${said.join("; ")}.` : "";
}

export function timeSteps(data: Data): Content {
  return ablation(
    data,
    data.timeSteps,
    ({ time }) => time,
    {
      id: "time-step",
      title: "Error against the time of partial evolution",
      caption: html`δ<i>t</i> is how long a patch moves for one training pair. A long one lets the state change while it is observed; a short one leaves the increments with nothing but noise, which the
compensator does not have. The generator itself, δ<i>t</i> → 0, stands apart on the left, and in the table as 0.${shortToLong(data.timeSteps)} ${BARS}`,
      x: { label: "δt [sweeps]", log: 10 },
    },
    html`<i>δt</i> [sweeps]`,
  );
}

export function dataSizes(data: Data): Content {
  return ablation(
    data,
    data.dataSizes,
    ({ pairs }) => pairs,
    {
      id: "data-size",
      title: "Error against the number of training pairs",
      caption: html`Trained on a part of the snapshots; the small lattices behind them are the same. ${BARS}`,
      x: { label: "training pairs", log: 10 },
    },
    "Pairs",
  );
}
