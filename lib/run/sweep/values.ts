// The values that a parameter takes in a sweep, as they are written on a command line: lists and ranges.
import { InputError } from "../../errors.ts";
import { allowed, type Parameter, quoted, readValue } from "../parameters.ts";

/** A range longer than this is a slip of the keyboard. */
const LONGEST = 1e6;
/** Digits that the steps of a range keep: 0.1 + 2 · 0.05 is 0.2. */
const DIGITS = 12;
/** Part of a step by which the end of a range may be missed. */
const ROUNDING = 1e-6;

/** Wrong values that a message names. */
const SHOWN = 6;

/** What a sweep can vary: everything but texts, which stand behind `--` for all runs. */
export const canVary = ({ kind }: Parameter) => kind !== "text";

/**
 * The values in a text, each as the text of one value: `2.2:2.6:0.2,3` of a number is 2.2, 2.4, 2.6, 3; both ends of a range are in it, its step is 1 where none
 * is given. Lists of values stand between `;`. Throws InputError that names every value that is not possible, and values that are there twice.
 */
export function readValues(option: string, parameter: Parameter, text: string): string[] {
  if (!canVary(parameter))
    throw new InputError(`${option} is a text, which is the same for all runs: give it behind a second --`);
  const isList = parameter.kind === "numbers" || parameter.kind === "integers";
  const isNumber = parameter.kind === "number" || parameter.kind === "integer";
  if (text.trim() === "") throw new InputError(`${option} has no values: give ${allowed(parameter)}`);
  const parts = text.split(isList ? ";" : ",");
  const wrong: string[] = [];
  const values = parts.flatMap((part) => {
    const trimmed = part.trim();
    // A range has numbers, which are judged like those of a list.
    const list = isNumber && trimmed.includes(":") ? rangeOf(option, trimmed) : [trimmed];
    return list.flatMap((one) => {
      try {
        return [readOne(option, parameter, one)];
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        wrong.push(one);
        return [];
      }
    });
  });
  if (wrong.length > 0) {
    const more = wrong.length > SHOWN ? ` and ${wrong.length - SHOWN} more` : "";
    const shown = `${wrong.slice(0, SHOWN).map(quoted).join(", ")}${more}`;
    const verb = wrong.length > 1 ? "are not possible: each has to be" : "is not possible: give";
    throw new InputError(`${option} ${shown} ${verb} ${allowed(parameter)}`);
  }
  const seen = new Set<string>();
  const twice = values.find((value) => seen.size === seen.add(value).size);
  if (twice !== undefined) throw new InputError(`${option} has ${twice} twice: give it once`);
  return values;
}

/** One value as its shortest text: 1e1 is 10, "8, 16" is 8,16. Throws InputError where it is not possible. */
export const readOne = (option: string, parameter: Parameter, text: string): string =>
  String(readValue(option, parameter, text.trim()));

/** `from:to` or `from:to:step`, both ends in it. */
function rangeOf(option: string, text: string): string[] {
  const ends = text.split(":");
  const [from, to, step = 1] = ends.map((end) => (end.trim() === "" ? Number.NaN : Number(end)));
  const wrong = (why: string, remedy = "write from:to or from:to:step") =>
    new InputError(`${option} ${quoted(text)} ${why}: ${remedy}`);
  if (ends.length > 1 && /^[+-]?(inf(inity)?|∞)?$/i.test(ends[1].trim())) throw wrong("is a range that does not end");
  if (ends.length > 3 || [from, to, step].some(Number.isNaN)) throw wrong("is no range");
  if (![from, to, step].every(Number.isFinite)) throw wrong("is a range that does not end");
  if (step <= 0) throw wrong("has a step that is not above 0");
  if (to < from) throw wrong("is a range that ends below its start", `write ${[to, from, ...ends.slice(2)].join(":")}`);
  const count = Math.floor((to - from) / step + ROUNDING) + 1;
  if (count > LONGEST) throw wrong(`is a range of ${count} values`, "take a larger step");
  // Of the largest number: what is left of a step to zero is dust.
  const digits = DIGITS - 1 - Math.floor(Math.log10(Math.max(Math.abs(from), Math.abs(to), step)));
  const rounded = (value: number) => Number(value.toFixed(Math.min(100, Math.max(0, digits))));
  return Array.from({ length: count }, (_, k) => String(rounded(from + k * step)));
}
