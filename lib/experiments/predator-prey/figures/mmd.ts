/** Figures of the maximum mean discrepancy between predicted and true ensembles. */
import { chart, type Level, type Series } from "../../../report/chart.ts";
import { LOOKS, METHODS, type Method, TRUTH } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatNumber, formatSetting, formatWithInterval } from "../../../report/number.ts";
import { SCALE } from "../../../report/palette.ts";
import type { PredatorPreyReportData as Data } from "../report.ts";
import { closures as closuresOf } from "./tables.ts";

type Entry = Data["mmdAgainstLambda"][number];

/** Here λ is on the axis, so names must not claim one. */
const nameOf = (method: Method) => LOOKS[method].name.replace(/, λ = K$/, "");
const DODGE = 5;

function floorLevel({ mmdFloor }: Data): Level[] {
  const { value, valueLow: low, valueHigh: high } = mmdFloor;
  return Number.isFinite(value) ? [{ value, label: `two true ensembles ${formatNumber(value, 2)}`, low, high }] : [];
}

/** Curves of MMD² against λ, one per group of entries; lone values are points. */
function curves(groups: { entries: Entry[]; look: Omit<Series, "x" | "y"> }[]): Series[] {
  const filled = groups.filter(({ entries }) => entries.length > 0);
  return filled.map(({ entries, look }, i): Series => {
    const own = entries.toSorted((a, b) => a.lambda - b.lambda);
    const pick = (key: "lambda" | "value" | "low" | "high") => own.map((one) => one[key]);
    return {
      ...look,
      draw: "line+points",
      width: 1.25,
      dodge: (i - (filled.length - 1) / 2) * DODGE,
      x: pick("lambda"),
      y: pick("value"),
      low: pick("low"),
      high: pick("high"),
    };
  });
}

function lambdaFigure(data: Data, id: string, title: string, caption: Html, series: Series[]): Html {
  const lambdas = [...new Set(data.mmdAgainstLambda.map((one) => one.lambda))].sort((a, b) => a - b);
  const finite = [...lambdas, data.patches].filter(Number.isFinite);
  return chart({
    id,
    title,
    caption,
    alt: "Mean MMD squared against the factor lambda of training for each method, with the level of two true ensembles",
    // Air on the left is for the label of the level.
    x: {
      label: "λ of training",
      log: 2,
      ticks: lambdas,
      ...(finite.length > 0 && { range: [Math.min(...finite) / 1.9, Math.max(...finite) * 1.25] as [number, number] }),
    },
    y: { label: "mean MMD²", log: 10 },
    panels: [
      {
        series,
        levels: floorLevel(data),
        verticals: [{ value: data.patches, label: `λ = K = ${formatSetting(data.patches)}` }],
      },
    ],
  });
}

/** The entries of the main closure; of methods without it, those they have. */
function mainEntries(data: Data, method: Method): Entry[] {
  const own = data.mmdAgainstLambda.filter((one) => one.method === method);
  const main = own.filter((one) => one.closure === data.closure);
  return main.length > 0 ? main : own.filter((one) => one.closure === own[0]!.closure);
}

export function againstLambda(data: Data): Html {
  const groups = METHODS.map((method) => ({
    entries: mainEntries(data, method),
    look: { ...LOOKS[method], name: nameOf(method) },
  }));
  return lambdaFigure(
    data,
    "mmd-lambda",
    "Distance from the true ensembles against λ",
    html`Squared maximum mean discrepancy (MMD²) between predicted and true ensembles of ${data.ensemble} runs each, mean over times and cases; bars are 95 % intervals, points of one λ are
set apart. The loss divides the noise of a patch by λ, so that one training, its noise rescaled, serves every λ; theory wants the number of patches, λ = <i>K</i> = ${data.patches} (dotted upright), and the minimum
should sit there. The shaded
level is the score of two independent true ensembles, and where 95 % of such pairs lie: nothing can be expected below it.`,
    curves(groups),
  );
}

