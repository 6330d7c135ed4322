/** Figures of the maximum mean discrepancy between predicted and true ensembles. */
import type { Method } from "../../../method/pairs.ts";
import { chart } from "../../../report/chart.ts";
import type { Level, Series } from "../../../report/chart-spec.ts";
import { DRAWN, LOOKS, type Look, OURS, TRUE } from "../../../report/figures/methods.ts";
import { againstSetting, barsNote, pointSeries } from "../../../report/figures/settings.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatNumber, formatSetting, formatWithInterval } from "../../../report/number.ts";
import { scaleInk } from "../../../report/palette.ts";
import type { PredatorPreyReportData as Data } from "../data.ts";
import { closures as closuresOf } from "./tables.ts";

type Entry = Data["mmdAgainstLambda"][number];

/** Here λ is on the axis, so names must not claim one. */
const nameOf = (method: Method) => LOOKS[method].name.replace(/, λ = K$/, "");

function floorLevel({ mmdFloor: { overall } }: Data): Level[] {
  const { value, low, high } = overall;
  return Number.isFinite(value) ? [{ value, label: `two true ensembles ${formatNumber(value, 2)}`, low, high }] : [];
}

/** MMD² against λ with a curve per group of entries; a lone one is a point. */
function lambdaFigure(
  data: Data,
  id: string,
  title: string,
  caption: Html,
  groups: { entries: Entry[]; look: Look }[],
) {
  const series = pointSeries(
    groups.map(({ entries, look }) => ({ look, points: entries.map((one) => ({ ...one, at: one.lambda })) })),
  );
  const verticals = [{ value: data.patches, label: `λ = K = ${formatSetting(data.patches)}` }];
  return againstSetting(
    {
      id,
      title,
      caption,
      alt: "Mean MMD squared against the factor lambda of training for each method, with the level of two true ensembles",
      x: { label: "λ of training", log: 2 },
      y: { label: "mean MMD²", log: 10 },
    },
    [{ series, levels: floorLevel(data), verticals }],
  );
}

/** The entries of the main closure; of methods without it, those they have. */
function mainEntries({ mmdAgainstLambda, closure }: Data, method: Method): Entry[] {
  const own = mmdAgainstLambda.filter((one) => one.method === method);
  const main = own.filter((one) => one.closure === closure);
  return main.length > 0 ? main : own.filter((one) => one.closure === own[0].closure);
}

export function againstLambda(data: Data): Html {
  const seeds = Math.max(1, ...data.mmdAgainstLambda.map((one) => one.seeds?.length ?? 1));
  return lambdaFigure(
    data,
    "mmd-lambda",
    "Distance from the true ensembles against λ",
    html`Squared maximum mean discrepancy (MMD²) between predicted and true ensembles of ${data.ensemble} runs each, mean over times and cases; ${seeds > 1 ? barsNote(seeds) : "of one seed, without an interval"}. Points of one λ are
set apart. The loss divides the noise of a patch by λ, so that one training, its noise rescaled, serves every λ; theory wants the number of patches, λ = <i>K</i> = ${data.patches} (dotted upright), and the minimum
should sit there. The shaded
level is the score of two independent true ensembles, and where 95 % of such pairs lie: nothing can be expected below it.`,
    DRAWN.map((method) => ({
      entries: mainEntries(data, method),
      look: { ...LOOKS[method], name: nameOf(method) },
    })),
  );
}

/** How closures look beside each other: with two methods no two have the same marker; the colour tells the method. */
function closureLook(method: Method, i: number): Pick<Look, "hollow" | "dash" | "marker"> {
  if (i === 0) return { hollow: false, dash: "solid" };
  if (i === 1) return { hollow: true, dash: "dotted" };
  return { hollow: true, dash: "dashed", marker: method === "compensator" ? "diamond" : "triangle" };
}

/** The same for every closure, ours and the increments; nothing where there is only one closure. */
export function closures(data: Data): Html | false {
  const names = closuresOf(data);
  if (names.length < 2) return false;
  return lambdaFigure(
    data,
    "mmd-closures",
    "Closures compared",
    html`MMD² of both estimators with each closure. Each is measured in its own closure variables, so values of different closures
are not on one scale; filled are those of “${data.closure}”, hollow those of the others; the level is that of the main closure.`,
    OURS.flatMap((method) =>
      names.map((closure, i) => ({
        entries: data.mmdAgainstLambda.filter((one) => one.method === method && one.closure === closure),
        look: {
          ...LOOKS[method],
          name: `${nameOf(method)}, ${closure}`,
          ...closureLook(method, i),
        },
      })),
    ),
  );
}

/** How the distance is estimated, and what that means for its zero. */
export function explanation({ mmdFloor: { bias, overall }, ensemble }: Data): Html {
  return html`<p>MMD² is the squared distance between two ensembles of <i>z</i> (mean <i>u</i>, mean <i>v</i> and the closure variables), with Gaussian kernels of several widths. The
estimator is the usual biased one, which is never negative: for two ensembles of ${ensemble} runs of one and the same law its expectation is not zero${
    Number.isFinite(bias) && html` but ${formatNumber(bias, 3)}`
  }.${Number.isFinite(overall.value) && html` Two independent true ensembles score ${formatWithInterval(overall)} here.`}</p>`;
}

export function overTime({ mmdFloor, mmdOverTime, patches }: Data): Html {
  const { times, mean, low, high, bias } = mmdFloor;
  const lambdas = [...new Set(mmdOverTime.map((one) => one.lambda))].sort((a, b) => a - b);
  const others = lambdas.filter((lambda) => lambda !== patches);
  const floor: Series[] =
    times.length > 0 ? [{ ...TRUE, name: "Two true ensembles", x: times, y: mean, low, high }] : [];
  const look = (lambda: number): Look => {
    if (lambda === patches) return { name: `λ = K = ${formatSetting(lambda)}`, ink: "paper", width: 2.5 };
    const ink = scaleInk(others.indexOf(lambda), others.length);
    return { name: `λ = ${formatSetting(lambda)}`, ink, dash: lambda < patches ? "dashed" : "solid", width: 1.5 };
  };
  const levels = Number.isFinite(bias) ? [{ value: bias, label: "" }] : [];
  const panels = OURS.toReversed().flatMap((method) => {
    const own = mmdOverTime.filter((one) => one.method === method).sort((a, b) => b.lambda - a.lambda);
    if (own.length === 0) return [];
    const ordered = own.toSorted((a, b) => Number(a.lambda === patches) - Number(b.lambda === patches));
    const series = ordered.map(({ lambda, times, mean, low, high }): Series => {
      const band = lambda === patches ? { low, high } : {};
      return { ...look(lambda), x: times, y: mean, ...band };
    });
    return { title: nameOf(method), levels, series: [...floor, ...series] };
  });
  return chart({
    id: "mmd-time",
    title: "Distance over time",
    caption: html`MMD² at each time, mean over cases, for several λ of the loss; dashed where λ is less than <i>K</i>. Bands are 95 % intervals over seeds for λ = <i>K</i>, and the range of 95 % of
pairs of true ensembles in single cases (grey), which is the best that a model can do; the dotted level${Number.isFinite(bias) && `, ${formatNumber(bias, 2)},`} is the expectation of the estimator for identical laws.`,
    alt: "MMD squared against time for several lambda, one panel per method, with the level of two true ensembles",
    x: { label: "time" },
    y: { label: "MMD²", log: 10 },
    height: 320,
    maxPoints: 200,
    panels,
  });
}
