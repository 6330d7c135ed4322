// The report of an equation that was learned from a user's own data.
import { ensembleMoments } from "../../analysis/trajectory-error.ts";
import type { Named } from "../../method/sde/about.ts";
import { formula } from "../../method/sde/formula.ts";
import { chosenDegree } from "../../method/sde/model.ts";
import { chart } from "../../report/chart.ts";
import type { Panel, Series } from "../../report/chart-spec.ts";
import { degrees } from "../../report/figures/degrees.ts";
import { LOOKS } from "../../report/figures/methods.ts";
import { trainingRange } from "../../report/figures/patch-sides.ts";
import { type Html, html } from "../../report/html.ts";
import { formatNumber, formatSetting, formatWithInterval } from "../../report/number.ts";
import type { Section } from "../../report/page.ts";
import { scaleInk } from "../../report/palette.ts";
import { report } from "../../report/report.ts";
import { htmlTable } from "../../report/table.ts";
import { large, spreadTile } from "../../report/tiles.ts";
import type { Finished } from "../../run/publish.ts";
import { around } from "../../run/seeds.ts";
import { fitLive, fitSection } from "./live.ts";
import type { FitResult } from "./result.ts";
import { rangesOf, type Told } from "./tables.ts";

const withUnit = ({ name, unit }: Named) => (unit ? `${name} [${unit}]` : name);
const perTime = (unit: string, time: string) => (unit || time ? ` [${unit || "1"}/${time || "time"}]` : "");

/** A field along every variable, the others in the middle of the data: one panel a component. */
function alongVariables(
  { data, lines, equation }: FitResult,
  id: string,
  title: string,
  caption: Html,
  panelOf: (j: number) => { label: string; at: (p: number) => number; of: "drift" | "diffusion" },
): Html {
  const d = data.variables.length;
  const method = equation.data.method === "compensator" ? "compensator" : "increment";
  const panels = data.variables.map((variable, j): Panel => {
    const { label, at, of } = panelOf(j);
    const own = lines.filter((_, k) => k % d === j);
    const series = own.map((fields, k): Series => {
      const told: Told = fields[of];
      const points = fields.place.z.length / d;
      const pick = (values: Float64Array) => Array.from({ length: points }, (_, p) => values[at(p)]);
      const condition = fields.place.condition.map(formatSetting).join(", ");
      return {
        ...LOOKS[method],
        name: condition ? `at ${condition}` : "Learned",
        ...(condition && { ink: scaleInk(k, own.length) }),
        dash: "solid",
        draw: "line",
        x: Array.from({ length: points }, (_, p) => fields.place.z[p * d + j]),
        y: pick(told.value),
        low: pick(told.low),
        high: pick(told.high),
      };
    });
    const verticals = [trainingRange(rangesOf(equation)[j])];
    return { title: variable.name, series, verticals, x: { label: withUnit(variable) }, y: { label } };
  });
  return chart({
    id,
    title,
    caption,
    alt: `${title} along each variable, with its interval`,
    x: { label: "" },
    y: { label: "" },
    shareY: false,
    panels,
  });
}

function fieldsSection(fit: FitResult): Html {
  const { data, equation } = fit;
  const d = data.variables.length;
  const time = data.timeUnit;
  const choice = chosenDegree(equation.model);
  const { method } = equation.data;
  const middle = d > 1 ? html` The other variables are at the middle of the data.` : "";
  return html`${alongVariables(
    fit,
    "drift",
    "Drift",
    html`Component of <i>f</i> of each variable against it, over the range of the data, 95 % of which are where it is shaded upright, dotted their median; bands are 95 % intervals.${middle}`,
    (j) => ({
      label: `f_${data.variables[j].name}${perTime(data.variables[j].unit, time)}`,
      at: (p) => p * d + j,
      of: "drift",
    }),
  )}${alongVariables(
    fit,
    "diffusion",
    "Diffusion",
    html`Diagonal of <i>σσ</i>ᵀ, the variance of the noise per time, against each variable; bands are 95 % intervals.${middle}`,
    (j) => ({
      label: `D_${data.variables[j].name}_${data.variables[j].name}`,
      at: (p) => (p * d + j) * d + j,
      of: "diffusion",
    }),
  )}${choice && degrees([{ ...choice, method, patch: 1 }], () => "")}`;
}

function equationSection({ writings, data, equation }: FitResult): Html {
  if (writings.length === 0)
    return html`<p>The fields are networks: <code>models/${equation.name}.safetensors</code> holds them, <code>tables/fields.csv</code> their values; <code>npm run model -- FILE --python</code> prints a loader for Python.</p>`;
  const { variables } = data;
  return html`${writings.map(
    (
      one,
    ) => html`${one.condition.length > 0 && html`<h3>At ${data.conditions.map(({ name }, k) => `${name} = ${formatSetting(one.condition[k])}`).join(", ")}</h3>`}
<pre style="white-space:pre-wrap"><code>${formula(one, variables, "text")}</code></pre>
<details><summary>LaTeX</summary><pre><code>${formula(one, variables, "latex")}</code></pre></details>
<details><summary>Python</summary><pre><code>${formula(one, variables, "python")}</code></pre></details>
<details><summary>TypeScript</summary><pre><code>${formula(one, variables, "typescript")}</code></pre></details>`,
  )}<p>d<i>z</i> = <i>f</i> d<i>t</i> + <i>σ</i> d<i>W</i>; D = <i>σσ</i>ᵀ. ± is the 95 % interval; coefficients of one component are correlated. The formulas hold within the
range of the data: beyond it predictions keep the drift of its edge, along a plane that leads back. Intervals are those of the chosen degrees: a term of a higher degree that the data are too few to tell is not in them.</p>`;
}

