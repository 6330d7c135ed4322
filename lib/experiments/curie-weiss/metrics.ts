// From the scores of all seeds to what the Curie–Weiss experiment hands out: metrics, tables, the data of the report.
import type { ColumnTable } from "arquero";
import paper from "../../../data/curie-weiss-paper.json";
import { seedInterval } from "../../analysis/bootstrap.ts";
import { samplingFloor } from "../../analysis/trajectory-error.ts";
import type { Method } from "../../method/pairs.ts";
import { type Metric, metricName } from "../../run/result.ts";
import { metricCell, tableOfRows, textTable } from "../../run/text-table.ts";
import type { CurieWeissReportData } from "./report.ts";
import type { CurieWeissReference, CurieWeissScores } from "./scores.ts";

/** One learned equation: which seed, patch side and method, and its scores. */
export interface Outcome {
  readonly seed: number;
  readonly patch: number;
  readonly method: Method;
  readonly scores: CurieWeissScores;
}

interface Estimate {
  readonly value: number;
  readonly interval: readonly [number, number] | null;
}

/** The paper's parameters: its figures stand beside ours only where the same system is computed. */
const PAPER_SYSTEM = { spins: 4096, temperature: 1.1, field: 0.1 };

type ScoreName = "error" | "stdRatio" | "wasserstein" | "driftMaxError" | "diffusionRelativeError";
const QUANTITIES: Record<ScoreName, string> = {
  error: "error",
  stdRatio: "std_ratio",
  wasserstein: "w1_stationary",
  driftMaxError: "drift_max_error",
  diffusionRelativeError: "diffusion_rel_error",
};
const UNITS: Partial<Record<ScoreName, string>> = { driftMaxError: "1/sweep" };

/** Mean over seeds with its Student interval; one seed: its bootstrap interval over trajectories, if it has one. */
function estimate(group: readonly Outcome[], name: ScoreName): Estimate {
  const values = group.map(({ scores }) => scores[name]);
  if (values.length > 1) {
    const { estimate: value, low, high } = seedInterval(values);
    return { value, interval: [Math.max(0, low), high] };
  }
  const { errorInterval, stdRatioInterval } = group[0].scores;
  const interval = name === "error" ? errorInterval : name === "stdRatio" ? stdRatioInterval : null;
  return { value: values[0], interval };
}

/** The outcomes of each (patch, method), patches ascending. */
function groups(outcomes: readonly Outcome[]): { patch: number; method: Method; group: Outcome[] }[] {
  const found = new Map<string, { patch: number; method: Method; group: Outcome[] }>();
  for (const outcome of outcomes) {
    const { patch, method } = outcome;
    const key = `${patch} ${method}`;
    if (!found.has(key)) found.set(key, { patch, method, group: [] });
    found.get(key)!.group.push(outcome);
  }
  return [...found.values()].sort((a, b) => a.patch - b.patch);
}

function comparable({ system }: CurieWeissReference): boolean {
  const { spins, temperature, field } = system;
  return spins === PAPER_SYSTEM.spins && temperature === PAPER_SYSTEM.temperature && field === PAPER_SYSTEM.field;
}

/** The paper's figure for a metric: re-measured in physical time for its method, as printed for its baseline. */
function published(name: ScoreName, method: Method, patch: number): number | null {
  const at = paper.patchSide.indexOf(patch);
  if (at < 0) return null;
  if (name === "error" && method === "naive") return paper.published.naive[at];
  if (method !== "increment" && method !== "compensator") return null;
  if (name === "error") return paper.remeasured.ours[at];
  return name === "stdRatio" ? paper.remeasured.stdRatio[at] : null;
}

/** Metrics by name, `error.compensator.patch16` and so on. */
export function curieWeissMetrics(
  reference: CurieWeissReference,
  outcomes: readonly Outcome[],
  seconds: number,
): Record<string, Metric> {
  const metrics: Record<string, Metric> = {};
  for (const { patch, method, group } of groups(outcomes)) {
    for (const name of Object.keys(QUANTITIES) as ScoreName[]) {
      const { value, interval } = estimate(group, name);
      metrics[metricName(QUANTITIES[name], method, `patch${patch}`)] = {
        value,
        ci95: interval && [interval[0], interval[1]],
        paper: comparable(reference) ? published(name, method, patch) : null,
        exact: name === "stdRatio" ? 1 : 0,
        unit: UNITS[name] ?? "1",
      };
    }
  }
  metrics[metricName("seconds", "total")] = { value: seconds, ci95: null, paper: null, exact: null, unit: "s" };
  return metrics;
}

/** The metrics as a table for the terminal: one line per patch side and method. */
export function scoreTable(metrics: Record<string, Metric>): string {
  const header = ["patch", "method", "error", "std ratio", "W1", "max drift error", "diffusion error"];
  const lines = new Map<string, string[]>();
  for (const [name, metric] of Object.entries(metrics)) {
    const [, method, patch] = name.split(".");
    if (!patch) continue;
    const key = `${patch} ${method}`;
    if (!lines.has(key)) lines.set(key, [patch.replace("patch", ""), method]);
    lines.get(key)!.push(metricCell(metric));
  }
  return textTable([header, ...lines.values()]);
}

