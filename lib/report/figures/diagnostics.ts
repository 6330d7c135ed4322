// What could falsify an equation beyond its means: where true runs fall among predicted ones, how long they remember, and whether its variables are enough.
import { type Autocovariance, autocovarianceError, memoryRatio } from "../../analysis/autocovariance.ts";
import type { Diagnostics } from "../../analysis/diagnostics.ts";
import type { PitTable } from "../../analysis/pit.ts";
import type { Method } from "../../method/pairs.ts";
import type { ClosureTest } from "../../run/closure-test.ts";
import { around, NORMAL } from "../../run/seeds.ts";
import { chart } from "../chart.ts";
import type { Panel, Series } from "../chart-spec.ts";
import { type Content, type Html, html } from "../html.ts";
import { formatFixed, formatNumber, formatSetting, MISSING } from "../number.ts";
import type { Section } from "../page.ts";
import { ifAny } from "../report.ts";
import { type Column, htmlTable } from "../table.ts";
import { LOOKS, type Look, overTruth, TRUE } from "./methods.ts";
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
      [told.note && html`<p>${told.note}</p>`, pit(list, told), memory(list, told), closureTests(closed, told)],
    ),
  };
}

/** Contrasts from which on a law counts as off, in standard errors: among hundreds of tests, hardly one where all laws are the same. */
const OFF = 4;
/** Departures that are named. */
const NAMED = 3;

const timeOf = (time: number, unit?: string) =>
  time === Number.POSITIVE_INFINITY ? "in equilibrium" : `t = ${formatSetting(time)}${unit ? ` ${unit}` : ""}`;

/** How predictions differ from the truth most, in words. */
function departures({ times, tests }: PitTable, { variables, cases, unit }: Told): string {
  const list = times.flatMap((time, t) =>
    tests[t].flatMap((own, c) =>
      own.flatMap(({ slope, bowl }, j) => {
        const place = `${variables[j]}, ${timeOf(time, unit)}${cases.length > 1 ? `, ${cases[c]}` : ""}`;
        return [
          { z: slope, text: `${place}: predicted too ${slope > 0 ? "low" : "high"}` },
          { z: bowl, text: `${place}: predicted too ${bowl > 0 ? "narrow" : "wide"}` },
        ];
      }),
    ),
  );
  const known = list.filter(({ z }) => Number.isFinite(z));
  if (known.length === 0) return "means and spreads of so few independent true runs are not tested";
  const off = known.filter(({ z }) => Math.abs(z) > OFF).sort((a, b) => Math.abs(b.z) - Math.abs(a.z));
  if (off.length === 0) return `none is off by more than ${OFF} standard errors`;
  const rest = off.length - NAMED;
  const named = off.slice(0, NAMED).map(({ z, text }) => `${text} (${Math.abs(z).toFixed(1)} standard errors)`);
  return `${named.join("; ")}${rest > 0 ? `; and ${rest} more` : ""}`;
}

/**
 * Histograms of the probability integral transform of some equations, a panel for every variable and time, all cases together. Nothing where there
 * are none.
 */
function pit(list: readonly Diagnosed[], told: Told): Html | null {
  if (list.length === 0) return null;
  const tables = list.map(({ diagnostics }) => diagnostics.pit);
  const [{ times }] = tables;
  const bins = (j: number, t: number) =>
    Math.max(...tables.flatMap(({ tests }) => tests[t].map((c) => c[j].truth.length)));
  let fewer = 0;
  const panels = told.variables.flatMap((name, j) =>
    times.map((time, t): Panel => {
      const count = bins(j, t);
      const x = Array.from({ length: count }, (_, b) => (b + 0.5) / count);
      const series = list.flatMap(({ method }, k): Series[] => {
        const all = tables[k].tests[t].map((c) => c[j]);
        const own = all.filter(({ truth }) => truth.length === count);
        fewer += all.length - own.length;
        if (own.length === 0) return [];
        const sum = (key: "truth" | "predicted", b: number) => own.reduce((total, one) => total + one[key][b], 0);
        const mean = x.map((_, b) => sum("truth", b) / sum("predicted", b));
        const error = x.map((_, b) => Math.sqrt(own.reduce((sum, one) => sum + one.error[b] ** 2, 0)) / own.length);
        return [
          {
            ...{ name: LOOKS[method].name, ink: LOOKS[method].ink, draw: "line+points", x, y: mean },
            low: mean.map((value, b) => value - NORMAL * error[b]),
            high: mean.map((value, b) => value + NORMAL * error[b]),
          },
        ];
      });
      return { title: `${name}, ${timeOf(time, told.unit)}`, series, levels: [{ value: 1, label: "" }] };
    }),
  );
  return chart({
    id: "pit",
    title: "Do predicted runs have the law of true ones?",
    caption: html`Probability integral transform${told.cases.length > 1 && ", all cases together"}: how often true runs fall in each of ${bins(0, 0)} equal parts of true and predicted ones together, over how often predicted ones do, with the 95 % interval that this
has where both have one law. Slopes are means that are off, a bowl is too little spread, a hill too much. ${list.map(
      ({ method, patch }, k) =>
        html`${LOOKS[method].name}${patch > 1 && `, ℓ = ${patch}`}: χ² per degree of freedom ${formatFixed(tables[k].chi2.value, 2)} (1 ± ${formatFixed(NORMAL * tables[k].chi2.error, 2)} for one law), ${formatFixed(100 * tables[k].coverage.value, 1)} % of the true runs in the
predicted 95 % bands; ${departures(tables[k], told)}. `,
    )}${fewer > 0 && `${fewer} of ${tables.length * panels.length * told.cases.length} tests have fewer bins, as many values are equal, and are not drawn.`}`,
    alt: "Ratio of the frequencies of true and predicted runs in bins of equal probability, for each variable at some times",
    x: { label: "predicted and true probability below", range: [0, 1] },
    y: { label: "true / predicted frequency" },
    panels,
    columns: 3,
    height: 200,
  });
}

