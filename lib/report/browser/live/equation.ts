// The equation that a page carries, as what evaluates it: the same functions as everywhere.
import { type Hull, stateOf } from "../../../method/sde/hull.ts";
import type { PolynomialDiffusion } from "../../../method/sde/polynomial/diffusion.ts";
import type { PolynomialDrift } from "../../../method/sde/polynomial/drift.ts";
import type { Evaluated } from "../../../method/sde/polynomial/field.ts";
import type { LiveData, LiveModel } from "../../live-equation.ts";

export interface Equation {
  readonly d: number;
  readonly drift: Evaluated<PolynomialDrift>;
  readonly diffusion: Evaluated<PolynomialDiffusion>;
  readonly hull: Hull;
  readonly dt: number;
  readonly heun: boolean;
  readonly value: number | null;
  readonly note: string;
  readonly late: LiveModel["late"];
  /** All variables of the state whose first ones these are; a whole state as it is. */
  complete(z: readonly number[]): number[];
}

const bytesOf = (text: string) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));

/** Numbers as `packed` of live-equation.ts makes them. */
function numbersOf(text: string): Float64Array {
  const [unit, bytes, length, mask, packed] = text.split(",");
  const [bits, all, size] = [bytesOf(mask), bytesOf(packed), Number(bytes)];
  let at = 0;
  return Float64Array.from({ length: Number(length) }, (_, k) => {
    if (mask && !((bits[k >> 3] >> (k & 7)) & 1)) return 0;
    let whole = all[at + size - 1] < 128 ? 0 : -1;
    for (let byte = size - 1; byte >= 0; byte--) whole = whole * 256 + all[at + byte];
    at += size;
    return whole * Number(unit);
  });
}

/** Moments over time, `[times]`. */
export interface Curve {
  readonly times: ArrayLike<number>;
  readonly mean: ArrayLike<number>;
  readonly std: ArrayLike<number>;
}

/** What is true from a start, of every variable; empty where that is not known. */
export function truthOf({ truths, variables }: LiveData, { truth }: LiveData["starts"][number]): Curve[] {
  if (!truth) return [];
  const [times, all] = truth.map((place) => numbersOf(truths[place]));
  const part = (k: number) => all.subarray(k * times.length, (k + 1) * times.length);
  return variables.map((_, j) => ({ times, mean: part(2 * j), std: part(2 * j + 1) }));
}

/** Every equation of a page. */
export function equationsOf({ arrays, models, d }: LiveData): Equation[] {
  const numbers = arrays.map(numbersOf);
  const field = ({ degree, width, shift, frame, coefficients }: LiveModel["drift"]) => ({
    ...{ degree, conditionDegree: 0, width, coefficients: numbers[coefficients] },
    chart: { d, conditions: 0, shift: numbers[shift], frame: numbers[frame], odd: [] },
  });
  return models.map(({ drift, diffusion, center, spread, factor, limit, regression, ...rest }): Equation => {
    const hull = { d, center: numbers[center], spread: numbers[spread], factor: numbers[factor], limit };
    return {
      ...rest,
      d,
      drift: { ...field(drift), slope: numbers[drift.own] },
      diffusion: { ...field(diffusion), floor: numbers[diffusion.own] },
      hull,
      complete: (z) => (z.length === d ? [...z] : stateOf(hull, numbers[regression], z)),
    };
  });
}
