// What a section says of its runs in words.
import type { LiveVariable } from "../../live-equation.ts";
import { formatWithInterval, shortNumber } from "../../number.ts";
import type { Curve } from "./pictures.ts";
import type { Runs } from "./runs.ts";

/** So many significant digits of a number, without zeros at the end. */
export const rounded = (value: number, digits = 3) => shortNumber(Number(value.toPrecision(digits)));

/** "12 sweeps" of the axis "time [sweeps]". */
export function timeText(axis: string, value: number): string {
  const unit = /\[([^\]]*)\]\s*$/.exec(axis)?.[1] ?? "";
  return `${rounded(value)} ${unit}`.trim();
}

const ofRuns = (mean: number, std: number) => formatWithInterval({ value: mean, low: mean - std, high: mean + std });

/** The number of the time of a curve that is nearest. */
export function nearestTime(times: ArrayLike<number>, time: number): number {
  let best = 0;
  for (let k = 0; k < times.length; k++) if (Math.abs(times[k] - time) < Math.abs(times[best] - time)) best = k;
  return best;
}

/** Mean ± standard deviation of every variable at a time, and the true ones beside them where these are known. */
export function result(
  runs: Runs,
  time: number,
  axis: string,
  variables: readonly LiveVariable[],
  truth: readonly Curve[],
): string {
  const parts = variables.map(({ symbol }, j) => {
    const { mean, std } = runs.law(time, j);
    const exact = truth[j];
    const at = exact && nearestTime(exact.times, runs.times[time]);
    return `${symbol} = ${ofRuns(mean, std)}${exact ? ` (true: ${ofRuns(exact.mean[at], exact.std[at])})` : ""}`;
  });
  return `At time ${timeText(axis, runs.times[time])}: ${parts.join(", ")}; mean ± 1 std of ${runs.runs} runs.`;
}

/** What of the runs is not to be relied on; empty where all is well. */
export function doubts(runs: Runs): string {
  const outside = 100 * runs.outside();
  return [
    outside > 0 &&
      `${outside < 0.1 ? "Less than 0.1" : rounded(outside, 2)} % of their time the runs are outside the training data, where the equation is a guess.`,
    runs.lost > 0 && `${runs.lost} of them have left all bounds and are not shown from there on.`,
  ]
    .filter(Boolean)
    .join(" ");
}
