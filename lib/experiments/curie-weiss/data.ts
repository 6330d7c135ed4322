/** What the Curie–Weiss report shows. */

import type { CostCurve } from "../../analysis/cost.ts";
import type { CentralRange } from "../../analysis/distribution.ts";
import type { Comparison } from "../../report/figures/comparison.ts";
import type { DegreeChoice } from "../../report/figures/degrees.ts";
import type { Diagnosed } from "../../report/figures/diagnostics.ts";
import type { Source } from "../../report/figures/methods.ts";
import type { Learned } from "../../report/figures/patch-sides.ts";
import type { StartDistance } from "../../report/figures/starts.ts";
import type { Case } from "../../report/figures/trajectories.ts";
import type { LiveEquation } from "../../report/live-equation.ts";
import type { Finished } from "../../run/publish.ts";
import type { Band, Estimate } from "../../run/seeds.ts";

/** Times in sweeps; `patch` is a side; diffusion is n σ²(m), of order one at every n. */
export interface CurieWeissReportData extends Finished {
  /** Side of the large lattice. */
  side: number;
  /** In couplings. */
  temperature: number;
  field: number;
  /** Predicted runs per start and seed. */
  runs: number;
  /** How many seeds the numbers are of. */
  seeds: number;
  /** Magnetizations at which drift and diffusion are given. */
  grid: number[];
  exact: { drift: number[]; diffusion: number[] };
  /** `noise`: half of the 95 % intervals that the training data leave of the curves, about the truth; null where that is not known. */
  learned: (Learned & {
    drift: Band;
    diffusion: Band;
    trained: CentralRange;
    noise: { drift: number[]; diffusion: number[] } | null;
  })[];
  /** One per initial magnetization; means over seeds of both moments. */
  cases: Case<"m">[];
  stationary: { m: number[]; exact: number[]; predicted: (Learned & { density: number[] })[] };
  /** Starts whose errors are relative to the spread of runs. */
  withinSpread: string[];
  /** Relative squared errors of mean trajectories. */
  errors: (Estimate & { source: Source; patch: number })[];
  /** Predicted over exact standard deviation in equilibrium. */
  fluctuations: (Learned & { ratio: Estimate })[];
  /** What a perfect model would score at the number of runs used. */
  floor: number;
  /** The same with as many predicted runs as the paper has, beside the exact mean and, as printed, beside as many true ones. */
  paperFloors: { exact: number; printed: number };
  /** The baselines at the paper's δt; null where all predictions run away, as those of so many of the seeds do. */
  paperTime: (Learned & {
    error: Estimate | null;
    stdRatio: Estimate | null;
    paper: number | null;
    lost: number;
    seeds: number;
  })[];
  /** Variance of the patch magnetization, upsampled over true, after relaxation. */
  upsampling: { patch: number; level: number; side: number; varianceRatio: number; low: number; high: number }[];
  pictures: { title: string; side: number; spins: Uint8Array }[];
  comparison: Comparison[];
  /** Of our methods at the smallest patch side. */
  diagnostics: Diagnosed[];
  /** How the degree of each drift was chosen. */
  degrees: DegreeChoice[];
  starts: StartDistance[];
  /** Of the compensator. */
  costs: CostCurve[];
  /** What the page integrates. */
  live: LiveEquation | null;
}
