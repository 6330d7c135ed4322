import type { PlottedSeries } from "../chart-data.ts";

/** What the ends of a series' intervals are, in words. */
export const INTERVALS: Record<PlottedSeries["interval"], { name: string; low: string; high: string }> = {
  "95 %": { name: "95 % interval", low: "95 % from", high: "to" },
  std: { name: "mean ± 1 standard deviation", low: "−1 std", high: "+1 std" },
};
