/** What the predator–prey report shows. */
import type { CostCurve } from "../../analysis/cost.ts";
import type { Method } from "../../method/pairs.ts";
import type { Comparison } from "../../report/figures/comparison.ts";
import type { DegreeChoice } from "../../report/figures/degrees.ts";
import type { Closed, Diagnosed } from "../../report/figures/diagnostics.ts";
import type { Checked } from "../../report/figures/model-free.ts";
import type { StartDistance } from "../../report/figures/starts.ts";
import type { Case } from "../../report/figures/trajectories.ts";
import type { LiveEquation } from "../../report/live-equation.ts";
import type { Finished } from "../../run/publish.ts";
import type { Band, Estimate } from "../../run/seeds.ts";

/** The two species, named by their fields. */
export type Species = "u" | "v";
export const SPECIES: readonly Species[] = ["u", "v"];
export const SPECIES_NAMES: Record<Species, string> = { u: "u (prey)", v: "v (predator)" };

/** Upsampled over true power of one species in the modes `from` to `to`, with its 95 % interval; `name`: the way of upsampling. */
export interface SpectrumRatio {
  name: string;
  species: Species;
  /** "modes 1 to 9" */
  band: string;
  ratio: number;
  low: number;
  high: number;
}

/** Times in the model's units, u is the prey and v the predator, λ that of the training. */
export interface PredatorPreyReportData extends Finished {
  /** Grid points N of the large system. */
  points: number;
  /** Grid points of a patch. */
  patch: number;
  /** Number of patches K. */
  patches: number;
  /** Grid points of the small systems, how their snapshots are made large, and for how long each level is relaxed. */
  small: number;
  interpolation: string;
  relaxTime: number;
  /** Grid points of the systems in the section on fields; smaller than N where that is too large to show. */
  fieldPoints: number;
  /** The closure of the main figures: "autoencoder" or "dynamics". */
  closure: string;
  /** One true run: both species, `[times][points]` row by row. */
  spaceTime: { times: number[]; points: number; field: Record<Species, ArrayLike<number>> } | null;
  /** Snapshots at one time against the position in grid points of the large system: small, upsampled, true. */
  profiles: { title: string; x: number[]; u: number[]; v: number[] }[];
  /** Variance per mode (half waves across the system), mean over replicas; per way of upsampling, and "true". */
  spectra: { name: string; species: Species; mode: number[]; power: number[]; low: number[]; high: number[] }[];
  /** Upsampled over true power in bands of modes. */
  spectrumRatios: SpectrumRatio[];
  /** One per initial cosine of mean m and amplitude k; predictions with the main closure. Folded are those that do not stand for all. */
  cases: Case<Species>[];
  /** Runs behind the laws of each case. */
  runs: { truth: number; predicted: number };
  /** Per closure, in one of the cases: every closure variable, standardised. */
  closureVariables: { closure: string; start: string; variables: Case<"value">[] }[];
  /** Drift of (mean u, mean v) at states of the sampled region: learned, and binned without a model. */
  driftField: {
    u: number[];
    v: number[];
    learned: { du: number[]; dv: number[] };
    measured: { du: number[]; dv: number[] };
  } | null;
  kramersMoyal: Checked[];
  /** MMD² over time, mean over cases. */
  mmdOverTime: (Band & { method: Method; lambda: number; times: number[] })[];
  /** Of two independent true ensembles of the same size; `bias` is what identical laws score on average. */
  mmdFloor: Band & { times: number[]; overall: Estimate; bias: number };
  mmdAgainstLambda: (Estimate & { method: Method; closure: string; lambda: number })[];
  /** Runs per ensemble in the MMD. */
  ensemble: number;
  /** Relative L2 errors, over time and cases, of mean and std against the large truth; the worst case; mean MMD². */
  scores: {
    method: Method;
    closure: string;
    meanError: Estimate;
    worstMeanError: Estimate;
    stdError: Estimate;
    worstStdError: Estimate;
    /** Predicted over true standard deviation in the second half of the runs. */
    stdRatio: Estimate;
    mmd: Estimate;
    outside: Estimate;
  }[];
  /** With the main closure. */
  diagnostics: Diagnosed[];
  closureTests: Closed[];
  /** How the degree of each drift was chosen. */
  degrees: DegreeChoice[];
  starts: StartDistance[];
  /** Sampling errors that a perfect model would show. */
  meanFloor: number;
  stdFloor: number;
  /** Of the compensator with the main closure, in site updates. */
  costCurves: CostCurve[];
  /** What direct simulation and the learned model cost. */
  costs: { what: string; seconds: number; note: string }[];
  comparison: Comparison[];
  /** What the page integrates. */
  live: LiveEquation | null;
}
