// The parameters of a script, declared once: kinds, ranges, defaults per profile, and the reading of one value.
import { InputError } from "../errors.ts";

/** How large an experiment runs: quick ≤ 2 min, standard ≤ 25 min on 2 cores, paper the paper's own sizes. */
export const PROFILES = ["quick", "standard", "paper"] as const;
export type Profile = (typeof PROFILES)[number];

/** The values of another parameter: some, a number above one, or any but that one. */
export type Accepted = readonly (string | number | boolean)[] | { readonly above: number } | { readonly not: string };
/** What several other parameters have to be, by key, all at once. */
export type Condition = Readonly<Record<string, Accepted>>;

interface Described<T> {
  default: T;
  /** Defaults that differ in a profile. */
  profiles?: Partial<Record<Profile, T>>;
  /** One line. */
  meaning: string;
  unit?: string;
  /** Its section of the paper, and in brackets what stands there: "3.3 (copy)". */
  paper?: string;
  /** It has an effect under one of these conditions alone; without them it always has. */
  onlyWith?: readonly Condition[];
}
/** The allowed numbers: `min` and `max` are allowed themselves, `above` and `below` are not. */
interface Range {
  min?: number;
  max?: number;
  above?: number;
  below?: number;
}
export type Parameter =
  | ({ kind: "number" | "integer" } & Described<number> & Range)
  | ({ kind: "numbers" | "integers" } & Described<readonly number[]> & Range)
  | ({ kind: "choice"; choices: readonly string[] } & Described<string>)
  | ({ kind: "flag" } & Described<boolean>)
  | ({ kind: "text" } & Described<string>);
/** Keys are camel case (`patchSide`), options are their kebab case (`--patch-side`). */
export type Parameters = Record<string, Parameter>;

type Value<P extends Parameter> = P extends { kind: "number" | "integer" }
  ? number
  : P extends { kind: "numbers" | "integers" }
    ? number[]
    : P extends { kind: "choice"; choices: readonly (infer C)[] }
      ? C
      : P extends { kind: "flag" }
        ? boolean
        : string;
/** What a declaration reads as: `integers` number[], `choice` the union of its choices, and so on. */
export type Values<P extends Parameters> = { -readonly [K in keyof P]: Value<P[K]> };

const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** `patchSide` → `--patch-side`; symbols of one letter stay as they are, `L` → `--L`. */
export function optionName(key: string): string {
  if (key.length === 1) return `--${key}`;
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** A value of the user's as it stands in a message: quoted, one line, at most 40 characters. */
export function quoted(text: string): string {
  const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 39)}…` : text);
  return shown.replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/g, "?");
}

/** What the parameter allows, in words: "a number above 0 and at most 5". */
export function allowed(parameter: Parameter): string {
  switch (parameter.kind) {
    case "choice":
      return listed(parameter.choices);
    case "flag":
      return "true or false";
    case "text":
      return "text on one line, not empty";
    default: {
      const { kind, min, max, above, below } = parameter;
      const least = min !== undefined ? `at least ${min}` : above !== undefined ? `above ${above}` : "";
      const most = max !== undefined ? `at most ${max}` : below !== undefined ? `below ${below}` : "";
      const noun = kind.startsWith("integer") ? "whole number" : "decimal number";
      const range =
        min !== undefined && max !== undefined ? `from ${min} to ${max}` : [least, most].filter(Boolean).join(" and ");
      return kind.endsWith("s")
        ? `${noun}s ${range}`.trim().concat(", separated by commas")
        : `a ${noun} ${range}`.trim();
    }
  }
}

/** "a, b or c". */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;
}

/** Reads the text given for an option. Throws InputError with the value, what is allowed and a remedy. */
export function readValue(option: string, parameter: Parameter, text: string): Values<Parameters>[string] {
  const wrong = (value: string, why?: string) =>
    new InputError(`${option} ${quoted(value)} ${why ?? "is not possible"}: give ${allowed(parameter)}`);
  switch (parameter.kind) {
    case "number":
    case "integer":
      return readNumber(parameter, text, wrong);
    case "numbers":
    case "integers":
      if (text === "" && parameter.default.length === 0) return [];
      return text.split(",").map((item) => readNumber(parameter, item, wrong));
    case "choice":
      if (!parameter.choices.includes(text)) throw wrong(text, "is not a choice");
      return text;
    case "flag":
      if (text !== "true" && text !== "false") throw wrong(text);
      return text === "true";
    case "text":
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      if (text.trim() === "" || /[\u0000-\u001f\u007f]/.test(text)) throw wrong(text);
      return text;
  }
}

function readNumber(
  parameter: Extract<Parameter, Range>,
  text: string,
  wrong: (value: string, why?: string) => InputError,
): number {
  const trimmed = text.trim();
  if (trimmed === "") throw wrong(text, "lacks a number");
  if (!DECIMAL.test(trimmed)) throw wrong(text, "is not a number");
  const value = Number(trimmed);
  if (!Number.isFinite(value)) throw wrong(text, "is too large");
  if (value === 0 && /[1-9]/.test(trimmed.split(/e/i)[0])) throw wrong(text, "is too close to zero");
  const problem = numberProblem(parameter, value);
  if (problem) throw wrong(text, problem);
  return value === 0 ? 0 : value; // not −0, which JSON cannot keep
}

function numberProblem(parameter: Extract<Parameter, Range>, value: number): string | undefined {
  const { kind, min, max, above, below } = parameter;
  if (kind.startsWith("integer") && !Number.isSafeInteger(value)) {
    return Number.isInteger(value) ? "is too large" : "is not a whole number";
  }
  if ((min !== undefined && value < min) || (above !== undefined && value <= above)) return "is too small";
  if ((max !== undefined && value > max) || (below !== undefined && value >= below)) return "is too large";
  return undefined;
}

/** Throws where a script's own declaration is wrong: a default outside its range, a key that makes no option. */
export function checkDeclaration(parameters: Parameters): void {
  for (const [key, parameter] of Object.entries(parameters)) {
    if (!/^([a-z][a-zA-Z0-9]*|[A-Z])$/.test(key))
      throw new Error(`parameter ${key}: a key is camel case letters and digits, or one capital letter`);
    for (const value of [parameter.default, ...Object.values(parameter.profiles ?? {})]) {
      const text = String(value);
      try {
        if (String(readValue(optionName(key), parameter, text)) === text) continue;
      } catch (cause) {
        throw new Error(`parameter ${key}: its default is not allowed, ${(cause as Error).message}`, { cause });
      }
      throw new Error(`parameter ${key}: the default ${text} does not read back as itself`);
    }
  }
}

/** The values of a profile where the user gives none. Without a profile, the plain defaults. */
export function defaults<P extends Parameters>(parameters: P, profile?: Profile): Values<P> {
  const entries = Object.entries(parameters).map(([key, parameter]) => {
    const value = (profile && parameter.profiles?.[profile]) ?? parameter.default;
    return [key, Array.isArray(value) ? [...value] : value];
  });
  return Object.fromEntries(entries) as Values<P>;
}

/** Throws InputError where a list names a value twice; `what` one is, e.g. a side. */
export function checkDistinct(option: string, values: readonly number[], what: string): void {
  if (new Set(values).size < values.length) throw new InputError(`--${option} ${values} names ${what} twice`);
}
