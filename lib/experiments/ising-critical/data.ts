// What the report of the critical Ising experiment shows.
import type { CriticalQuantity } from "../../analysis/finite-size.ts";
import type { Diagnosed } from "../../report/figures/diagnostics.ts";
import type { LiveEquation } from "../../report/live-equation.ts";
import type { Finished } from "../../run/publish.ts";
import type { Estimate } from "../../run/seeds.ts";

export const SYMBOLS: Readonly<Record<CriticalQuantity, string>> = { abs_m: "⟨|m|⟩", chi: "χ", binder: "U" };

/** A quantity at one size and temperature, learned and true. */
export interface Compared {
  readonly side: number;
  readonly temperature: number;
  readonly learned: Estimate;
  readonly truth: Estimate;
}

/** Slopes of U at the critical temperature, of the learned equations, the truth, and the paper. */
export interface Slopes {
  readonly sides: readonly number[];
  readonly learned: readonly Estimate[];
  readonly truth: readonly Estimate[];
  readonly paper: readonly (number | null)[];
}

/** Worst deviations over points of sides from one on and up to another: of ⟨|m|⟩ and χ in parts of them, of U. */
export interface Worst {
  /** `paper`: sides and temperatures of the paper; `further`: its large sides at other temperatures; `beyond`: larger sides. */
  readonly scope: "paper" | "further" | "beyond";
  readonly from: number;
  readonly to: number;
  readonly absM: number;
  readonly chi: number;
  readonly binder: number;
}

export interface CriticalReportData extends Finished {
  temperatures: number[];
  T: number;
  patch: number;
  /** How many seeds the main laws are of. */
  seeds: number;
  quantities: { [quantity in CriticalQuantity]: Compared[] };
  worst: readonly Worst[];
  slopes: Slopes;
  exponents: { name: string; learned: Estimate; truth: Estimate; paper: number | null; exact: number | null }[];
  /** Correlation times of m at the temperature of the scaling. */
  kinetics: {
    readonly sides: readonly number[];
    readonly learned: readonly Estimate[];
    readonly direct: readonly Estimate[];
  };
  relaxTimes: {
    readonly side: number;
    readonly rows: readonly {
      readonly time: number;
      readonly absM: number;
      readonly chi: number;
      readonly binder: number;
      /** At equal (m, ρ), in units of the spread there. */
      readonly structures: readonly Estimate[];
    }[];
  } | null;
  /**
   * Attempts to flip a spin, by phase for one seed, for all of them, and of direct simulations that know ⟨|m|⟩ as well; beside K the λ that the
   * paper set by hand at T = 2.27.
   */
  costs: {
    readonly side: number;
    readonly K: number;
    readonly lambda: number | null;
    readonly small: number;
    readonly relax: number;
    readonly looks: number;
    readonly learn: number;
    readonly direct: number;
  }[];
  /** Other ways to the same laws, first seed. */
  others: {
    readonly way: string;
    readonly side: number;
    readonly temperature: number;
    readonly absM: number;
    readonly absMOff: number;
    readonly chiOff: number;
    readonly binderOff: number;
    /** Correlation time of m, sweeps. */
    readonly tau: number;
  }[];
  /** Lattices in equilibrium beside the learned laws at T, first seed; and sides of these, as cases. */
  diagnostics: Diagnosed[];
  lawSides: string[];
  /** What the page integrates, and of which side. */
  live: LiveEquation | null;
  liveSide: number;
}
