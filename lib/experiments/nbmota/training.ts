// Training pairs of all temperatures: annealed lattices near equilibrium, at one temperature also fresh ones on their way to it from disorder, made
// large, and what single vacancies do in them. All repetitions are simulated side by side: many walkers at once are several times faster.
import type { Gpu } from "../../gpu/device.ts";
import { concatenate } from "../../method/concatenate.ts";
import { joined, ofCohorts, type Pairs, scaledPairs } from "../../method/pairs.ts";
import { pickedRows } from "../../method/rows.ts";
import { type Duration, makePairs, type Snapshots } from "../../method/snapshots.ts";
import { stream } from "../../random/stream.ts";
import { evolvedPairs } from "../../run/learn.ts";
import type { Run } from "../../run/run-folder.ts";
import type { BarrierModel } from "../../systems/nbmota/barriers.ts";
import { PAIR_NAMES } from "../../systems/nbmota/states.ts";
import { type AlloyParameters, COORDINATES, NbMoTa, PATCH_CELLS, TILE_COHORT } from "../../systems/nbmota.ts";
import { type Annealed, lastLook, looksOf } from "./annealing.ts";
import { type Clock, inverseTemperature, orderScale, repeatedly } from "./clock.ts";
import type { NbMoTaOptions } from "./parameters.ts";
import { comparesUpsampling, freshTimes, type PairSet } from "./plan.ts";

/** Age that is said of annealed lattices, units of time: more than those of fresh ones. */
const OLD = 1000;

/** The condition of an equation at a temperature, where there are several. */
export const conditionOf = ({ temperatures }: Pick<NbMoTaOptions, "temperatures">, temperature: number): number[] =>
  temperatures.length > 1 ? [inverseTemperature(temperature)] : [];

/** What the variables of its equations are called: δ in units that follow the temperature (`orderScale`), and its inverse. */
export const EQUATION_NAMES = {
  variables: COORDINATES.three.map((pair) => ({
    name: `T δ_${PAIR_NAMES[pair]} / ${orderScale(1) ** -1} K`,
    symbol: `x_${PAIR_NAMES[pair]}`,
    unit: "1",
  })),
  conditions: [{ name: `${inverseTemperature(1)} K / T`, symbol: "β", unit: "1" }],
};

/**
 * The pairs of every temperature, in scaled order parameters (`orderScale`): increments of all repetitions; those of the relaxation, at p.T alone; the
 * others, for comparisons, of the first, and none without.
 */
export type TrainingSets = { readonly [set in PairSet]: readonly Pairs[] };

/**
 * Snapshots at stage k: those of the lattices that were annealed there, then the last ones of the temperatures beside it, which are near
 * equilibrium but for their order: states as the dynamics makes them, of various order. (Lattices that are ordered in another way drift
 * back half as fast at equal order.) All of them several times where increments say little (`repeatedly`). A cohort is a lattice at the stage that it was seen at, or as many as a cohort of the system has: the
 * same states at several temperatures are of one cohort, and its states at several stages, which are far apart in time, of several.
 */
function snapshotsAt(system: NbMoTa, stages: readonly Annealed[], k: number): Snapshots {
  const { replicas, words, temperature } = stages[k];
  const beside = [k - 1, k + 1].filter((other) => other in stages);
  const once = [...new Array<number>(looksOf(stages[k])).fill(k), ...beside];
  const times = repeatedly(temperature);
  const seen = new Array<number[]>(times).fill(once).flat();
  const count = seen.length * replicas;
  const own = [words, ...beside.map((other) => lastLook(stages[other]))];
  return {
    side: PATCH_CELLS,
    words: concatenate(new Array<Uint32Array[]>(times).fill(own).flat()),
    age: new Float64Array(count).fill(OLD),
    cohort: Uint32Array.from({ length: count }, (_, row) => {
      const [at, replica] = [seen[Math.floor(row / replicas)], row % replicas];
      return Math.floor((at * replicas + replica) / system.cohort);
    }),
  };
}

/** Lattices that relax from disorder, of several ages. */
async function relaxingSnapshots(
  system: NbMoTa,
  replicas: number,
  p: Pick<NbMoTaOptions, "records" | "age">,
  seed: number,
): Promise<Snapshots> {
  const words: Uint32Array[] = [];
  const times = freshTimes(p);
  const states = await system.disordered(replicas, PATCH_CELLS, stream(seed, "fresh/start"));
  try {
    for (const [r, time] of times.entries()) {
      await system.evolve(states, time - (times[r - 1] ?? 0), stream(seed, "fresh/evolve", r));
      words.push(await system.pack(states));
    }
  } finally {
    states.destroy();
  }
  const count = times.length * replicas;
  return {
    side: PATCH_CELLS,
    words: concatenate(words),
    age: Float64Array.from({ length: count }, (_, k) => times[Math.floor(k / replicas)]),
    cohort: Uint32Array.from({ length: count }, (_, k) => Math.floor((k % replicas) / system.cohort)),
  };
}

