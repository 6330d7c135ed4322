// How long the NbMoTa experiment anneals, and which equations it learns.
import type { Method } from "../../method/pairs.ts";
import type { SdeSpec } from "../../method/sde/fields.ts";
import { sdeSpec } from "../../run/training-parameters.ts";
import { type Annealed, type AnnealingOptions, type Stay, someReplicas } from "./annealing.ts";
import type { NbMoTaOptions } from "./parameters.ts";

/** Beyond the hottest and the coldest temperature lattices are taken to these too, so that those have states of more and of less order beside them. */
const BEYOND = { hotter: 1.25, colder: 0.9 };

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
    settled: Math.max(p.trueFrom, coldest),
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

/** The options with a temperature of the relaxation that the equation knows, and what has to be said where it is another than was asked for. */
export function withinRange(p: NbMoTaOptions): { p: NbMoTaOptions; warnings: string[] } {
  const [coldest, hottest] = [Math.min(...p.temperatures), Math.max(...p.temperatures)];
  if (p.T >= coldest && p.T <= hottest) return { p, warnings: [] };
  const T = p.T < coldest ? coldest : hottest;
  const range = coldest === hottest ? `${coldest} K alone` : `${coldest} to ${hottest} K`;
  return {
    p: { ...p, T },
    warnings: [`${p.T} K is outside the trained range, ${range}: the relaxation is that at ${T} K`],
  };
}

/** The pairs that there are: increments; the same vacancies with compensators; increments in lattices made large in the other way. */
export type PairSet = "increments" | "compensated" | "otherUpsampling";

/** An equation: what it is called, the pairs that teach it, how they are read, and its fields. */
export interface Training {
  readonly name: string;
  readonly set: PairSet;
  readonly method: Method;
  readonly spec: SdeSpec;
}

/** What is learned from the data of a seed; comparisons come with the first one. */
export function trainingsOf(p: NbMoTaOptions, first: boolean): Training[] {
  const main: Training = { name: "increment", set: "increments", method: "increment", spec: sdeSpec(p) };
  if (!first || p.studies === "none") return [main];
  const others = (["polynomial", "network", "onsager"] as const).filter((drift) => drift !== p.drift);
  const other = p.upsampling === "tiles" ? "supercell" : "tiles";
  return [
    main,
    ...others.map((drift) => ({ ...main, name: drift, spec: sdeSpec({ ...p, drift }) })),
    { ...main, name: "compensator", set: "compensated", method: "compensator" },
    ...(p.replicas % 8 === 0 ? [{ ...main, name: other, set: "otherUpsampling" as const }] : []),
  ];
}

/** Ages of fresh lattices in units of time. */
export const freshTimes = ({ records, age }: Pick<NbMoTaOptions, "records" | "age">) =>
  Array.from({ length: records }, (_, k) => (age * (k + 1)) / records);
