/** Scores over patch sides, beside the paper's, and of a larger lattice. */
import { table } from "arquero";
import { chart, type Panel } from "../../../report/chart.ts";
import { LOOKS, type Method } from "../../../report/figures/methods.ts";
import { againstSide, floorLevels, type SideValue, sideAxis, sidesOf } from "../../../report/figures/patch-sides.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatNumber, formatSetting } from "../../../report/number.ts";
import { htmlTable } from "../../../report/table.ts";
import type { IsingReportData as Data } from "../report.ts";
import { aligned, FLOOR, inOrder, interval, methodsOf, scoreTable, text } from "./score-table.ts";

const FLOOR_DIGITS = 2;
const PAPER_DIGITS = 3;
const PAPER_NOTE = html`The paper’s errors are over its own four variables, two of them learned anew for each patch side, and compare states on clocks of their own; only their size can be
compared with ours.`;

const presentFloor = (floor: number) => (Number.isFinite(floor) ? formatNumber(floor, FLOOR_DIGITS) : "");

/** The error of every method at every patch side, beside the paper's. */
export function summary(data: Data): Html | false {
  const { errors, paper } = data;
  if (errors.length === 0) return false;
  const sides = sidesOf(errors);
  const methods = methodsOf(errors);
  const cell = (method: Method, patch: number) => {
    const found = errors.find((one) => one.method === method && one.patch === patch);
    return found ? interval(found.error) : "";
  };
  const published = (patch: number) => formatNumber(paper.find((one) => one.patch === patch)?.ours, PAPER_DIGITS);
  return htmlTable(
    table({
      patch: sides.map(String),
      ...Object.fromEntries(methods.map((method) => [method, sides.map((patch) => cell(method, patch))])),
      paper: sides.map(published),
    }),
    {
      patch: { label: "Patch side", header: true },
      ...Object.fromEntries(methods.map((method) => [method, aligned(LOOKS[method].name)])),
      ...(paper.length > 0 ? { paper: aligned("Paper") } : {}),
    },
    html`Error of the mean trajectories (${data.scoreNotes.error}), with 95 % intervals over seeds.${
      Number.isFinite(data.floors.error) &&
      ` A perfect model would score ${formatNumber(data.floors.error, FLOOR_DIGITS)}.`
    }${paper.length > 0 && html` ${PAPER_NOTE}`}`,
  );
}

export function errors(data: Data): Html {
  const own = (key: "error" | "early"): SideValue[] =>
    data.errors.map(({ method, patch, [key]: { mean, low, high } }) => ({
      source: method,
      patch,
      value: mean,
      low,
      high,
    }));
  const alone = (source: "paper" | "paper-naive", key: "ours" | "naive") =>
    data.paper.map((one): SideValue => ({ source, patch: one.patch, value: one[key], low: NaN, high: NaN }));
  const whole = [...own("error"), ...alone("paper", "ours"), ...alone("paper-naive", "naive")];
  const panels: Panel[] = [
    { title: "whole trajectory", series: againstSide(whole), levels: floorLevels(data.floors.error, FLOOR) },
    { title: "first part", series: againstSide(own("early")), levels: floorLevels(data.floors.early, FLOOR) },
  ];
  return chart({
    id: "errors",
    title: "Error against patch side",
    caption: html`Whole trajectory: ${data.scoreNotes.error}. First part: ${data.scoreNotes.early}. Against the side of the patches used for training; bars are 95 % intervals over seeds, and points of one side are set apart for
legibility. Lower is better; the dotted line is what a perfect model would score with as many runs. ${data.paper.length > 0 && PAPER_NOTE}`,
    alt: "Error of the mean trajectories against patch side for each method and the paper, with the sampling floor",
    x: sideAxis(whole, 3.2),
    y: { label: "relative squared error", log: 10 },
    panels: panels.filter((panel) => panel.series.length > 0),
  });
}

/** How far the axis of std ratios goes from 1 at least, and in extents of the methods trained with the right noise. */
const LEAST_SPAN = 0.05;
const SPAN = 1.3;

