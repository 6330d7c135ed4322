import type { MeanStd } from "../../report/figures/mean-std.ts";
import type { Method } from "../../report/figures/methods.ts";
import { sideTitle } from "../../report/figures/patch-sides.ts";
import { type Html, html } from "../../report/html.ts";
import { formatNumber, formatSetting } from "../../report/number.ts";
import { page, type Section } from "../../report/page.ts";
import { CREDITS, provenance } from "../../report/provenance.ts";
import { thumbnail } from "../../report/thumbnail.ts";
import type { RunResult } from "../../run/result.ts";
import * as equation from "./figures/equation.ts";
import * as lattices from "./figures/lattices.ts";
import { interval } from "./figures/score-table.ts";
import * as scores from "./figures/scores.ts";
import * as training from "./figures/training.ts";
import * as trajectories from "./figures/trajectories.ts";
import type { IsingClosure } from "./parameters.ts";

/** The two observables: magnetization, and domain-wall density (part of the 2n bonds between unequal spins). */
export type IsingObservable = "m" | "rho";

/** A number with its 95 % interval; low = high, or NaN, where there is none. */
export interface Interval {
  mean: number;
  low: number;
  high: number;
}

/** What one learned equation scores, mean over seeds. `IsingReportData.scoreNotes` says how each is measured. */
export interface IsingScores {
  /** Error of the mean trajectories to the end, and of their first part. */
  error: Interval;
  early: Interval;
  /** Predicted over true standard deviation. */
  stdRatio: Interval;
}

/** Laws of both observables over the runs, at every time. */
type Laws = Record<IsingObservable, MeanStd>;

/** All that the report shows. Times in sweeps (attempts per site), sides in spins, temperature and field in couplings. */
export interface IsingReportData {
  result: RunResult;
  /** The command that repeats the run. */
  command: string;
  /** Side of the large lattice. */
  side: number;
  /** Sides of the patches of the main figures. */
  patches: number[];
  temperature: number;
  field: number;
  /** The closure of the main figures. */
  closure: IsingClosure;
  /** z: first m and ρ, then the closure variables. */
  variables: { name: string; symbol: string }[];
  /** True runs per start; predicted runs per start and seed; how long they are. */
  trueRuns: number;
  runs: number;
  horizon: number;
  /** How each score is measured, as a phrase without a stop: "Σ_t |Δz̄|² / Σ_t |z̄|² over (m, ρ), mean over the starts". */
  scoreNotes: { error: string; early: string; stdRatio: string };
  cases: {
    m0: number;
    times: number[];
    truth: Laws;
    predictions: (Laws & { method: Method; patch: number })[];
  }[];
  errors: (IsingScores & { method: Method; patch: number })[];
  /** What a perfect model would score with as many runs; NaN if unknown. */
  floors: { error: number; early: number };
  /** The paper's errors, of its own four variables. */
  paper: { patch: number; ours: number; naive: number }[];
  /** Density of the late part of the runs; `patch` of the truth is not used. */
  density: {
    observable: IsingObservable;
    method: Method | "truth";
    patch: number;
    x: number[];
    density: number[];
  }[];
  /** Every closure at one patch side. */
  closures: (IsingScores & { closure: IsingClosure; method: Method; patch: number })[];
  /** Frozen neighbours around the moving patch, or the patch closed on itself as in the paper. */
  boundaries: (IsingScores & { boundary: "halo" | "periodic"; method: Method; patch: number })[];
  /** How long one patch moves for a training pair, and from how many pairs is learned; each at one patch side. */
  timeSteps: (IsingScores & { time: number; method: Method; patch: number })[];
  dataSizes: (IsingScores & { pairs: number; method: Method; patch: number })[];
  /** How lattices are made larger: from small lattices of one cohort as tiles, or each spin to a square as in the paper. */
  upsamplingMethod: "mosaic" | "copy";
  /** 1-Wasserstein distance of an observable in upsampled lattices of `side` from true ones, before and after LocalRelax. */
  upsampling: {
    patch: number;
    /** How often the lattices have been made larger. */
    level: number;
    side: number;
    observable: IsingObservable;
    before: { w1: number; low: number; high: number };
    after: { w1: number; low: number; high: number };
    /** Expected between two sets of true lattices. */
    floor: number;
  }[];
  /** Connected two-point correlation along rows and columns. */
  correlations: {
    patch: number;
    level: number;
    side: number;
    kind: "true" | "unrelaxed" | "relaxed";
    r: number[];
    mean: number[];
    low: number[];
    high: number[];
  }[];
  /** Rows of lattices, spins row by row, 1 = up. */
  pictures: { title: string; side: number; spins: Uint8Array }[][];
  /** Learned drift at states where there are training data, closure variables at their mean given (m, ρ). */
  driftField: { patch: number; m: number[]; rho: number[]; driftM: number[]; driftRho: number[] } | null;
  /** A lattice too large to be simulated at leisure: late m, and wall times in s. */
  size: {
    side: number;
    patch: number;
    patches: number;
    predictedRuns: number;
    directRuns: number;
    /** Sweeps before small lattices become training lattices and before m is looked at, and where direct simulations start. */
    settleSmall: number;
    settle: number;
    start: number;
    predicted: { mean: Interval; std: Interval };
    direct: { mean: Interval; std: Interval } | null;
    secondsLearn: number;
    secondsPredict: number;
    secondsDirect: number;
  } | null;
}

