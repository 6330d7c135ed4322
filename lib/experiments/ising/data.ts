/** What the Ising report shows. */
import type { CostCurve, LearningUpdates } from "../../analysis/cost.ts";
import type { Guards } from "../../method/sde/guards.ts";
import type { DegreeChoice } from "../../report/figures/degrees.ts";
import type { Closed, Diagnosed } from "../../report/figures/diagnostics.ts";
import type { Learned } from "../../report/figures/patch-sides.ts";
import type { StartDistance } from "../../report/figures/starts.ts";
import type { Case } from "../../report/figures/trajectories.ts";
import type { LiveEquation } from "../../report/live-equation.ts";
import type { Finished } from "../../run/publish.ts";
import type { Band, Estimate } from "../../run/seeds.ts";
import type { IsingClosure } from "./parameters.ts";
import type { RelaxStudy } from "./relax-times.ts";

/** The two observables: magnetization, and domain-wall density (part of the 2n bonds between unequal spins). */
export const OBSERVABLES = ["m", "rho"] as const;
export type IsingObservable = (typeof OBSERVABLES)[number];

/** As axes and headings name them. */
export const LABELS: Record<IsingObservable, string> = { m: "magnetization m", rho: "domain-wall density ρ" };
export const SYMBOLS: Record<IsingObservable, string> = { m: "m", rho: "ρ" };

/** What one learned equation scores, mean over seeds. `IsingReportData.scoreNotes` says how each is measured. */
export interface IsingScore extends Learned {
  /** Error of the mean trajectories to the end, and of their first part. */
  error: Estimate;
  early: Estimate;
  /** Predicted over true standard deviation. */
  stdRatio: Estimate;
  /** Share of the time of trajectories outside the training data or the physical range. */
  outside: Estimate;
}

/** Times in sweeps (attempts per site), sides in spins, temperature and field in couplings. */
export interface IsingReportData extends Finished {
  /** Side of the large lattice. */
  side: number;
  /** Sides of the patches of the main figures. */
  patches: number[];
  temperature: number;
  field: number;
  /** The closure of the main figures. */
  closure: IsingClosure;
  /** z: first m and ρ, then the closure variables. */
  variables: { name: string; symbol: string }[];
  /** How many seeds the main scores are of. */
  seeds: number;
  /** True runs per start; predicted runs per start and seed; how long they are. */
  trueRuns: number;
  runs: number;
  horizon: number;
  /** How each score is measured, as a phrase without a stop: "Σ_t |Δz̄|² / Σ_t |z̄|² over (m, ρ), mean over the starts". */
  scoreNotes: { error: string; early: string; stdRatio: string };
  /** Starts whose errors are relative to the spread of runs. */
  withinSpread: string[];
  /** One per initial magnetization, ascending. */
  cases: Case<IsingObservable>[];
  errors: IsingScore[];
  /** The baselines at the paper's δt. */
  paperTime: { time: number; errors: IsingScore[] };
  /** What a perfect model would score with as many runs; NaN if unknown. */
  floors: { error: number; early: number };
  /** The paper's errors, of its own four variables. */
  paper: { patch: number; ours: number; naive: number }[];
  /** Densities of the late part of the runs. */
  density: Record<IsingObservable, { x: number[]; truth: number[]; learned: (Learned & { density: number[] })[] }>;
  /** Of our methods at one patch side. */
  diagnostics: Diagnosed[];
  closureTests: Closed[];
  /** The starts in their order there. */
  diagnosedCases: string[];
  /** How the degree of each drift was chosen. */
  degrees: DegreeChoice[];
  starts: StartDistance[];
  /** Of the compensator. */
  costs: CostCurve[];
  /** Every closure at one patch side. */
  closures: (IsingScore & { closure: IsingClosure })[];
  /** Frozen neighbours around the moving patch, or the patch closed on itself as in the paper. */
  boundaries: (IsingScore & { boundary: "halo" | "periodic" })[];
  /** How long one patch moves for a training pair, and from how many pairs is learned; each at one patch side. */
  timeSteps: (IsingScore & { time: number })[];
  dataSizes: (IsingScore & { pairs: number })[];
  /** How lattices are made larger: from small lattices of one cohort as tiles, or each spin to a square as in the paper. */
  upsamplingMethod: "mosaic" | "copy";
  /** How drifts of upsampled lattices differ from those of true ones, against the time of LocalRelax. */
  relaxStudy: RelaxStudy | null;
  /** 1-Wasserstein distance of an observable in upsampled lattices of `side` from true ones, before and after LocalRelax. */
  upsampling: {
    patch: number;
    /** How often the lattices have been made larger. */
    level: number;
    side: number;
    observable: IsingObservable;
    before: Estimate;
    after: Estimate;
    /** Expected between two sets of true lattices, by sampling alone. */
    floor: number;
  }[];
  /** Connected two-point correlation along rows and columns. */
  correlations: (Band & {
    patch: number;
    level: number;
    side: number;
    kind: "true" | "unrelaxed" | "relaxed";
    r: number[];
  })[];
  /** Rows of lattices, spins row by row, 1 = up. */
  pictures: { title: string; side: number; spins: Uint8Array }[][];
  /** Learned drift at states where there are training data, closure variables at their mean given (m, ρ). */
  driftField: { patch: number; m: number[]; rho: number[]; driftM: number[]; driftRho: number[] } | null;
  /** ⟨m⟩ in a field, ⟨|m|⟩ without one, in equilibrium on lattices of `side`; null where that was not wanted. */
  equilibrium: {
    learned: (Learned & { mean: Estimate })[];
    direct: Estimate | null;
    /** null near criticality. */
    exact: number | null;
  } | null;
  /** A lattice too large to be simulated at leisure: late m, and wall times in s. */
  size: {
    side: number;
    patch: number;
    patches: number;
    /** Side of the lattices that it was learned on. */
    learnSide: number;
    predictedRuns: number;
    directRuns: number;
    /** Sweeps before small lattices become training lattices and before m is looked at, and where direct simulations start. */
    settleSmall: number;
    settle: number;
    start: number;
    predicted: { mean: Estimate; std: Estimate };
    direct: { mean: Estimate; std: Estimate } | null;
    /** Of an infinite lattice, by transfer matrices; null near criticality. */
    exact: { mean: number; std: number } | null;
    guards: Guards;
    /** Mean drift of the variables in the training lattices, with its standard error over cohorts. */
    rest: { mean: number[]; error: number[] };
    updates: { learn: LearningUpdates; direct: number };
    secondsLearn: number;
    secondsPredict: number;
    secondsDirect: number;
  } | null;
  /** What the page integrates. */
  live: LiveEquation | null;
}
