// From the scores of all seeds to what the Curie–Weiss experiment hands out: metrics, tables, the data of the report.
import type { ColumnTable } from "arquero";
import paper from "../../../data/curie-weiss-paper.json";
import { type EquationCost, equationCost, ownError } from "../../analysis/cost.ts";
import { average } from "../../analysis/mean.ts";
import { studentQuantile } from "../../analysis/student-t.ts";
import { isWithinSpread, samplingFloor } from "../../analysis/trajectory-error.ts";
import { learningPlan } from "../../method/learning-plan.ts";
import { isOurs, type Method } from "../../method/pairs.ts";
import { meanGuards } from "../../method/sde/guards.ts";
import { evenTimes } from "../../method/snapshots.ts";
import { patchErrors } from "../../report/figures/patch-errors.ts";
import type { Stepped } from "../../report/live-equation.ts";
import { formatSetting } from "../../report/number.ts";
import { costMetrics } from "../../run/cost-metrics.ts";
import { putChoice, putDiagnostics } from "../../run/diagnostics.ts";
import { type Metric, metricName } from "../../run/result.ts";
import {
  acrossSeeds,
  around,
  type Band,
  bandOverSeeds,
  type Estimate,
  metricSet,
  overSeeds,
  rmsPercent,
  single,
} from "../../run/seeds.ts";
import { tableOfRows } from "../../run/text-table.ts";
import { type Verdict, verdictOf } from "../../run/verdict.ts";
import type { CurieWeissReportData } from "./data.ts";
import { type CurieWeissOptions, PAPER_TIME } from "./parameters.ts";
import type { CurieWeissReference, CurieWeissScores } from "./scores.ts";

/** One learned equation: which seed, patch side and method, and its scores. */
export interface Outcome {
  readonly seed: number;
  readonly patch: number;
  readonly method: Method;
  /** Whether pairs last as long as the run has it, or as in the paper. */
  readonly timing: "short" | "paper";
  /** What it is compared with: at the paper's δt it is predicted at multiples of that. */
  readonly reference: CurieWeissReference;
  readonly scores: CurieWeissScores;
  /** For the page to integrate; without it there is no such section. */
  readonly equation?: Stepped;
}

/** A baseline at the paper's δt whose predictions run away. */
export type Diverged = Pick<Outcome, "seed" | "patch" | "method">;

/** Runs of the paper, predicted and true ones. */
const PAPER_RUNS = 20;
/** The paper's parameters: its figures stand beside ours only where the same system is computed. */
const PAPER_SYSTEM = { spins: 4096, temperature: 1.1, field: 0.1 };

/** The scores: what they are called in metrics and in the report, their unit, and what a perfect model has. */
const QUANTITIES = {
  error: {
    name: "error",
    text: "error of the mean trajectory",
    unit: "1",
    exact: 0,
    of: (s: CurieWeissScores) => s.error,
  },
  stdRatio: {
    name: "std_ratio",
    text: "stationary std / exact",
    unit: "1",
    exact: 1,
    of: (s: CurieWeissScores) => s.stdRatio,
  },
  wasserstein: {
    name: "w1_stationary",
    text: "Wasserstein-1 distance of the stationary law",
    unit: "1",
    exact: 0,
    of: (s: CurieWeissScores) => s.wasserstein,
  },
  driftMaxError: {
    name: "drift_max_error",
    text: "max |f − exact|, |m| ≤ 0.8",
    unit: "1/sweep",
    exact: 0,
    of: (s: CurieWeissScores) => s.driftMaxError,
  },
  diffusionRelativeError: {
    name: "diffusion_rel_error",
    text: "relative error of σ², |m| ≤ 0.8",
    unit: "1",
    exact: 0,
    of: (s: CurieWeissScores) => s.diffusionRelativeError,
  },
  outside: {
    name: "outside",
    text: "share of time outside the training data",
    unit: "1",
    exact: 0,
    of: (s: CurieWeissScores) => s.guards.outside,
  },
} as const;
type ScoreName = keyof typeof QUANTITIES;
const SCORES = Object.keys(QUANTITIES) as ScoreName[];

/** Mean over seeds, of errors and distances on a logarithmic scale; one seed with an interval of its own, if it has one. */
function estimate(group: readonly Outcome[], score: ScoreName): Estimate {
  const [{ scores }] = group;
  const { errorInterval, stdRatioInterval } = scores;
  const alone = score === "error" ? errorInterval : score === "stdRatio" ? stdRatioInterval : null;
  const values = group.map((one) => QUANTITIES[score].of(one.scores));
  return overSeeds(values, { scale: score === "outside" ? "linear" : "log", alone });
}