/** The score of our method at the smallest patch side, else that of the increments. */
function mainScore(data: IsingReportData) {
  const measured = data.errors.filter((one) => Number.isFinite(one.error.mean)).sort((a, b) => a.patch - b.patch);
  const of = (method: Method) => measured.find((one) => one.method === method);
  return of("compensator") ?? of("increment");
}

/** The key numbers: our error from the smallest patch beside naive training and the floor, and our fluctuations. */
function headline(data: IsingReportData): Html | null {
  const best = mainScore(data);
  if (!best) return null;
  const naive = data.errors.find((one) => one.method === "naive" && one.patch === best.patch)?.error.mean;
  const share = (data.side / best.patch) ** 2;
  const { error: floor } = data.floors;
  return html`Learned from the motion of patches of ${best.patch} × ${best.patch} spins${share > 1 && `, 1/${formatSetting(share)} of the lattice`}, the stochastic
equation predicts mean magnetization and domain-wall density of ${data.side} × ${data.side} Ising spins with a relative squared error of <strong>${interval(best.error)}</strong>${
    Number.isFinite(naive) &&
    html`; naive training on the same patches scores <strong>${formatNumber(naive, 2)}</strong>`
  }${Number.isFinite(floor) && `, a perfect model ${formatNumber(floor, 2)}`}.${
    Number.isFinite(best.stdRatio.mean) &&
    html` Its fluctuations are <strong>${interval(best.stdRatio)}</strong> times the true ones.`
  }`;
}

/** What b is, where it is among the variables. */
function closingNote({ variables }: IsingReportData): Html | false {
  return (
    variables.some(({ symbol }) => symbol === "b") &&
    html`: the mean of the squared magnetization over blocks of 8 × 8 spins, or of the largest power of 2 below that divides the patch side`
  );
}

/** What is simulated, what is learned from it, and how it is tested. */
function question(data: IsingReportData): Html {
  const { side, temperature, field, variables, trueRuns, runs, cases, horizon } = data;
  const z = variables.map(({ symbol }, i) => html`${i > 0 && ", "}<i>${symbol}</i>`);
  const closing = variables.slice(2).map(({ name }) => name);
  return html`<p>Ising spins on a periodic lattice of ${side} × ${side} sites at temperature <i>T</i>\u00a0=\u00a0${formatSetting(temperature)} in a field <i>h</i>\u00a0=\u00a0${formatSetting(field)} (in units of the coupling)
under Glauber dynamics: every spin attempts a flip once per unit of time on average, and does so with probability 1/(1 + exp(Δ<i>E</i>/<i>T</i>)). One unit of time, a sweep, is one
attempt per site. Asked for is the equation d<i>z</i> = <i>f</i>(<i>z</i>) d<i>t</i> + <i>σ</i>(<i>z</i>) d<i>W</i> of the whole lattice, learned while only one patch of ℓ × ℓ spins moves at a time.</p>
<p>The variables are <i>z</i> = (${z}): magnetization <i>m</i>, domain-wall density <i>ρ</i> (the part of neighbouring pairs that differ)${
    closing.length > 0
      ? html`, and ${closing.join(", ")} (closure “${data.closure}”)${closingNote(data)}`
      : "; the main figures use no closure variables"
  }. ${
    cases.length > 0 &&
    html`The test is ${cases.length} starts <i>m</i>₀ with spins at random places, ${formatSetting(trueRuns)} direct simulations and ${formatSetting(runs)} predicted runs (per seed) of each over ${formatSetting(horizon)} sweeps.`
  }</p>`;
}