export function stdRatios(data: Data): Html | false {
  const values = data.errors.map(
    ({ method, patch, stdRatio: { mean, low, high } }): SideValue => ({
      source: method,
      patch,
      value: mean,
      low,
      high,
    }),
  );
  const tame = values.filter(({ source }) => source === "compensator" || source === "increment");
  const reach = tame.flatMap(({ value, low, high }) => [value, low, high].map((end) => Math.abs(end - 1)));
  const span = Math.max(LEAST_SPAN, ...reach.filter(Number.isFinite).map((end) => SPAN * end));
  if (values.length === 0) return false;
  return chart({
    id: "std-ratio",
    title: "Size of the fluctuations against patch side",
    caption: html`Predicted over true standard deviation: ${data.scoreNotes.stdRatio}. Bars are 95 % intervals over seeds. The scale is that of the methods with λ = <i>K</i>; the others take the noise of
a small part for that of the lattice and may leave the frame (their numbers are in the table above).`,
    alt: "Ratio of predicted to true standard deviation against patch side for each method",
    x: sideAxis(values),
    y: { label: "std, predicted / true", range: [1 - span, 1 + span] },
    height: 300,
    panels: [{ series: againstSide(values), levels: [{ value: 1, label: "true" }] }],
  });
}

/** Every score at every patch side. */
export function all(data: Data): Html | false {
  if (data.errors.length === 0) return false;
  const rows = data.errors.toSorted((a, b) => b.patch - a.patch || inOrder(a.method) - inOrder(b.method));
  const { error, early, stdRatio } = data.scoreNotes;
  const floor = [presentFloor(data.floors.error), presentFloor(data.floors.early)];
  return scoreTable(
    rows,
    { patch: { column: aligned("Patch side"), cell: ({ patch }) => String(patch) } },
    html`All scores with 95 % intervals over seeds. Error: ${error}. Early error: ${early}. std / true: ${stdRatio}.${
      floor.every(Boolean) && ` A perfect model would have errors of ${floor[0]} and ${floor[1]}, and a ratio of 1.`
    }`,
  );
}

/** Learned equation and direct simulation of a lattice beyond the others, row by row. */
export function size(data: Data): Html | false {
  if (!data.size) return false;
  const {
    side,
    patch,
    patches,
    predictedRuns,
    directRuns,
    predicted,
    direct,
    settleSmall,
    settle,
    start,
    secondsLearn,
    secondsPredict,
    secondsDirect,
  } = data.size;
  const seconds = (value: number) => formatNumber(value, 3);
  const rows = [
    { what: "Mean of m", predicted: interval(predicted.mean), direct: direct ? interval(direct.mean) : "" },
    { what: "Standard deviation of m", predicted: interval(predicted.std), direct: direct ? interval(direct.std) : "" },
    { what: "Time to learn [s]", predicted: seconds(secondsLearn), direct: "" },
    { what: "Time of the runs [s]", predicted: seconds(secondsPredict), direct: seconds(secondsDirect) },
  ];
  return htmlTable(
    table({
      what: rows.map((row) => row.what),
      predicted: rows.map((row) => row.predicted),
      direct: rows.map((row) => row.direct),
    }),
    {
      what: { label: "Quantity", header: true },
      predicted: text("Learned equation"),
      direct: text("Direct simulation"),
    },
    html`Late magnetization (after ${formatSetting(settle)} sweeps; simulations started at m = ${formatSetting(start)}, predictions at training lattices) of ${side} × ${side} spins, learned from patches of ${patch} × ${patch} (<i>K</i> = ${formatSetting(patches)}); ${formatSetting(predictedRuns)} predicted and ${formatSetting(directRuns)} simulated runs, 95 % intervals, wall time on this machine.
Learned with the compensator between frozen neighbours, from small lattices after ${formatSetting(settleSmall)} sweeps, which is equilibrium where relaxation is faster. Time to learn holds everything from the first small lattice to the trained equation.`,
  );
}
