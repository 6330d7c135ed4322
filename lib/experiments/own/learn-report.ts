// The report and the metrics of a system of a user's own: learned equations against direct simulation.
import { type Ensemble, momentsOf } from "../../analysis/ensemble.ts";
import { average } from "../../analysis/mean.ts";
import { isOurs, METHODS, type Method } from "../../method/pairs.ts";
import type { Named } from "../../method/sde/about.ts";
import { formula } from "../../method/sde/formula.ts";
import { meanGuards } from "../../method/sde/guards.ts";
import { chosenDegree } from "../../method/sde/model.ts";
import { chart } from "../../report/chart.ts";
import type { Panel, Series } from "../../report/chart-spec.ts";
import { degrees } from "../../report/figures/degrees.ts";
import { diagnostics } from "../../report/figures/diagnostics.ts";
import { hero } from "../../report/figures/hero.ts";
import { LOOKS, methodsIn, TRUE } from "../../report/figures/methods.ts";
import { trainingRange } from "../../report/figures/patch-sides.ts";
import { type Case, type Laws, lawsOf, spread } from "../../report/figures/trajectories.ts";
import { trajectoryScore } from "../../report/how-to-read.ts";
import { type Html, html } from "../../report/html.ts";
import { formatNumber, formatSetting } from "../../report/number.ts";
import type { Section } from "../../report/page.ts";
import { report } from "../../report/report.ts";
import { htmlTable } from "../../report/table.ts";
import { scoreTiles, type Tile } from "../../report/tiles.ts";
import { closureTables, putChoice, putClosureTest, putDiagnostics } from "../../run/diagnostics.ts";
import { type EndTable, endRow, endTable } from "../../run/end-table.ts";
import { type Finished, publish } from "../../run/publish.ts";
import { type Metric, metricName } from "../../run/result.ts";
import type { Run } from "../../run/run-folder.ts";
import { acrossSeeds, type Estimate, metricSet, overSeeds, rmsPercent, rootPercent, single } from "../../run/seeds.ts";
import { tableOfRows } from "../../run/text-table.ts";
import { verdictOf } from "../../run/verdict.ts";
import type { LearnOptions } from "./learn-parameters.ts";
import { studyLive, studySection } from "./live.ts";
import { type Compared, meanErrors, withUnit } from "./mean-errors.ts";
import type { OwnScores, UpsamplingCheck } from "./study.ts";
import { type Fields, fieldsTable, rangesOf, type WrittenAt } from "./tables.ts";

export interface Study extends Compared {
  readonly name: string;
  readonly observables: readonly (Named & { readonly symbol: string; readonly title: string })[];
  readonly dimension: number;
  /** What a perfect equation would score, `[cases][d]`. */
  readonly floors: readonly (readonly number[])[];
  readonly upsampling: UpsamplingCheck;
  readonly fields: readonly Fields[];
  readonly written: WrittenAt | null;
  readonly options: LearnOptions;
}

/** Errors and spreads of a method over all starts and observables, over seeds. */
interface Score {
  readonly method: Method;
  readonly error: Estimate;
  readonly spread: Estimate;
  /** By observable. */
  readonly each: readonly { readonly error: Estimate; readonly spread: Estimate }[];
}

const mean = (values: readonly number[]) => average(Float64Array.from(values));

function scoresOf({ scores, observables }: Study): Score[] {
  return acrossSeeds(
    scores.filter(({ predicted }) => predicted),
    ({ method }) => [method],
  ).map((list) => {
    const over = (of: (one: OwnScores) => number) =>
      list.length > 1 ? overSeeds(list.map(of), { scale: "log" }) : single(of(list[0]));
    return {
      method: list[0].method,
      error: over(({ errors }) => mean(errors.flat())),
      spread: over(({ spreads }) => mean(spreads.flat())),
      each: observables.map((_, j) => ({
        error: over(({ errors }) => mean(errors.map((own) => own[j]))),
        spread: over(({ spreads }) => mean(spreads.map((own) => own[j]))),
      })),
    };
  });
}

/** The equation that the run stands for: with rates the compensator's. */
const mainMethod = ({ scores }: Study): Method =>
  scores.some(({ method }) => method === "compensator") ? "compensator" : "increment";

/** What the run stands for, of the first seed. */
const firstOf = (study: Study) => study.scores.find(({ method }) => method === mainMethod(study));

const part = (name: string) => name.replace(/[^A-Za-z0-9]+/g, "_").replace(/^_+|_+$/g, "") || "x";

