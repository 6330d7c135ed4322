/** Scores over patch sides, beside the paper's, and of a larger lattice. */
import { totalUpdates, updatesForWidth } from "../../../analysis/cost.ts";
import { isOurs } from "../../../method/pairs.ts";
import { collapsed, rowsOf } from "../../../report/figures/collapsed.ts";
import { sidesOf } from "../../../report/figures/patch-sides.ts";
import { largestFirst, methodColumns, methodMatrix, TRAINED_BY } from "../../../report/figures/score-table.ts";
import { againstSetting, barsNote, bySource, floorLevels } from "../../../report/figures/settings.ts";
import { type Content, type Html, html } from "../../../report/html.ts";
import { formatNumber, formatSetting } from "../../../report/number.ts";
import { type Column, htmlTable } from "../../../report/table.ts";
import { single } from "../../../run/seeds.ts";
import type { IsingReportData as Data, IsingScore } from "../data.ts";

const FLOOR_DIGITS = 2;
/** Name of the level that a perfect model would score; short, for panels of half the width. */
export const FLOOR = "floor";
/** What intervals hold. */
const intervals = (seeds: number) =>
  seeds > 1
    ? `${seeds} seeds: Student over seeds about the geometric mean, with the sampling of the truth`
    : "one seed: training data by draws of its coefficients, runs, and truth, but not what another seed would change";
const PAPER_NOTE = html`The paper’s errors are over its own four variables, two of them learned anew for each patch side, and compare states on clocks of their own; only their size can be
compared with ours.`;

const percent = (share: number) => (share === 0 ? "0" : `${formatNumber(100 * share, 2)} %`);

/** A table of scores with columns of its own in front, a row per item in the order given. */
export function scoreTable<T extends IsingScore>(
  rows: readonly T[],
  own: readonly Column<T>[],
  caption: Content,
): Html {
  const [first, ...others] = own;
  const scores: Column<T>[] = [
    { label: "Error", cell: ({ error }) => error },
    { label: "Early error", cell: ({ early }) => early },
    { label: "std / true", cell: ({ stdRatio }) => stdRatio },
    { label: "Outside", cell: ({ outside }) => outside.value, format: percent },
  ];
  return htmlTable(rows, [{ ...first, header: true }, ...others, TRAINED_BY, ...scores], caption);
}

export const PATCH_SIDE: Column<IsingScore> = { label: "Patch side", cell: ({ patch }) => patch, format: String };

/** The error of every method at every patch side, beside the paper's. */
export function summary(data: Data): Html | false {
  const { errors, paper, floors } = data;
  if (errors.length === 0) return false;
  const published: Column<number> = {
    label: "Paper",
    cell: (side) => paper.find(({ patch }) => patch === side)?.ours,
    format: (value) => formatNumber(value, 3),
  };
  return htmlTable(
    sidesOf(errors),
    [
      { label: "Patch side", header: true, cell: (side) => side, format: String },
      ...methodColumns(
        errors,
        ({ patch }, side: number) => patch === side,
        ({ error }) => error,
      ),
      ...(paper.length > 0 ? [published] : []),
    ],
    html`Error of the mean trajectories (${data.scoreNotes.error}), with 95 % intervals (${intervals(data.seeds)}).${
      Number.isFinite(floors.error) && ` A perfect model would score ${formatNumber(floors.error, FLOOR_DIGITS)}.`
    }${paper.length > 0 && html` ${PAPER_NOTE}`}`,
  );
}

const PATCHES = { label: "patch side ℓ [spins]", log: 2 } as const;

/** A score of every method at every patch side. */
const against = ({ errors }: Data, key: "error" | "early" | "stdRatio") =>
  errors.map(({ method, patch, [key]: score }) => ({ source: method, at: patch, ...score }));

export function errors(data: Data): Html {
  const alone = (source: "paper" | "paper-naive", key: "ours" | "naive") =>
    data.paper.map(({ patch, [key]: value }) => ({ source, at: patch, ...single(value) }));
  const whole = [...against(data, "error"), ...alone("paper", "ours"), ...alone("paper-naive", "naive")];
  return againstSetting(
    {
      id: "errors",
      title: "Error against patch side",
      caption: html`Whole trajectory: ${data.scoreNotes.error}. First part: ${data.scoreNotes.early}. Against the side of the patches used for training; ${barsNote(data.seeds)}; points of one side are set apart for
legibility. Lower is better; the dotted line is what a perfect model would score with as many runs. ${data.paper.length > 0 && PAPER_NOTE}`,
      alt: "Error of the mean trajectories against patch side for each method and the paper, with the sampling floor",
      x: PATCHES,
      y: { label: "relative squared error", log: 10 },
    },
    [
      { title: "whole trajectory", series: bySource(whole), levels: floorLevels(data.floors.error, FLOOR) },
      { title: "first part", series: bySource(against(data, "early")), levels: floorLevels(data.floors.early, FLOOR) },
    ],
  );
}

