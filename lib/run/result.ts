// result.json: the numbers of a run, in a form that other programs read.
import { InputError } from "../errors.ts";
import type { Adapter } from "./provenance.ts";

/** One number with its error bar and what it is compared with; all in `unit` ("1" for a pure number). */
export interface Metric {
  value: number;
  /** Ends of the 95 % confidence interval. */
  ci95: [number, number] | null;
  /** What the single seeds gave, where there are several. */
  seeds?: number[];
  /** The paper's figure. */
  paper: number | null;
  /** The value of exact theory. */
  exact: number | null;
  unit: string;
}
/** A learned equation, that of `models/<name>.safetensors`, at one condition. */
export interface EquationResult {
  /** Of equations that depend on conditions: their values. */
  at: Record<string, number>;
  /** f of every variable and D = σσᵀ of every pair, a line each; ± is half the 95 % interval. */
  formula: string[];
}
/** What result.json says that it is. Another number means that programs which read the old one would read this one wrongly. */
export const RESULT_SCHEMA = "patchwise result 1";

export interface RunResult {
  /** Absent from results of version 0, which were written before there was one: the same entries, of which the earliest lack `date`, `warnings` and `equations`. */
  schema?: typeof RESULT_SCHEMA;
  experiment: string;
  profile: string;
  seed: number;
  /** When the run was finished: UTC, ISO 8601, to the minute. Absent from results of earlier versions. */
  date?: string;
  versions: Record<string, string>;
  adapter: Adapter;
  /** Wall time per phase, s; `total` covers all sittings of a resumed run. */
  seconds: Record<string, number>;
  parameters: Record<string, unknown>;
  /** What a reader must know before the numbers: runs that left their data, or the physical range. */
  warnings?: string[];
  /** By name of the model; polynomials alone have a formula. */
  equations?: Record<string, EquationResult>;
  /** By name `quantity.method.case`. */
  metrics: Record<string, Metric>;
}

const NAME_PART = /^[A-Za-z0-9]+([-_][A-Za-z0-9]+)*$/;

const ISO_MINUTE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}Z$/;

/** A time as results hold it. */
export function isoMinute(time: Date): string {
  return `${time.toISOString().slice(0, 16)}Z`;
}

/** `error.compensator.patch16`: parts of letters (capitals where a symbol has them), digits, single hyphens or underscores. */
export function metricName(...parts: readonly string[]): string {
  for (const part of parts) {
    if (!NAME_PART.test(part)) {
      throw new Error(
        `metric name part "${part}": use letters and digits with single hyphens or underscores between them`,
      );
    }
  }
  return parts.join(".");
}

/** A number as part of the name of a metric: 0.25 is 0_25. */
export function metricNumber(value: number): string {
  return String(value).replace(".", "_");
}

/** A deep copy with keys in alphabetical order. Throws where JSON would lose something: NaN, ±∞, undefined, classes. */
export function plainJson(value: unknown, where: string): unknown {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value === 0 ? 0 : value;
  if (Array.isArray(value)) return value.map((item, at) => plainJson(item, `${where}[${at}]`));
  if (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(entries.map(([key, item]) => [key, plainJson(item, `${where}.${key}`)]));
  }
  throw new Error(`${where} is ${typeof value === "number" ? value : typeof value}, which JSON cannot hold`);
}

/** The text of result.json, the schema first and all keys in a fixed order. Throws on numbers that are not finite and on invalid names. */
export function resultText(result: RunResult): string {
  const metrics = Object.entries(result.metrics).map(
    ([name, { value, ci95, seeds, paper, exact, unit }]) =>
      [name, { value, ci95, ...(seeds && { seeds }), paper, exact, unit }] as const,
  );
  const { experiment, profile, seed, date } = result;
  const { kind, name, driver } = result.adapter;
  const sorted = (part: "versions" | "seconds" | "parameters" | "equations") => plainJson(result[part] ?? {}, part);
  metrics.sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, metric] of metrics) plainJson(metric, `metrics.${name}`);
  const ordered = {
    schema: RESULT_SCHEMA,
    experiment,
    profile,
    seed,
    ...(date !== undefined && { date }),
    versions: sorted("versions"),
    adapter: { kind, name, driver },
    seconds: sorted("seconds"),
    parameters: sorted("parameters"),
    warnings: result.warnings ?? [],
    metrics: Object.fromEntries(metrics),
    ...(result.equations && { equations: sorted("equations") }),
  };
  try {
    validateResult(ordered, "the result");
  } catch (cause) {
    throw new Error((cause as Error).message, { cause }); // our own mistake, not the user's
  }
  return `${JSON.stringify(ordered, null, 2)}\n`;
}