/** "more likely by … nats each than", or that they are not. */
function gainOf({ gain, error }: NonNullable<FitResult["heldOut"]>): Html {
  const value = html`<strong>${formatWithInterval(around(gain, error))}</strong> nats each`;
  if (gain > 1.96 * error) return html`more likely by ${value} than`;
  return gain < -1.96 * error ? html`less likely (${value}) than` : html`no more likely (${value}) than`;
}

function residualSection({ tests, data, heldOut }: FitResult): Html {
  if (!tests)
    return html`<p>${
      data.increments
        ? "There are too many conditions to test a trained equation at each."
        : "Compensators have no noise of their own that residuals could be measured in."
    }</p>`;
  const bins = tests[0].counts.length;
  const rows = tests.map((test, j) => ({ name: data.variables[j].name, test }));
  const panels = rows.map(({ name, test }): Panel => {
    const total = test.counts.reduce((sum, count) => sum + count, 0);
    const share = (value: number) => (bins * value) / total;
    const error = 1.96 * Math.sqrt(bins / total);
    return {
      title: name,
      series: [
        {
          name: "Changes of the data",
          ink: "paper",
          draw: "points",
          x: Array.from(test.counts, (_, k) => (k + 0.5) / bins),
          y: Array.from(test.counts, share),
        },
      ],
      levels: [{ value: 1, label: "", low: 1 - error, high: 1 + error }],
    };
  });
  return html`<p>If the equation is right, each change less its mean, in units of its noise, is an independent standard normal number.${
    heldOut &&
    html` Changes that a second equation was not learned from (${formatSetting(heldOut.changes)}) are under it ${gainOf(heldOut)} under one drift and one noise for all states.`
  }</p>
${htmlTable(rows, [
  { label: "Residuals of", header: true, cell: ({ name }) => name },
  { label: "mean (0)", cell: ({ test }) => around(test.mean, test.errors.mean) },
  { label: "variance (1)", cell: ({ test }) => around(test.variance, test.errors.variance) },
  { label: "kurtosis (3)", cell: ({ test }) => around(test.kurtosis, test.errors.kurtosis) },
  {
    label: "correlation with the next (0)",
    cell: ({ test }) => (test.correlation === null ? null : around(test.correlation, test.errors.correlation)),
  },
  {
    label: `χ² per degree of freedom (1)`,
    cell: ({ test }) => test.chi2 / test.freedom,
    format: (value) => formatNumber(value, 3),
  },
])}
${chart({
  id: "residual-law",
  title: "Law of the residuals",
  caption: html`Probability integral transform: how often residuals fall in each of ${bins} parts that are equally probable for a normal law. Even means Gaussian noise of
the right size; the band holds 95 % of the counts of a right equation.`,
  alt: "Density of the probability integral transform of residuals for each variable, with the band of an even law",
  x: { label: "Φ(residual)", range: [0, 1] },
  y: { label: "relative frequency" },
  panels,
})}`;
}

function predictionSection({ predictions, data, starts }: FitResult): Html {
  const d = data.variables.length;
  const panels = data.variables.map((variable, j): Panel => {
    const series = predictions.flatMap((one, k): Series[] => {
      if (!one) return [];
      const { runs } = one;
      const at = (t: number) => {
        const { mean, std } = ensembleMoments(
          runs.data.subarray(t * runs.runs * d, (t + 1) * runs.runs * d),
          runs.runs,
        );
        return { mean: mean[j], std: std[j] };
      };
      const laws = Array.from(runs.times, (_, t) => at(t));
      return [
        {
          name: `Start ${k + 1}`,
          ink: scaleInk(k, predictions.length),
          draw: "line",
          x: runs.times,
          y: laws.map(({ mean }) => mean),
          interval: "std",
          low: laws.map(({ mean, std }) => mean - std),
          high: laws.map(({ mean, std }) => mean + std),
        },
      ];
    });
    return { title: variable.name, series, y: { label: withUnit(variable) } };
  });
  const rows = Array.from({ length: starts.state.length / d }, (_, k) => k);
  return html`${chart({
    id: "predicted-trajectories",
    title: "Predicted trajectories",
    caption: html`Mean (line) and one standard deviation (band) of runs of the equation from each start.`,
    alt: "Mean and standard deviation of predicted trajectories against time for each variable",
    x: { label: data.timeUnit ? `time [${data.timeUnit}]` : "time" },
    y: { label: "" },
    shareY: false,
    panels,
  })}${htmlTable(rows, [
    { label: "Start", header: true, cell: (k) => String(k + 1) },
    ...data.variables.map((variable, j) => ({
      label: withUnit(variable),
      cell: (k: number) => starts.state[k * d + j],
    })),
    ...data.conditions.map((condition, j) => ({
      label: withUnit(condition),
      cell: (k: number) => starts.condition[k * data.conditions.length + j],
    })),
    {
      label: "time outside the data",
      cell: (k) => predictions[k] && 100 * predictions[k].guards.outside,
      unit: "%",
      format: (x) => formatNumber(x, 2),
    },
  ])}`;
}

