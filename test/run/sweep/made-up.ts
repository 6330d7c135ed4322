// Folders of sweeps whose runs never were: a plan, results with a truth that is known, records of attempts.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Metric, type RunResult, resultText } from "../../../lib/run/result.ts";
import type { Attempt, PointState, Status } from "../../../lib/run/sweep/executor.ts";
import {
  type Plan,
  type Point,
  pointsOf,
  product,
  recordFile,
  runFolder,
  writePlan,
} from "../../../lib/run/sweep/plan.ts";

export interface MadeUp {
  readonly axes: Readonly<Record<string, readonly string[]>>;
  readonly repetitions: number;
  /** What a run measures; none of a point that has not ended well. */
  metrics(point: Point): Record<string, Metric>;
  /** `finished` where it is not given. */
  state?(point: Point): { state: PointState; why?: string } | undefined;
  warnings?(point: Point): string[];
  /** Text in place of the result of a run. */
  corrupt?(point: Point): string | undefined;
}

function planOf({ axes, repetitions }: Pick<MadeUp, "axes" | "repetitions">): Plan {
  const list = Object.entries(axes).map(([key, values]) => ({ key, values }));
  const numbers = Array.from({ length: repetitions }, (_, k) => k + 1);
  return {
    ...{
      command: "demo",
      words: [],
      fixed: ["--profile", "quick"],
      from: "/",
      axes: Object.keys(axes),
      streams: "own",
    },
    points: pointsOf(product(list), numbers, "own"),
  };
}

/** Makes the folder; hands back the plan and the states of its points. */
export function madeUpSweep(folder: string, made: MadeUp): { plan: Plan; statuses: Status[] } {
  const plan = planOf(made);
  mkdirSync(join(folder, "logs"), { recursive: true });
  writePlan(folder, plan);
  const statuses = plan.points.map((point): Status => {
    const status = made.state?.(point) ?? { state: "finished" };
    if (status.state === "waiting") return { point, ...status };
    const ended = status.state === "finished" || status.state === "unreliable";
    writeFileSync(recordFile(folder, point), JSON.stringify(attemptOf(ended)));
    if (ended) {
      mkdirSync(runFolder(folder, point), { recursive: true });
      const text = made.corrupt?.(point) ?? resultText(resultOf(point, made));
      writeFileSync(join(runFolder(folder, point), "result.json"), text);
    }
    return { point, ...status };
  });
  return { plan, statuses };
}

const attemptOf = (ended: boolean): Attempt => ({
  ...{ began: "2026-11-28T10:03Z", seconds: 12.5, memory: 3e8, exit: ended ? 0 : 2, signal: null },
  ...{ host: "node7", job: null, said: ended ? [] : ["the last words"] },
});

function resultOf(point: Point, { metrics, warnings }: MadeUp): RunResult {
  const value = (text: string) => (Number.isFinite(Number(text)) ? Number(text) : text);
  return {
    ...{ experiment: "demo", profile: "quick", seed: point.seed, date: "2026-11-28T10:03Z" },
    versions: { patchwise: "0.2.0" },
    adapter: { kind: "cpu", name: "synthetic adapter", driver: "none" },
    seconds: { total: 12 },
    parameters: Object.fromEntries(Object.entries(point.values).map(([key, text]) => [key, value(text)])),
    warnings: warnings?.(point) ?? [],
    metrics: { ...metrics(point), "seconds.total": metric(12 + Math.random(), { unit: "s" }) },
  };
}

export function metric(value: number, more: Partial<Metric> = {}): Metric {
  return { value, ci95: null, paper: null, exact: null, unit: "1", ...more };
}

/** Reproducible noise of variance 1, a number for every point and purpose. */
export function noise({ seed }: Point, purpose: number): number {
  let sum = -6;
  for (let k = 0; k < 12; k++)
    sum +=
      ((seed % 9973) * 0.7548776662466927 + (13 * purpose + k) * 0.5698402909980532 + ((seed % 97) * (k + 1)) / 97) % 1;
  return sum;
}

/** m of Curie and Weiss, m = tanh((m + h) / T), from above. */
function meanField(T: number, h: number): number {
  let m = 1;
  for (let k = 0; k < 500; k++) m = Math.tanh((m + h) / T);
  return m;
}

/** A magnetization with its exact value, off by standard error 0.01, and an error. */
export const MAGNET: MadeUp = {
  axes: { T: ["0.7", "0.8", "0.9", "1", "1.1", "1.2", "1.3"], h: ["0", "0.05", "0.1", "0.2"] },
  repetitions: 3,
  metrics(point) {
    const exact = meanField(Number(point.values.T), Number(point.values.h));
    const value = exact + 0.01 * noise(point, 1);
    const error = Math.exp(-7 + 2 * noise(point, 2));
    return {
      "magnetization.learned": metric(value, { ci95: [value - 0.02, value + 0.02], exact }),
      "error.compensator": metric(error, { ci95: [error / 2, error * 2] }),
      "error.naive": metric(30 * error),
      "degree.compensator": metric(3),
      relaxation_time: metric(10 * exact, { unit: "sweep" }),
    };
  },
};
