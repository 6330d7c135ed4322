// From the scores of all seeds to what the predator–prey experiment hands out: metrics, tables, the data of the report.
import type { ColumnTable } from "arquero";
import { quantileSeq } from "mathjs/number";
import { seedInterval } from "../../analysis/bootstrap.ts";
import { effectiveTimes, ensembleFloor, type Moments, recordMoments } from "../../analysis/ensemble-error.ts";
import type { Method } from "../../method/pairs.ts";
import { type Metric, metricName } from "../../run/result.ts";
import { metricCell, tableOfRows, textTable } from "../../run/text-table.ts";
import type { PredatorPreyReportData } from "./report.ts";
import type { PredatorPreyScores, PredatorPreyTruth, predatorPreyFloor, TrueEnsembles } from "./scores.ts";

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
}

interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * Mean over seeds with its Student interval, not below zero; one seed has none. All seeds meet the same truth, whose own sampling
 * error is not in the interval but in the floors.
 */
function overSeeds(values: readonly number[]): Estimate {
  if (values.length < 2) return { value: values[0], low: Number.NaN, high: Number.NaN };
  const { estimate, low, high } = seedInterval(values);
  return { value: estimate, low: Math.max(0, low), high };
}

const mean = (values: ArrayLike<number>) => Array.from(values).reduce((sum, x) => sum + x, 0) / values.length;

const meanError = ({ scores }: Outcome) => mean(scores.error.mean.average);
const stdError = ({ scores }: Outcome) => mean(scores.error.std.average);
const worstMeanError = ({ scores }: Outcome) => Math.max(...scores.error.mean.worst);
const worstStdError = ({ scores }: Outcome) => Math.max(...scores.error.std.worst);
const isOurs = (method: Method) => method === "compensator" || method === "increment";

/** Outcomes that differ in the seed alone. */
function groups(outcomes: readonly Outcome[]): Outcome[][] {
  const found = Map.groupBy(outcomes, ({ closure, method, lambda, fewer }) =>
    [closure, method, lambda, fewer].join(" "),
  );
  return [...found.values()];
}

/** Those at λ = K, baselines at their own λ: what the main tables compare. */
function mainGroups({ outcomes, points, patch }: PredatorPreyStudy): Outcome[][] {
  return groups(
    outcomes.filter(({ method, lambda, fewer }) => fewer === 1 && (!isOurs(method) || lambda === points / patch)),
  );
}

/** The floor of the headline closure, mean over seeds. */
function floorOf({ outcomes, closure }: PredatorPreyStudy) {
  const bySeed = [
    ...Map.groupBy(
      outcomes.filter((one) => one.closure === closure),
      ({ seed }) => seed,
    ).values(),
  ];
  const floors = bySeed.map(([{ floor }]) => floor);
  const average = (pick: (floor: Outcome["floor"]) => Float64Array) =>
    Array.from(pick(floors[0]), (_, k) => mean(floors.map((floor) => pick(floor)[k])));
  const ranges = floors.map((floor) => quantileSeq(Array.from(floor.perSplit), [0.025, 0.975]) as number[]);
  return {
    mean: average((floor) => floor.mean),
    low: average((floor) => floor.low),
    high: average((floor) => floor.high),
    value: mean(average((floor) => floor.perSplit)),
    /** Between which 95 % of single pairs of true ensembles lie. */
    valueLow: mean(ranges.map(([low]) => low)),
    valueHigh: mean(ranges.map(([, high]) => high)),
    bias: mean(floors.map(({ bias }) => bias)),
  };
}

/** What a perfect model would score in the errors of mean and std, mean over cases and species. */
function momentFloors({ truth, outcomes, runs }: PredatorPreyStudy) {
  const { records, size, d } = outcomes[0].ensembles;
  const times = truth.times.length;
  const effective = records.map((record) => {
    const some = effectiveTimes(record, times, d);
    return { mean: Array.from(some.mean).slice(0, 2), std: Array.from(some.std).slice(0, 2) };
  });
  const enough = size >= 10 ? { effective } : {};
  const floor = ensembleFloor(truth.moments, { d: 2, predictedRuns: runs, trueRuns: truth.runs, ...enough });
  return { mean: mean(floor.mean.average), std: mean(floor.std.average) };
}