/** The fields of every equation that the data give, at the middle of the data. */
function methodsSection({ compared, data }: FitResult): Html {
  const d = data.variables.length;
  const told = ({ value, low, high }: Told, k: number) => ({ value: value[k], low: low[k], high: high[k] });
  return html`<p>At the middle of the data: what is told by compensators, by changes with λ = <i>K</i>, and by reading the data in ways that take the noise of a
patch for that of the whole.</p>${htmlTable(compared, [
    { label: "Method", header: true, cell: ({ method }) => LOOKS[method].name },
    ...data.variables.map(({ name }, j) => ({
      label: `f_${name}`,
      cell: ({ fields }: (typeof compared)[number]) => told(fields.drift, j),
    })),
    ...data.variables.map(({ name }, j) => ({
      label: `D_${name}_${name}`,
      cell: ({ fields }: (typeof compared)[number]) => told(fields.diffusion, j * d + j),
    })),
  ])}`;
}

/** The report as one HTML document. */
export function fitReport(fit: FitResult, run: Finished): string {
  const { result } = run;
  const { data, equation, heldOut, tests } = fit;
  const rows = equation.data.cohort.length;
  const names = data.variables.map(({ name }) => name).join(", ");
  const degree = chosenDegree(equation.model);
  const kind = data.kind === "pairs" ? "pairs of states" : "steps of trajectories";
  const { lambda, time } = equation.data;
  const worst = tests?.reduce((a, b) => (Math.abs(b.variance - 1) > Math.abs(a.variance - 1) ? b : a));
  const lead = html`From ${formatSetting(rows)} ${kind}${lambda > 1 && html`, each of one patch of ${formatSetting(Math.round(lambda))}`}: an equation of ${names}${
    degree && html`, polynomials of degree ${degree.degree}`
  }.${heldOut && html` Held-out changes are ${gainOf(heldOut)} under one drift and one noise for all states.`}${
    worst &&
    html` The residuals of all changes have a variance of ${formatWithInterval(around(worst.variance, worst.errors.variance))} where 1 is right.`
  }`;
  const scatter = equation.scatter;
  const sections: Section[] = [
    fitSection(fitLive(fit, result.seed)),
    { id: "equation", title: "The learned equation", body: equationSection(fit) },
    { id: "fields", title: "Drift and diffusion", body: fieldsSection(fit) },
    { id: "residuals", title: "Does it fit?", body: residualSection(fit) },
    { id: "predictions", title: "Where it leads", body: predictionSection(fit) },
    { id: "methods", title: "Other readings of the data", body: fit.compared.length > 1 && methodsSection(fit) },
    {
      id: "data",
      title: "The data",
      body: html`<p>${formatSetting(rows)} changes over times of ${formatNumber(time, 3)}${data.timeUnit && ` ${data.timeUnit}`}${equation.data.each && " on average"} in ${formatSetting(new Set(equation.data.cohort).size)} groups
that belong together. ${
        equation.instant
          ? html`Drift and diffusion are rates at an instant: their own changes over these times, by local linearisation, are those of the data.`
          : html`The drift is the mean change per time over these times, and predictions take steps of them.`
      }${
        scatter &&
        html` The data are of single patches. How much their drifts scatter at equal variables is ${
          scatter.measured ? "told by the several durations of the data" : "not told by data of one duration"
        }: ${formatWithInterval(around(scatter.share, scatter.error))} of what relaxation takes off their covariance, which the intervals of <i>σσ</i>ᵀ hold.`
      }</p>${data.notes.length > 0 && html`<ul>${data.notes.map((note) => html`<li>${note}.</li>`)}</ul>`}
<p>Files: ${(result.parameters.files as string[] | undefined)?.map((file) => html`<code>${file}</code> `)}</p>`,
    },
  ];
  return report({
    ...run,
    title: `An equation of ${names}`,
    subject: html`Learned from ${result.profile}`,
    lead,
    tiles: [
      heldOut && {
        label: "Gain on held-out changes",
        value: large(around(heldOut.gain, heldOut.error)),
        note: "nats each, over one drift and one noise for all states; 0: the equation knows nothing",
      },
      worst && spreadTile("Variance of the residuals", around(worst.variance, worst.errors.variance)),
    ].map((tile) => tile || false),
    sections,
    strokes: [],
  });
}
