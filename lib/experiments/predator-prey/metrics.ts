// From the scores of all seeds to what the predator–prey experiment hands out: metrics, tables, the data of the report.
import type { ColumnTable } from "arquero";
import { quantileSeq } from "mathjs/number";
import { type EquationCost, equationCost, ownError, totalUpdates } from "../../analysis/cost.ts";
import { caseOf, type Moments, momentsOf } from "../../analysis/ensemble.ts";
import { effectiveTimes, ensembleFloor } from "../../analysis/ensemble-error.ts";
import { average, averageRow } from "../../analysis/mean.ts";
import { isOurs, METHODS, type Method } from "../../method/pairs.ts";
import { meanGuards } from "../../method/sde/guards.ts";
import { closedOf } from "../../report/figures/diagnostics.ts";
import { LOOKS, OURS } from "../../report/figures/methods.ts";
import { distancesOf } from "../../report/figures/starts.ts";
import { lawsOf } from "../../report/figures/trajectories.ts";
import type { Stepped } from "../../report/live-equation.ts";
import { formatNumber, formatSetting } from "../../report/number.ts";
import type { ClosureTest } from "../../run/closure-test.ts";
import { costMetrics } from "../../run/cost-metrics.ts";
import { closureTables, putChoice, putClosureTest, putDiagnostics } from "../../run/diagnostics.ts";
import { type EndTable, endRow, endTable } from "../../run/end-table.ts";
import { type Metric, metricName } from "../../run/result.ts";
import { acrossSeeds, bandOverSeeds, type Estimate, metricSet, overSeeds, single } from "../../run/seeds.ts";
import { tableOfRows } from "../../run/text-table.ts";
import { type Verdict, verdictOf } from "../../run/verdict.ts";
import { type PredatorPreyReportData, SPECIES, type SpectrumRatio } from "./data.ts";
import type { costPlan } from "./plan.ts";
import type { PredatorPreyScores, PredatorPreyTruth, predatorPreyFloor, TrueEnsembles } from "./scores.ts";
import { standingForAll } from "./standing-cases.ts";

/** One learned equation and its scores. */
export interface Outcome {
  readonly seed: number;
  readonly closure: string;
  readonly method: Method;
  /** λ of the training; 1 for the baselines. */
  readonly lambda: number;
  /** Trained on one pair in this many. */
  readonly fewer: number;
  readonly pairs: number;
  readonly scores: PredatorPreyScores;
  /** One test a case; null where it is not made. */
  readonly closed: ClosureTest | null;
  /** For the page to integrate; without it there is no such section. */
  readonly equation?: Stepped;
  readonly ensembles: TrueEnsembles;
  readonly floor: Awaited<ReturnType<typeof predatorPreyFloor>>;
}

export interface PredatorPreyStudy {
  readonly truth: PredatorPreyTruth;
  readonly outcomes: readonly Outcome[];
  readonly points: number;
  readonly patch: number;
  /** The closure of the headline numbers. */
  readonly closure: string;
  /** Predicted trajectories per case. */
  readonly runs: number;
  /** What learning and direct simulation have to do. */
  readonly cost: ReturnType<typeof costPlan>;
}

/** Outcomes that differ in the seed alone. */
const groups = (outcomes: readonly Outcome[]) =>
  acrossSeeds(outcomes, ({ closure, method, lambda, fewer }) => [closure, method, lambda, fewer]);

/** Those at λ = K, baselines at their own λ: what the main tables compare. */
function mainGroups({ outcomes, points, patch }: PredatorPreyStudy): Outcome[][] {
  return groups(
    outcomes.filter(({ method, lambda, fewer }) => fewer === 1 && (!isOurs(method) || lambda === points / patch)),
  );
}

/** Errors of mean and std, mean over the species and in the worst case, and mean MMD²; all geometric means over seeds. */
function scoresOf(group: readonly Outcome[]) {
  const [{ scores: first }] = group;
  const over = (score: (scores: PredatorPreyScores) => number, key?: keyof PredatorPreyScores["truthSpread"]) =>
    overSeeds(
      group.map(({ scores }) => score(scores)),
      {
        scale: "log",
        shared: key && average(group.map(({ scores }) => scores.truthSpread[key])),
        alone: key && first.intervals?.[key],
      },
    );
  return {
    method: group[0].method,
    closure: group[0].closure,
    meanError: over(({ error }) => average(error.mean.average), "mean"),
    worstMeanError: over(({ error }) => Math.max(...error.mean.worst)),
    stdError: over(({ error }) => average(error.std.average), "std"),
    worstStdError: over(({ error }) => Math.max(...error.std.worst)),
    stdRatio: over(({ stdRatio }) => stdRatio, "ratio"),
    mmd: over(({ mmdMean }) => mmdMean),
    outside: overSeeds(group.map(({ scores }) => scores.guards.outside)),
  };
}

