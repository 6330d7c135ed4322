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

/** A curve at a time, along the line between the two times about it; beyond its ends as at these. */
function at({ times, mean, std }: Curve, time: number): { mean: number; std: number } {
  const last = times.length - 1;
  let k = 0;
  while (k < last - 1 && times[k + 1] < time) k++;
  const next = Math.min(last, k + 1);
  const part = next > k ? Math.max(0, Math.min(1, (time - times[k]) / (times[next] - times[k]))) : 0;
  const of = (values: ArrayLike<number>) => values[k] + part * (values[next] - values[k]);
  return { mean: of(mean), std: of(std) };
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
    const exact = truth[j] && at(truth[j], runs.times[time]);
    return `${symbol} = ${ofRuns(mean, std)}${exact ? ` (true: ${ofRuns(exact.mean, exact.std)})` : ""}`;
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