/** Covariances at a time and later ones, a panel for every variable, mean over the cases. Nothing where there are none. */
function memory(list: readonly Diagnosed[], { variables, cases, unit }: Told): Html | null {
  const known = list.flatMap(({ method, diagnostics: { memory } }) => (memory ? [{ method, ...memory }] : []));
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
  const panels = variables.map(
    (name, j): Panel => ({
      title: name,
      series: [curve(TRUE, truth, j), ...known.map(({ method, predicted }) => curve(overTruth(method), predicted, j))],
    }),
  );
  return chart({
    id: "memory",
    title: "Do predicted runs forget as fast as true ones?",
    caption: html`Covariance over runs of each variable at ${timeOf(truth.from, unit)} and later${cases.length > 1 && ", mean over the starts"}, with 95 % bands. Memory, the integral of its square over the square at zero, predicted over true: ${known.map(
      ({ method, predicted }, k) => {
        const { value, error, count } = memoryRatio(predicted, truth);
        const { low, high } = around(Math.log(value), error, count);
        const found = `${formatFixed(value, 2)} (${formatFixed(Math.exp(low), 2)} to ${formatFixed(Math.exp(high), 2)})`;
        return `${k > 0 ? ", " : ""}${LOOKS[method].name} ${Number.isFinite(value * error) ? found : "not known"}`;
      },
    )}.`,
    alt: "Autocovariance of each variable against the lag, true and predicted",
    x: { label: `lag${unit ? ` [${unit}]` : ""}` },
    y: { label: "covariance" },
    shareY: false,
    panels,
    columns: variables.length > 2 ? 3 : 2,
    height: 220,
  });
}

/** Tests of several equations, or closures: a row each, a column for every case. Nothing where there are none. */
function closureTests(list: readonly Closed[], { variables, cases, unit }: Told): Html | null {
  if (list.length === 0) return null;
  const [{ from, lag }] = list;
  const worst = ({ tests }: Closed) => {
    const of = tests.map(({ mean, error }, c) =>
      variables.map((name, j) => ({
        z: mean[j] / error[j],
        text: `${name} ${formatNumber(mean[j], 2)} ± ${formatNumber(NORMAL * error[j], 1)}`,
        c,
      })),
    );
    const all = of.flat().filter(({ z }) => Number.isFinite(z));
    if (all.length === 0) return MISSING;
    const found = all.reduce((a, b) => (Math.abs(b.z) > Math.abs(a.z) ? b : a));
    return `${found.text}${cases.length > 1 ? `, ${cases[found.c]}` : ""}`;
  };
  const columns: Column<Closed>[] = [
    { label: "Equation", cell: ({ name }) => name, header: true },
    ...cases.map(
      (name, c): Column<Closed> => ({
        label: name,
        cell: ({ tests }) => tests[c].chi2 / tests[c].freedom,
        format: (value) => formatFixed(value, 1),
      }),
    ),
    { label: "Missed most", cell: worst, text: true },
  ];
  const count = variables.length;
  const rare = list.flatMap(({ tests }) => tests.map((one) => one.rare)).find(Number.isFinite) ?? Number.NaN;
  return html`<p>Do these variables decide their own future? True systems at ${timeOf(from, unit)}, each predicted from its own z over ${formatSetting(lag)}${unit && ` ${unit}`}: χ² per degree of freedom (${count} of them) of what predictions
of ${variables.join(" and ")} miss on average, one value a start; 1 where nothing is missed, more than ${formatFixed(rare, 1)} once in a thousand times then. A large number is a drift that is wrong there, or systems of one z whose future depends on more than z. Last column: what is missed most, true minus predicted, ± 95 %.</p>${htmlTable(list, columns, "Closure test, χ² per degree of freedom.")}`;
}
