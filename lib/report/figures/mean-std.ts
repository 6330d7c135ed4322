import type { Series } from "../chart.ts";

/** Mean and standard deviation over runs, at every time. */
export interface MeanStd {
  mean: number[];
  std: number[];
}

/** Mean ± standard deviation as a line with its band. */
export function spread(times: number[], law: MeanStd): Pick<Series, "x" | "y" | "low" | "high"> {
  const edge = (sign: number) => Array.from(law.mean, (mean, i) => mean + sign * law.std[i]!);
  return { x: times, y: law.mean, low: edge(-1), high: edge(1) };
}