export function stdRatios(data: Data): Html {
  const ratios = against(data, "stdRatio");
  const levels = [{ value: 1, label: "true" }];
  const label = "std, predicted / true";
  const ours = ratios.filter(({ source }) => isOurs(source));
  return againstSetting(
    {
      id: "std-ratio",
      title: "Size of the fluctuations against patch side",
      caption: html`Predicted over true standard deviation: ${data.scoreNotes.stdRatio}. Methods that take the noise of a small part for that of the lattice are off by factors (left); those with λ = <i>K</i> by percents (right); ${barsNote(data.seeds)}.`,
      alt: "Ratio of predicted to true standard deviation against patch side for each method, and for those of the right noise alone",
      x: PATCHES,
      y: { label },
      height: 280,
    },
    [
      { title: "all methods", series: bySource(ratios), levels, y: { label, log: 10 } },
      { title: "methods with λ = K", series: bySource(ours), levels, y: { label } },
    ],
  );
}

/** Every score of all equations, a matrix each. */
export function all({ errors, scoreNotes, floors, seeds }: Data): Html | false {
  const perfect = (floor: number) =>
    Number.isFinite(floor) && ` A perfect model would score ${formatNumber(floor, FLOOR_DIGITS)}.`;
  const tables = [
    methodMatrix(
      errors,
      { cell: ({ error }) => error },
      html`Error: ${scoreNotes.error}, with 95 % intervals (${intervals(seeds)}).${perfect(floors.error)}`,
    ),
    methodMatrix(
      errors,
      { cell: ({ early }) => early },
      html`Early error: ${scoreNotes.early}.${perfect(floors.early)}`,
    ),
    methodMatrix(errors, { cell: ({ stdRatio }) => stdRatio }, html`std / true: ${scoreNotes.stdRatio}.`),
    methodMatrix(
      errors,
      { cell: ({ outside }) => outside.value, format: percent },
      "Outside: share of the time of trajectories outside the hull of the training states or the physical range.",
    ),
  ];
  return errors.length > 0 && collapsed("All scores by method and patch side", rowsOf(tables), tables);
}

/** The baselines at the time of the paper. */
export function paperTime({ paperTime: { time, errors } }: Data): Html | false {
  if (errors.length === 0) return false;
  return scoreTable(
    errors.toSorted(largestFirst),
    [PATCH_SIDE],
    html`The baselines again as in the paper: trained on changes over δt = ${formatSetting(time)}, and predicted in steps of that, at whose ends they are compared. A noise that is too large is so by the root of the number of patches at any δt, but where a patch hardly remembers its beginning its changes no longer grow with the time, and the noise per time falls.`,
  );
}

/** Learned equation and direct simulation of a lattice beyond the others, row by row. */
export function size({ size }: Data): Html | false {
  if (!size) return false;
  const {
    side,
    patch,
    patches,
    learnSide,
    predictedRuns,
    directRuns,
    predicted,
    direct,
    settleSmall,
    settle,
    start,
    exact,
    updates,
  } = size;
  const seconds = (value: number) => formatNumber(value, 3);
  const equal = (key: "mean" | "std") =>
    direct ? seconds(updatesForWidth(updates.direct, direct[key], predicted[key])) : "";
  const rows = [
    { what: "Mean of m", predicted: predicted.mean, direct: direct?.mean, exact: exact?.mean },
    { what: "Standard deviation of m", predicted: predicted.std, direct: direct?.std, exact: exact?.std },
    { what: "Site updates to learn", predicted: seconds(totalUpdates(updates.learn)), direct: "" },
    { what: "Site updates of the runs", predicted: "0", direct: seconds(updates.direct) },
    { what: "The same for the accuracy of the learned mean", predicted: "", direct: equal("mean") },
    { what: "… and standard deviation", predicted: "", direct: equal("std") },
    { what: "Time to learn [s]", predicted: seconds(size.secondsLearn), direct: "" },
    { what: "Time of the runs [s]", predicted: seconds(size.secondsPredict), direct: seconds(size.secondsDirect) },
  ];
  return htmlTable(
    rows,
    [
      { label: "Quantity", header: true, cell: ({ what }) => what },
      { label: "Learned equation", cell: (row) => row.predicted, text: true },
      { label: "Direct simulation", cell: (row) => row.direct, text: true },
      { label: "Exact", cell: (row) => row.exact, format: (value) => formatNumber(value, 6) },
    ],
    html`Late magnetization (after ${formatSetting(settle)} sweeps; simulations started at m = ${formatSetting(start)}, predictions at training lattices) of ${side} × ${side} spins, learned from patches of ${patch} × ${patch} of lattices of ${learnSide} × ${learnSide}: drift and <i>n</i> times diffusion do not depend on the lattice (<i>K</i> = ${formatSetting(patches)} here); ${formatSetting(predictedRuns)} predicted and ${formatSetting(directRuns)} simulated runs. 95 % intervals: of the prediction they hold training data and runs, of the simulation its runs. Exact: an infinite lattice by transfer matrices. Site updates: attempts to flip a spin; for the accuracy of the learned equation as many runs as give intervals of the same width. Wall time on this machine.
Learned with the generator between frozen neighbours, from small lattices after ${formatSetting(settleSmall)} sweeps, which is equilibrium where relaxation is faster. Time to learn holds everything from the first small lattice to the solved equation.`,
  );
}
