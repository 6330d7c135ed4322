// What could falsify an equation beyond its means: where true runs fall among predicted ones, how long they remember, and whether its variables are enough.
import { type Autocovariance, autocovarianceError, memoryRatio } from "../../analysis/autocovariance.ts";
import type { Diagnostics } from "../../analysis/diagnostics.ts";
import { average } from "../../analysis/mean.ts";
import type { Pit } from "../../analysis/pit.ts";
import type { Method } from "../../method/pairs.ts";
import type { ClosureTest } from "../../run/closure-test.ts";
import { chi2OfOneLaw, coverageOfOneLaw } from "../../run/diagnostics.ts";
import { around, type Estimate, NORMAL } from "../../run/seeds.ts";
import { chart } from "../chart.ts";
import type { Panel, Series } from "../chart-spec.ts";
import { type Content, type Html, html } from "../html.ts";
import { formatFixed, formatNumber, formatSetting, MISSING } from "../number.ts";
import type { Section } from "../page.ts";
import { ifAny } from "../report.ts";
import { type Column, htmlTable } from "../table.ts";
import { collapsed } from "./collapsed.ts";
import { LOOKS, type Look, TRUE } from "./methods.ts";
import type { Learned } from "./patch-sides.ts";

/** Diagnostics of one equation, of the first seed. */
export interface Diagnosed extends Learned {
  readonly diagnostics: Diagnostics;
}

/** The closure test of one equation. */
export interface Closed extends ClosureTest {
  /** "Ours (compensator), closure blocks" */
  readonly name: string;
}

/** Those that were made of equations with a closure. */
export const closedOf = (
  list: readonly { readonly method: Method; readonly closure: string; readonly closed: ClosureTest | null }[],
): Closed[] =>
  list.flatMap(({ method, closure, closed }) =>
    closed ? [{ name: `${LOOKS[method].name}, closure ${closure}`, ...closed }] : [],
  );

/** How variables and cases are called, and the unit of time, if it has one. */
export interface Told {
  readonly variables: readonly string[];
  readonly cases: readonly string[];
  readonly unit?: string;
  /** How far the cases start from the nearest training state, in standard deviations of these, where that is known. */
  readonly distances?: readonly number[];
  /** Said before the figures. */
  readonly note?: Content;
}

/** The part of a report that has all of it, as far as there are any. */
export function diagnostics(list: readonly Diagnosed[], closed: readonly Closed[], told: Told): Section {
  return {
    id: "diagnostics",
    title: "Diagnostics",
    body: ifAny(
      [list, closed],
      [
        told.note && html`<p>${told.note}</p>`,
        verdicts(list, told),
        pit(list, told),
        memory(list, told),
        closureTests(closed, told),
      ],
    ),
  };
}

/** Contrasts from which on a law counts as off, in standard errors: among hundreds of tests, hardly one where all laws are the same. */
const OFF = 4;
/** Standard deviations of the training states from which on a start is far from them. */
const FAR = 2;
const FEW = "too few true runs";
const EXPECTED = "with the true law";

/** "Ours (compensator), ℓ = 16" */
const nameOf = ({ method, patch }: Diagnosed) =>
  `${LOOKS[method].name}${patch > 1 ? `, ℓ = ${patch}` : ""}`.replaceAll(" = ", "\u00a0=\u00a0");

const timeOf = (time: number, unit?: string) =>
  time === Number.POSITIVE_INFINITY ? "in equilibrium" : `t = ${formatSetting(time)}${unit ? ` ${unit}` : ""}`;

/** A way in which predictions differ from the truth somewhere. */
interface Departure {
  readonly equation: string;
  readonly variable: string;
  readonly time: number;
  /** Number of the case. */
  readonly start: number;
  readonly how: string;
  /** In standard errors. */
  readonly z: number;
}