/** The parts of the page; those without any content are left out. */
function sections(data: IsingReportData): Section[] {
  const lead = headline(data);
  const some = (lists: readonly { length: number }[], body: Section["body"]) =>
    lists.some((list) => list.length > 0) && body;
  return [
    {
      id: "summary",
      title: "Summary",
      body: html`${lead && html`<p class="lead">${lead}</p>`}${question(data)}${scores.summary(data)}`,
    },
    {
      id: "trajectories",
      title: "Predicted trajectories",
      body: some(
        [data.cases],
        [
          html`<p>Runs of the learned equation and of the full system from the same starts <i>m</i>₀; means, standard deviations and bands are over runs.</p>`,
          trajectories.fans(data, "m"),
          trajectories.fans(data, "rho"),
          trajectories.meanErrors(data, "m"),
          trajectories.meanErrors(data, "rho"),
        ],
      ),
    },
    {
      id: "errors",
      title: "Error against patch side",
      body: some([data.errors, data.paper], [scores.errors(data), scores.all(data)]),
    },
    {
      id: "fluctuations",
      title: "Fluctuations",
      body: some(
        [data.cases, data.density, data.errors],
        [
          scores.stdRatios(data),
          trajectories.deviations(data, "m"),
          trajectories.deviations(data, "rho"),
          trajectories.density(data, "m"),
          trajectories.density(data, "rho"),
        ],
      ),
    },
    {
      id: "closure",
      title: "Closure",
      body: some(
        [data.closures],
        [
          html`<p><i>m</i> and <i>ρ</i> do not quite determine their own future; closure variables are to carry what is missing. Learned closures (autoencoder, dynamics) are trained on a part of the lattices and have no rates: their drift is the mean change over δ<i>t</i> of some copies of each evolution, and predictions step with that δ<i>t</i>. Features are the diagonal and plaquette correlations; blocks are the diagonal correlation and <i>b</i>, which sees order over distances that pair and plaquette correlations do not reach. Of both drift and noise are known exactly.</p>`,
          training.closures(data),
        ],
      ),
    },
    {
      id: "training",
      title: "What the training needs",
      body: some(
        [data.boundaries, data.timeSteps, data.dataSizes],
        [training.boundaries(data), training.timeSteps(data), training.dataSizes(data)],
      ),
    },
    {
      id: "upsampling",
      title: "Upsampled lattices",
      body: some(
        [data.upsampling, data.correlations, data.pictures],
        [lattices.making(data), lattices.distances(data), lattices.correlations(data), lattices.snapshots(data)],
      ),
    },
    { id: "drift", title: "Learned drift", body: equation.driftField(data) },
    { id: "size", title: "A larger lattice", body: scores.size(data) },
    provenance(data.result, data.command),
  ].filter((section) => section.body !== false);
}

/** The Ising report as one HTML document. Missing numbers (NaN, empty lists, null) leave gaps, they do not throw. */
export function isingReport(data: IsingReportData): string {
  const { result, side } = data;
  const smallest = mainScore(data)?.patch;
  const curves = data.cases.flatMap(({ times, truth, predictions }) => {
    const ours = predictions.find((one) => one.method === "compensator" && one.patch === smallest);
    return [{ x: times, y: truth.m.mean }, ...(ours ? [{ x: times, y: ours.m.mean, bold: true }] : [])];
  });
  return page({
    title: "2D Ising model: macroscopic dynamics learned from patches",
    subtitle: html`Glauber dynamics of ${side}² spins at T = ${formatSetting(data.temperature)}, h = ${formatSetting(data.field)} · profile ${result.profile}, seed ${result.seed} · ${result.adapter.name}`,
    description:
      headline(data)
        ?.toString()
        .replace(/<[^>]*>/g, "")
        .replace(/\s+/g, " ") ?? `2D Ising model${smallest ? `, ${sideTitle(smallest)}` : ""}`,
    sections: sections(data),
    thumbnail: thumbnail(curves),
    footer: CREDITS,
  });
}