/** The floor of the headline closure, mean over seeds. */
function floorOf({ outcomes, closure }: PredatorPreyStudy) {
  const own = outcomes.filter((one) => one.closure === closure);
  const floors = acrossSeeds(own, ({ seed }) => [seed]).map(([{ floor }]) => floor);
  const ranges = floors.map((floor) => quantileSeq(Array.from(floor.perSplit), [0.025, 0.975]) as number[]);
  return {
    mean: Array.from(averageRow(floors.map((floor) => floor.mean))),
    low: Array.from(averageRow(floors.map((floor) => floor.low))),
    high: Array.from(averageRow(floors.map((floor) => floor.high))),
    /** Mean over times and pairs of true ensembles, and between which 95 % of single pairs lie. */
    overall: {
      value: average(averageRow(floors.map((floor) => floor.perSplit))),
      low: average(ranges.map(([low]) => low)),
      high: average(ranges.map(([, high]) => high)),
    },
    bias: average(floors.map(({ bias }) => bias)),
  };
}

/** What a perfect model would score in the errors of mean and std, mean over cases and species. */
function momentFloors({ truth, outcomes, runs }: PredatorPreyStudy) {
  const { runs: pool, size } = outcomes[0].ensembles;
  const effective = truth.cases.map((_, c) => {
    const some = effectiveTimes(caseOf(pool, c));
    return { mean: Array.from(some.mean).slice(0, 2), std: Array.from(some.std).slice(0, 2) };
  });
  const enough = size >= 10 ? { effective } : {};
  const floor = ensembleFloor(truth.moments, { d: 2, predictedRuns: runs, trueRuns: truth.runs, ...enough });
  return { mean: average(floor.mean.average), std: average(floor.std.average) };
}

/** What the equation of the compensator costs, and direct simulation as accurate in the means. */
function equationCosts(study: PredatorPreyStudy): EquationCost[] {
  const { truth, closure, points, patch, runs, cost } = study;
  const group = mainGroups(study).find(([one]) => one.method === "compensator" && one.closure === closure);
  if (!group) return [];
  // Errors are roots of mean squares.
  const floor = momentFloors(study).mean ** 2;
  const perRun = floor / (1 / runs + 1 / truth.runs);
  const error = ownError(scoresOf(group).meanError.value ** 2, floor);
  const { learning, horizon, rate } = cost;
  const direct = { side: points, dimension: 1, starts: truth.cases.length, horizon, rate, perRun, error };
  return [equationCost(patch, learning, direct, points)];
}

/** How the equations went that the run stands for: ours at λ = K. */
export function predatorPreyVerdict(study: PredatorPreyStudy): Verdict {
  return verdictOf(
    mainGroups(study)
      .filter(([{ method }]) => isOurs(method))
      .map((group) => ({
        name: `the equation of the ${group[0].method} with the closure ${group[0].closure}`,
        guards: meanGuards(group.map(({ scores }) => scores.guards)),
      })),
  );
}