/** Every contrast that is tested. */
function contrasts(one: Diagnosed, { variables }: Told): Departure[] {
  const { times, tests } = one.diagnostics.pit;
  const all = times.flatMap((time, t) =>
    tests[t].flatMap((own, c) =>
      own.flatMap(({ slope, bowl }, j) => {
        const place = { equation: nameOf(one), variable: variables[j], time, start: c };
        return [
          { ...place, z: slope, how: `predicted too ${slope > 0 ? "low" : "high"}` },
          { ...place, z: bowl, how: `predicted too ${bowl > 0 ? "narrow" : "wide"}` },
        ];
      }),
    ),
  );
  return all.filter(({ z }) => Number.isFinite(z));
}

/**
 * How many tests of the law of an equation are off, as a sentence of the lead with a link to the section: of the equation of `method` that was tested, whose
 * patches are named where they are not those of side `patch`. Nothing where nothing is tested.
 */
export function lawSentence(
  list: readonly Diagnosed[],
  { method, patch }: { method: string; patch: number },
): Html | false {
  const one =
    list.find((other) => other.method === method && other.patch === patch) ??
    list.find((other) => other.method === method);
  const tested = one ? contrasts(one, { variables: [], cases: [] }) : [];
  if (!one || tested.length === 0) return false;
  const off = tested.filter(({ z }) => Math.abs(z) > OFF).length;
  return html` ${off === 0 ? "None" : formatSetting(off)} of <a href="#diagnostics">${tested.length} tests</a> of its means and spreads${one.patch !== patch && one.patch > 1 && `, from patches of side ${one.patch},`} ${off === 1 ? "is" : "are"} off by more than ${OFF} standard errors.`;
}

/** What each equation scores in all tests together, and where it departs from the truth. */
function verdicts(list: readonly Diagnosed[], told: Told): Html | null {
  if (list.length === 0) return null;
  const rows = list.map((one) => {
    const tested = contrasts(one, told);
    const off = tested.filter(({ z }) => Math.abs(z) > OFF).sort((a, b) => Math.abs(b.z) - Math.abs(a.z));
    const { memory } = one.diagnostics;
    return { one, tested, off, memory: memory && (memoryEstimate(memory.predicted, memory.truth) ?? FEW) };
  });
  type Row = (typeof rows)[number];
  const pitColumns: Column<Row>[] = [
    {
      label: "χ² per degree of freedom",
      cell: ({ one }) => one.diagnostics.pit.chi2.value,
      format: (value) => formatFixed(value, 2),
    },
    { label: EXPECTED, cell: ({ one }) => range(chi2OfOneLaw(one.diagnostics.pit.chi2.error), 2), text: true },
    {
      label: "True runs in predicted 95 % bands",
      unit: "%",
      cell: ({ one }) => 100 * one.diagnostics.pit.coverage.value,
      format: (value) => formatFixed(value, 1),
    },
    {
      label: EXPECTED,
      cell({ one }) {
        const [low, high] = coverageOfOneLaw(one.diagnostics.pit.coverage.error);
        return range([100 * low, 100 * high], 1);
      },
      text: true,
    },
  ];
  const memoryColumn: Column<Row> = { label: "Memory, predicted / true", cell: ({ memory }) => memory };
  const remembers = rows.some(({ memory }) => memory);
  const departed = rows.flatMap(({ off }) => off);
  return html`${htmlTable(
    rows,
    [
      { label: "Equation", header: true, cell: ({ one }) => nameOf(one) },
      ...pitColumns,
      ...(remembers ? [memoryColumn] : []),
      {
        label: `Tests off by more than ${OFF} standard errors`,
        cell: ({ off, tested }) =>
          tested.length > 0 ? `${off.length} of ${tested.length}, the most ${mostOff(tested)}` : FEW,
        text: true,
      },
    ],
    html`χ² tests whether true runs fall among predicted ones as these do themselves, mean over variables${told.cases.length > 1 ? ", times and starts" : " and times"}; “${EXPECTED}” is between which values 95 % of equations with the true law score. ${
      remembers && "Memory is the integral of the squared covariance over the square at zero, with its 95 % interval. "
    }The tests of the last column are two for every variable${told.cases.length > 1 ? ", time and start" : " and time"}: one of the mean, one of the spread; first seed, ${timesOf(list, told)}.${leastFound(list)}`,
  )}${farStarts(departed, told)}${
    departed.length > 0 &&
    collapsed(
      `Where predictions are off by more than ${OFF} standard errors`,
      departed.length,
      htmlTable(departed, [
        ...(list.length > 1 ? [{ label: "Equation", header: true, cell: ({ equation }: Departure) => equation }] : []),
        { label: "Variable", cell: ({ variable }) => variable },
        { label: "Time", cell: ({ time }) => timeOf(time, told.unit) },
        ...(told.cases.length > 1 ? [{ label: "Start", cell: ({ start }: Departure) => told.cases[start] }] : []),
        { label: "Off", cell: ({ how }) => how },
        { label: "by standard errors", cell: ({ z }) => Math.abs(z), format: (value) => formatFixed(value, 1) },
      ]),
    )
  }`;
}

