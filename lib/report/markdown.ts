// Metrics as Markdown, for the pages that are written from result.json.
import type { Metric, RunResult } from "../run/result.ts";
import { formatNumber, formatWithInterval, MISSING, shortNumber } from "./number.ts";

/** A table of Markdown; a bar in a cell would end it, so that it is escaped. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(header), `|${"---|".repeat(header.length)}`, ...rows.map(line)].join("\n");
}

/** Ends of an interval further apart than this factor, and not even about the value, are of a logarithmic scale: each has its own digits. */
const WIDE = 1.5;
const EVEN = 0.1;

/** A metric with its 95 % interval, `times` a factor; "—" where it is none. */
export function metricText(metric: Metric | undefined, times = 1): string {
  if (!metric) return MISSING;
  const value = times * metric.value;
  if (!metric.ci95) return formatNumber(value, 3);
  const [low, high] = metric.ci95.map((end) => times * end);
  const isEven = Math.abs(low + high - 2 * value) < EVEN * (high - low);
  if (low > 0 && high > WIDE * low && !isEven) {
    const [middle, ...ends] = [value, low, high].map((one) => formatNumber(one, 2));
    return `${middle} [${ends.join(", ")}]`;
  }
  return formatWithInterval({ value, low, high });
}

/** A column of metrics: its title, the metric of a case, perhaps what is shown of it in place of value and interval. */
export interface MetricColumn {
  readonly title: string;
  readonly name: (suffix: string) => string;
  readonly show?: (metric: Metric) => string;
}

/** Metrics of cases (rows: a label and how names of metrics say it). Columns without a single metric are left out. */
export function metricsTable(
  { metrics }: RunResult,
  corner: string,
  cases: readonly (readonly [label: string, suffix: string])[],
  columns: readonly MetricColumn[],
): string {
  const found = columns.filter(({ name, show }) =>
    cases.some(([, suffix]) => {
      const metric = metrics[name(suffix)];
      return metric !== undefined && (show?.(metric) ?? "") !== MISSING;
    }),
  );
  const rows = cases.map(([label, suffix]) => [
    label,
    ...found.map(({ name, show = metricText }) => {
      const metric = metrics[name(suffix)];
      return metric ? show(metric) : MISSING;
    }),
  ]);
  return markdownTable([corner, ...found.map(({ title }) => title)], rows);
}

/** The paper's figure of a metric, and the value of theory. */
export const paperText = ({ paper }: Metric) => (paper === null ? MISSING : shortNumber(paper));
export const exactText = ({ exact }: Metric) => (exact === null ? MISSING : shortNumber(exact));
/** What the single seeds gave. */
export const seedsText = ({ seeds }: Metric) => seeds?.map((value) => formatNumber(value, 2)).join(", ") ?? MISSING;

/** A parameter of a run as a text: lists with commas; "—" where the run has none of the name. */
export function settingText({ parameters }: RunResult, name: string): string {
  const value = parameters[name];
  if (value === undefined) return MISSING;
  return (Array.isArray(value) ? value.join(", ") : String(value)).replaceAll("-", "−");
}

/** A parameter that is a list of numbers; empty where the run has none of the name. */
export function numbersOf({ parameters }: RunResult, name: string): number[] {
  const value = parameters[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === "number") : [];
}