/** `mmd.increment.lambda2.5`, `mean_error.compensator`, `std_error.compensator.dynamics` and so on. */
export function predatorPreyMetrics(study: PredatorPreyStudy, seconds: number): Record<string, Metric> {
  const { metrics, put } = metricSet();
  for (const group of groups(study.outcomes)) {
    const [{ method, closure, lambda, fewer }] = group;
    const suffix = [...(closure === study.closure ? [] : [closure]), ...(fewer > 1 ? [`one-in-${fewer}`] : [])];
    const digits = String(lambda).split(".");
    put(metricName("mmd", method, `lambda${digits[0]}`, ...digits.slice(1), ...suffix), scoresOf(group).mmd);
    if (fewer > 1) put(metricName("pairs", method, ...suffix), single(group[0].pairs));
  }
  for (const group of mainGroups(study)) {
    const [{ method, closure, pairs }] = group;
    const suffix = closure === study.closure ? [] : [closure];
    const { meanError, worstMeanError, stdError, worstStdError, stdRatio } = scoresOf(group);
    put(metricName("std_ratio", method, ...suffix), stdRatio, { exact: 1 });
    put(metricName("mean_error", method, ...suffix), meanError, { exact: 0 });
    put(metricName("mean_error", method, "worst", ...suffix), worstMeanError, { exact: 0 });
    put(metricName("std_error", method, ...suffix), stdError, { exact: 0 });
    put(metricName("std_error", method, "worst", ...suffix), worstStdError, { exact: 0 });
    put(metricName("pairs", method, ...suffix), single(pairs));
    put(metricName("outside", method, `patch${study.patch}`, ...suffix), scoresOf(group).outside, { exact: 0 });
    putDiagnostics(
      put,
      group.map(({ scores }) => scores.diagnostics),
      method,
      ...suffix,
    );
    for (const { closed } of group) if (closed) putClosureTest(put, closed, method, closure);
    putChoice(
      put,
      group.map(({ scores: { choice } }) => choice),
      method,
      `patch${study.patch}`,
      ...suffix,
    );
  }
  const { overall } = floorOf(study);
  put("mmd.floor", single(overall.value));
  put("mmd.floor.low", single(overall.low));
  put("mmd.floor.high", single(overall.high));
  for (const other of new Set(study.outcomes.map((one) => one.closure))) {
    if (other === study.closure) continue;
    put(metricName("mmd", "floor", other), single(floorOf({ ...study, closure: other }).overall.value));
  }
  const floors = momentFloors(study);
  put("mean_error.floor", single(floors.mean));
  put("std_error.floor", single(floors.std));
  for (const method of ["increment", "compensator"] as const) {
    // Values of a grid: a mean over seeds says where the minimum is, an interval would say nothing.
    const exact = study.points / study.patch;
    put(metricName("best_lambda", method), single(average(bestLambdas(study, method))), { exact });
  }
  Object.assign(metrics, costMetrics(equationCosts(study)));
  put("seconds.total", single(seconds), { unit: "s" });
  return metrics;
}

/** `power_ratio.linear-relaxed_for_0_5.u.modes_1_to_9`: upsampled over true power. */
export function spectrumMetrics(ratios: readonly SpectrumRatio[]): Record<string, Metric> {
  const { metrics, put } = metricSet();
  const part = (text: string) => text.replace(", ", "-").replace(/[ .]/g, "_");
  for (const { name, species, band, ratio: value, low, high } of ratios)
    put(metricName("power_ratio", part(name), species, part(band)), { value, low, high }, { exact: 1 });
  return metrics;
}

/** The λ with the smallest mean MMD, for every seed. */
function bestLambdas({ outcomes, closure }: PredatorPreyStudy, method: Method): number[] {
  const own = outcomes.filter((one) => one.method === method && one.closure === closure && one.fewer === 1);
  return acrossSeeds(own, ({ seed }) => [seed]).map(
    (list) => list.reduce((best, one) => (one.scores.mmdMean < best.scores.mmdMean ? one : best)).lambda,
  );
}

/** Errors of means and standard deviations, of every method and closure. */
export function predatorPreyEnd(
  metrics: Readonly<Record<string, Metric>>,
  {
    closure,
    points,
    patch,
    outcomes,
  }: Pick<PredatorPreyStudy, "closure" | "points" | "patch"> & {
    readonly outcomes: readonly Pick<Outcome, "closure">[];
  },
): EndTable {
  const others = [...new Set(outcomes.map((one) => one.closure))].filter((one) => one !== closure);
  const columns = ["mean", "mean, worst case", "std", "std, worst case"];
  const keys = (method: Method, ...other: string[]) =>
    ["mean_error", "std_error"].flatMap((score) => [
      metricName(score, method, ...other),
      metricName(score, method, "worst", ...other),
    ]);
  const of = ({ value }: Metric) => 100 * value;
  return endTable(
    `Errors of the populations over time, in % of the true mean and std; λ = K = ${points / patch}, closure ${closure} where no other is named`,
    "method",
    columns,
    [
      ...METHODS.map((method) => endRow(metrics, LOOKS[method].name, keys(method), { of })),
      ...others.flatMap((other) =>
        OURS.toReversed().map((method) =>
          endRow(metrics, `${LOOKS[method].name}, ${other}`, keys(method, other), { of }),
        ),
      ),
      endRow(metrics, "Floor", ["mean_error.floor", "", "std_error.floor", ""], { kind: "beside", of }),
    ],
  );
}