/** How many of the tests that are off are of starts far from the training states; nothing where none are far. */
function farStarts(departed: readonly Departure[], { cases, distances = [] }: Told): Html | false {
  const far = Array.from(cases.keys()).filter((c) => distances[c] > FAR);
  if (far.length === 0) return false;
  const named = far.map((c) => `${cases[c]} (${formatNumber(distances[c], 2)})`).join(" and ");
  const here = departed.filter(({ start }) => far.includes(start)).length;
  return html`<p>${far.length} of ${cases.length} starts ${far.length === 1 ? "is" : "are"} more than ${FAR} standard deviations of the training states from the nearest of them: ${named}. There the equations extrapolate: ${
    departed.length === 0
      ? "no test is off all the same"
      : `${here} of the ${departed.length} tests that are off are of ${far.length === 1 ? "that start" : "these starts"}`
  }.</p>`;
}

/** The largest contrast in standard errors. */
const mostOff = (tested: readonly Departure[]) => formatFixed(Math.max(...tested.map(({ z }) => Math.abs(z))), 1);

/** When all are tested. */
const timesOf = ([first]: readonly Diagnosed[], { unit }: Told) =>
  first.diagnostics.pit.times.map((time) => timeOf(time, unit).replace(/^t = /, "t\u00a0=\u00a0")).join(", ");

/** The least that is found: figures of means over more seeds and all times can show less. */
function leastFound(list: readonly Diagnosed[]): string {
  const tables = list.map(({ diagnostics }) => diagnostics.pit);
  // Shares of bins vary like those of so many independent values.
  const noise = tables
    .flatMap(({ tests }) => tests.flat(2))
    .flatMap(({ error, truth, predicted }) =>
      Array.from(error, (one, b) => {
        const share = (truth[b] + predicted[b]) / 2;
        return (one ** 2 * share) / (1 - share);
      }),
    )
    .filter(Number.isFinite);
  const least = OFF * Math.sqrt(average(noise));
  if (noise.length === 0) return "";
  return ` ${OFF} standard errors of a mean are about ${formatNumber(least, 2)} standard deviations of the runs; less is not found here, but may be seen in figures of means over several seeds or at other times.`;
}

/** "0.74 to 1.30" */
const range = ([low, high]: readonly [number, number], digits: number) =>
  Number.isFinite(low) ? `${formatFixed(low, digits)} to ${formatFixed(high, digits)}` : MISSING;

function memoryEstimate(predicted: Autocovariance, truth: Autocovariance): Estimate | null {
  const { value, error, count } = memoryRatio(predicted, truth);
  const { low, high } = around(Math.log(value), error, count);
  return Number.isFinite(value * error) ? { value, low: Math.exp(low), high: Math.exp(high) } : null;
}

/** Equations of one side of patches at a time, in their order. */
const bySide = (list: readonly Diagnosed[]) => [...Map.groupBy(list, ({ patch }) => patch).values()];

/** CSS pixels between the points of two methods. */
const DODGE = 5;

/**
 * Histograms of the probability integral transform of some equations, a panel for every variable and time, all cases together, those of the first
 * patch side open. Nothing where there are none.
 */
