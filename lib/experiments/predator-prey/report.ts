import { type Comparison, comparisonTable } from "../../report/figures/comparison.ts";
import type { MeanStd } from "../../report/figures/mean-std.ts";
import { type Method, ofMethod } from "../../report/figures/methods.ts";
import { type Html, html } from "../../report/html.ts";
import { formatSetting, formatWithInterval } from "../../report/number.ts";
import { page, type Section } from "../../report/page.ts";
import { CREDITS, provenance } from "../../report/provenance.ts";
import { thumbnail } from "../../report/thumbnail.ts";
import type { RunResult } from "../../run/result.ts";
import * as equation from "./figures/equation.ts";
import * as fields from "./figures/fields.ts";
import * as mmd from "./figures/mmd.ts";
import * as tables from "./figures/tables.ts";
import * as trajectories from "./figures/trajectories.ts";

/** Both species, row by row: `[times][points]`, one row for a snapshot. */
export interface Field {
  u: ArrayLike<number>;
  v: ArrayLike<number>;
}

/** A value at every time or setting with its 95 % interval. */
interface Curve {
  mean: number[];
  low: number[];
  high: number[];
}

/** All that the report shows. Times in the model's units, u is the prey and v the predator, λ that of the training. */
export interface PredatorPreyReportData {
  result: RunResult;
  /** Grid points N of the large system. */
  points: number;
  /** Grid points of a patch. */
  patch: number;
  /** Number of patches K. */
  patches: number;
  /** Grid points of the small systems, how their snapshots are made large, and for how long each level is relaxed. */
  small: number;
  interpolation: string;
  relaxTime: number;
  /** Grid points of the systems in the section on fields; smaller than N where that is too large to show. */
  fieldPoints: number;
  /** The closure of the main figures: "autoencoder" or "dynamics". */
  closure: string;
  /** One true run. */
  spaceTime: { times: number[]; points: number; field: Field } | null;
  /** Snapshots at one time against the position in grid points of the large system: small, upsampled, true. */
  profiles: { title: string; x: number[]; u: number[]; v: number[] }[];
  /** Variance per mode (half waves across the system), mean over replicas; per way of upsampling, and "true". */
  spectra: { name: string; species: "u" | "v"; mode: number[]; power: number[]; low: number[]; high: number[] }[];
  /** Upsampled over true power in bands of modes. */
  spectrumRatios: { name: string; species: "u" | "v"; band: string; ratio: number; low: number; high: number }[];
  /** Test cases: the initial cosine has mean m and amplitude k. */
  cases: {
    m: number;
    k: number;
    times: number[];
    u: MeanStd;
    v: MeanStd;
    predicted: { method: Method; closure: string; u: MeanStd; v: MeanStd }[];
  }[];
  /** Closure variables of some cases, standardised. */
  closureVariables: {
    closure: string;
    m: number;
    k: number;
    times: number[];
    names: string[];
    truth: MeanStd[];
    predicted: { method: Method; values: MeanStd[] }[];
  }[];
  /** Drift of (mean u, mean v) at states of the sampled region: learned, and binned without a model. */
  driftField: {
    u: number[];
    v: number[];
    learned: { du: number[]; dv: number[] };
    measured: { du: number[]; dv: number[] };
  } | null;
  /**
   * Conditional means in bins along one variable: `measured` at finite time only, `corrected` extrapolated to zero time
   * with its 95 % interval, `learned` the network averaged over the same data.
   */
  kramersMoyal: {
    quantity: string;
    along: string;
    unit: string;
    x: number[];
    measured: number[];
    corrected: number[];
    low: number[];
    high: number[];
    learned: number[];
  }[];
  /** MMD² over time, mean over cases. */
  mmdOverTime: (Curve & { method: Method; lambda: number; times: number[] })[];
  /** Of two independent true ensembles of the same size; `bias` is what identical laws score on average. */
  mmdFloor: Curve & { times: number[]; value: number; valueLow: number; valueHigh: number; bias: number };
  mmdAgainstLambda: { method: Method; closure: string; lambda: number; value: number; low: number; high: number }[];
  /** Runs per ensemble in the MMD. */
  ensemble: number;
  /** Relative L2 errors, over time and cases, of mean and std against the large truth. */
  scores: {
    method: Method;
    closure: string;
    meanError: number;
    meanErrorInterval: [number, number];
    worstMeanError: number;
    stdError: number;
    stdErrorInterval: [number, number];
    worstStdError: number;
    mmd: number;
    mmdInterval: [number, number];
  }[];
  /** Sampling errors that a perfect model would show. */
  meanFloor: number;
  stdFloor: number;
  /** What direct simulation and the learned model cost. */
  costs: { what: string; seconds: number; note: string }[];
  comparison: Comparison[];
  /** The command that repeats the run; default: experiment, profile and seed. */
  command?: string;
}

const isNumber = Number.isFinite;