function metricsOf(study: Study, seconds: number): Record<string, Metric> {
  const { observables, floors, options } = study;
  const { metrics, put } = metricSet();
  const at = `patch${options.patch}`;
  for (const { method, error, spread, each } of scoresOf(study)) {
    put(metricName("error", method, at), error);
    put(metricName("std-ratio", method, at), spread);
    for (const [j, own] of each.entries()) {
      put(metricName(`error-${part(observables[j].title)}`, method, at), own.error);
      put(metricName(`std-ratio-${part(observables[j].title)}`, method, at), own.spread);
    }
  }
  for (const list of acrossSeeds(study.scores, ({ method }) => [method])) {
    const known = list.flatMap(({ diagnostics }) => diagnostics ?? []);
    if (known.length === list.length) putDiagnostics(put, known, list[0].method, at);
    putChoice(
      put,
      list.map(({ equation }) => chosenDegree(equation.model)),
      list[0].method,
      at,
    );
  }
  for (const { method, closed } of study.scores) if (closed) putClosureTest(put, closed, method, at);
  put("floor.sampling.all", single(mean(floors.flat())));
  put("seconds.total.all", single(seconds), { unit: "s" });
  return metrics;
}

/** The starts as cases with the laws of all observables, of the first seed. */
function casesOf({ truth, scores, observables, starts, options }: Study): Case[] {
  const [seed] = scores.map((one) => one.seed);
  const names = observables.map(({ title }) => title);
  const laws = (ensemble: Ensemble) => momentsOf(ensemble).map((moments) => lawsOf(names, moments, ensemble.d));
  const exact = laws(truth);
  const own = scores.flatMap(({ seed: of, method, predicted }) =>
    of === seed && predicted ? [{ method, patch: options.patch, laws: laws(predicted) }] : [],
  );
  return starts.map((title, c) => ({
    title,
    times: Array.from(truth.times),
    truth: exact[c],
    predicted: own.map(({ laws, ...one }) => ({ ...one, laws: laws[c] })),
  }));
}

/** Error and fluctuations of the equation that the run stands for, over all starts and observables. */
function headTiles(study: Study): (Tile | false)[] {
  const { options, floors } = study;
  const scores = scoresOf(study).map(({ method, error, spread }) => {
    return { method, patch: options.patch, error, stdRatio: spread };
  });
  return scoreTiles(scores, { method: mainMethod(study), patch: options.patch }, mean(floors.flat()));
}

function trajectories({ truth, observables, options }: Study, cases: readonly Case[]): Html {
  const panels = observables.flatMap(({ title, symbol, unit }): Panel[] =>
    cases.map(({ title: start, times, truth: law, predicted }): Panel => {
      const series = (laws: Laws, band = true): Pick<Series, "x" | "y" | "low" | "high" | "interval"> => {
        const { x, y, ...edges } = spread(title).of(laws, law, times);
        return { x, y, ...(band && edges) };
      };
      return {
        title: `${symbol}, from ${start}`,
        y: { label: withUnit(symbol, unit) },
        series: [
          { ...TRUE, ...series(law) },
          ...predicted.map(
            ({ method, laws }): Series => ({
              ...LOOKS[method],
              ...series(laws, method === "compensator" || predicted.length === 1),
            }),
          ),
        ],
      };
    }),
  );
  return chart({
    id: "mean-trajectories",
    title: "Mean trajectories",
    caption: html`Mean (line) and one standard deviation (band) of ${formatSetting(options.runs)} predicted runs of ${options.seeds > 1 ? "the first seed" : "one seed"}, over ${formatSetting(truth.runs)} direct simulations of the whole
system (grey).`,
    alt: "Mean of every observable against time from every start, predicted and true",
    x: { label: "time" },
    y: { label: "" },
    shareY: false,
    columns: 2,
    panels,
  });
}

const fieldsFigure = (study: Study, id: "drift" | "diffusion"): Html => {
  const { fields, observables } = study;
  const d = observables.length;
  const look = LOOKS[mainMethod(study)];
  const first = firstOf(study);
  const at = (p: number, j: number) => (id === "drift" ? p * d + j : (p * d + j) * d + j);
  const panels = observables.map(({ symbol }, j): Panel => {
    const own = fields[j];
    const points = own.place.z.length / d;
    const pick = (values: Float64Array) => Array.from({ length: points }, (_, p) => values[at(p, j)]);
    const told = own[id];
    return {
      title: symbol,
      verticals: first && [trainingRange(rangesOf(first.equation)[j])],
      x: { label: symbol },
      y: { label: id === "drift" ? `f_${symbol}` : `D_${symbol}${symbol}` },
      series: [
        {
          ...look,
          draw: "line",
          x: pickAxis(own, d, j),
          y: pick(told.value),
          low: pick(told.low),
          high: pick(told.high),
        },
      ],
    };
  });
  return chart({
    id,
    title: id === "drift" ? "Drift" : "Diffusion of the large system",
    caption: html`${id === "drift" ? html`Component of <i>f</i> of each observable against it` : html`Diagonal of <i>σσ</i>ᵀ against each observable`}, the others at the middle of the training data, 95 % of which are where it is shaded upright, dotted their median; bands are 95 % intervals.`,
    alt: `${id} along each observable`,
    x: { label: "" },
    y: { label: "" },
    shareY: false,
    panels,
  });
};

