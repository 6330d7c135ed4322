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
    if (!((bits[k >> 3] >> (k & 7)) & 1)) return 0;
    let whole = all[at + size - 1] < 128 ? 0 : -1;
    for (let byte = size - 1; byte >= 0; byte--) whole = whole * 256 + all[at + byte];
    at += size;
    return whole * Number(unit);
  });
}

/** The numbers of a curve of the truth. */
export const truthOf = ({ truths }: LiveData, place: number) => numbersOf(truths[place]);

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
