// Small lattices brought from one temperature to the next, from hot to cold: near equilibrium with far fewer jumps than from random
// alloys, which take hundreds of jumps an atom below 1,000 K.

import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { type Format, parsed } from "../../io/format.ts";
import { concatenate } from "../../method/concatenate.ts";
import { pickedRows } from "../../method/rows.ts";
import { stream } from "../../random/stream.ts";
import type { BarrierModel } from "../../systems/nbmota/barriers.ts";
import { PAIRS } from "../../systems/nbmota/states.ts";
import { NbMoTa, PATCH_CELLS } from "../../systems/nbmota.ts";
import { jumpsOf, relaxationJumps, unitJumps } from "./clock.ts";

/** K, at which random alloys start where nothing hotter is asked for, and the next temperature over the one before, at least. */
const HOTTEST = 3000;
const STEP = 0.8;
/** Units of time at a temperature that is only passed. */
const PASSING = 2;

/**
 * Right behind a jump a vacancy is where it jumps from again more often than at any time: before a look the lattices move for so many mean
 * times of a jump, so that states have the law in time.
 */
const SETTLING = 64;

/** How long lattices stay at a temperature, and how often they are looked at. */
export interface Stay {
  /** Relaxations (clock.ts) before the first look, at temperatures from `settled` on; below, so many units of time, which are shorter. */
  readonly wait: number;
  /** K. */
  readonly settled: number;
  /** At 1000 K and below; more where it is hotter (`looksAt`). */
  readonly looks: number;
  /** Units of time before every look. */
  readonly pause: number;
}

export interface AnnealingOptions extends Stay {
  /** K, at which lattices stay and are looked at. */
  readonly temperatures: readonly number[];
  /** K, that they pass with one look. */
  readonly passed?: readonly number[];
  readonly replicas: number;
  readonly barriers: BarrierModel;
  readonly seed: number;
  /** Name of the random streams. */
  readonly purpose: string;
  onJumps?(count: number): void;
  /** Does the work of a temperature, or finds what it gave before. */
  keep?(temperature: number, work: () => Promise<Annealed>): Promise<Annealed>;
}

/** Lattices at one temperature. */
export interface Annealed {
  readonly temperature: number;
  readonly replicas: number;
  /** Packed states, look after look, `[looks · replicas]`. */
  readonly words: Uint32Array;
  /** All six order parameters at every look, `[looks][replicas][6]`. */
  readonly order: Float32Array;
  /** Mean time between two jumps of one vacancy, seconds. */
  readonly jumpTime: number;
}

/** Numbers of looks. */
export const looksOf = ({ order, replicas }: Pick<Annealed, "order" | "replicas">) =>
  order.length / (PAIRS.length * replicas);

/** The packed states at the last look. */
export function lastLook(stage: Annealed): Uint32Array {
  const { words } = stage;
  return words.subarray(words.length - words.length / looksOf(stage));
}

/** A temperature on the way down: to stay at, to pass, or to pass and be seen at once. */
interface Step {
  readonly temperature: number;
  readonly passing: boolean;
  readonly seen: boolean;
}

/** Those to stay at and `passed` ones, descending, and those between and above that lattices only pass. */
export function ladder(temperatures: readonly number[], passed: readonly number[] = []): Step[] {
  const steps: Step[] = [];
  const seen = [...temperatures, ...passed].sort((a, b) => b - a);
  let last = Math.max(HOTTEST, ...seen);
  for (const temperature of seen) {
    const between = Math.ceil(Math.log(temperature / last) / Math.log(STEP) - 1e-9);
    // From random alloys to the first one too.
    for (let k = steps.length === 0 ? 0 : 1; k < between; k++) {
      steps.push({ temperature: last * (temperature / last) ** (k / between), passing: true, seen: false });
    }
    steps.push({ temperature, passing: passed.includes(temperature), seen: true });
    last = temperature;
  }
  return steps;
}

/** Jumps of all lattices together. */
export function annealingJumps({
  temperatures,
  passed,
  replicas,
  ...stay
}: Pick<AnnealingOptions, "temperatures" | "passed" | "replicas" | keyof Stay>) {
  const jumps = ladder(temperatures, passed).map(({ temperature, passing }) =>
    staysFor(stay, temperature, passing).reduce((sum, units) => sum + jumpsOf(temperature, units), 0),
  );
  return replicas * jumps.reduce((sum, count) => sum + count, 0);
}

