// What a section says of its runs in words.
import type { LiveVariable } from "../../live-equation.ts";
import { formatWithInterval, shortNumber } from "../../number.ts";
import type { Curve } from "./equation.ts";
import type { Runs } from "./runs.ts";

/** So many significant digits of a number, without zeros at the end. */
export const rounded = (value: number, digits = 3) => shortNumber(Number(value.toPrecision(digits)));

/** "12 sweeps" of the axis "time [sweeps]". */
export function timeText(axis: string, value: number): string {
  const unit = /\[([^\]]*)\]\s*$/.exec(axis)?.[1] ?? "";
  return `${rounded(value)} ${unit}`.trim();
}

/** Of runs that all are at one value, the value alone. */
const ofRuns = (mean: number, std: number) =>
  std > 1e-9 * Math.abs(mean)
    ? formatWithInterval({ value: mean, low: mean - std, high: mean + std })
    : rounded(mean, 4);

/** The number of the time of a curve that is nearest. */
function nearestTime(times: ArrayLike<number>, time: number): number {
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

/** Share of the time that need not be said. */
const NEGLIGIBLE = 0.001;

/** What of the runs is not to be relied on; empty where all is well. */
export function doubts(runs: Runs, isInside: boolean): string {
  const outside = runs.outside();
  return [
    !isInside && "This start is outside the training data, where the equation is a guess.",
    outside > NEGLIGIBLE && `The runs spend ${rounded(100 * outside, 2)} % of their time outside the training data.`,
    runs.lost > 0 && `${runs.lost} of them have left all bounds and are not shown from there on.`,
  ]
    .filter(Boolean)
    .join(" ");
}