/** `mmd.increment.lambda2.5`, `mean_error.compensator`, `std_error.compensator.dynamics` and so on. */
export function predatorPreyMetrics(study: PredatorPreyStudy, seconds: number): Record<string, Metric> {
  const metrics: Record<string, Metric> = {};
  const put = (name: string, { value, low, high }: Estimate, exact: number | null = null, unit = "1") => {
    const known = Number.isFinite(low) && Number.isFinite(high);
    metrics[name] = { value, ci95: known ? [low, high] : null, paper: null, exact, unit };
  };
  const single = (value: number): Estimate => ({ value, low: Number.NaN, high: Number.NaN });
  for (const group of groups(study.outcomes)) {
    const [{ method, closure, lambda, fewer }] = group;
    const suffix = [...(closure === study.closure ? [] : [closure]), ...(fewer > 1 ? [`one-in-${fewer}`] : [])];
    const digits = String(lambda).split(".");
    put(
      metricName("mmd", method, `lambda${digits[0]}`, ...digits.slice(1), ...suffix),
      overSeeds(group.map(({ scores }) => scores.mmdMean)),
    );
    if (fewer > 1) put(metricName("pairs", method, ...suffix), single(group[0].pairs));
  }
  for (const group of mainGroups(study)) {
    const [{ method, closure, pairs }] = group;
    const suffix = closure === study.closure ? [] : [closure];
    put(metricName("mean_error", method, ...suffix), overSeeds(group.map(meanError)), 0);
    put(metricName("mean_error", method, "worst", ...suffix), overSeeds(group.map(worstMeanError)), 0);
    put(metricName("std_error", method, ...suffix), overSeeds(group.map(stdError)), 0);
    put(metricName("std_error", method, "worst", ...suffix), overSeeds(group.map(worstStdError)), 0);
    put(metricName("pairs", method, ...suffix), single(pairs));
  }
  const floor = floorOf(study);
  put("mmd.floor", single(floor.value));
  put("mmd.floor.low", single(floor.valueLow));
  put("mmd.floor.high", single(floor.valueHigh));
  for (const other of new Set(study.outcomes.map((one) => one.closure))) {
    if (other !== study.closure)
      put(metricName("mmd", "floor", other), single(floorOf({ ...study, closure: other }).value));
  }
  const floors = momentFloors(study);
  put("mean_error.floor", single(floors.mean));
  put("std_error.floor", single(floors.std));
  for (const method of ["increment", "compensator"] as const) {
    // Values of a grid: a mean over seeds says where the minimum is, an interval would say nothing.
    put(metricName("best_lambda", method), single(mean(bestLambdas(study, method))), study.points / study.patch);
  }
  put("seconds.total", single(seconds), null, "s");
  return metrics;
}

/** The λ with the smallest mean MMD, for every seed. */
function bestLambdas({ outcomes, closure }: PredatorPreyStudy, method: Method): number[] {
  const own = outcomes.filter((one) => one.method === method && one.closure === closure && one.fewer === 1);
  return [...Map.groupBy(own, ({ seed }) => seed).values()].map(
    (list) => list.reduce((best, one) => (one.scores.mmdMean < best.scores.mmdMean ? one : best)).lambda,
  );
}

/** The metrics as a table for the terminal. */
export function scoreTable(metrics: Record<string, Metric>): string {
  const lines = Object.entries(metrics)
    .filter(([name]) => !name.startsWith("pairs."))
    .map(([name, metric]) => [name, metricCell(metric)]);
  return textTable([["metric", "value"], ...lines]);
}