/** The key numbers: errors of mean and std of our method, and its MMD², each beside what a perfect model would score. */
function headline(data: PredatorPreyReportData): Html | null {
  const score = tables.mainScore(data);
  if (!score) return null;
  const percent = (value: number, interval?: [number, number]) =>
    isNumber(value) ? `${tables.percent(value, interval)}\u00a0%` : null;
  const perfect = (floor: string | null) => floor && ` (a perfect model: ${floor})`;
  const [mean, std] = [
    percent(score.meanError, score.meanErrorInterval),
    percent(score.stdError, score.stdErrorInterval),
  ];
  const share = data.points / data.patch;
  const { value, valueLow, valueHigh } = data.mmdFloor;
  return html`Learned from snapshots of ${formatSetting(data.small)} grid points and the motion of patches of ${data.patch}${share > 1 && `, 1/${formatSetting(share)} of the system`}, the stochastic
equation predicts the mean populations of ${data.points} points ${mean && html`with a relative error of <strong>${mean}</strong>${perfect(percent(data.meanFloor))}`}${
    std && html` and their standard deviations with <strong>${std}</strong>${perfect(percent(data.stdFloor))}`
  }.${
    isNumber(score.mmd) &&
    html` Its ensembles are <strong>${formatWithInterval(score.mmd, ...score.mmdInterval)}</strong> in MMD² from the true ones${
      isNumber(value) && html`; two true ensembles are ${formatWithInterval(value, valueLow, valueHigh)} apart`
    }.`
  }`;
}

/** The parts of the page; those without any content are left out. */
function sections(data: PredatorPreyReportData): Section[] {
  const lead = headline(data);
  const some = (lists: readonly { length: number }[], body: Section["body"]) =>
    lists.some((list) => list.length > 0) && body;
  return [
    {
      id: "summary",
      title: "Summary",
      body: html`${lead && html`<p class="lead">${lead}</p>`}${tables.scores(data)}${mmd.againstLambda(data)}`,
    },
    {
      id: "fields",
      title: "Fields",
      body: some(
        [data.profiles, data.spectra, data.spectrumRatios, data.spaceTime?.times ?? []],
        [
          html`<p>The microscopic system: prey <i>u</i> and predator <i>v</i> on ${data.points} grid points, driven by noise at every point.
The method runs small systems of ${formatSetting(data.small)} points and makes large states of their snapshots by interpolation, optionally followed by LocalRelax (the true dynamics for a short time,
patch after patch). This run was trained on ${data.interpolation} interpolation ${data.relaxTime > 0 ? `relaxed for ${formatSetting(data.relaxTime)}` : "without LocalRelax"}; the figures compare both.${
            data.fieldPoints !== data.points && ` They show systems of ${formatSetting(data.fieldPoints)} points.`
          }</p>`,
          fields.spaceTime(data),
          fields.profiles(data),
          fields.spectra(data),
          tables.spectrumRatios(data),
        ],
      ),
    },
    {
      id: "trajectories",
      title: "Predicted trajectories",
      body: some(
        [data.cases],
        [
          html`<p>Runs of the learned equation and of the full system from the same starts: a cosine of mean <i>m</i> and amplitude <i>k</i> in the prey, its mirror image in the
predator. Mean <i>u</i> and mean <i>v</i> are averages over the grid; means, standard deviations and bands are over runs.</p>`,
          trajectories.means(data, "u"),
          trajectories.means(data, "v"),
          trajectories.deviations(data, "u"),
          trajectories.deviations(data, "v"),
          trajectories.meanErrors(data),
          trajectories.phasePortraits(data),
        ],
      ),
    },
    {
      id: "equation",
      title: "Learned equation",
      body: some(
        [data.driftField?.u ?? [], data.kramersMoyal],
        [equation.driftField(data), equation.kramersMoyal(data)],
      ),
    },
    {
      id: "closure",
      title: "Closure",
      body: some(
        [data.closureVariables, tables.closures(data)],
        [
          html`<p>Mean <i>u</i> and mean <i>v</i> do not determine their own future: further variables of the fields, the closure, have to. They have no unit and are
shown standardised (mean 0, standard deviation 1 over the training data).</p>`,
          trajectories.closureVariables(data),
          tables.closureScores(data),
          mmd.closures(data),
        ],
      ),
    },
    {
      id: "mmd",
      title: "Distance between ensembles",
      body: some([data.mmdOverTime, data.mmdFloor.times], [mmd.explanation(data), mmd.overTime(data)]),
    },
    {
      id: "comparison",
      title: "All numbers",
      body: some(
        [data.comparison, data.costs],
        [
          comparisonTable(data.comparison, "The paper, exact values and this run, as far as there are any."),
          tables.costs(data),
        ],
      ),
    },
    provenance(data.result, data.command),
  ].filter((section) => section.body !== false);
}

/** The predator–prey report as one HTML document. Missing numbers (NaN, empty lists, null) leave gaps, they do not throw. */
export function predatorPreyReport(data: PredatorPreyReportData): string {
  const { result } = data;
  const orbits = data.cases.flatMap((one) => {
    const ours = ofMethod(one.predicted, "compensator", data.closure);
    const orbit = (law: { u: MeanStd; v: MeanStd }) => ({ x: law.u.mean, y: law.v.mean });
    return [orbit(one), ...(ours ? [{ ...orbit(ours), bold: true }] : [])];
  });
  return page({
    title: "Predator and prey: macroscopic dynamics learned from patches",
    subtitle: html`Stochastic partial differential equation on ${data.points} grid points · profile ${result.profile}, seed ${result.seed} · ${result.adapter.name}`,
    description:
      headline(data)
        ?.toString()
        .replace(/<[^>]*>/g, "")
        .replace(/\s+/g, " ") ?? "Stochastic predator–prey system",
    sections: sections(data),
    thumbnail: thumbnail(orbits),
    footer: CREDITS,
  });
}
