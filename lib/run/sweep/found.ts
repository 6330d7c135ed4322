// What lies in the folder of a run of a sweep, and why it cannot be taken for that run where it cannot: whoever asks is told the same.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError, StorageError } from "../../errors.ts";
import { type Found, inspect } from "../manifest.ts";
import { type RunResult, validateResult } from "../result.ts";
import { type Point, runFolder } from "./plan.ts";

/** The state of a run's folder; `foreign`, with the sentence by which a run refuses it, where it holds no run of this version or cannot be read. */
export function foundOf(folder: string, point: Point): Found | { readonly state: "foreign"; readonly why: string } {
  const found = orRefusal(() => inspect(runFolder(folder, point)));
  return typeof found === "string" ? { state: "foreign", why: found } : found;
}

/** Why a result is none. `isBroken`: it is cut off or gone, so that the run is to be made anew; what is whole, but not what was expected, is left alone. */
export interface Refused {
  /** A sentence without a stop. */
  readonly why: string;
  readonly isBroken: boolean;
}

/** The result of a finished run, if it is one of this version and of this point. */
export function resultOf(folder: string, point: Point): { readonly result: RunResult } | Refused {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(join(runFolder(folder, point), "result.json"), "utf8"));
  } catch (error) {
    if (error instanceof SyntaxError)
      return { why: "its result.json is not JSON: it is cut off, or was changed", isBroken: true };
    const isGone = (error as NodeJS.ErrnoException).code === "ENOENT";
    return { why: `its result.json ${isGone ? "is missing" : "cannot be read"}`, isBroken: isGone };
  }
  const result = orRefusal(() => validateResult(value));
  if (typeof result === "string")
    return { why: `${result}, which the sweep does where you delete that file`, isBroken: false };
  const wrong = differenceOf(result, point);
  return wrong === null
    ? { result }
    : { why: `its result.json is of another run (${wrong}): move its folder away`, isBroken: false };
}

/** The options to go on with what is in the folder of a run; null where there is nothing to do. What cannot be read is left to the run itself, which says what is wrong. */
export function continuation(folder: string, point: Point): string[] | null {
  const { state } = foundOf(folder, point);
  if (state === "unfinished") return ["--resume"];
  if (state !== "finished") return [];
  const made = resultOf(folder, point);
  return "why" in made && made.isBroken ? ["--force"] : null;
}

/** Where a result is not that of a point, "seed 5, the plan has 7"; null where seed and varied numbers are right. */
function differenceOf({ seed, parameters }: RunResult, point: Point): string | null {
  const found: Readonly<Record<string, unknown>> = { ...parameters, seed };
  const planned = { ...point.values, seed: String(point.seed) };
  const wrong = Object.entries(planned).find(
    ([key, text]) => typeof found[key] === "number" && found[key] !== Number(text),
  );
  return wrong ? `${wrong[0]} ${found[wrong[0]]}, the plan has ${wrong[1]}` : null;
}

/** What work gives, or the sentence that it refuses with. */
export function orRefusal<T extends object>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    if (error instanceof InputError || error instanceof StorageError) return error.message;
    throw error;
  }
}
