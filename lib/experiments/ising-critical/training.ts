// What equations of the critical Ising model are learned from: small lattices in equilibrium, made large level by level with LocalRelax in patches
// of their size, and how many spins of each class they have, at several looks.
//
// Copies keep the structure that small lattices have at large distances, in units of their side. That is the structure of large lattices where those of
// all sizes are alike, at the critical temperature. So lattices of the temperature of the scaling teach; their class densities serve all.
import type { Gpu } from "../../gpu/device.ts";
import { Pace } from "../../gpu/pace.ts";
import { type Format, parsed } from "../../io/format.ts";
import { prefixed, unprefixed } from "../../io/safetensors.ts";
import { concatenate } from "../../method/concatenate.ts";
import { spreadRows } from "../../method/pairs.ts";
import { type EventDensities, readEvents, solveEvents, writeEvents } from "../../method/sde/polynomial/events.ts";
import { upsampleTo } from "../../method/upsample.ts";
import { stream } from "../../random/stream.ts";
import type { Run } from "../../run/run-folder.ts";
import { COHORT, Ising, type IsingParameters, type IsingStates } from "../../systems/ising.ts";
import { CLASSES, densitiesOfClasses, ODD_DENSITIES, stateOfClasses } from "../../systems/ising-classes.ts";
import { equilibrated } from "./equilibrium.ts";
import { type CriticalOptions, comparedLatticesOf, latticesOf, relaxTimeAt } from "./parameters.ts";

/** Lattices that are made large at once. */
const BATCH_SITES = 2 ** 26;
/** States that stand for the training data. */
const SAMPLE = 4096;

/** Class counts of lattices, in the order of temperatures, looks and lattices. */
export interface Counted {
  readonly side: number;
  readonly perTemperature: number;
  readonly looks: number;
  /** `[rows, 10]` */
  readonly counts: Uint32Array;
}

/** What a size has taught: mean densities of the classes given (m, ρ), and what the training data were like. */
export interface Learned {
  readonly side: number;
  readonly events: EventDensities;
  readonly rows: number;
  /** Largest |m| of them. */
  readonly reach: number;
  /** Some of the states, `[4096, 2]` at most. */
  readonly sample: Float32Array;
}

/** A list of them, as a file keeps it. */
export const LEARNED: Format<Learned[]> = {
  write: (list) => {
    const parts = list.map(({ events, sample, ...rest }, k) => {
      const { head, tensors } = writeEvents(events);
      const all = { ...tensors, sample: { shape: [sample.length], data: sample } };
      return { head: { ...rest, events: head }, tensors: prefixed(`${k} `, all) };
    });
    return {
      tensors: Object.assign({}, ...parts.map(({ tensors }) => tensors)),
      text: { learned: JSON.stringify(parts.map(({ head }) => head)) },
    };
  },
  read: ({ tensors, text }) =>
    parsed<(Omit<Learned, "events" | "sample"> & { events: object })[]>(text.learned, "learned").map(
      ({ events, ...rest }, k) => {
        const own = unprefixed(`${k} `, tensors);
        return { ...rest, sample: own.sample.data as Float32Array, events: readEvents(events, own, 2, CLASSES) };
      },
    ),
};

export type Closure = NonNullable<IsingParameters["closure"]>;

/** Small lattices of the patch's side in equilibrium, by flips of clusters. */
async function smallLattices(
  system: Ising,
  count: number,
  { side, temperature, seed, name }: { side: number; temperature: number; seed: number; name: string },
): Promise<IsingStates> {
  const at = (what: string) => stream(seed, `small/${what}/${name}`);
  return equilibrated(system, { count, side, temperature }, at("start"), at("equilibrium"));
}

/**
 * `count` large lattices, whole cohorts, of the temperature of a system, batch by batch: what `see` says of them at every look, in the order of looks
 * and lattices; it is told the number of the look.
 */
export async function looksAt<T extends Float32Array | Uint32Array>(
  system: Ising,
  p: CriticalOptions,
  { side, temperature, count, seed }: { side: number; temperature: number; count: number; seed: number },
  see: (large: IsingStates, look: number) => Promise<T>,
): Promise<T> {
  const looks: T[][] = Array.from({ length: p.looks }, () => []);
  const batch = COHORT * Math.max(1, Math.floor(BATCH_SITES / side ** 2 / COHORT));
  // In sweeps of a lattice; those of lower levels are few.
  const sweepsUntil = (look: number) => relaxTimeAt(p, side) + look * p.pause;
  const each = sweepsUntil(p.looks - 1);
  const pace = new Pace(count * each);
  for (let from = 0; from < count; from += batch) {
    const name = `${p.patch}/${side}/${temperature}/${from}`;
    const small = await smallLattices(system, Math.min(batch, count - from), {
      side: p.patch,
      temperature,
      seed,
      name,
    });
    const large = await upsampleTo(system, small, {
      side,
      relaxTime: (extent) => relaxTimeAt(p, extent),
      stream: stream(seed, `upsample/${name}`),
    });
    try {
      for (let look = 0; look < p.looks; look++) {
        // Steps of a relaxation are six.
        if (look > 0) await system.relax(large, p.pause, stream(seed, `look/${name}`, 8 * look));
        looks[look].push(await see(large, look));
        await pace.rest(from * each + large.count * sweepsUntil(look));
      }
    } finally {
      large.destroy();
    }
  }
  return concatenate(looks.flat());
}

