/** What the NbMoTa report shows. */
import type { DegreeChoice } from "../../report/figures/degrees.ts";
import type { Closed, Diagnosed } from "../../report/figures/diagnostics.ts";
import type { Picture } from "../../report/lattice.ts";
import type { LiveEquation } from "../../report/live-equation.ts";
import type { Finished } from "../../run/publish.ts";
import type { Estimate } from "../../run/seeds.ts";
import type { NbMoTaCosts } from "./costs.ts";
import type { Potential } from "./potential.ts";

/** Numbers against the temperature, K, ascending. */
export interface AtTemperature extends Estimate {
  temperature: number;
}

/** Mean and standard deviation over so many runs, `[times]`. */
export interface CourseLaw {
  mean: number[];
  std: number[];
  runs: number;
}

/** δ_TaTa over time, seconds. */
export interface CourseCurve {
  side: number;
  atoms: number;
  times: number[];
  learned: CourseLaw;
  direct: CourseLaw | null;
}

/** A compact model: mean absolute error, meV, and how fast walks over it are. */
export interface CompactModel {
  rank: number;
  hidden: number;
  error: number;
  jumpsPerSecond: number;
}

export interface NbMoTaReportData extends Finished {
  barriers: string;
  temperatures: number[];
  T: number;
  coordinates: string;
  cells: number;
  upsampling: string;
  /** Of every pair. */
  order: {
    pair: string;
    learned: AtTemperature[];
    direct: AtTemperature[];
    paper: { temperature: number; value: number }[];
  }[];
  /** Mean absolute error over pairs of every method, and what a perfect model would show. */
  errors: { method: string; points: AtTemperature[] }[];
  floor: { temperature: number; value: number }[];
  /** Learned over direct standard deviation of small lattices in equilibrium, geometric mean over temperatures. */
  stdRatio: Estimate;
  methods: {
    method: string;
    error: Estimate;
    lost: number;
    all: number;
    heldOut: Estimate;
    sumRule: Estimate;
    outside: Estimate;
  }[];
  /** Whether the other way of upsampling was wanted and has too few lattices. */
  upsamplingLeftOut: boolean;
  courses: CourseCurve[];
  /** The equation of the relaxation beside direct simulation, in its own coordinates and unit of time: of the smallest size, and of all. */
  diagnostics: Diagnosed[];
  /** Of the lattices that these are of. */
  diagnosedAtoms: number;
  variables: string[];
  closureTests: Closed[];
  spread: { name: "learned" | "direct" | "paper"; atoms: number[]; std: number[]; low?: number[]; high?: number[] }[];
  exponents: { learned: Estimate; direct: Estimate };
  potentials: { method: string; curves: Potential[] }[];
  pictures: Picture[];
  /** Surroundings of vacancies by temperature. */
  surroundings: {
    temperature: number;
    kind: string;
    rate: Estimate;
    shift: Estimate;
    distance: number;
    floor: number;
    orderError: number;
  }[];
  barrierLaws: { temperature: number; name: string; barrier: number[]; density: number[] }[];
  affinities: { temperature: number; affinity: number[]; density: number[]; rms: number }[];
  /** Compact models of several sizes, by error (meV) and speed; the one that is shipped; the speed of the network. */
  distilled: {
    sizes: CompactModel[];
    passes: number;
    shipped: CompactModel;
    network: number;
    /** Loss of the shipped model against the steps of its training, and what each number is a mean of. */
    training: { step: number[]; loss: number[]; of: string };
  };
  /** Order of MoTa under the published network and under the compact model, the largest deviation of all six, and compact over network times of a jump. */
  fidelity: {
    temperature: number;
    waited: number;
    network: Estimate;
    compact: Estimate;
    deviation: number;
    jumpTimes: Estimate;
  }[];
  clock: { temperature: number; jumpTime: number; unit: number; jumps: number; waited: number; compared: boolean }[];
  degrees: DegreeChoice[];
  costs: NbMoTaCosts;
  /** What the page integrates. */
  live: LiveEquation | null;
}
