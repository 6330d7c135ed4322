// Quantities of learned equations and of the truth at all sizes and temperatures, and the exponents that fits to them give.
import {
  type Critical,
  collapse,
  crossing,
  eachQuantity,
  powerLaw,
  type SizeCurve,
  slopeAt,
} from "../../analysis/finite-size.ts";
import { CRITICAL_TEMPERATURE } from "../../analysis/ising-onsager.ts";
import { average } from "../../analysis/mean.ts";
import { isInside, type Stationary } from "./laws.ts";
import { type CriticalOptions, fittedSides, isAsked } from "./parameters.ts";

/**
 * Which lattices taught an equation: those of the temperature of the scaling, as in all that a run stands for; or, to compare, those of the
 * temperature itself alone, or of all temperatures together.
 */
export type Taught = "scaling" | "alone" | "together";

/** A stationary law of one seed. */
export interface Outcome {
  readonly seed: number;
  readonly side: number;
  /** Side of the lattices that taught the equation. */
  readonly from: number;
  readonly taught: Taught;
  readonly temperature: number;
  readonly law: Stationary;
}

/** Quantities at a size and temperature. */
export interface Point extends Critical<number> {
  readonly side: number;
  readonly temperature: number;
}

/** Outcomes and truth without the points that nobody asked for and that lie outside the training data for a seed: fits are to the same points for all. */
export function settled<T extends { readonly side: number; readonly temperature: number }>(
  p: CriticalOptions,
  outcomes: readonly Outcome[],
  truth: readonly T[],
): { outcomes: Outcome[]; truth: T[] } {
  const lost = outcomes.filter((one) => isMain(one) && !isAsked(p, one.side, one.temperature) && !isInside(one.law));
  const isKept = ({ side, temperature }: { side: number; temperature: number }) =>
    !lost.some((one) => one.side === side && one.temperature === temperature);
  return { outcomes: outcomes.filter((one) => !isMain(one) || isKept(one)), truth: truth.filter(isKept) };
}

/** What the paper fits. */
export const EXPONENTS = ["beta_over_nu", "gamma_over_nu", "one_over_nu"] as const;
export type Exponent = (typeof EXPONENTS)[number];

/** Values of the infinite lattice. */
export const EXACT: { readonly [exponent in Exponent]: number } = {
  beta_over_nu: 1 / 8,
  gamma_over_nu: 7 / 4,
  one_over_nu: 1,
};

export type Fits = {
  readonly [exponent in Exponent | "t_c" | "collapse_beta_over_nu" | "collapse_one_over_nu"]: number;
};

/** A quantity against the temperature of one size. */
const curveOf = (points: readonly Point[], side: number, value: (point: Point) => number): SizeCurve => {
  const own = points.filter((point) => point.side === side).sort((a, b) => a.temperature - b.temperature);
  return { side, temperatures: own.map(({ temperature }) => temperature), values: own.map(value) };
};

/** |dU/dT| at the critical temperature of one size. */
export const binderSlope = (points: readonly Point[], side: number) =>
  Math.abs(
    slopeAt(
      curveOf(points, side, (point) => point.binder),
      CRITICAL_TEMPERATURE,
    ),
  );

/** Points that a free collapse needs: its common curve has five coefficients, and there are two exponents. */
const LEAST_COLLAPSE = 12;

/** NaN for fewer than two numbers, and for numbers that have no logarithm. */
export const slopeOf = (x: readonly number[], y: readonly number[]) =>
  y.length > 1 && y.every((value) => value > 0) ? powerLaw(x, y) : Number.NaN;

/** The fits of the paper (section 3.4), crossings of U and a free collapse of ⟨|m|⟩, of one set of points. */
export function fitsOf(points: readonly Point[], p: CriticalOptions): Fits {
  const { scaling, slopes } = fittedSides(p);
  const at = (side: number) => points.find((point) => point.side === side && point.temperature === p.T);
  const there = scaling.flatMap((side) => at(side) ?? []);
  const sides = there.map(({ side }) => side);
  const several = p.temperatures.length > 2;
  // Crossings of neighbouring sizes above the patch itself.
  const larger = [...p.sizes, ...p.largeSizes].filter((side) => side > p.patch).sort((a, b) => a - b);
  const binder = larger
    .map((side) => curveOf(points, side, (point) => point.binder))
    .filter(({ values }) => values.length > 2);
  const crossings = binder.slice(1).map((curve, k) => crossing(binder[k], curve));
  const order = slopes.filter((side) => side > p.patch).map((side) => curveOf(points, side, (point) => point.abs_m));
  const known = order.flatMap(({ values }) => values);
  const free =
    several && known.length >= LEAST_COLLAPSE && known.every((x) => x > 0)
      ? collapse(order, CRITICAL_TEMPERATURE, { oneOverNu: 1, power: 0.1 })
      : null;
  return {
    beta_over_nu: -slopeOf(
      sides,
      there.map(({ abs_m }) => abs_m),
    ),
    gamma_over_nu: slopeOf(
      sides,
      there.map(({ chi }) => chi),
    ),
    one_over_nu: several
      ? slopeOf(
          slopes,
          slopes.map((side) => binderSlope(points, side)),
        )
      : Number.NaN,
    t_c: several && crossings.length > 0 ? average(crossings) : Number.NaN,
    collapse_beta_over_nu: free?.power ?? Number.NaN,
    collapse_one_over_nu: free?.oneOverNu ?? Number.NaN,
  };
}

/** Whether a law is one of the main ones: learned at its own size from lattices of the temperature of the scaling. */
export const isMain = ({ side, from, taught }: Outcome) => side === from && taught === "scaling";

/** The main points of one seed. */
export function pointsOf(outcomes: readonly Outcome[], seed: number): Point[] {
  return outcomes
    .filter((one) => one.seed === seed && isMain(one))
    .map(({ side, temperature, law }) => ({
      side,
      temperature,
      ...eachQuantity((key) => law[key]),
    }));
}