/** Of which cohort the lattices of one temperature are, `[looks · count]`; `first` is the number of the first of them. */
export const cohortsOf = (looks: number, count: number, first = 0) =>
  Uint32Array.from({ length: looks * count }, (_, row) => first + Math.floor((row % count) / COHORT));

/** The system whose lattices teach. */
export const teacher = (gpu: Gpu, p: CriticalOptions, temperature: number, closure: Closure = "none") =>
  new Ising(gpu, { temperature, field: 0, patchSide: p.patch, upsampling: p.upsampling, closure });

/** `count` lattices of each temperature; by default those that teach a size. `also` gets every batch as well, by temperature and look, and its system. */
export async function countedLattices(
  gpu: Gpu,
  p: CriticalOptions,
  side: number,
  seed: number,
  {
    temperatures = [p.T],
    count = latticesOf(p, side),
    closure,
    also,
  }: {
    temperatures?: readonly number[];
    count?: number;
    closure?: Closure;
    also?: (seen: { system: Ising; large: IsingStates; classes: Uint32Array; look: number }) => Promise<void>;
  } = {},
): Promise<Counted> {
  const parts: Uint32Array[] = [];
  for (const temperature of temperatures) {
    const system = teacher(gpu, p, temperature, closure);
    const see = async (large: IsingStates, look: number) => {
      const classes = await system.classes(large);
      await also?.({ system, large, classes, look });
      return classes;
    };
    parts.push(await looksAt(system, p, { side, temperature, count, seed }, see));
  }
  return { side, perTemperature: count, looks: p.looks, counts: concatenate(parts) };
}

/**
 * Mean densities of the classes given (m, ρ), from lattices of all temperatures that were counted, or of one (its number). A cohort is a word of lattices, which were
 * relaxed by the same attempts, at all looks.
 */
export function learnedFrom({ side, perTemperature, looks, counts }: Counted, degree: number, only?: number): Learned {
  const each = perTemperature * looks;
  const own = only === undefined ? counts : counts.subarray(CLASSES * each * only, CLASSES * each * (only + 1));
  const sites = side ** 2;
  const state = stateOfClasses(own, sites);
  const rows = state.length / 2;
  const cohort = concatenate(
    Array.from({ length: rows / each }, (_, k) => cohortsOf(looks, perTemperature, (k * perTemperature) / COHORT)),
  );
  const data = { d: 2, state, densities: densitiesOfClasses(own, sites), cohort };
  const events = solveEvents(data, { degree, odd: [0], oddKinds: ODD_DENSITIES });
  let reach = 0;
  for (let row = 0; row < rows; row++) reach = Math.max(reach, Math.abs(state[2 * row]));
  const chosen = spreadRows(rows, Math.ceil(rows / SAMPLE));
  const sample = Float32Array.from({ length: 2 * chosen.length }, (_, k) => state[2 * chosen[k >> 1] + (k % 2)]);
  return { side, events, rows, reach, sample };
}

/** What a size teaches, kept in the run. */
export async function learnedSize(
  run: Run,
  gpu: Gpu,
  p: CriticalOptions,
  side: number,
  seed: number,
): Promise<Learned> {
  const [learned] = await run.phase("learn", () =>
    run.keep(`seed${seed}/side${side}`, LEARNED, async () => [
      learnedFrom(await countedLattices(gpu, p, side, seed), p.degree),
    ]),
  );
  return learned;
}

/** What lattices of each temperature alone teach, and those of all together, kept in the run. */
export async function comparedTemperatures(
  run: Run,
  gpu: Gpu,
  p: CriticalOptions,
  side: number,
  seed: number,
): Promise<{ alone: Learned[]; together: Learned }> {
  const { temperatures } = p;
  const [together, ...alone] = await run.phase("learn", () =>
    run.keep(`seed${seed}/side${side}-temperatures`, LEARNED, async () => {
      const count = comparedLatticesOf(p, side);
      const counted = await countedLattices(gpu, p, side, seed, { temperatures, count });
      return [learnedFrom(counted, p.degree), ...temperatures.map((_, k) => learnedFrom(counted, p.degree, k))];
    }),
  );
  return { alone, together };
}
