// From the scores of all seeds to what the Ising experiment hands out: metrics, tables, the data of the report.
import type { ColumnTable } from "arquero";
import paper from "../../../data/ising-paper.json";
import { type EquationCost, equationCost, ownError, totalUpdates, updatesForWidth } from "../../analysis/cost.ts";
import { kernelDensity } from "../../analysis/density.ts";
import { evenGrid } from "../../analysis/function-error.ts";
import { average } from "../../analysis/mean.ts";
import { isWithinSpread } from "../../analysis/trajectory-error.ts";
import { learningPlan } from "../../method/learning-plan.ts";
import { isOurs, type Method } from "../../method/pairs.ts";
import { meanGuards } from "../../method/sde/guards.ts";
import { quadraticTimes } from "../../method/snapshots.ts";
import { extent } from "../../report/extent.ts";
import { closedOf } from "../../report/figures/diagnostics.ts";
import { patchErrors } from "../../report/figures/patch-errors.ts";
import { withinSpread } from "../../report/figures/starts.ts";
import { lawsOf } from "../../report/figures/trajectories.ts";
import type { Stepped } from "../../report/live-equation.ts";
import { formatSetting } from "../../report/number.ts";
import type { ClosureTest } from "../../run/closure-test.ts";
import { costMetrics } from "../../run/cost-metrics.ts";
import { closureTables, putChoice, putClosureTest, putDiagnostics } from "../../run/diagnostics.ts";
import { type Metric, metricName, metricNumber } from "../../run/result.ts";
import { acrossSeeds, around, type Estimate, metricSet, overSeeds, rmsPercent, single } from "../../run/seeds.ts";
import { tableOfRows } from "../../run/text-table.ts";
import { type Verdict, verdictOf } from "../../run/verdict.ts";
import { type IsingObservable, type IsingReportData, OBSERVABLES } from "./data.ts";
import type { LearnedEquilibrium, TrueEquilibrium } from "./equilibrium.ts";
import { type IsingClosure, type IsingOptions, isLearned, isTrained, latticeCount } from "./parameters.ts";
import { laggedPlan, learnSide, PAPER_TIME, pairPlan, type Study, shownPatch } from "./plan.ts";
import {
  EARLY,
  type IsingScores,
  type IsingTruth,
  independentRuns,
  isingFloor,
  type Late,
  QUANTITIES,
  samplingOfRuns,
} from "./scores.ts";

/** One learned equation and its scores. */
export interface Outcome {
  readonly seed: number;
  readonly patch: number;
  readonly closure: IsingClosure;
  readonly boundary: "halo" | "periodic";
  readonly study: Study;
  readonly method: Method;
  /** Duration δt of the pairs; 0: the generator. */
  readonly time: number;
  /** Trained on one snapshot in this many. */
  readonly fewer: number;
  readonly pairs: number;
  /** null where trajectories of the equation leave the finite numbers. */
  readonly scores: IsingScores | null;
  /** One test a start; null where it is not made. */
  readonly closed: ClosureTest | null;
  /** Magnetization in equilibrium; null where trajectories leave the finite numbers. */
  readonly equilibrium?: LearnedEquilibrium | null;
  /** For the page to integrate; without it there is no such section. */
  readonly equation?: Stepped;
}

/** One whose trajectories stay finite. */
type Scored = Outcome & { readonly scores: IsingScores };

export interface IsingStudy {
  readonly truth: IsingTruth;
  readonly outcomes: readonly Outcome[];
  readonly options: IsingOptions;
  readonly equilibrium?: TrueEquilibrium | null;
}

const NAMES = { error: "error", early: "error_early", stdRatio: "std_ratio" } as const;

/** Standard errors from which on training lattices count as out of equilibrium. */
const UNREST = 4;

const isScored = (one: Outcome): one is Scored => one.scores !== null;

/** Scored outcomes that differ in the seed alone. */
function groups(outcomes: readonly Outcome[]): Scored[][] {
  const scored = outcomes.filter(isScored);
  return acrossSeeds(scored, (one) => [
    one.study,
    one.patch,
    one.closure,
    one.boundary,
    one.method,
    one.time,
    one.fewer,
  ]);
}

function scoresOf(group: readonly Scored[]) {
  const [{ method, patch, scores: first }] = group;
  const of = (quantity: (typeof QUANTITIES)[number]) =>
    overSeeds(
      group.map(({ scores }) => scores[quantity]),
      {
        scale: "log",
        shared: average(group.map(({ scores }) => scores.truthSpread[quantity])),
        alone: first.intervals?.[quantity],
      },
    );
  const outside = overSeeds(group.map(({ scores }) => scores.guards.outside));
  return { method, patch, error: of("error"), early: of("early"), stdRatio: of("stdRatio"), outside };
}