/** The tables of a run: scores of every seed, learned functions, trajectories. */
export function curieWeissTables(
  reference: CurieWeissReference,
  outcomes: readonly Outcome[],
): Record<string, ColumnTable> {
  const { grid, times, starts } = reference;
  const scores = outcomes.map(({ seed, patch, method, scores: s }) => ({
    seed,
    patch,
    method,
    error: s.error,
    std_ratio: s.stdRatio,
    w1_stationary: s.wasserstein,
    drift_max_error: s.driftMaxError,
    diffusion_rel_error: s.diffusionRelativeError,
  }));
  const functions = outcomes.flatMap(({ seed, patch, method, scores: s }) =>
    Array.from(grid, (m, k) => ({
      seed,
      patch,
      method,
      m,
      drift: s.drift[k],
      drift_exact: reference.drift[k],
      n_diffusion: s.diffusion[k],
      n_diffusion_exact: reference.diffusion[k],
    })),
  );
  const trajectories = outcomes.flatMap(({ seed, patch, method, scores: s }) =>
    starts.flatMap((m0, i) =>
      Array.from(times, (time, t) => ({
        seed,
        patch,
        method,
        m0,
        time,
        mean: s.mean[i][t],
        std: s.std[i][t],
        mean_exact: reference.mean[i][t],
        std_exact: reference.std[i][t],
      })),
    ),
  );
  return {
    scores: tableOfRows(scores),
    functions: tableOfRows(functions),
    trajectories: tableOfRows(trajectories),
  };
}

/** What the report shows of the outcomes; the script adds the result, the pictures and the upsampling measurements. */
export function curieWeissFigures(reference: CurieWeissReference, outcomes: readonly Outcome[], runs: number) {
  const { times, starts, mean, std, system } = reference;
  const grouped = groups(outcomes);
  const band = (group: readonly Outcome[], pick: (scores: CurieWeissScores) => Float64Array) => {
    const points = Array.from(pick(group[0].scores), (_, k) => {
      const values = group.map(({ scores }) => pick(scores)[k]);
      return values.length > 1 ? seedInterval(values) : { estimate: values[0], low: values[0], high: values[0] };
    });
    return {
      mean: points.map(({ estimate: value }) => value),
      low: points.map(({ low }) => low),
      high: points.map(({ high }) => high),
    };
  };
  const average = (group: readonly Outcome[], pick: (scores: CurieWeissScores) => Float64Array) =>
    band(group, pick).mean;
  const floors = starts.map((_, i) => samplingFloor(mean[i], std[i], runs));
  const estimates = grouped.map(({ patch, method, group }) => ({ patch, method, ...estimate(group, "error") }));
  const sides = comparable(reference) ? paper.patchSide : [];
  return {
    side: Math.sqrt(system.spins),
    grid: Array.from(reference.grid),
    exact: { drift: Array.from(reference.drift), diffusion: Array.from(reference.diffusion) },
    learned: grouped.map(({ patch, method, group }) => ({
      method,
      patch,
      drift: band(group, (s) => s.drift),
      diffusion: band(group, (s) => s.diffusion),
    })),
    trajectories: starts.map((m0, i) => ({
      m0,
      times: Array.from(times),
      exact: { mean: Array.from(mean[i]), std: Array.from(std[i]) },
      predicted: grouped.map(({ patch, method, group }) => ({
        method,
        patch,
        mean: average(group, (s) => s.mean[i]),
        std: average(group, (s) => s.std[i]),
      })),
    })),
    stationary: {
      m: Array.from(reference.densityGrid),
      exact: Array.from(reference.density),
      predicted: grouped.map(({ patch, method, group }) => ({
        method,
        patch,
        density: average(group, (s) => s.density),
      })),
    },
    errors: [
      ...estimates.map(({ method, patch, value, interval }) => ({
        source: method,
        patch,
        value,
        low: interval?.[0] ?? value,
        high: interval?.[1] ?? value,
      })),
      ...sides.map((patch, i) => exactPoint("paper", patch, paper.remeasured.ours[i])),
      ...sides.map((patch, i) => exactPoint("paper-naive", patch, paper.published.naive[i])),
    ],
    floor: floors.reduce((sum, floor) => sum + floor, 0) / floors.length,
    paperNote:
      "Paper: the published predictions against the exact mean in physical time; paper, naive: as printed, with 20 runs on a clock of sweeps.",
    comparison: comparisonRows(reference, grouped),
  } satisfies Partial<CurieWeissReportData>;
}

function exactPoint(source: "paper" | "paper-naive", patch: number, value: number) {
  return { source, patch, value, low: value, high: value };
}

const LABELS: Record<ScoreName, { text: string; unit: string }> = {
  error: { text: "error of the mean trajectory", unit: "1" },
  stdRatio: { text: "stationary std / exact", unit: "1" },
  wasserstein: { text: "Wasserstein-1 distance of the stationary law", unit: "1" },
  driftMaxError: { text: "max |f − exact|, |m| ≤ 0.8", unit: "1/sweep" },
  diffusionRelativeError: { text: "relative error of σ², |m| ≤ 0.8", unit: "1" },
};

function comparisonRows(reference: CurieWeissReference, grouped: ReturnType<typeof groups>) {
  return (Object.keys(LABELS) as ScoreName[]).flatMap((name) =>
    grouped.map(({ patch, method, group }) => {
      const { value, interval } = estimate(group, name);
      return {
        quantity: `${LABELS[name].text}, ${method}`,
        patch,
        paper: comparable(reference) ? published(name, method, patch) : null,
        exact: name === "stdRatio" ? 1 : 0,
        ours: value,
        low: interval?.[0] ?? Number.NaN,
        high: interval?.[1] ?? Number.NaN,
        unit: LABELS[name].unit,
      };
    }),
  );
}
