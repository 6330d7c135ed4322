// Small lattices brought from one temperature to the next, from hot to cold: near equilibrium with far fewer jumps than from random
// alloys, which take hundreds of jumps an atom below 1,000 K.

import { average } from "../../analysis/mean.ts";
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
/** Beyond the hottest and the coldest temperature lattices are taken to these too, so that those have states of more and of less order beside them. */
export const BEYOND = { hotter: 1.25, colder: 0.9 };
/** Jumps an atom that lattices wait for at a temperature, at most. */
export const LONGEST_WAIT = 3500;
/** Units of time at a temperature that is only passed. */
const PASSING = 1;

/**
 * Right behind a jump a vacancy is where it jumps from again more often than at any time: before a look without a pause the lattices move for
 * so many mean times of a jump, so that states have the law in time.
 */
const SETTLING = 64;

/** How long lattices stay at a temperature, and how often they are looked at. */
export interface Stay {
  /**
   * Relaxations (clock.ts) before the first look, at temperatures from `settled` on, but no more than `LONGEST_WAIT` jumps an atom; below, so many units
   * of time, which are shorter.
   */
  readonly wait: number;
  /** K. */
  readonly settled: number;
  /** At 1000 K and below; more where it is hotter (`looksAt`). */
  readonly looks: number;
  /** Before every look; units of time, as long in seconds for all lattices, so that states have the law in time. */
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
  /** Mean time between two jumps of the vacancy of every lattice, seconds, `[replicas]`. */
  readonly jumpTimes: Float64Array;
}

/** Mean time between two jumps of one vacancy, seconds. */
export const jumpTimeOf = ({ jumpTimes }: Pick<Annealed, "jumpTimes">) => average(jumpTimes);

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

/** Jumps of all lattices together, about: those between looks have their time, not their number. */
export function annealingJumps({
  temperatures,
  passed,
  replicas,
  ...stay
}: Pick<AnnealingOptions, "temperatures" | "passed" | "replicas" | keyof Stay>) {
  const jumps = ladder(temperatures, passed).map(({ temperature, passing }) => {
    const { first, pauses } = staysFor(stay, temperature, passing);
    return jumpsOf(temperature, first) + pauses * jumpsOf(temperature, stay.pause);
  });
  return replicas * jumps.reduce((sum, count) => sum + count, 0);
}

/** K, and how many times more looks there are above it, at most. */
const USUAL = 1000;
const MOST_LOOKS = 4;

/** Looks at a temperature: the more the fewer jumps a unit of time takes, like the root, so that hot ones cost less and say more. */
export function looksAt({ looks }: Pick<Stay, "looks">, temperature: number): number {
  const times = Math.round(Math.sqrt(unitJumps(USUAL) / unitJumps(temperature)));
  return looks * Math.max(1, Math.min(MOST_LOOKS, times));
}

/** Jumps an atom before the first look. */
function waitJumps({ wait, settled }: Pick<Stay, "wait" | "settled">, temperature: number): number {
  const wanted = wait * (temperature >= settled ? relaxationJumps(temperature) : unitJumps(temperature));
  return Math.min(LONGEST_WAIT, wanted);
}

/** How many relaxations lattices wait for at a temperature. */
export const relaxationsWaited = (stay: Pick<Stay, "wait" | "settled">, temperature: number) =>
  waitJumps(stay, temperature) / relaxationJumps(temperature);

/** Units of time before all looks, and pauses that follow, each with a look; where lattices only pass there is one without a pause. */
function staysFor(stay: Stay, temperature: number, passing: boolean): { first: number; pauses: number } {
  if (passing) return { first: PASSING, pauses: 0 };
  return { first: waitJumps(stay, temperature) / unitJumps(temperature), pauses: looksAt(stay, temperature) };
}

/** Goes through the temperatures, from random alloys on. The stages are those that were asked for, from hot to cold. */
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
  const { first, pauses } = staysFor(stay, temperature, passing);
  const at = (what: string, look: number) => stream(seed, `${purpose}/${what}${k}`, look);
  let jumpTimes: Float64Array;
  try {
    const jumps = jumpsOf(temperature, first);
    const walk = await system.evolveJumps(states, jumps, at("walk", 0));
    onJumps?.(jumps * replicas);
    jumpTimes = Float64Array.from(walk.time, (time) => (time * states.vacancies) / jumps);
    const jumpTime = average(jumpTimes);
    for (let look = 0; look < Math.max(1, pauses); look++) {
      const pause = pauses > 0 ? jumpsOf(temperature, stay.pause) : SETTLING;
      await system.evolve(states, (pause * jumpTime) / states.vacancies, at("pause", look));
      if (pauses > 0) onJumps?.(pause * replicas);
      words.push(await system.pack(states));
      order.push(await system.observe(states));
    }
  } finally {
    states.destroy();
  }
  return { temperature, replicas, words: concatenate(words), order: concatenate(order), jumpTimes };
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
    jumpTimes: stage.jumpTimes.slice(from, to),
  };
}

export const ANNEALED: Format<Annealed> = {
  write: ({ words, order, jumpTimes, ...head }) => ({
    tensors: {
      words: { shape: [words.length], data: words },
      order: { shape: [order.length], data: order },
      jumpTimes: { shape: [jumpTimes.length], data: jumpTimes },
    },
    text: { annealed: JSON.stringify(head) },
  }),
  read: ({ tensors, text }) => {
    const [words, order, jumpTimes] = [tensors.words?.data, tensors.order?.data, tensors.jumpTimes?.data];
    if (!(words instanceof Uint32Array && order instanceof Float32Array && jumpTimes instanceof Float64Array))
      throw new InputError("the file holds no lattices");
    const head = parsed<Omit<Annealed, "words" | "order" | "jumpTimes">>(text.annealed, "annealed lattices");
    return { ...head, words, order, jumpTimes };
  },
};