/** The groups of a study. The main equations of the study's patch belong to each of the comparisons too. */
function groupsOf({ outcomes, options }: IsingStudy, study: Study): Scored[][] {
  const all = groups(outcomes);
  const own = all.filter(([one]) => one.study === study);
  if (study === "main" || study === "paper-time" || own.length === 0) return own;
  const patches = new Set(own.map(([{ patch }]) => patch));
  const main = all.filter(
    ([one]) =>
      one.study === "main" &&
      isOurs(one.method) &&
      patches.has(one.patch) &&
      (study === "boundary" || one.patch === options.studyPatch),
  );
  return [...main, ...own];
}

/** The paper's errors, for its own system alone. */
function paperErrors({ L, T, h }: IsingOptions): { patch: number; ours: number; naive: number }[] {
  if (L !== 64 || T !== 2.5 || h !== 0.1) return [];
  return paper.patchSide.map((patch, k) => ({ patch, ours: paper.published.ours[k], naive: paper.published.naive[k] }));
}

/** What the equation of the compensator costs at every patch side, and direct simulation as accurate; where it is learned. */
function isingCosts({ truth, outcomes, options: p }: IsingStudy): EquationCost[] {
  const perRun = samplingOfRuns(truth);
  const side = learnSide(p);
  const learned = isLearned(p.closure);
  return groups(outcomes)
    .filter(([{ study, method }]) => study === "main" && method === "compensator")
    .map((group) => {
      const [{ patch, time }] = group;
      const { relaxTime, patchesPerSnapshot } = pairPlan(p, { closure: p.closure });
      const states = latticeCount(p, p.closure);
      const { lattices, follow } = laggedPlan(p, { patch }, 0);
      const learning = learningPlan(
        { dimension: 2, leaps: p.upsampling === "mosaic", patchSide: patch },
        {
          trajectories: p.trajectories,
          times: quadraticTimes(p.records, p.age),
          smallSide: patch,
          side,
          // A trained closure sees the lattices once more.
          states: isTrained(p.closure) ? 2 * states : states,
          relaxTime,
          patchesPerSnapshot,
          evolved: learned ? time * p.copies : time,
          followed: p.closure === "lagged" ? { ...follow, systems: lattices } : undefined,
        },
      );
      const error = ownError(scoresOf(group).error.value, isingFloor(truth, p.runs).error);
      const direct = { side: p.L, dimension: 2, starts: truth.m0.length, horizon: p.horizon, perRun, error };
      return equationCost(patch, learning, direct, side);
    });
}

/** Magnetization in equilibrium of the equations that come to one: mean over seeds, for one seed with what its runs and training data leave open. */
function equilibria({ outcomes }: Pick<IsingStudy, "outcomes">) {
  const settled = outcomes.flatMap((one) =>
    one.equilibrium?.settled ? [{ ...one, equilibrium: one.equilibrium }] : [],
  );
  return acrossSeeds(settled, ({ method, patch }) => [method, patch]).map((group) => {
    const [{ method, patch, equilibrium }] = group;
    const { low, high } = around(equilibrium.value, Math.hypot(equilibrium.error, equilibrium.training));
    const values = group.map((one) => one.equilibrium.value);
    const alone = Number.isFinite(low) ? ([low, high] as const) : null;
    const outside = meanGuards(group.map((one) => one.equilibrium.guards)).outside;
    return { method, patch, mean: overSeeds(values, { alone }), outside, memory: equilibrium.correlationTime };
  });
}

/** The true one with its interval; null where lattices were not followed, or for too short a time. */
const directEquilibrium = ({ equilibrium }: Pick<IsingStudy, "equilibrium">) =>
  equilibrium?.direct.settled ? around(equilibrium.direct.value, equilibrium.direct.error) : null;