/**
 * Checks that a value read from JSON is a result, of this version or without one. Throws InputError that names `source` and the first wrong entry; one of another schema is
 * refused as a whole.
 */
export function validateResult(value: unknown, source = "result.json"): RunResult {
  const need = (fits: boolean, where: string, what: string, found: unknown) => {
    if (fits) return;
    const shown = JSON.stringify(found)?.slice(0, 60) ?? "missing";
    throw new InputError(`${source}: ${where} is ${shown} where ${what} is needed; run the experiment again`);
  };
  const record = (found: unknown, where: string, entry: (item: unknown, where: string, key: string) => void) => {
    need(isRecord(found), where, "an object", found);
    for (const [key, item] of Object.entries(found as object)) entry(item, `${where}.${key}`, key);
  };
  const text = (found: unknown, where: string) => need(typeof found === "string", where, "text", found);
  const number = (found: unknown, where: string) => need(Number.isFinite(found), where, "a finite number", found);
  const numberOrNull = (found: unknown, where: string) => {
    if (found !== null) number(found, where);
  };

  need(isRecord(value), "the whole", "an object", value);
  const result = value as Record<keyof RunResult, unknown>;
  if (result.schema !== undefined && result.schema !== RESULT_SCHEMA)
    throw new InputError(otherSchema(source, result.schema));
  text(result.experiment, "experiment");
  text(result.profile, "profile");
  need(Number.isSafeInteger(result.seed) && (result.seed as number) >= 0, "seed", "a whole number from 0", result.seed);
  const { date } = result;
  const isDate = date === undefined || (typeof date === "string" && ISO_MINUTE.test(date));
  need(isDate, "date", "a time such as 2026-11-28T10:03Z", result.date);
  record(result.versions, "versions", text);
  record(result.adapter, "adapter", () => {});
  for (const key of ["kind", "name", "driver"])
    text((result.adapter as Record<string, unknown>)[key], `adapter.${key}`);
  record(result.seconds, "seconds", (found, where) => {
    number(found, where);
    need((found as number) >= 0, where, "a number from 0", found);
  });
  record(result.parameters, "parameters", () => {});
  const { warnings } = result;
  const sentences =
    warnings === undefined || (Array.isArray(warnings) && warnings.every((one) => typeof one === "string"));
  need(sentences, "warnings", "a list of sentences", warnings);
  record(result.metrics, "metrics", (metric, where, name) => {
    const parts = name.split(".");
    need(
      parts.every((part) => NAME_PART.test(part)),
      "a metric name",
      "quantity.method.case",
      name,
    );
    need(isRecord(metric), where, "an object", metric);
    const { value, ci95, seeds, paper, exact, unit } = metric as Record<keyof Metric, unknown>;
    const numbers = seeds === undefined || (Array.isArray(seeds) && seeds.every(Number.isFinite));
    need(numbers, `${where}.seeds`, "a list of numbers", seeds);
    number(value, `${where}.value`);
    numberOrNull(paper, `${where}.paper`);
    numberOrNull(exact, `${where}.exact`);
    text(unit, `${where}.unit`);
    if (ci95 === null) return;
    const pair = Array.isArray(ci95) && ci95.length === 2 && ci95.every(Number.isFinite) && ci95[0] <= ci95[1];
    need(pair, `${where}.ci95`, "null or [low, high]", ci95);
  });
  record(result.equations ?? {}, "equations", (equation, where) => {
    need(isRecord(equation), where, "an object", equation);
    const { at, formula } = equation as Record<keyof EquationResult, unknown>;
    record(at, `${where}.at`, number);
    const lines = Array.isArray(formula) && formula.every((line) => typeof line === "string");
    need(lines, `${where}.formula`, "a list of lines", formula);
  });
  return value as RunResult;
}

/** Why a result of another schema is not read, and what to do. */
function otherSchema(source: string, schema: unknown): string {
  const number = typeof schema === "string" && /^patchwise result (\d+)$/.exec(schema)?.[1];
  const reads = `this version of patchwise reads "${RESULT_SCHEMA}"`;
  if (!number)
    return `${source} says that it is ${JSON.stringify(schema)?.slice(0, 60)}, which is no result of patchwise; ${reads}`;
  return `${source} is a "patchwise result ${number}", ${reads}: read it with the version that wrote it, or run the experiment again`;
}

/** The result in the text of a file. Throws InputError that names `source`, with a remedy, for one that is cut off, of another schema, or no result. */
export function parseResult(text: string, source: string): RunResult {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw new InputError(`${source} is not JSON: run the experiment again with --force`);
  }
  return validateResult(found, source);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