/** The tables of a run: scores of every equation, moments over time, MMD over time. */
export function predatorPreyTables({ truth, outcomes }: PredatorPreyStudy): Record<string, ColumnTable> {
  const name = ({ seed, closure, method, lambda, fewer }: Outcome) => ({ seed, closure, method, lambda, fewer });
  const scores = outcomes.flatMap((one) =>
    truth.cases.flatMap(({ mean: m, amplitude: k }, c) =>
      ["u", "v"].map((variable, j) => ({
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
  return { scores: tableOfRows(scores), moments: tableOfRows(moments), mmd: tableOfRows(mmd) };
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
      ["u", "v"].flatMap((variable, j) => [
        [`mean_${variable}`, predicted[c].mean[t * d + j]],
        [`std_${variable}`, predicted[c].std[t * d + j]],
        [`true_mean_${variable}`, moments[c].mean[2 * t + j]],
        [`true_std_${variable}`, moments[c].std[2 * t + j]],
      ]),
    ),
  }));
}

/** What the report shows of the outcomes; the script adds the result, the fields and the check of the equation. */
export function predatorPreyFigures(study: PredatorPreyStudy, seconds: Record<string, number>) {
  const { truth, closure, points, patch, outcomes } = study;
  const times = Array.from(truth.times);
  const main = mainGroups(study);
  const floor = floorOf(study);
  const floors = momentFloors(study);
  const curve = ({ mean: means, std }: Moments, d: number, j: number) => ({
    mean: times.map((_, t) => means[t * d + j]),
    std: times.map((_, t) => std[t * d + j]),
  });
  /** The first seed stands for all: curves of several seeds would hide each other. */
  const predicted =
    (c: number, j: number) =>
    ([{ scores }]: Outcome[]) =>
      curve(scores.moments[c], scores.d, j);
  const interval = ({ low, high }: Estimate): [number, number] => [low, high];
  const sweep = groups(outcomes).filter(([one]) => isOurs(one.method) && one.fewer === 1);
  const { ensembles } = outcomes[0];
  return {
    patches: points / patch,
    closure,
    cases: truth.cases.map(({ mean: m, amplitude: k }, c) => ({
      m,
      k,
      times,
      u: curve(truth.moments[c], 2, 0),
      v: curve(truth.moments[c], 2, 1),
      predicted: main.map((group) => ({
        method: group[0].method,
        closure: group[0].closure,
        u: predicted(c, 0)(group),
        v: predicted(c, 1)(group),
      })),
    })),
    closureVariables: closureVariables(study, main),
    mmdOverTime: sweep
      .filter(([one]) => one.closure === closure)
      .map((group) => {
        const points = times.map((_, t) => overSeeds(group.map(({ scores }) => scores.mmd[t])));
        return {
          method: group[0].method,
          lambda: group[0].lambda,
          times,
          mean: points.map(({ value }) => value),
          low: points.map(({ low }) => low),
          high: points.map(({ high }) => high),
        };
      }),
    mmdFloor: { times, ...floor },
    mmdAgainstLambda: sweep.map((group) => ({
      method: group[0].method,
      closure: group[0].closure,
      lambda: group[0].lambda,
      ...overSeeds(group.map(({ scores }) => scores.mmdMean)),
    })),
    ensemble: ensembles.size,
    scores: main.map((group) => {
      const [errors, spreads, distances] = [
        overSeeds(group.map(meanError)),
        overSeeds(group.map(stdError)),
        overSeeds(group.map(({ scores }) => scores.mmdMean)),
      ];
      return {
        method: group[0].method,
        closure: group[0].closure,
        meanError: errors.value,
        meanErrorInterval: interval(errors),
        worstMeanError: mean(group.map(worstMeanError)),
        stdError: spreads.value,
        stdErrorInterval: interval(spreads),
        worstStdError: mean(group.map(worstStdError)),
        mmd: distances.value,
        mmdInterval: interval(distances),
      };
    }),
    meanFloor: floors.mean,
    stdFloor: floors.std,
    costs: costs(study, seconds),
    comparison: comparison(study),
  } satisfies Partial<PredatorPreyReportData>;
}

/** True and predicted closure variables of the middle case, in standard deviations of the training data. */
function closureVariables({ truth, outcomes }: PredatorPreyStudy, main: Outcome[][]) {
  const c = Math.floor(truth.cases.length / 2);
  const { mean: m, amplitude: k } = truth.cases[c];
  const times = Array.from(truth.times);
  const kinds = [...new Set(outcomes.map(({ closure }) => closure))];
  return kinds.map((closure) => {
    const groupsOfKind = main.filter(([one]) => one.closure === closure && isOurs(one.method));
    const [{ ensembles }] = groupsOfKind[0];
    const { d, center, spread } = ensembles;
    const variables = Array.from({ length: d - 2 }, (_, j) => j + 2);
    const standard = (law: Moments) =>
      variables.map((j) => ({
        mean: times.map((_, t) => (law.mean[t * d + j] - center[j]) / spread[j]),
        std: times.map((_, t) => law.std[t * d + j] / spread[j]),
      }));
    return {
      closure,
      m,
      k,
      times,
      names: variables.map((j) => `closure variable ${j - 1}`),
      truth: standard(recordMoments(ensembles.records[c], times.length, d)),
      predicted: groupsOfKind.map(([{ method, scores }]) => ({ method, values: standard(scores.moments[c]) })),
    };
  });
}

function costs({ truth, points, runs, outcomes }: PredatorPreyStudy, seconds: Record<string, number>) {
  const equations = new Set(
    outcomes.map(({ seed, closure, method, fewer }) => [seed, closure, method, fewer].join(" ")),
  ).size;
  const cases = truth.cases.length;
  const rows = [
    [
      "direct simulation",
      `${truth.runs} systems of ${points} points for each of ${cases} cases, every point for the whole time`,
    ],
    ["closure", "small systems, their upsampling and the training of the encoders, all seeds"],
    ["partial evolution", "pairs of all seeds and closures"],
    ["train", `${equations} equations`],
    ["predict", `all predictions; ${runs} trajectories per case of the main ones`],
  ];
  return rows.map(([what, note]) => ({ what, seconds: seconds[what] ?? Number.NaN, note }));
}

function comparison(study: PredatorPreyStudy) {
  const K = study.points / study.patch;
  const row = (quantity: string, { value, low, high }: Estimate, exact: number | null = null) => ({
    quantity,
    paper: null,
    exact,
    ours: value,
    low,
    high,
    unit: "1",
  });
  const floor = floorOf(study);
  return [
    ...mainGroups(study).flatMap((group) => {
      const name = `${group[0].method}, ${group[0].closure}`;
      return [
        row(`relative error of the means, ${name}`, overSeeds(group.map(meanError)), 0),
        row(`the same, worst case, ${name}`, overSeeds(group.map(worstMeanError)), 0),
        row(`relative error of the std, ${name}`, overSeeds(group.map(stdError)), 0),
        row(`the same, worst case, ${name}`, overSeeds(group.map(worstStdError)), 0),
        row(`mean MMD², ${name}`, overSeeds(group.map(({ scores }) => scores.mmdMean))),
      ];
    }),
    ...groups(study.outcomes.filter(({ fewer }) => fewer > 1)).map((group) =>
      row(
        `mean MMD², ${group[0].method} trained on one pair in ${group[0].fewer}`,
        overSeeds(group.map(({ scores }) => scores.mmdMean)),
      ),
    ),
    row("mean MMD² of two true ensembles", { value: floor.value, low: floor.valueLow, high: floor.valueHigh }),
    ...(["increment", "compensator"] as const).map((method) =>
      row(
        `λ of the smallest mean MMD², ${method}`,
        { value: mean(bestLambdas(study, method)), low: NaN, high: NaN },
        K,
      ),
    ),
  ];
}