/** How the equations went that the run stands for: those of our methods in the main figures, and that of the large lattice. */
export function isingVerdict({ outcomes }: IsingStudy, size: IsingReportData["size"]): Verdict {
  const main = acrossSeeds(
    outcomes.filter(({ study, method }) => study === "main" && isOurs(method)),
    ({ patch, method }) => [patch, method],
  );
  const nameOf = ({ patch, method }: Outcome) => `the equation of the ${method} from patches of ${patch} × ${patch}`;
  const watched = main.map((group) => {
    const scored = group.filter(isScored);
    return {
      name: nameOf(group[0]),
      guards: scored.length < group.length ? null : meanGuards(scored.map(({ scores }) => scores.guards)),
    };
  });
  const equilibrium = outcomes.filter((one) => one.equilibrium !== undefined);
  for (const one of equilibrium)
    watched.push({ name: `${nameOf(one)}, in equilibrium,`, guards: one.equilibrium?.guards ?? null });
  const unsettled = equilibrium.flatMap((one) => {
    const { equilibrium: found } = one;
    if (!found || found.settled) return [];
    const sweeps = found.before + found.time;
    return [`${nameOf(one)} does not come to equilibrium in ${sweeps} sweeps: it has no magnetization there`];
  });
  if (!size) return verdictOf(watched, unsettled);
  const { side, guards, rest } = size;
  const far = rest.mean.map((mean, j) => mean / rest.error[j]);
  const worst = far.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a));
  const unrest = `the lattices that the equation of ${side} × ${side} is learned from are not in equilibrium: a variable drifts by ${worst.toFixed(1)} standard errors`;
  const large = { name: `the equation for ${side} × ${side} spins`, guards };
  return verdictOf([...watched, large], [...unsettled, ...(Math.abs(worst) > UNREST ? [unrest] : [])]);
}