const pickAxis = ({ place }: Fields, d: number, j: number) =>
  Array.from({ length: place.z.length / d }, (_, p) => place.z[p * d + j]);

function learnReport(study: Study, run: Finished): string {
  const { name, observables, options, upsampling, written, starts, scores, dimension } = study;
  const rows = scoresOf(study);
  const cases = casesOf(study);
  const main = rows.find(({ method }) => method === mainMethod(study));
  const power = dimension > 1 ? ["", "²", "³"][dimension - 1] : "";
  const first = firstOf(study);
  const choice = first && chosenDegree(first.equation.model);
  const lead =
    main &&
    html`An equation of ${observables.map(({ symbol }) => symbol).join(", ")}, learned while only patches of ${options.patch}${power} sites move, 1/${formatSetting((options.L / options.patch) ** dimension)} of the system,
follows the true means of ${options.L}${power} sites to <strong>${formatNumber(rmsPercent(main.error).value, 2)}\u00a0%</strong>.`;
  const cells = observables.map((observable, j) => ({ observable, j }));
  const sections: Section[] = [
    studySection(studyLive(study, first), study),
    {
      id: "trajectories",
      title: "Predicted trajectories",
      body: html`${trajectories(study, cases)}${meanErrors(study)}`,
    },
    {
      id: "equation",
      title: "The learned equation",
      body: html`${
        written &&
        html`<pre style="white-space:pre-wrap"><code>${formula(written, observables, "text")}</code></pre>
<details><summary>LaTeX</summary><pre><code>${formula(written, observables, "latex")}</code></pre></details>
<details><summary>Python</summary><pre><code>${formula(written, observables, "python")}</code></pre></details>
<details><summary>TypeScript</summary><pre><code>${formula(written, observables, "typescript")}</code></pre></details>
<p>d<i>z</i> = <i>f</i> d<i>t</i> + <i>σ</i> d<i>W</i>; D = <i>σσ</i>ᵀ of the large system. ± is the 95 % interval that the training data leave.</p>`
      }${fieldsFigure(study, "drift")}${fieldsFigure(study, "diffusion")}${choice && first && degrees([{ ...choice, method: first.method, patch: options.patch }], () => "")}`,
    },
    diagnostics(
      scores.flatMap(({ seed, method, diagnostics }) =>
        diagnostics && seed === scores[0].seed && isOurs(method) ? [{ method, patch: options.patch, diagnostics }] : [],
      ),
      scores.flatMap(({ method, closed }) => (closed ? [{ name: LOOKS[method].name, ...closed }] : [])),
      { variables: observables.map(({ symbol }) => symbol), cases: starts },
    ),
    {
      id: "upsampling",
      title: "Upsampled states",
      body: htmlTable(
        cells,
        [
          { label: "Observable", header: true, cell: ({ observable }) => observable.symbol },
          { label: "small systems", cell: ({ j }) => upsampling.small[j] },
          { label: "put together", cell: ({ j }) => upsampling.large[j] },
          { label: "relaxed", cell: ({ j }) => upsampling.relaxed[j] },
          {
            label: "standard error of the difference",
            cell: ({ j }) => upsampling.error[j],
            format: (value) => formatNumber(value, 2),
          },
        ],
        "Mean over snapshots: small systems, the large ones that are put together from them, and these behind LocalRelax. Where they differ by more than a few standard errors what is learned is of other states.",
      ),
    },
  ];
  return report({
    ...run,
    title: `${name}: macroscopic dynamics learned from patches`,
    subject: html`${options.L}${power} sites`,
    lead: lead ?? null,
    hero: hero({
      cases,
      observable: observables[0].title,
      patch: options.patch,
      axis: { label: observables[0].symbol },
      time: "time",
      caption: html`Mean (with one standard deviation of the true runs) and standard deviation over runs of ${observables[0].title}, first seed.`,
      nameOf: (patch) => `${patch}${power} sites`,
    }),
    tiles: headTiles(study),
    guide: {
      model: html`<p>A system of one’s own, ${options.L}${power} sites. Its observables are ${observables.map(({ symbol, title }, j) => `${j > 0 ? ", " : ""}${title}${symbol === title ? "" : ` (${symbol})`}`)}.</p>`,
      variables: "Here they are the observables.",
      shape: dimension > 1 ? "lattice" : "line",
      methods: methodsIn(scores),
      score: trajectoryScore(
        "each observable",
        options.runs,
        `that of ${formatSetting(study.truth.runs)} direct simulations`,
      ),
    },
    summary: htmlTable(
      [
        { label: "error, all", of: (score: Score) => score.error },
        ...cells.map(({ observable, j }) => ({
          label: `error, ${observable.symbol}`,
          of: (score: Score) => score.each[j].error,
        })),
        { label: "standard deviation over the true one", of: (score: Score) => score.spread },
      ],
      [
        { label: "Score", header: true, cell: ({ label }) => label },
        ...rows.map((score) => ({
          label: LOOKS[score.method].name,
          cell: ({ of }: { of: (score: Score) => Estimate }) => of(score),
        })),
      ],
      html`Over ${starts.length} starts; relative squared error of mean trajectories.`,
    ),
    sections,
    strokes: [],
  });
}

