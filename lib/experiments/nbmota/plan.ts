// How long the NbMoTa experiment anneals, and which equations it learns.
import type { Method } from "../../method/pairs.ts";
import type { SdeSpec } from "../../method/sde/fields.ts";
import { sdeSpec } from "../../run/training-parameters.ts";
import type { AnnealingOptions } from "./annealing.ts";
import type { NbMoTaOptions } from "./parameters.ts";
import type { TrainingSets } from "./training.ts";

type Plan = Pick<AnnealingOptions, "temperatures" | "replicas" | "wait" | "looks" | "pause" | "purpose">;

/** The small lattices of all seeds, and those of direct simulation. */
export function annealingPlans(p: NbMoTaOptions): { learn: Plan; direct: Plan } {
  const { temperatures, looks, wait, pause } = p;
  const replicas = p.seeds * p.replicas;
  return {
    learn: { temperatures, replicas, wait, looks, pause, purpose: "learn/anneal" },
    direct: {
      temperatures: temperatures.filter((temperature) => temperature >= p.trueFrom),
      replicas: p.trueReplicas,
      wait: p.trueWait,
      looks: p.trueLooks,
      pause,
      purpose: "direct/anneal",
    },
  };
}

/** An equation: what it is called, the pairs that teach it, how they are read, and its fields. */
export interface Training {
  readonly name: string;
  readonly set: keyof TrainingSets;
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