/** `error.compensator.patch16`, `std_ratio.increment.patch16.autoencoder`, `error.compensator.patch8.periodic` and so on. */
export function isingMetrics(
  study: IsingStudy,
  lattices: Record<string, Estimate>,
  size: IsingReportData["size"],
  seconds: number,
): Record<string, Metric> {
  const { metrics, put } = metricSet();
  const published = new Map(paperErrors(study.options).map((row) => [row.patch, row]));
  const putScores = (group: Scored[], ...suffix: string[]) => {
    const [{ method, patch, study: kind }] = group;
    const scores = scoresOf(group);
    for (const quantity of QUANTITIES) {
      // Like beside like: its method learns from increments.
      const theirs = method === "increment" ? published.get(patch)?.ours : undefined;
      const known = quantity === "error" && kind === "main" && suffix.length === 0 && theirs;
      const name = metricName(NAMES[quantity], method, `patch${patch}`, ...suffix);
      put(name, scores[quantity], { paper: known || null, exact: quantity === "stdRatio" ? 1 : 0 });
    }
  };
  for (const group of groupsOf(study, "paper-time")) {
    const [{ method, patch }] = group;
    const scores = scoresOf(group);
    for (const quantity of QUANTITIES) {
      const theirs = quantity === "error" && method === "naive" ? published.get(patch)?.naive : undefined;
      put(metricName(NAMES[quantity], `${method}_paper_dt`, `patch${patch}`), scores[quantity], {
        ...{ paper: theirs ?? null, exact: quantity === "stdRatio" ? 1 : 0 },
      });
    }
    put(metricName("rms_percent", `${method}_paper_dt`, `patch${patch}`), rmsPercent(scores.error), {
      exact: 0,
      unit: "%",
    });
  }
  for (const group of groupsOf(study, "main")) {
    putScores(group);
    put(metricName("rms_percent", group[0].method, `patch${group[0].patch}`), rmsPercent(scoresOf(group).error), {
      exact: 0,
      unit: "%",
    });
    const [{ method, closure, patch }] = group;
    if (isOurs(method)) putScores(group, closure);
    put(metricName("outside", method, `patch${patch}`), scoresOf(group).outside, { exact: 0 });
    const unphysical = overSeeds(group.map(({ scores }) => scores.guards.unphysical));
    put(metricName("unphysical", method, `patch${patch}`), unphysical, { exact: 0 });
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
  for (const { method, closure, closed } of study.outcomes) if (closed) putClosureTest(put, closed, method, closure);
  Object.assign(metrics, costMetrics(isingCosts(study)));
  for (const group of groupsOf(study, "closure")) putScores(group, group[0].closure);
  for (const group of groups(study.outcomes)) {
    const [{ study: kind, boundary, time, pairs }] = group;
    if (kind === "boundary") putScores(group, boundary);
    if (kind === "time") putScores(group, `dt${metricNumber(time)}`);
    if (kind === "data") putScores(group, `pairs${pairs}`);
  }
  // Scores are means over the seeds that stayed finite; the others are counted here.
  for (const { study: kind, method, patch } of study.outcomes.filter((one) => !isScored(one))) {
    const name = metricName("diverged", method, `patch${patch}`, kind);
    put(name, single((metrics[name]?.value ?? 0) + 1), { exact: 0 });
  }
  const floor = isingFloor(study.truth, study.options.runs);
  put("error.floor", single(floor.error));
  put("error_early.floor", single(floor.early));
  const exact = study.equilibrium?.exact ?? null;
  for (const { method, patch, mean, outside, memory } of equilibria(study)) {
    put(metricName("magnetization", method, `patch${patch}`), mean, { exact });
    put(metricName("outside_equilibrium", method, `patch${patch}`), single(outside), { exact: 0 });
    put(metricName("correlation_time", method, `patch${patch}`), single(memory), { unit: "sweeps" });
  }
  const direct = directEquilibrium(study);
  if (direct) put("magnetization.direct", direct, { exact });
  put("late.mean.truth", single(study.truth.late.mean));
  put("late.std.truth", single(study.truth.late.std));
  for (const [name, estimate] of Object.entries(lattices)) put(name, estimate);
  if (size) {
    for (const quantity of ["mean", "std"] as const) {
      put(metricName("large", quantity, "predicted"), size.predicted[quantity], {
        exact: size.exact?.[quantity] ?? null,
      });
      if (!size.direct) continue;
      put(metricName("large", quantity, "direct"), size.direct[quantity]);
      const updates = updatesForWidth(size.updates.direct, size.direct[quantity], size.predicted[quantity]);
      put(metricName("cost", "direct", quantity, "large"), single(updates), { unit: "site updates" });
    }
    put("cost.learn.total.large", single(totalUpdates(size.updates.learn)), { unit: "site updates" });
    put("cost.direct.runs.large", single(size.updates.direct), { unit: "site updates" });
    put("seconds.large.learn", single(size.secondsLearn), { unit: "s" });
    put("seconds.large.predict", single(size.secondsPredict), { unit: "s" });
    put("seconds.large.direct", single(size.secondsDirect), { unit: "s" });
  }
  put("seconds.total", single(seconds), { unit: "s" });
  return metrics;
}

/** Errors of the mean trajectories at every patch side. */
export const isingEnd = (metrics: Readonly<Record<string, Metric>>, { patches, closure }: IsingOptions) =>
  patchErrors(metrics, { patches, paperTime: PAPER_TIME, about: `; closure ${closure}` });

/** The tables of a run: scores of every equation and start, moments over time. */
export function isingTables({ truth, outcomes }: IsingStudy): Record<string, ColumnTable> {
  const name = ({ seed, study, patch, closure, boundary, method, time, fewer, pairs }: Outcome) => ({
    seed,
    study,
    patch,
    closure,
    boundary,
    method,
    time,
    fewer,
    pairs,
  });
  const scores = outcomes.flatMap((one) =>
    truth.m0.map((m0, c) => ({
      ...name(one),
      m0,
      error: one.scores?.perStart[c] ?? "diverged",
      std_ratio: one.scores?.stdRatio ?? "diverged",
      outside: one.scores?.guards.outside ?? "diverged",
      unphysical: one.scores?.guards.unphysical ?? "diverged",
      start_distance: one.scores?.startDistance[c] ?? "diverged",
      degree: one.scores?.choice?.degree ?? "",
    })),
  );
  const row = (moments: IsingScores["moments"], c: number, t: number) => ({
    mean_m: moments[c].mean[2 * t],
    mean_rho: moments[c].mean[2 * t + 1],
    std_m: moments[c].std[2 * t],
    std_rho: moments[c].std[2 * t + 1],
  });
  const over = (moments: IsingScores["moments"], facts: Record<string, string | number>) =>
    truth.m0.flatMap((m0, c) => Array.from(truth.times, (time, t) => ({ ...facts, m0, time, ...row(moments, c, t) })));
  const main = outcomes.filter(isScored).filter(({ study }) => study === "main");
  const moments = main.flatMap(({ seed, patch, method, scores }) =>
    over(scores.moments, { seed, patch, method: method as string }),
  );
  const about = ({ seed, method, closure }: Outcome) => ({ seed, method, closure });
  return {
    scores: tableOfRows(scores),
    moments: tableOfRows(moments),
    ...closureTables(outcomes, about, truth.m0.map(String), OBSERVABLES),
    truth: tableOfRows(over(truth.moments, { runs: truth.runs })),
    ...equilibriumTable(outcomes),
  };
}

/** Every equation that was followed to equilibrium: errors are standard errors, times in sweeps. */
function equilibriumTable(outcomes: readonly Outcome[]): Record<string, ColumnTable> {
  const rows = outcomes.flatMap(({ seed, patch, method, equilibrium: found }) =>
    found
      ? [
          {
            ...{ seed, patch, method, m: found.value, error_runs: found.error, error_training: found.training },
            ...{ correlation_time: found.correlationTime, before: found.before, time: found.time },
            ...{
              settled: found.settled ? "yes" : "no",
              outside: found.guards.outside,
              unphysical: found.guards.unphysical,
            },
          },
        ]
      : [],
  );
  return rows.length > 0 ? { equilibrium: tableOfRows(rows) } : {};
}

/** What the report shows of the outcomes; publish.ts adds the result, the lattices, the drift and the large lattice. */
export function isingFigures(study: IsingStudy) {
  const { truth, options } = study;
  const times = Array.from(truth.times);
  const main = groupsOf(study, "main");
  const starts = [...truth.m0.keys()].sort((a, b) => truth.m0[a] - truth.m0[b]);
  const titles = truth.m0.map((m0) => `m₀ = ${formatSetting(m0)}`);
  const near = titles.filter((_, c) => isWithinSpread(truth.moments[c]));
  return {
    side: options.L,
    patches: options.patches,
    temperature: options.T,
    field: options.h,
    closure: options.closure,
    upsamplingMethod: options.upsampling,
    seeds: new Set(main.flatMap((group) => group.map(({ seed }) => seed))).size,
    trueRuns: truth.runs,
    runs: options.runs,
    horizon: options.horizon,
    withinSpread: near,
    scoreNotes: {
      error: `Σ_t |z̄ − z̄_true|² / Σ_t |z̄_true|² over z = (m, ρ), mean over the starts${withinSpread(near)}`,
      early: `the same for t < ${EARLY}`,
      stdRatio: "standard deviation of m in the last quarter of the runs from m₀ ≥ 0.25, over the true one",
    },
    // The first seed stands for all: curves of several seeds would hide each other.
    cases: starts.map((c) => ({
      title: titles[c],
      times,
      truth: lawsOf(OBSERVABLES, truth.moments[c], OBSERVABLES.length),
      runs: { truth: independentRuns(truth, c), predicted: options.runs },
      predicted: main.map(([{ method, patch, scores }]) => {
        return { method, patch, laws: lawsOf(OBSERVABLES, scores.moments[c], OBSERVABLES.length) };
      }),
    })),
    errors: main.map(scoresOf),
    paperTime: { time: PAPER_TIME, errors: groupsOf(study, "paper-time").map(scoresOf) },
    floors: isingFloor(truth, options.runs),
    paper: paperErrors(options),
    density: { m: densities(truth, main, "m"), rho: densities(truth, main, "rho") },
    diagnostics: main.flatMap(([{ method, patch, scores }]) =>
      isOurs(method) && patch === shownPatch(options) ? [{ method, patch, diagnostics: scores.diagnostics }] : [],
    ),
    diagnosedCases: titles,
    closureTests: closedOf(study.outcomes),
    degrees: main.flatMap(([{ method, patch, scores }]) =>
      scores.choice ? [{ method, patch, ...scores.choice }] : [],
    ),
    starts: main.flatMap(([{ method, patch, scores }]) =>
      isOurs(method)
        ? starts.map((c) => ({
            method,
            patch,
            start: titles[c],
            distance: scores.startDistance[c],
          }))
        : [],
    ),
    costs: isingCosts(study).map(({ curve }) => curve),
    closures: groupsOf(study, "closure").map((group) => ({ closure: group[0].closure, ...scoresOf(group) })),
    boundaries: groupsOf(study, "boundary").map((group) => ({ boundary: group[0].boundary, ...scoresOf(group) })),
    timeSteps: groupsOf(study, "time").map((group) => ({ time: group[0].time, ...scoresOf(group) })),
    equilibrium: study.equilibrium
      ? { learned: equilibria(study), direct: directEquilibrium(study), exact: study.equilibrium.exact }
      : null,
    dataSizes: groupsOf(study, "data").map((group) => ({ pairs: group[0].pairs, ...scoresOf(group) })),
  } satisfies Partial<IsingReportData>;
}

/** Densities of the late values of an observable on the range of the truth. */
function densities(truth: IsingTruth, main: readonly Scored[][], observable: IsingObservable) {
  const [low, high] = extent(truth.late[observable]);
  const reach = 0.3 * (high - low) || 0.01;
  const x = Array.from(evenGrid(low - reach, high + reach, 121));
  const density = (late: Late) => Array.from(kernelDensity(late[observable], x));
  const learned = main.map(([{ method, patch, scores }]) => ({ method, patch, density: density(scores.late) }));
  return { x, truth: density(truth.late), learned };
}