/** Standard errors that states put together may differ from small ones by. */
const UNLIKE = 5;

/** What is said of states that are put together. */
function unlike({ upsampling: { small, relaxed, error }, observables }: Study): string[] {
  const off = observables.flatMap(({ name }, j) => {
    const sigmas = (relaxed[j] - small[j]) / error[j];
    const value = (x: number) => formatNumber(x, 3);
    return Math.abs(sigmas) > UNLIKE
      ? [`${name} ${value(relaxed[j])} in place of ${value(small[j])} (${Math.abs(sigmas).toFixed(1)} standard errors)`]
      : [];
  });
  return off.length > 0
    ? [
        `the states that are put together from small systems are not like these, so that what is learned is of other states: ${off.join(", ")}; shorten --relax-time or raise --age`,
      ]
    : [];
}

/** The equation, and the errors of mean trajectories, of all variables together and of each. */
function learnEnd(metrics: Readonly<Record<string, Metric>>, study: Study): EndTable {
  const { written: one, observables, floors, options } = study;
  const scores = ["error", ...observables.map(({ title }) => `error-${part(title)}`)];
  const keys = (method: string) => scores.map((score) => metricName(score, method, `patch${options.patch}`));
  const floor = [mean(floors.flat()), ...observables.map((_, j) => mean(floors.map((one) => one[j])))];
  return endTable(
    "Error of the mean trajectories, RMS in % of their size",
    "method",
    ["all", ...observables.map(({ name }) => name)],
    [
      ...METHODS.map((method) =>
        endRow(metrics, LOOKS[method].name, keys(method), { of: ({ value }) => rootPercent(value) }),
      ),
      { name: "Floor", kind: "beside", cells: floor.map(rootPercent) },
    ],
    {
      above: one
        ? ["dz = f dt + σ dW, D = σσᵀ; ± is half the 95 % interval", formula(one, observables, "text"), ""]
        : [],
    },
  );
}

/** Finishes the run. */
export function publishStudy(run: Run, study: Study): Promise<void> {
  const { scores, observables, truth, starts } = study;
  const exact = momentsOf(truth);
  const rows = scores.flatMap((one) => {
    const ours = one.predicted && momentsOf(one.predicted);
    if (!ours) return [];
    return starts.flatMap((start, c) =>
      observables.flatMap(({ name }, j) =>
        Array.from(truth.times, (time, t) => ({
          ...{ seed: one.seed, method: one.method, start, observable: name, time },
          ...{ mean: ours[c].mean[t * truth.d + j], std: ours[c].std[t * truth.d + j] },
          ...{ true_mean: exact[c].mean[t * truth.d + j], true_std: exact[c].std[t * truth.d + j] },
        })),
      ),
    );
  });
  const variables = observables.map(({ name }) => name);
  const about = ({ seed, method }: OwnScores) => ({ seed, method });
  const main = mainMethod(study);
  const watched = acrossSeeds(scores, ({ method }) => [method])
    .filter(([{ method }]) => method === main)
    .map((list) => {
      const guards = list.flatMap(({ guards }) => guards ?? []);
      return { name: `the equation of the ${main}`, guards: guards.length === list.length ? meanGuards(guards) : null };
    });
  return publish(run, {
    tables: {
      trajectories: tableOfRows(rows),
      fields: fieldsTable(study.fields, observables, []),
      ...closureTables(scores, about, starts, variables),
    },
    metrics: (seconds) => metricsOf(study, seconds),
    verdict: verdictOf(watched, unlike(study)),
    endTable: (metrics) => learnEnd(metrics, study),
    report: (done) => learnReport(study, done),
  });
}