/** Those of each (patch, method), patches ascending. */
function named<T extends Pick<Outcome, "patch" | "method">>(list: readonly T[]) {
  const found = acrossSeeds(list, ({ patch, method }) => [patch, method]);
  const all = found.map((group) => ({ patch: group[0].patch, method: group[0].method, group }));
  return all.sort((a, b) => a.patch - b.patch);
}

/** The outcomes at the times of the run. */
const groups = (outcomes: readonly Outcome[]) => named(outcomes.filter(({ timing }) => timing === "short"));

/** Baselines at the paper's δt: the seeds that stayed finite, and how many did not. */
function paperRows(outcomes: readonly Outcome[], diverged: readonly Diverged[]) {
  const all = named([...outcomes.filter(({ timing }) => timing === "paper"), ...diverged]);
  return all.map(({ group: list, ...rest }) => {
    const group = list.filter((one): one is Outcome => "scores" in one);
    return { ...rest, group, lost: list.length - group.length };
  });
}

function comparable({ system }: CurieWeissReference): boolean {
  const { spins, temperature, field } = system;
  return spins === PAPER_SYSTEM.spins && temperature === PAPER_SYSTEM.temperature && field === PAPER_SYSTEM.field;
}

/** The paper's figure for a metric: re-measured in physical time for its method, as printed for its baseline, at its own δt. */
function published(
  reference: CurieWeissReference,
  score: ScoreName,
  { method, timing, patch }: Pick<Outcome, "method" | "timing" | "patch">,
): number | null {
  const at = comparable(reference) ? paper.patchSide.indexOf(patch) : -1;
  if (at < 0) return null;
  // Like beside like: its method learns from increments.
  if (timing === "paper") return score === "error" && method === "naive" ? paper.published.naive[at] : null;
  if (method !== "increment") return null;
  if (score === "error") return paper.remeasured.ours[at];
  return score === "stdRatio" ? paper.remeasured.stdRatio[at] : null;
}

/** What a perfect model would score with so many predicted runs, beside the exact mean or that of some true runs. */
const floorOf = ({ mean, std }: CurieWeissReference, runs: number, trueRuns?: number) =>
  average(mean.map((one, i) => samplingFloor(one, std[i], runs, trueRuns)));

/** What a perfect model would score as the paper's predictions do: re-measured against the exact mean, and as printed. */
const paperFloors = (reference: CurieWeissReference) => ({
  exact: comparable(reference) ? floorOf(reference, PAPER_RUNS) : Number.NaN,
  printed: comparable(reference) ? floorOf(reference, PAPER_RUNS, PAPER_RUNS) : Number.NaN,
});

/** What the equation of the compensator costs at every patch side, and direct simulation as accurate. */
function curieWeissCosts(
  reference: CurieWeissReference,
  outcomes: readonly Outcome[],
  p: CurieWeissOptions,
): EquationCost[] {
  const side = p.learnSide || p.L;
  return groups(outcomes)
    .filter(({ method }) => method === "compensator")
    .map(({ patch, group }) => {
      const learning = learningPlan(
        { dimension: 2, patchSide: patch },
        {
          trajectories: p.trajectories,
          times: evenTimes(p.records, p.interval),
          smallSide: patch,
          side,
          states: p.trajectories * p.records,
          relaxTime: p.relaxTime,
          patchesPerSnapshot: p.patchesPerSnapshot,
          evolved: p.compensatorTime,
        },
      );
      const perRun = floorOf(reference, 1);
      const error = ownError(estimate(group, "error").value, floorOf(reference, p.runs));
      const direct = { side: p.L, dimension: 2, starts: reference.starts.length, horizon: p.horizon, perRun, error };
      return equationCost(patch, learning, direct, side);
    });
}

