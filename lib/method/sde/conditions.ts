// What varies between the systems that one equation is learned from, temperatures say: further inputs of its fields, until values are
// put in and a field of z alone remains (`atCondition`).
import { InputError } from "../../errors.ts";
import { readArrays } from "../../io/format.ts";
import type { Tensors } from "../../io/safetensors.ts";
import type { Regression } from "../pairs.ts";

/** Of every condition, `[c]`, in its own unit: fields see c̃ = (condition − center)/spread; the training data go from low to high. */
export interface Conditions {
  readonly center: Float32Array;
  readonly spread: Float32Array;
  readonly low: Float32Array;
  readonly high: Float32Array;
}

/** A field that may depend on conditions; one of z alone has none. */
export interface Conditioned {
  readonly conditions?: Conditions;
}

/** The part of a field that these are; none where there are none. */
export const conditioned = (conditions: Conditions): Conditioned =>
  conditions.center.length > 0 ? { conditions } : {};

/** How many there are. */
export const conditionsIn = ({ conditions }: Conditioned): number => conditions?.center.length ?? 0;

/** How many there are of every row. */
export function conditionCount({ d, state, condition }: Pick<Regression, "d" | "state" | "condition">): number {
  return state.length > 0 ? (condition.length * d) / state.length : 0;
}

/** Least and largest value of each of `count` conditions over the rows. */
export function conditionRange(condition: ArrayLike<number>, count: number): Pick<Conditions, "low" | "high"> {
  const low = new Float32Array(count).fill(Number.POSITIVE_INFINITY);
  const high = new Float32Array(count).fill(Number.NEGATIVE_INFINITY);
  for (let at = 0; at < condition.length; at++) {
    low[at % count] = Math.min(low[at % count], condition[at]);
    high[at % count] = Math.max(high[at % count], condition[at]);
  }
  return { low, high };
}

/** c̃ of a condition. Throws InputError for one outside those of the training data, or another number of them. */
export function standardCondition({ conditions }: Conditioned, condition: readonly number[]): Float32Array {
  requireCount(condition, conditionsIn({ conditions }));
  return Float32Array.from(condition, (value, k) => {
    const { center, spread, low, high } = conditions as Conditions;
    // Values of float32 data, written with fewer digits, are inside.
    const room = 1e-6 * Math.max(Math.abs(low[k]), Math.abs(high[k]));
    if (!(value >= low[k] - room && value <= high[k] + room)) throw outside(value);
    return (value - center[k]) / spread[k];
  });
}

/** Throws InputError where these are not the conditions that an equation depends on. */
export function requireCount(condition: readonly number[], count: number): void {
  if (condition.length !== count) {
    throw new InputError(`${condition.length} conditions for an equation that depends on ${count}`);
  }
}

export const outside = (value: number) => new InputError(`condition ${value} is outside the training data`);

/** Throws Error for a field that is not one of z alone. */
export function requireClosed(count: number): void {
  if (count > 0) throw new Error(`the equation depends on ${count} conditions: put them in first`);
}

/** As a file keeps them: how many in the head of a field, arrays among its own; nothing where there are none. */
export function writeConditions({ conditions }: Conditioned): {
  head: object;
  arrays: Record<string, Float32Array>;
} {
  if (!conditions) return { head: {}, arrays: {} };
  const { center, spread, low, high } = conditions;
  return {
    head: { conditions: center.length },
    arrays: { "condition center": center, "condition spread": spread, "condition low": low, "condition high": high },
  };
}

/** The inverse, of `count` conditions. Throws InputError for arrays that are missing or of another length. */
export function readConditions(count: number, tensors: Tensors): Conditioned {
  if (count === 0) return {};
  const names = ["center", "spread", "low", "high"] as const;
  const arrays = readArrays(tensors, Object.fromEntries(names.map((name) => [`condition ${name}`, count])), "model");
  const [center, spread, low, high] = names.map((name) => arrays[`condition ${name}`]);
  return { conditions: { center, spread, low, high } };
}