function pit(list: readonly Diagnosed[], told: Told): Html | null {
  if (list.length === 0) return null;
  let fewer = 0;
  let most = 0;
  const sides = bySide(list);
  const panels = sides.flatMap((own, side) => {
    const tables = own.map(({ diagnostics }) => diagnostics.pit);
    return told.variables.flatMap((name, j) =>
      tables[0].times.map((time, t): Panel => {
        const count = Math.max(...tables.flatMap(({ tests }) => tests[t].map((c) => c[j].truth.length)));
        most = Math.max(most, count);
        const drawn = own.flatMap(({ method }, k) => {
          const all = tables[k].tests[t].map((c) => c[j]);
          const whole = all.filter(({ truth }) => truth.length === count);
          fewer += all.length - whole.length;
          return whole.length > 0 ? [{ method, ...pooled(whole, count) }] : [];
        });
        const series = drawn.map(({ method, ratio: y }, k): Series => {
          const dodge = (k - (drawn.length - 1) / 2) * DODGE;
          return { ...LOOKS[method], width: 1, draw: "line+points", dodge, x: middles(count), y };
        });
        // The wider one of all equations.
        const reach = middles(count).map((_, b) => NORMAL * Math.max(0, ...drawn.map(({ error }) => error[b])));
        const band: Series = {
          ...{ name: "95 % of equations with the true law", ink: "exact", width: 1 },
          ...{ x: middles(count), y: reach.map(() => 1) },
          ...{ low: reach.map((one) => 1 - one), high: reach.map((one) => 1 + one) },
        };
        const title = `${name}, ${timeOf(time, told.unit)}${sides.length > 1 ? `, ℓ = ${own[0].patch}` : ""}`;
        return { title, folded: side > 0, series: drawn.length > 0 ? [band, ...series] : [] };
      }),
    );
  });
  const tests = list.length * told.cases.length * told.variables.length * list[0].diagnostics.pit.times.length;
  return chart({
    id: "pit",
    title: "Do predicted runs have the law of true ones?",
    caption: html`Probability integral transform${told.cases.length > 1 && ", all cases together"}: how often true runs fall in each of ${most} equal parts of true and predicted ones together, over how often predicted ones do. The grey band
holds 95 % of the points of equations with the true law. Slopes are means that are off, a bowl is too little spread, a hill too much.${fewer > 0 && ` ${fewer} of ${tests} tests have fewer bins, as many values are equal, and are not drawn.`}`,
    alt: "Ratio of the frequencies of true and predicted runs in bins of equal probability, for each variable at some times, with the band of one law",
    x: { label: "probability below", range: [0, 1], ticks: [0, 0.25, 0.5, 0.75, 1] },
    y: { label: "true / predicted" },
    panels,
    columns: 3,
    height: 220,
  });
}

const middles = (count: number) => Array.from({ length: count }, (_, b) => (b + 0.5) / count);

/** Frequencies of true over those of predicted values in `count` bins, all tests together, and the standard error that one law has. */
function pooled(tests: readonly Pit[], count: number): { ratio: number[]; error: number[] } {
  const sum = (key: "truth" | "predicted", b: number) => tests.reduce((total, one) => total + one[key][b], 0);
  return {
    ratio: Array.from({ length: count }, (_, b) => sum("truth", b) / sum("predicted", b)),
    error: Array.from({ length: count }, (_, b) => {
      return Math.sqrt(tests.reduce((total, one) => total + one.error[b] ** 2, 0)) / tests.length;
    }),
  };
}