/** Metrics by name, `error.compensator.patch16` and so on. */
export function curieWeissMetrics(
  reference: CurieWeissReference,
  outcomes: readonly Outcome[],
  diverged: readonly Diverged[],
  options: CurieWeissOptions,
  seconds: number,
): Record<string, Metric> {
  const { metrics, put } = metricSet();
  for (const { patch, method, group } of groups(outcomes)) {
    for (const score of SCORES) {
      const { name, unit, exact } = QUANTITIES[score];
      const facts = { paper: published(reference, score, group[0]), exact, unit };
      put(metricName(name, method, `patch${patch}`), estimate(group, score), facts);
    }
    const rms = rmsPercent(estimate(group, "error"));
    put(metricName("rms_percent", method, `patch${patch}`), rms, { exact: 0, unit: "%" });
    putDiagnostics(
      put,
      group.map(({ scores }) => scores.diagnostics),
      method,
      `patch${patch}`,
    );
    putChoice(
      put,
      group.map(({ scores: { choice } }) => choice),
      method,
      `patch${patch}`,
    );
  }
  // Scores are means over the seeds that stayed finite; the others are counted.
  for (const { patch, method, group, lost } of paperRows(outcomes, diverged)) {
    const name = `${method}_paper_dt`;
    put(metricName("diverged", name, `patch${patch}`), single(lost), { exact: 0 });
    if (group.length === 0) continue;
    const theirs = published(reference, "error", group[0]);
    put(metricName("error", name, `patch${patch}`), estimate(group, "error"), { paper: theirs, exact: 0 });
    put(metricName("std_ratio", name, `patch${patch}`), estimate(group, "stdRatio"), { exact: 1 });
    put(metricName("rms_percent", name, `patch${patch}`), rmsPercent(estimate(group, "error")), {
      exact: 0,
      unit: "%",
    });
  }
  put("error.floor", single(floorOf(reference, options.runs)));
  if (comparable(reference)) {
    const { exact, printed } = paperFloors(reference);
    put("error.floor.paper_remeasured", single(exact), {});
    put("error.floor.paper", single(printed), {});
  }
  Object.assign(metrics, costMetrics(curieWeissCosts(reference, outcomes, options)));
  put(metricName("seconds", "total"), single(seconds), { unit: "s" });
  return metrics;
}

/** How the equations went that the run stands for: those of our methods. */
export function curieWeissVerdict(outcomes: readonly Outcome[]): Verdict {
  return verdictOf(
    groups(outcomes)
      .filter(({ method }) => isOurs(method))
      .map(({ patch, method, group }) => ({
        name: `the equation of the ${method} from patches of ${patch} × ${patch}`,
        guards: meanGuards(group.map(({ scores }) => scores.guards)),
      })),
  );
}

/** Errors of the mean trajectories at every patch side. */
export const curieWeissEnd = (metrics: Readonly<Record<string, Metric>>, { patches }: CurieWeissOptions) =>
  patchErrors(metrics, { patches, paperTime: PAPER_TIME });

/** Columns of a value with the ends of its 95 % interval, NaN where its error is not known. */
function withEnds(name: string, value: number, error = Number.NaN, groups?: number) {
  const { low, high } = around(value, error, groups);
  return { [name]: value, [`${name}_low`]: low, [`${name}_high`]: high };
}

/** The tables of a run: scores of every seed, learned functions, trajectories. */
export function curieWeissTables(outcomes: readonly Outcome[]): Record<string, ColumnTable> {
  const scores = outcomes.map(({ seed, patch, method, timing, scores: s }) => ({
    seed,
    patch,
    method,
    timing,
    ...Object.fromEntries(SCORES.map((score) => [QUANTITIES[score].name, QUANTITIES[score].of(s)])),
  }));
  const functions = outcomes.flatMap(({ seed, patch, method, timing, reference, scores: s }) =>
    Array.from(reference.grid, (m, k) => ({
      seed,
      patch,
      method,
      timing,
      m,
      ...withEnds("drift", s.drift[k], s.errors?.drift[k], s.errors?.groups),
      drift_exact: reference.drift[k],
      ...withEnds("n_diffusion", s.diffusion[k], s.errors?.diffusion[k], s.errors?.groups),
      n_diffusion_exact: reference.diffusion[k],
    })),
  );
  const trajectories = outcomes.flatMap(
    ({ seed, patch, method, timing, reference: { starts, times, ...exact }, scores: s }) =>
      starts.flatMap((m0, i) =>
        Array.from(times, (time, t) => ({
          seed,
          patch,
          method,
          timing,
          m0,
          time,
          mean: s.mean[i][t],
          std: s.std[i][t],
          mean_exact: exact.mean[i][t],
          std_exact: exact.std[i][t],
        })),
      ),
  );
  return {
    scores: tableOfRows(scores),
    functions: tableOfRows(functions),
    trajectories: tableOfRows(trajectories),
  };
}

