// The potential that a learned equation has along the main direction of ordering.

import { Matrix, solve } from "ml-matrix";
import type { Gpu } from "../../gpu/device.ts";
import { evaluate, type SdeModel } from "../../method/sde/model.ts";
import { onsagerPotential } from "../../method/sde/onsager-drift.ts";
import { orderScale } from "./clock.ts";

const POINTS = 61;
/** The line goes from disorder to so many times the equilibrium. */
const BEYOND = 1.5;

/** Along z = s z_eq, s from 0 to 1.5, where there are data: among those s that the training states at this temperature have along z_eq. */
export interface Potential {
  readonly temperature: number;
  /** s z_eq in the order parameter of Mo and Ta, `[points]`. */
  readonly order: readonly number[];
  /** −2 ∫ (σσᵀ)⁻¹ f · dz over the number of atoms, 0 at its least: −ln of the density per atom where the equation obeys detailed balance. */
  readonly perAtom: readonly number[];
  /** V of an OnsagerNet, without unit; null for other drifts. */
  readonly onsager: readonly number[] | null;
}

/**
 * Of the equation of one temperature (`equationAt`, in scaled variables) of a lattice of n atoms, with its equilibrium δ `[3]`: NbMo, NbTa,
 * MoTa; `states` `[m, 3]`: what it was learned from at that temperature, scaled.
 */
export async function potentialAlong(
  gpu: Gpu,
  equation: SdeModel,
  temperature: number,
  equilibrium: readonly number[],
  atoms: number,
  states: Float32Array,
): Promise<Potential> {
  const d = equilibrium.length;
  const end = equilibrium.map((order) => orderScale(temperature) * order);
  const [low, high] = extentAlong(states, end);
  const [from, to] = [Math.max(0, low), Math.min(BEYOND, high)];
  const s = Array.from({ length: POINTS }, (_, k) => from + ((to - from) * k) / (POINTS - 1));
  const z = Float64Array.from({ length: POINTS * d }, (_, k) => s[Math.floor(k / d)] * end[k % d]);
  const { drift, diffusion } = await evaluate(gpu, equation, z);
  const slope = s.map((_, k) => {
    const noise = Matrix.from1DArray(d, d, [...diffusion.subarray(k * d * d, (k + 1) * d * d)]);
    const force = solve(noise, Matrix.columnVector([...drift.subarray(k * d, (k + 1) * d)])).to1DArray();
    return (-2 * force.reduce((sum, x, j) => sum + x * end[j], 0)) / atoms;
  });
  const sums = [0];
  for (let k = 1; k < POINTS; k++) sums.push(sums[k - 1] + ((slope[k - 1] + slope[k]) / 2) * (s[k] - s[k - 1]));
  const least = Math.min(...sums);
  const { drift: field, center, spread } = equation;
  const V = field.kind === "onsager" ? onsagerPotential(field, { n: POINTS, d, z, center, spread }) : null;
  return {
    temperature,
    order: s.map((share) => share * equilibrium[d - 1]),
    perAtom: sums.map((value) => value - least),
    onsager: V && Array.from(V, (value) => value - V.reduce((a, b) => Math.min(a, b))),
  };
}

/** Least and largest s of states `[m, d]`, each taken to the point s · end that is nearest to it. */
function extentAlong(states: Float32Array, end: readonly number[]): [number, number] {
  const d = end.length;
  const square = end.reduce((sum, x) => sum + x * x, 0);
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let at = 0; at < states.length; at += d) {
    let s = 0;
    for (let j = 0; j < d; j++) s += (states[at + j] * end[j]) / square;
    low = Math.min(low, s);
    high = Math.max(high, s);
  }
  return [low, high];
}