/** Covariances at a time and later ones, a panel for every variable, mean over the cases; those of the first patch side open. Nothing where there are none. */
function memory(list: readonly Diagnosed[], { variables, cases, unit }: Told): Html | null {
  const known = list.flatMap(({ diagnostics: { memory } }) => (memory ? [memory] : []));
  if (known.length === 0) return null;
  const [{ truth }] = known;
  if (truth.lags.length < 2) return null;
  const curve = (look: Look, one: Autocovariance, j: number): Series => {
    const error = autocovarianceError(one, j);
    const y = Array.from(one.covariance[j]);
    const band = y.map((value, k) => around(value, error[k], one.groups?.length));
    return {
      ...{ ...look, x: Array.from(one.lags), y },
      low: band.map(({ low }) => low),
      high: band.map(({ high }) => high),
    };
  };
  const sides = bySide(list.filter(({ diagnostics }) => diagnostics.memory));
  const panels = sides.flatMap((own, side) =>
    variables.map((name, j): Panel => {
      const predicted = own.flatMap(({ method, diagnostics: { memory } }) =>
        memory ? [curve(LOOKS[method], memory.predicted, j)] : [],
      );
      const title = sides.length > 1 ? `${name}, ℓ = ${own[0].patch}` : name;
      return { title, folded: side > 0, series: [curve(TRUE, truth, j), ...predicted] };
    }),
  );
  return chart({
    id: "memory",
    title: "Do predicted runs forget as fast as true ones?",
    caption: html`Covariance over runs of each variable at ${timeOf(truth.from, unit)} and later${cases.length > 1 && ", mean over the starts"}, with 95 % bands.`,
    alt: "Autocovariance of each variable against the lag, true and predicted",
    x: { label: `lag${unit ? ` [${unit}]` : ""}` },
    y: { label: "covariance" },
    shareY: false,
    panels,
    columns: variables.length > 2 ? 3 : 2,
    height: 220,
  });
}

/** Cases that have a column each. */
const ACROSS = 4;

/** Tests of several equations, or closures: a row each with a column for every case, or the other way round where cases are many. Nothing where there are none. */
function closureTests(list: readonly Closed[], { variables, cases, unit }: Told): Html | null {
  if (list.length === 0) return null;
  const [{ from, lag }] = list;
  const score = ({ tests }: Closed, c: number) => tests[c].chi2 / tests[c].freedom;
  const worst = (one: Closed) => {
    const known = Array.from(one.tests.keys()).filter((c) => Number.isFinite(score(one, c)));
    if (known.length === 0) return MISSING;
    const c = known.reduce((a, b) => (score(one, b) > score(one, a) ? b : a));
    const { mean, error } = one.tests[c];
    const each = variables.map(
      (name, j) => `${name} ${formatNumber(mean[j], 2)} ± ${formatNumber(NORMAL * error[j], 1)}`,
    );
    return `${cases.length > 1 ? `${cases[c]}: ` : ""}${each.join(", ")}`;
  };
  const format = (value: number) => formatFixed(value, 1);
  const count = variables.length;
  const rare = list.flatMap(({ tests }) => tests.map((one) => one.rare)).find(Number.isFinite) ?? Number.NaN;
  const missed: Column<Closed> = {
    label: "Where χ² is largest: true minus predicted, ± 95 %",
    cell: worst,
    text: true,
  };
  const many = cases.length > ACROSS;
  const caption = `χ² per degree of freedom; more than ${formatFixed(rare, 1)} once in a thousand times where nothing is missed.${count > 1 ? " It is of all variables together, which can be off though each is hardly, where they vary against each other." : ""}`;
  const table = many
    ? htmlTable(
        Array.from(cases.keys()),
        [
          { label: "Start", header: true, cell: (c) => cases[c].replaceAll(" ", "\u00a0") },
          ...list.map((one): Column<number> => ({ label: one.name, cell: (c) => score(one, c), format })),
        ],
        caption,
      )
    : htmlTable(
        list,
        [
          { label: "Equation", header: true, cell: ({ name }) => name },
          ...cases.map((label, c): Column<Closed> => ({ label, cell: (one) => score(one, c), format })),
          missed,
        ],
        caption,
      );
  return html`<h3>Do these variables decide their own future?</h3>
<p>True systems at ${timeOf(from, unit)}, each predicted from its own z over ${formatSetting(lag)}${unit && ` ${unit}`}: χ² per degree of freedom (${count} of them) of what predictions
of ${variables.join(" and ")} miss on average, one value a start; 1 where nothing is missed. A large number is a drift that is wrong there, or systems of one z whose future depends on more than z.</p>${table}${many && htmlTable(list, [{ label: "Equation", header: true, cell: ({ name }) => name }, missed])}`;
}