/** What the report shows of the outcomes; publish.ts adds the result, the pictures and the upsampling measurements. */
export function curieWeissFigures(
  reference: CurieWeissReference,
  outcomes: readonly Outcome[],
  diverged: readonly Diverged[],
  options: CurieWeissOptions,
) {
  const { times, starts, mean, std, system } = reference;
  const grouped = groups(outcomes);
  const band = (group: readonly Outcome[], key: "drift" | "diffusion"): Band => {
    const [{ scores }] = group;
    // Diffusion is positive, and its axis logarithmic.
    const log = key === "diffusion";
    if (group.length > 1 || !scores.errors) {
      return bandOverSeeds(
        group.map((one) => one.scores[key]),
        log ? "log" : "linear",
      );
    }
    // One seed: what the cohorts of its training data say.
    const { [key]: errors, groups: count } = scores.errors;
    const reach = studentQuantile(0.975, count - 1);
    const edge = (sign: number) =>
      Array.from(scores[key], (value, k) => {
        const by = sign * reach * errors[k];
        return log && value > 0 ? value * Math.exp(by / value) : value + by;
      });
    return { mean: Array.from(scores[key]), low: edge(-1), high: edge(1) };
  };
  // Of the mean over seeds; each has training data of its own.
  const noise = (group: readonly Outcome[]) => {
    const errors = group.flatMap(({ scores }) => scores.errors ?? []);
    if (errors.length < group.length) return null;
    const reach = studentQuantile(0.975, errors[0].groups - 1);
    const half = (key: "drift" | "diffusion") =>
      Array.from(reference.grid, (_, k) => (reach * Math.hypot(...errors.map((one) => one[key][k]))) / errors.length);
    return { drift: half("drift"), diffusion: half("diffusion") };
  };
  const seeds = new Set(grouped.flatMap(({ group }) => group.map(({ seed }) => seed))).size;
  const meanOf = (group: readonly Outcome[], pick: (scores: CurieWeissScores) => Float64Array) =>
    bandOverSeeds(group.map(({ scores }) => pick(scores))).mean;
  const sides = comparable(reference) ? paper.patchSide : [];
  const shown = Math.min(...grouped.map(({ patch }) => patch));
  const titles = starts.map((m0) => `m₀ = ${formatSetting(m0)}`);
  return {
    withinSpread: titles.filter((_, i) => isWithinSpread({ mean: mean[i], std: std[i] })),
    side: Math.sqrt(system.spins),
    temperature: system.temperature,
    field: system.field,
    runs: options.runs,
    seeds,
    grid: Array.from(reference.grid),
    exact: { drift: Array.from(reference.drift), diffusion: Array.from(reference.diffusion) },
    learned: grouped.map(({ patch, method, group }) => ({
      method,
      patch,
      drift: band(group, "drift"),
      diffusion: band(group, "diffusion"),
      trained: group[0].scores.trained,
      noise: noise(group),
    })),
    cases: titles.map((title, i) => ({
      title,
      times: Array.from(times),
      truth: { m: { mean: mean[i], std: std[i] } },
      runs: { truth: Number.POSITIVE_INFINITY, predicted: seeds * options.runs },
      predicted: grouped.map(({ patch, method, group }) => ({
        method,
        patch,
        laws: { m: { mean: meanOf(group, (s) => s.mean[i]), std: meanOf(group, (s) => s.std[i]) } },
      })),
    })),
    stationary: {
      m: Array.from(reference.densityGrid),
      exact: Array.from(reference.density),
      predicted: grouped.map(({ patch, method, group }) => ({
        method,
        patch,
        density: meanOf(group, (s) => s.density),
      })),
    },
    errors: [
      ...grouped.map(({ patch, method, group }) => ({ source: method, patch, ...estimate(group, "error") })),
      ...sides.map((patch, i) => ({ source: "paper" as const, patch, ...single(paper.remeasured.ours[i]) })),
      ...sides.map((patch, i) => ({ source: "paper-naive" as const, patch, ...single(paper.published.naive[i]) })),
    ],
    fluctuations: grouped.map(({ patch, method, group }) => ({ method, patch, ratio: estimate(group, "stdRatio") })),
    floor: floorOf(reference, options.runs),
    paperFloors: paperFloors(reference),
    paperTime: paperRows(outcomes, diverged).map(({ patch, method, group, lost }) => ({
      ...{ patch, method, lost, seeds: group.length + lost },
      error: group.length > 0 ? estimate(group, "error") : null,
      stdRatio: group.length > 0 ? estimate(group, "stdRatio") : null,
      paper: published(reference, "error", { patch, method, timing: "paper" }),
    })),
    diagnostics: grouped.flatMap(({ patch, method, group: [{ scores }] }) =>
      isOurs(method) && patch === shown ? [{ method, patch, diagnostics: scores.diagnostics }] : [],
    ),
    degrees: grouped.flatMap(({ patch, method, group: [{ scores }] }) =>
      scores.choice ? [{ method, patch, ...scores.choice }] : [],
    ),
    starts: grouped.flatMap(({ patch, method, group: [{ scores }] }) =>
      titles.map((start, i) => ({ method, patch, start, distance: scores.startDistance[i] })),
    ),
    costs: curieWeissCosts(reference, outcomes, options).map(({ curve }) => curve),
    comparison: SCORES.flatMap((score) =>
      grouped.map(({ patch, method, group }) => {
        const { text, unit, exact } = QUANTITIES[score];
        const theirs = published(reference, score, group[0]);
        return { quantity: `${text}, ${method}`, patch, paper: theirs, exact, ours: estimate(group, score), unit };
      }),
    ),
  } satisfies Partial<CurieWeissReportData>;
}
