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
  /** All variables of the state whose first ones these are; a whole state as it is. */
  complete(z: readonly number[]): number[];
}

function bytesOf(text: string): ArrayBuffer {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
}

/** The numbers of a curve of the truth. */
export const truthOf = ({ truths }: LiveData, place: number): Float32Array => new Float32Array(bytesOf(truths[place]));

/** Every equation of a page. */
export function equationsOf({ arrays, models, d }: LiveData): Equation[] {
  const numbers = arrays.map((text) => new Float64Array(bytesOf(text)));
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