/** The same for every closure, ours and the increments; nothing where there is only one closure. */
export function closures(data: Data): Html | false {
  const names = closuresOf(data);
  if (names.length < 2) return false;
  const groups = (["increment", "compensator"] as const).flatMap((method) =>
    names.map((closure, i) => ({
      entries: data.mmdAgainstLambda.filter((one) => one.method === method && one.closure === closure),
      look: {
        ...LOOKS[method],
        name: `${nameOf(method)}, ${closure}`,
        hollow: i > 0,
        dash: i > 0 ? ("dotted" as const) : ("solid" as const),
      },
    })),
  );
  return lambdaFigure(
    data,
    "mmd-closures",
    "Closures compared",
    html`MMD² of both estimators with each closure. Each is measured in its own closure variables, so values of different closures
are not on one scale; the level is that of the main closure.`,
    curves(groups),
  );
}

/** How the distance is estimated, and what that means for its zero. */
export function explanation(data: Data): Html {
  const { bias, value, valueLow, valueHigh } = data.mmdFloor;
  return html`<p>MMD² is the squared distance between two ensembles of <i>z</i> (mean <i>u</i>, mean <i>v</i> and the closure variables), with Gaussian kernels of several widths. The
estimator is the usual biased one, which is never negative: for two ensembles of ${data.ensemble} runs of one and the same law its expectation is not zero${
    Number.isFinite(bias) && html` but ${formatNumber(bias, 3)}`
  }.${Number.isFinite(value) && html` Two independent true ensembles score ${formatWithInterval(value, valueLow, valueHigh)} here.`}</p>`;
}

export function overTime(data: Data): Html {
  const { mmdFloor, mmdOverTime, patches } = data;
  const lambdas = [...new Set(mmdOverTime.map((one) => one.lambda))].sort((a, b) => a - b);
  const others = lambdas.filter((lambda) => lambda !== patches);
  const floor: Series[] =
    mmdFloor.times.length > 0
      ? [
          {
            name: "Two true ensembles",
            ...TRUTH,
            x: mmdFloor.times,
            y: mmdFloor.mean,
            low: mmdFloor.low,
            high: mmdFloor.high,
          },
        ]
      : [];
  const look = (lambda: number): Pick<Series, "name" | "ink" | "dash" | "width"> => {
    if (lambda === patches) return { name: `λ = K = ${formatSetting(lambda)}`, ink: "paper", width: 2.5 };
    const ink = SCALE[Math.round((others.indexOf(lambda) * (SCALE.length - 1)) / Math.max(1, others.length - 1))]!;
    return { name: `λ = ${formatSetting(lambda)}`, ink, dash: lambda < patches ? "dashed" : "solid", width: 1.5 };
  };
  const panels = METHODS.toReversed().flatMap((method) => {
    const own = mmdOverTime.filter((one) => one.method === method).sort((a, b) => b.lambda - a.lambda);
    if (own.length === 0) return [];
    const ordered = own.toSorted((a, b) => Number(a.lambda === patches) - Number(b.lambda === patches));
    return {
      title: nameOf(method),
      levels: Number.isFinite(mmdFloor.bias)
        ? [{ value: mmdFloor.bias, label: `identical laws ${formatNumber(mmdFloor.bias, 2)}` }]
        : [],
      series: [
        ...floor,
        ...ordered.map(({ lambda, times, mean, low, high }): Series => {
          const band = lambda === patches ? { low, high } : {};
          return { ...look(lambda), x: times, y: mean, ...band };
        }),
      ],
    };
  });
  return chart({
    id: "mmd-time",
    title: "Distance over time",
    caption: html`MMD² at each time, mean over cases, for several λ of the loss; dashed where λ is less than <i>K</i>. Bands are 95 % intervals over seeds for λ = <i>K</i>, and the range of 95 % of
pairs of true ensembles in single cases (grey), which is the best that a model can do; the dotted level is the expectation of the estimator for identical laws.`,
    alt: "MMD squared against time for several lambda, one panel per method, with the level of two true ensembles",
    x: { label: "time" },
    y: { label: "MMD²", log: 10 },
    height: 320,
    maxPoints: 200,
    panels,
  });
}
