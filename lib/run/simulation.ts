// What `simulate` needs to know of a system: its parameters, and how replicas of it are prepared. An experiment declares its own in
// simulation.ts of its folder.
import type { Gpu } from "../gpu/device.ts";
import type { Stream } from "../random/stream.ts";
import type { States, System } from "../systems/system.ts";
import type { Parameters, Values } from "./parameters.ts";
import { STATES_ENDING } from "./saved-states.ts";

/** What systems are observed along; time by default. */
export interface Course<S extends States> {
  /** Name of the column of `points`. */
  readonly name: string;
  /** Where to observe, ascending. */
  readonly points: readonly number[];
  /** From one point to the next, in place, of replicas from the `first` on. */
  advance(states: S, from: number, to: number, stream: Stream, first: number): Promise<void>;
  /** Columns that go beside what is observed at a point. */
  beside?(point: number): Record<string, number>;
  /** What goes on with the states, `[replicas]`, changed in place: kept with them. */
  readonly carried?: Float64Array;
  /** Columns beside the values of every replica, `[replicas]` each. */
  besideEach?(): Record<string, ArrayLike<number>>;
  /** What is tabulated beside the observables, from their values `[replicas, d]`, with standard errors. */
  derived?(
    values: Float32Array,
  ): readonly { readonly symbol: string; readonly value: number; readonly error: number }[];
  /** Sees all states at every point, batch by batch, with their observables `[replicas, d]`. */
  onPoint?(batches: readonly S[], point: number, values: Float32Array): void | Promise<void>;
}

/** Takes a system, its side and what makes replicas `from` to `to` of it, and observes them along a course. */
export type Observer = <S extends States>(
  system: System<S>,
  side: number,
  prepare: (from: number, to: number) => S | Promise<S>,
  course?: Course<S>,
) => Promise<void>;

/** Stands for no file. */
export const NO_FILE = "none";
const STANDARD_OUTPUT = "standard output";

/** Whether --out means standard output. */
export const isPrinted = (out: string) => out === STANDARD_OUTPUT || out === "-";

/** Parameters that all systems share. */
export const COMMON = {
  replicas: { kind: "integer", default: 400, min: 2, max: 1e6, meaning: "independent systems" },
  times: {
    kind: "numbers",
    default: [0, 1, 2, 5],
    min: 0,
    max: 1e6,
    meaning: "when to observe, ascending, in the system's unit (sweeps for spins)",
  },
  seed: { kind: "integer", default: 1, min: 0, max: 0xffff_ffff, meaning: "of all random numbers" },
  out: { kind: "text", default: STANDARD_OUTPUT, meaning: "CSV file to write; - is standard output" },
  quantiles: {
    kind: "numbers",
    default: [],
    min: 0,
    max: 1,
    meaning: "shares of the replicas: quantiles over them beside mean and std",
  },
  save: {
    kind: "text",
    default: NO_FILE,
    meaning: `file for the states at the last of the times, ${STATES_ENDING}; a simulation that is stopped goes on from it with --resume`,
  },
  start: {
    kind: "text",
    default: NO_FILE,
    meaning:
      "states to start from, taken in turn, of a file that --save wrote; times count from there, take another --seed",
  },
  resume: {
    kind: "flag",
    default: false,
    meaning: "continue what was stopped, or at later --times, from the file of --save: the same numbers as at one go",
  },
  perReplica: { kind: "text", default: NO_FILE, meaning: "file for the values of every replica, .csv or .arrow" },
  force: { kind: "flag", default: false, meaning: "overwrite files that are there" },
} as const satisfies Parameters;
export type Common = Values<typeof COMMON>;

export interface Simulation<P extends Parameters = Parameters> {
  /** As on the command line. */
  readonly name: string;
  readonly parameters: P;
  /** Which of the parameters say what systems start from, and nothing else: in place of --start. */
  readonly initial: readonly (keyof P & string)[];
  /** Endings of files that --save and --start take beside those of states. */
  readonly endings?: readonly string[];
  /** Throws InputError where values do not go together; `given` has the keys of those that stand on the command line. */
  check(values: Values<P> & Common, given: ReadonlySet<string>): void;
  simulate(gpu: Gpu, values: Values<P> & Common, observe: Observer): Promise<void>;
}

/** A declaration as an entry of a table of systems, which reads values with the parameters beside it alone. */
export function simulation<const P extends Parameters>(declared: Simulation<P>): Simulation {
  return declared as unknown as Simulation;
}
