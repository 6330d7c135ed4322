/** The tables of the predator–prey report, each a function of the report's data. */
import { table } from "arquero";
import { LOOKS, METHODS, ofMethod } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatNumber, formatWithInterval } from "../../../report/number.ts";
import { type Column, htmlTable } from "../../../report/table.ts";
import type { PredatorPreyReportData as Data } from "../report.ts";
import { SPECIES_NAMES, type Species } from "../species.ts";

const FLOOR_DIGITS = 2;

type Score = Data["scores"][number];

/** The score that the summary speaks of: ours, else that of the increments. */
export function mainScore(data: Data): Score | undefined {
  return ofMethod(data.scores, "compensator", data.closure) ?? ofMethod(data.scores, "increment", data.closure);
}

/** The closures that occur, that of the main figures first. */
export function closures(data: Data): string[] {
  const all = [...data.scores, ...data.mmdAgainstLambda].map((one) => one.closure);
  return [...new Set([data.closure, ...all])].filter((closure) => all.includes(closure));
}

const text = (label: string, unit?: string): Column => ({ label, text: true, ...(unit ? { unit } : {}) });

/** Finished text of numbers, aligned at their decimal points. */
const aligned = (label: string, unit?: string): Column => ({ ...text(label, unit), text: false });

/** A share in percent, with its interval if there is one, else with `FLOOR_DIGITS` digits. */
export function percent(value: number, interval?: readonly [number, number]): string {
  if (!interval) return formatNumber(100 * value, FLOOR_DIGITS);
  return formatWithInterval(100 * value, 100 * interval[0], 100 * interval[1]);
}

/** Rows of scores as columns of text. */
function scoreColumns(scores: readonly Score[]) {
  return {
    mean: scores.map((score) => percent(score.meanError, score.meanErrorInterval)),
    worstMean: scores.map((score) => formatNumber(100 * score.worstMeanError, 3)),
    std: scores.map((score) => percent(score.stdError, score.stdErrorInterval)),
    worstStd: scores.map((score) => formatNumber(100 * score.worstStdError, 3)),
    mmd: scores.map((score) => formatWithInterval(score.mmd, ...score.mmdInterval)),
  };
}

const SCORE_COLUMNS = {
  mean: aligned("Error of means", "%"),
  worstMean: aligned("worst case", "%"),
  std: aligned("Error of stds", "%"),
  worstStd: aligned("worst case", "%"),
  mmd: aligned("MMD²"),
};

/** Every method with the closure of the main figures, and what a perfect model would score. */
export function scores(data: Data): Html | false {
  const shown = METHODS.toReversed().flatMap((method) => ofMethod(data.scores, method, data.closure) ?? []);
  if (shown.length === 0) return false;
  const { value, valueLow, valueHigh } = data.mmdFloor;
  const floor = {
    mean: percent(data.meanFloor),
    worstMean: "",
    std: percent(data.stdFloor),
    worstStd: "",
    mmd: formatWithInterval(value, valueLow, valueHigh),
  };
  const columns = scoreColumns(shown);
  const rows = Object.entries(columns).map(([key, cells]) => [key, [...cells, floor[key as keyof typeof floor]]]);
  const names = [...shown.map(({ method }) => LOOKS[method].name), "A perfect model"];
  return htmlTable(
    table({ name: names, ...Object.fromEntries(rows) }),
    { name: { label: "Trained by", header: true }, ...SCORE_COLUMNS },
    html`Relative L2 errors of mean and standard deviation over times and cases, and mean MMD², against the true ${data.points}-point system; 95 %
intervals. A perfect model would still show the sampling noise of the last row.`,
  );
}

/** The same for every closure, to choose between them; nothing where there is only one. */
export function closureScores(data: Data): Html | false {
  const names = closures(data);
  const rows = METHODS.toReversed().flatMap((method) =>
    names.flatMap((closure) => data.scores.filter((one) => one.method === method && one.closure === closure)),
  );
  if (names.length < 2 || rows.length === 0) return false;
  return htmlTable(
    table({
      name: rows.map(({ method }) => LOOKS[method].name),
      closure: rows.map(({ closure }) => closure),
      ...scoreColumns(rows),
    }),
    { name: { label: "Trained by", header: true }, closure: text("Closure"), ...SCORE_COLUMNS },
    `The scores of the summary for each closure; the main figures use “${data.closure}”.`,
  );
}

const RATIO_DIGITS = 3;

/** Upsampled over true power: a row per species and band, a column per way of upsampling. */
export function spectrumRatios(data: Data): Html | false {
  const { spectrumRatios: ratios } = data;
  if (ratios.length === 0) return false;
  const names = [...new Set(ratios.map(({ name }) => name))];
  const keys = [...new Set(ratios.map(({ species, band }) => `${species}\n${band}`))].map((key) => key.split("\n"));
  const cell = (name: string, species: string, band: string) => {
    const found = ratios.find((one) => one.name === name && one.species === species && one.band === band);
    if (!found || !Number.isFinite(found.ratio)) return "";
    const { ratio, low, high } = found;
    return low < high ? formatWithInterval(ratio, low, high) : formatNumber(ratio, RATIO_DIGITS);
  };
  return htmlTable(
    table({
      species: keys.map(([species]) => SPECIES_NAMES[species as Species]),
      band: keys.map(([, band]) => band!),
      ...Object.fromEntries(names.map((name, i) => [`name${i}`, keys.map(([s, b]) => cell(name, s!, b!))])),
    }),
    {
      species: { label: "Field", header: true },
      band: text("Modes"),
      ...Object.fromEntries(names.map((name, i) => [`name${i}`, aligned(name)])),
    },
    html`Power of upsampled over that of true states in bands of modes, with 95 % intervals. 1 means that upsampling left no trace; below 1, fluctuations are missing.`,
  );
}

/** Direct simulation beside the learned equation, in seconds. */
export function costs(data: Data): Html | false {
  if (data.costs.length === 0) return false;
  return htmlTable(
    table({
      what: data.costs.map(({ what }) => what),
      seconds: data.costs.map(({ seconds }) => (Number.isFinite(seconds) ? seconds : null)),
      note: data.costs.map(({ note }) => note),
    }),
    { what: { label: "Cost", header: true }, seconds: { label: "Time", unit: "s", format: 3 }, note: text("Note") },
    "Wall time on this machine.",
  );
}