/** The tables of a run: scores of every equation, moments over time, MMD over time. */
export function predatorPreyTables({ truth, outcomes }: PredatorPreyStudy): Record<string, ColumnTable> {
  const name = ({ seed, closure, method, lambda, fewer }: Outcome) => ({ seed, closure, method, lambda, fewer });
  const scores = outcomes.flatMap((one) =>
    truth.cases.flatMap(({ mean: m, amplitude: k }, c) =>
      SPECIES.map((variable, j) => ({
        ...name(one),
        pairs: one.pairs,
        m,
        k,
        variable,
        mean_error: one.scores.error.mean.perCase[2 * c + j],
        std_error: one.scores.error.std.perCase[2 * c + j],
      })),
    ),
  );
  const moments = outcomes.flatMap((one) =>
    truth.cases.flatMap(({ mean: m, amplitude: k }, c) => momentRows({ ...name(one), m, k }, truth, one.scores, c)),
  );
  const mmd = outcomes.flatMap((one) =>
    Array.from(truth.times, (time, t) => ({ ...name(one), time, mmd: one.scores.mmd[t], floor: one.floor.mean[t] })),
  );
  const about = ({ seed, method, closure }: Outcome) => ({ seed, method, closure });
  return {
    scores: tableOfRows(scores),
    moments: tableOfRows(moments),
    mmd: tableOfRows(mmd),
    ...closureTables(outcomes, about, truth.cases.map(startTitle), SPECIES),
  };
}

function momentRows(
  row: Record<string, number | string>,
  { times, moments }: PredatorPreyTruth,
  { moments: predicted, d }: PredatorPreyScores,
  c: number,
) {
  return Array.from(times, (time, t) => ({
    ...row,
    time,
    ...Object.fromEntries(
      SPECIES.flatMap((variable, j) => [
        [`mean_${variable}`, predicted[c].mean[t * d + j]],
        [`std_${variable}`, predicted[c].std[t * d + j]],
        [`true_mean_${variable}`, moments[c].mean[2 * t + j]],
        [`true_std_${variable}`, moments[c].std[2 * t + j]],
      ]),
    ),
  }));
}

/** What the report shows of the outcomes; publish.ts adds the result, the fields and the check of the equation. */
export function predatorPreyFigures(study: PredatorPreyStudy, seconds: Record<string, number>) {
  const { truth, closure, points, patch, outcomes } = study;
  const times = Array.from(truth.times);
  const main = mainGroups(study);
  const floors = momentFloors(study);
  const equations = equationCosts(study);
  const sweep = groups(outcomes).filter(([one]) => isOurs(one.method) && one.fewer === 1);
  // The first seed stands for all: curves of several seeds would hide each other.
  const shown = main.map(([one]) => one).filter((one) => one.closure === closure);
  const starts = shown.flatMap(({ method, scores }) =>
    truth.cases.map((wave, c) => ({ method, patch, start: startTitle(wave), distance: scores.startDistance[c] })),
  );
  const standing = standingForAll(truth.cases, distancesOf(starts, patch, truth.cases.map(startTitle)));
  return {
    runs: { truth: truth.runs, predicted: study.runs },
    patches: points / patch,
    closure,
    costCurves: equations.map(({ curve }) => curve),
    cases: truth.cases.map((wave, c) => ({
      title: startTitle(wave),
      folded: !standing.includes(c),
      times,
      truth: lawsOf(SPECIES, truth.moments[c], 2),
      predicted: shown.map(({ method, scores }) => ({
        method,
        patch,
        laws: lawsOf(SPECIES, scores.moments[c], scores.d),
      })),
    })),
    closureVariables: closureVariables(study, main),
    mmdOverTime: sweep
      .filter(([one]) => one.closure === closure)
      .map((group) => {
        const [{ method, lambda }] = group;
        return {
          method,
          lambda,
          times,
          ...bandOverSeeds(
            group.map(({ scores }) => scores.mmd),
            "log",
          ),
        };
      }),
    mmdFloor: { times, ...floorOf(study) },
    mmdAgainstLambda: sweep.map((group) => {
      const { method, closure, mmd } = scoresOf(group);
      return { method, closure, lambda: group[0].lambda, ...mmd };
    }),
    ensemble: outcomes[0].ensembles.size,
    scores: main.map(scoresOf),
    diagnostics: shown.flatMap(({ method, scores }) =>
      isOurs(method) ? [{ method, patch, diagnostics: scores.diagnostics }] : [],
    ),
    closureTests: closedOf(outcomes),
    degrees: shown.flatMap(({ method, scores }) => (scores.choice ? [{ method, patch, ...scores.choice }] : [])),
    starts,
    meanFloor: floors.mean,
    stdFloor: floors.std,
    costs: costs(study, equations, seconds),
    comparison: comparison(study),
  } satisfies Partial<PredatorPreyReportData>;
}