/** The snapshots of repetition 0 of the `all` lattices, `each` of them a repetition. */
function firstRepetition(snapshots: Snapshots, all: number, each: number, words: number): Snapshots {
  const kept = Uint32Array.from([...snapshots.age.keys()].filter((k) => k % all < each));
  return {
    side: snapshots.side,
    words: pickedRows(snapshots.words, words, kept),
    age: pickedRows(snapshots.age, 1, kept),
    cohort: pickedRows(snapshots.cohort, 1, kept),
  };
}

/** Pairs of p.temperatures; `stages` hold the annealed lattices of all repetitions at these and beyond them. */
export async function trainingSets(
  run: Run,
  gpu: Gpu,
  p: NbMoTaOptions,
  barriers: BarrierModel,
  stages: readonly Annealed[],
  clock: Clock,
  seed: number,
  onTemperature?: () => void,
): Promise<TrainingSets> {
  const increments: Pairs[] = [];
  const compensated: Pairs[] = [];
  const otherUpsampling: Pairs[] = [];
  const relaxing: Pairs[] = [];
  for (const [k, stage] of stages.entries()) {
    const { temperature } = stage;
    if (!p.temperatures.includes(temperature)) continue;
    const alloy = (upsampling: AlloyParameters["upsampling"]) => {
      const { coordinates } = p;
      return new NbMoTa(gpu, { temperature, barriers, timeUnit: clock(temperature), coordinates, upsampling });
    };
    const system = alloy(p.upsampling);
    const snapshots = async () => snapshotsAt(system, stages, k);
    const first = async (cohort: number) => {
      const some = firstRepetition(await snapshots(), stage.replicas, p.replicas, system.words(PATCH_CELLS));
      // Numbered by lattices of which `cohort` are mixed.
      return { ...some, cohort: some.cohort.map((own) => Math.floor((own * system.cohort) / cohort)) };
    };
    const make = (
      name: string,
      own: NbMoTa,
      of: () => Promise<Snapshots>,
      duration: Duration,
      condition = conditionOf(p, temperature),
    ) =>
      evolvedPairs(run, `t${temperature}/${name}`, async () => {
        const { cells: side, patchesPerSnapshot, relaxTime } = p;
        // Vacancies of one row take other random numbers at other temperatures.
        const purpose = `t${temperature}/${name === "relaxing" ? "relaxing/" : ""}`;
        const options = { side, relaxTime, seed, purpose, patchesPerSnapshot, condition };
        const [pairs] = await makePairs(own, await of(), [duration], options);
        return [scaledPairs(pairs, orderScale(temperature))];
      });
    const change = { time: p.incrementTime, copies: p.copies };
    const near = await make("increments", system, snapshots, change);
    increments.push(...near);
    if (temperature === p.T) {
      // An equation of its own, without a condition: of the way from disorder, and of where it ends.
      const of = () => relaxingSnapshots(system, stage.replicas, p, seed);
      const fresh = await make("relaxing", system, of, change, []);
      relaxing.push(joined([...fresh, ...near.map((pairs) => ({ ...pairs, condition: new Float32Array() }))]));
    }
    if (p.studies === "all") {
      compensated.push(...(await make("compensated", system, () => first(system.cohort), p.incrementTime)));
      if (comparesUpsampling(p)) {
        const other = alloy(p.upsampling === "tiles" ? "supercell" : "tiles");
        otherUpsampling.push(...(await make("other-upsampling", other, () => first(other.cohort), change)));
      }
    }
    onTemperature?.();
  }
  return { increments, relaxing, compensated, otherUpsampling };
}

/** The pairs of repetition k out of those of all at one temperature. */
export function ofRepetition(
  pairs: Pairs,
  { replicas, seeds, upsampling }: Pick<NbMoTaOptions, "replicas" | "seeds" | "upsampling">,
  k: number,
): Pairs {
  const each = upsampling === "tiles" ? replicas / TILE_COHORT : replicas;
  return ofCohorts(pairs, (cohort) => Math.floor((cohort % (each * seeds)) / each) === k);
}