/** K, and how many times more looks there are above it, at most: as many as take the same jumps. */
const USUAL = 1000;
const MOST_LOOKS = 3;

/** Looks at a temperature. */
export function looksAt({ looks }: Pick<Stay, "looks">, temperature: number): number {
  const times = Math.round(unitJumps(USUAL) / unitJumps(temperature));
  return looks * Math.max(1, Math.min(MOST_LOOKS, times));
}

/** Units of time before every look; the first begins with those before all looks. */
function staysFor(stay: Stay, temperature: number, passing: boolean): number[] {
  const { wait, settled, pause } = stay;
  if (passing) return [PASSING];
  const relaxation = relaxationJumps(temperature) / unitJumps(temperature);
  const first = temperature >= settled ? wait * relaxation : wait;
  return [first, ...Array.from({ length: looksAt(stay, temperature) }, () => pause)];
}

/**
 * Goes through the temperatures, from random alloys on. A look is after equally many jumps of every replica, and then some time. The stages
 * are those that were asked for, from hot to cold.
 */
export async function annealed(gpu: Gpu, options: AnnealingOptions): Promise<Annealed[]> {
  const { temperatures, keep = (_, work) => work() } = options;
  const stages: Annealed[] = [];
  let last: Uint32Array | null = null;
  for (const [k, { temperature, passing, seen }] of ladder(temperatures, options.passed).entries()) {
    const before: Uint32Array | null = last;
    const stage = await keep(temperature, () => stageOf(gpu, options, k, temperature, passing, before));
    last = lastLook(stage);
    if (seen) stages.push(stage);
  }
  return stages;
}

async function stageOf(
  gpu: Gpu,
  { replicas, barriers, seed, purpose, onJumps, ...stay }: AnnealingOptions,
  k: number,
  temperature: number,
  passing: boolean,
  last: Uint32Array | null,
): Promise<Annealed> {
  const system = new NbMoTa(gpu, { temperature, barriers, coordinates: "six" });
  const start = stream(seed, `${purpose}/start`);
  const states = last ? await system.unpack(last, PATCH_CELLS) : await system.disordered(replicas, PATCH_CELLS, start);
  const words: Uint32Array[] = [];
  const order: Float32Array[] = [];
  let [time, jumps] = [0, 0];
  try {
    for (const [look, units] of staysFor(stay, temperature, passing).entries()) {
      const count = jumpsOf(temperature, units);
      const at = (what: string) => stream(seed, `${purpose}/${what}${k}`, look);
      const walk = await system.evolveJumps(states, count, at("walk"));
      onJumps?.(count * replicas);
      const passed = walk.time.reduce((sum, t) => sum + t, 0);
      if (look === 0 && !passing) continue;
      time += passed * states.vacancies;
      jumps += count * replicas;
      await system.evolve(states, (SETTLING * passed) / (count * replicas), at("settle"));
      words.push(await system.pack(states));
      order.push(await system.observe(states));
    }
  } finally {
    states.destroy();
  }
  return { temperature, replicas, words: concatenate(words), order: concatenate(order), jumpTime: time / jumps };
}

/** Some of the replicas, [from, to), at every look. */
export function someReplicas(stage: Annealed, from: number, to: number): Annealed {
  const { replicas, words, order } = stage;
  const looks = looksOf(stage);
  const rows = Uint32Array.from({ length: looks * (to - from) }, (_, k) => {
    return Math.floor(k / (to - from)) * replicas + from + (k % (to - from));
  });
  return {
    ...stage,
    replicas: to - from,
    words: pickedRows(words, words.length / (looks * replicas), rows),
    order: pickedRows(order, PAIRS.length, rows),
  };
}

export const ANNEALED: Format<Annealed> = {
  write: ({ words, order, ...head }) => ({
    tensors: { words: { shape: [words.length], data: words }, order: { shape: [order.length], data: order } },
    text: { annealed: JSON.stringify(head) },
  }),
  read: ({ tensors, text }) => {
    const [words, order] = [tensors.words?.data, tensors.order?.data];
    if (!(words instanceof Uint32Array && order instanceof Float32Array))
      throw new InputError("the file holds no lattices");
    return { ...parsed<Omit<Annealed, "words" | "order">>(text.annealed, "annealed lattices"), words, order };
  },
};