const startTitle = ({ mean: m, amplitude: k }: PredatorPreyTruth["cases"][number]) =>
  `m = ${formatSetting(m)}, k = ${formatSetting(k)}`;

/** True and predicted closure variables of the middle case, in standard deviations of the training data. */
function closureVariables({ truth, outcomes, patch }: PredatorPreyStudy, main: Outcome[][]) {
  const c = Math.floor(truth.cases.length / 2);
  const times = Array.from(truth.times);
  const kinds = [...new Set(outcomes.map(({ closure }) => closure))];
  return kinds.map((closure) => {
    const own = main.filter(([one]) => one.closure === closure && isOurs(one.method));
    const { center, spread, runs } = own[0][0].ensembles;
    const { d } = runs;
    const exact = momentsOf(runs)[c];
    const law = ({ mean: means, std }: Moments, j: number) => ({
      value: {
        mean: times.map((_, t) => (means[t * d + j] - center[j]) / spread[j]),
        std: times.map((_, t) => std[t * d + j] / spread[j]),
      },
    });
    const variables = Array.from({ length: d - SPECIES.length }, (_, k) => ({
      title: `closure variable ${k + 1}`,
      times,
      truth: law(exact, SPECIES.length + k),
      predicted: own.map(([{ method, scores }]) => {
        return { method, patch, laws: law(scores.moments[c], SPECIES.length + k) };
      }),
    }));
    return { closure, start: startTitle(truth.cases[c]), variables };
  });
}

function costs(study: PredatorPreyStudy, learned: readonly EquationCost[], seconds: Record<string, number>) {
  const { truth, points, runs, outcomes } = study;
  const equations = acrossSeeds(outcomes, ({ seed, closure, method, fewer }) => [seed, closure, method, fewer]).length;
  const cases = truth.cases.length;
  const rows = [
    [
      "direct simulation",
      `${truth.runs} systems of ${points} points for each of ${cases} cases, every point for the whole time`,
    ],
    ["closure", "small systems, their upsampling and the training of the encoders, all seeds"],
    ["partial evolution", "pairs of all seeds and closures"],
    ["learn", `${equations} equations`],
    ["predict", `all predictions; ${runs} trajectories per case of the main ones`],
  ];
  const updates = learned.flatMap(({ learn, direct }) => [
    [
      "site updates to learn",
      `${formatNumber(totalUpdates(learn), 3)} steps of a grid point, one equation of the compensator`,
    ],
    [
      "site updates of direct simulation",
      `${formatNumber(direct.mean, 3)} for means as accurate, ${formatNumber(direct.std, 3)} for standard deviations to 2 %`,
    ],
  ]);
  return [...rows, ...updates].map(([what, note]) => ({ what, seconds: seconds[what] ?? Number.NaN, note }));
}

function comparison(study: PredatorPreyStudy) {
  const K = study.points / study.patch;
  const row = (quantity: string, ours: Estimate, exact: number | null = null) => {
    return { quantity, paper: null, exact, ours, unit: "1" };
  };
  return [
    ...mainGroups(study).flatMap((group) => {
      const { method, closure, meanError, worstMeanError, stdError, worstStdError, mmd } = scoresOf(group);
      const name = `${method}, ${closure}`;
      return [
        row(`relative error of the means, ${name}`, meanError, 0),
        row(`the same, worst case, ${name}`, worstMeanError, 0),
        row(`relative error of the std, ${name}`, stdError, 0),
        row(`the same, worst case, ${name}`, worstStdError, 0),
        row(`mean MMD², ${name}`, mmd),
      ];
    }),
    ...groups(study.outcomes.filter(({ fewer }) => fewer > 1)).map((group) =>
      row(`mean MMD², ${group[0].method} trained on one pair in ${group[0].fewer}`, scoresOf(group).mmd),
    ),
    row("mean MMD² of two true ensembles", floorOf(study).overall),
    ...(["increment", "compensator"] as const).map((method) =>
      row(`λ of the smallest mean MMD², ${method}`, single(average(bestLambdas(study, method))), K),
    ),
  ];
}
