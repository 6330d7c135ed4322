// Training pairs of all temperatures: annealed lattices near equilibrium and fresh ones on their way to it, made large, and what single
// vacancies do in them. All repetitions are simulated side by side: many walkers at once are several times faster.
import type { Gpu } from "../../gpu/device.ts";
import { concatenate } from "../../method/concatenate.ts";
import { ofCohorts, type Pairs, scaledPairs } from "../../method/pairs.ts";
import { pickedRows } from "../../method/rows.ts";
import { type Duration, makePairs, type Snapshots, smallTrajectories } from "../../method/snapshots.ts";
import { evolvedPairs, once } from "../../run/learn.ts";
import type { Run } from "../../run/run-folder.ts";
import type { BarrierModel } from "../../systems/nbmota/barriers.ts";
import { type AlloyParameters, NbMoTa } from "../../systems/nbmota.ts";
import { type Annealed, looksOf, SMALL_CELLS } from "./annealing.ts";
import { type Clock, inverseTemperature, orderScale } from "./clock.ts";
import type { NbMoTaOptions } from "./parameters.ts";
import { freshTimes, type PairSet } from "./plan.ts";

/** Age that is said of annealed lattices, units of time: more than those of fresh ones. */
const OLD = 1000;

/** The condition of an equation at a temperature, where there are several. */
export const conditionOf = ({ temperatures }: Pick<NbMoTaOptions, "temperatures">, temperature: number): number[] =>
  temperatures.length > 1 ? [inverseTemperature(temperature)] : [];

/**
 * The pairs of every temperature, in scaled order parameters (`orderScale`): increments of all repetitions, the others, for comparisons, of the
 * first, and none without.
 */
export type TrainingSets = { readonly [set in PairSet]: readonly Pairs[] };

/**
 * Snapshots at one temperature: fresh lattices of several ages, then those of the stage. Replica r of the former belongs to cohort r, of the
 * latter to r behind all of these, over the lattices of a cohort of the system.
 */
async function snapshotsAt(
  system: NbMoTa,
  stage: Annealed,
  p: Pick<NbMoTaOptions, "records" | "age">,
  seed: number,
): Promise<Snapshots> {
  const { replicas } = stage;
  const fresh = await smallTrajectories(system, { trajectories: replicas, times: freshTimes(p), seed });
  const count = looksOf(stage) * replicas;
  const annealed = Array.from({ length: count }, (_, k) => Math.floor((replicas + (k % replicas)) / system.cohort));
  return {
    side: SMALL_CELLS,
    words: concatenate([fresh.words, stage.words]),
    age: Float64Array.from([...fresh.age, ...new Array(count).fill(OLD)]),
    cohort: Uint32Array.from([...fresh.cohort, ...annealed]),
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

/** Pairs of the temperatures of `stages`, which hold the annealed lattices of all repetitions. */
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
  for (const stage of stages) {
    const { temperature } = stage;
    const alloy = (upsampling: AlloyParameters["upsampling"]) => {
      const { coordinates } = p;
      return new NbMoTa(gpu, { temperature, barriers, timeUnit: clock(temperature), coordinates, upsampling });
    };
    const system = alloy(p.upsampling);
    const snapshots = once(() => snapshotsAt(system, stage, p, seed));
    const first = async (cohort: number) => {
      const some = firstRepetition(await snapshots(), stage.replicas, p.replicas, system.words(SMALL_CELLS));
      // Numbered by lattices of which `cohort` are mixed.
      return { ...some, cohort: some.cohort.map((own) => Math.floor((own * system.cohort) / cohort)) };
    };
    const make = (name: string, own: NbMoTa, of: () => Promise<Snapshots>, duration: Duration) =>
      evolvedPairs(run, `t${temperature}/${name}`, async () => {
        const { cells: side, patchesPerSnapshot } = p;
        const condition = conditionOf(p, temperature);
        const options = { side, relaxTime: 0, seed, patchesPerSnapshot, condition };
        const [pairs] = await makePairs(own, await of(), [duration], options);
        return [scaledPairs(pairs, orderScale(temperature))];
      });
    const change = { time: p.incrementTime, copies: p.copies };
    increments.push(...(await make("increments", system, snapshots, change)));
    if (p.studies === "all") {
      compensated.push(...(await make("compensated", system, () => first(system.cohort), p.incrementTime)));
      if (p.replicas % 8 === 0) {
        const other = alloy(p.upsampling === "tiles" ? "supercell" : "tiles");
        otherUpsampling.push(...(await make("other-upsampling", other, () => first(other.cohort), change)));
      }
    }
    onTemperature?.();
  }
  return { increments, compensated, otherUpsampling };
}

/** The pairs of repetition k out of those of all at one temperature. */
export function ofRepetition(
  pairs: Pairs,
  { replicas, seeds, upsampling }: Pick<NbMoTaOptions, "replicas" | "seeds" | "upsampling">,
  k: number,
): Pairs {
  const each = upsampling === "tiles" ? replicas / 8 : replicas;
  return ofCohorts(pairs, (cohort) => Math.floor((cohort % (each * seeds)) / each) === k);
}
