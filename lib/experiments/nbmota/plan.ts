// How long the NbMoTa experiment anneals, and which equations it learns.
import type { Method } from "../../method/pairs.ts";
import { isSolved, type SdeSpec } from "../../method/sde/fields.ts";
import { termCount } from "../../method/sde/polynomial/basis.ts";
import { FOLDS } from "../../method/sde/polynomial/solve.ts";
import { sdeSpec } from "../../run/training-parameters.ts";
import { COORDINATES, TILE_COHORT } from "../../systems/nbmota.ts";
import {
  type Annealed,
  type AnnealingOptions,
  BEYOND,
  relaxationsWaited,
  type Stay,
  someReplicas,
} from "./annealing.ts";
import { rangeWarnings } from "./barrier-models.ts";
import { type NbMoTaOptions, relaxationTemperature } from "./parameters.ts";

/** Relaxations to wait for, at least, unless it is said: after so many an eighth of the way is left. */
export const ENOUGH = 2;

/** Small lattices of all seeds, and those of direct simulation behind them: side by side they take less time. */
export function annealingPlan(
  p: NbMoTaOptions,
): Pick<AnnealingOptions, "temperatures" | "passed" | "replicas" | keyof Stay> {
  const { looks, wait, pause } = p;
  const [coldest, hottest] = [Math.min(...p.temperatures), Math.max(...p.temperatures)];
  return {
    temperatures: p.temperatures,
    passed: [BEYOND.hotter * hottest, BEYOND.colder * coldest],
    replicas: p.seeds * p.replicas + p.trueReplicas,
    wait,
    settled: p.trueFrom,
    looks,
    pause,
  };
}

/** All lattices that equations are learned from, of all repetitions; those at p.temperatures; and those that they are compared with. */
export function separated(p: NbMoTaOptions, stages: readonly Annealed[]) {
  const count = p.seeds * p.replicas;
  const all = stages.map((stage) => someReplicas(stage, 0, count));
  return {
    all,
    learn: all.filter(({ temperature }) => p.temperatures.includes(temperature)),
    direct: stages
      .filter(({ temperature }) => temperature >= p.trueFrom && p.temperatures.includes(temperature))
      .map((stage) => someReplicas(stage, count, stage.replicas)),
  };
}

/** The options with a temperature of the relaxation that is trained, and what has to be said of temperatures before the numbers. */
export function withinRange(p: NbMoTaOptions): { p: NbMoTaOptions; warnings: string[] } {
  const plan = annealingPlan(p);
  const short = p.temperatures.filter((temperature) => relaxationsWaited(plan, temperature) < ENOUGH);
  const warnings = rangeWarnings(p.barriers, p.temperatures);
  if (short.length > 0) {
    warnings.push(
      `at ${short.join(", ")} K lattices are followed for less than ${ENOUGH} relaxation times: what is learned and compared there is short of equilibrium`,
    );
  }
  if (p.temperatures.includes(p.T)) return { p, warnings };
  const T = relaxationTemperature(p);
  const [coldest, hottest] = [Math.min(...p.temperatures), Math.max(...p.temperatures)];
  const range = coldest === hottest ? `${coldest} K alone` : `${coldest} to ${hottest} K`;
  const what = p.T < coldest || p.T > hottest ? "outside the trained range" : "not among the trained temperatures";
  return { p: { ...p, T }, warnings: [...warnings, `${p.T} K is ${what}, ${range}: the relaxation is that at ${T} K`] };
}

/** The pairs that there are: increments; those with lattices relaxing from disorder; the same vacancies with compensators; increments in lattices made large in the other way. */
export type PairSet = "increments" | "relaxing" | "compensated" | "otherUpsampling";

/** An equation: what it is called, the pairs that teach it, how they are read, and its fields. */
export interface Training {
  readonly name: string;
  readonly set: PairSet;
  readonly method: Method;
  readonly spec: SdeSpec;
}

/** Whether the lattices are enough for the same equation from the other way of upsampling: cohorts of eight are what tiles are taken from. */
export function comparesUpsampling({ studies, drift, ...p }: NbMoTaOptions): boolean {
  const { replicas, temperatures, coordinates, degree, temperatureDegree } = p;
  const cohorts = (replicas / TILE_COHORT) * (temperatures.length + 2);
  const conditionDegree = Math.min(Math.max(1, temperatureDegree), temperatures.length - 1);
  const terms = termCount(COORDINATES[coordinates].length, Math.max(1, degree), 1, conditionDegree);
  const enough = drift === "polynomial" ? cohorts >= Math.max(FOLDS, terms) : true;
  return studies === "all" && replicas % TILE_COHORT === 0 && enough;
}

/** Name of the equation of the relaxation from disorder, which is of one temperature. */
export const RELAXATION = "relaxation";

/** The equation that the options ask for, with coefficients that depend on the temperature. */
function equationOf(p: NbMoTaOptions): SdeSpec {
  const spec = sdeSpec(p);
  return isSolved(spec) ? { ...spec, conditionDegree: p.temperatureDegree } : spec;
}

/** What is learned from the data of a seed; comparisons come with the first one. */
export function trainingsOf(p: NbMoTaOptions, first: boolean): Training[] {
  const main: Training = { name: "increment", set: "increments", method: "increment", spec: equationOf(p) };
  // The whole way from disorder is no line: its degree is found by cross-validation.
  const relaxation: Training = { ...main, name: RELAXATION, set: "relaxing", spec: equationOf({ ...p, degree: 0 }) };
  if (!first || p.studies === "none") return [main, relaxation];
  const kinds = (["polynomial", "network", "onsager"] as const).filter((drift) => drift !== p.drift);
  // Six order parameters have singular noise.
  const others = kinds.filter((drift) => drift !== "polynomial" || p.coordinates === "three");
  const other = p.upsampling === "tiles" ? "supercell" : "tiles";
  return [
    main,
    relaxation,
    ...others.map((drift) => ({ ...main, name: drift, spec: equationOf({ ...p, drift }) })),
    { ...main, name: "compensator", set: "compensated", method: "compensator" },
    ...(comparesUpsampling(p) ? [{ ...main, name: other, set: "otherUpsampling" as const }] : []),
  ];
}

/** Ages of fresh lattices in units of time, the last of them `age`: denser near disorder, where order grows fastest and relaxations begin. */
export const freshTimes = ({ records, age }: Pick<NbMoTaOptions, "records" | "age">) =>
  Array.from({ length: records }, (_, k) => age * ((k + 0.5) / (records - 0.5)) ** 2);
