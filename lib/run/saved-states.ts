// States of a direct simulation in a file, with what was seen until then: to start others from, and to go on where it was stopped.
import { extname } from "node:path";
import { InputError } from "../errors.ts";
import { type Format, parsed } from "../io/format.ts";
import { prefixed, readSafetensors, type Tensors, unprefixed, writeSafetensors } from "../io/safetensors.ts";
import { pickedRows } from "../method/rows.ts";
import type { States, System } from "../systems/system.ts";
import { writeClaimed } from "./overwrite.ts";
import { quoted } from "./parameters.ts";

/** The ending of such files. */
export const STATES_ENDING = ".safetensors";

/** Whether a file is one of states. */
export const isStates = (path: string) => extname(path) === STATES_ENDING;

/** Values of every replica at one point, and columns beside them. */
export interface SeenPoint {
  readonly point: number;
  /** `[replicas, d]` */
  readonly values: Float32Array;
  readonly beside: Record<string, Float64Array>;
}

export interface SavedStates {
  readonly system: string;
  /** Sites per side. */
  readonly side: number;
  /** What the simulation was told, but for its files, and what else makes its numbers. */
  readonly told: Record<string, unknown>;
  /** Other files of the same simulation, which go on with it. */
  readonly files: readonly string[];
  /** Where it was seen. */
  readonly points: readonly number[];
  /** The table until then. */
  readonly rows: Record<string, number | string>[];
  /** How many different states its replicas started from. */
  readonly sources: number;
  /** Packed, `[replicas, words]`. */
  readonly words: Uint32Array;
  /** What else goes on with them, `[replicas]`; none where nothing does. */
  readonly carried: Float64Array | null;
  /** For the table of all replicas; none where there is none. */
  readonly each: readonly SeenPoint[];
}

const FORMAT: Format<SavedStates> = {
  write({ words, carried, each, ...head }) {
    const tensors: Tensors = { words: { shape: [words.length], data: words } };
    if (carried) tensors.carried = { shape: [carried.length], data: carried };
    for (const [k, { values, beside }] of each.entries()) {
      tensors[`each ${k}`] = { shape: [values.length], data: values };
      const columns = Object.entries(beside).map(([name, data]) => [name, { shape: [data.length], data }]);
      Object.assign(tensors, prefixed(`beside ${k} `, Object.fromEntries(columns)));
    }
    return { tensors, text: { states: JSON.stringify({ ...head, each: each.length }) } };
  },
  read({ tensors, text }) {
    const { each: count, ...head } = parsed<Omit<SavedStates, "words" | "carried" | "each"> & { each: number }>(
      text.states,
      "states of a simulation",
      (_, value) => (value === null ? Number.NaN : value),
    );
    const isWhole =
      [head.points, head.rows, head.files].every(Array.isArray) &&
      typeof head.told === "object" &&
      head.told !== null &&
      head.sources >= 1;
    if (!isWhole) throw new InputError("the file holds no states of a simulation");
    const each = head.points.slice(0, count).map((point, k): SeenPoint => {
      const columns = Object.entries(unprefixed(`beside ${k} `, tensors)).map(([name, { data }]) => [name, data]);
      return { point, values: tensors[`each ${k}`].data as Float32Array, beside: Object.fromEntries(columns) };
    });
    const words = tensors.words?.data;
    if (!(words instanceof Uint32Array)) throw new InputError("the file holds no states of a simulation");
    return { ...head, words, carried: (tensors.carried?.data as Float64Array | undefined) ?? null, each };
  },
};

/** Into a claimed file. */
export function writeStates(path: string, saved: SavedStates): void {
  const { tensors, text } = FORMAT.write(saved);
  writeClaimed(path, (place) => writeSafetensors(place, tensors, text));
}

/** Throws InputError for a file that holds none. */
export function readStates(path: string): SavedStates {
  try {
    const { tensors, metadata } = readSafetensors(path, "choose another file");
    return FORMAT.read({ tensors, text: metadata });
  } catch (error) {
    if (!(error instanceof InputError) || error.message.includes(path)) throw error;
    throw new InputError(`${path}: ${error.message}`);
  }
}

/** Throws InputError for states of another system, of another side, or of another size. */
export function requireStatesOf(
  path: string,
  saved: SavedStates,
  { name, words }: Pick<System, "name"> & { readonly words: number },
  side: number,
): void {
  const other = saved.system !== name ? `of ${saved.system}, not of ${name}` : `of side ${saved.side}, not ${side}`;
  if (saved.system !== name || saved.side !== side) throw new InputError(`${path} holds states ${other}`);
  if (saved.words.length === 0 || saved.words.length % words !== 0) {
    throw new InputError(`${path} holds states of another size: give the options that they were made with`);
  }
}

/** Makes replicas `from` to `to` of those saved in `path`, taken in turn. Throws InputError for words that are no states of the system. */
export function preparedFrom<S extends States>(path: string, system: System<S>, side: number, { words }: SavedStates) {
  const width = system.words(side);
  const count = words.length / width;
  return async (from: number, to: number) => {
    const which = Uint32Array.from({ length: to - from }, (_, k) => (from + k) % count);
    try {
      return await system.unpack(pickedRows(words, width, which), side);
    } catch (error) {
      throw error instanceof InputError ? new InputError(`${path}: ${error.message}`) : error;
    }
  };
}

/** Throws InputError, with the first difference, unless a simulation was told the same, and is seen where it was seen and further on. */
export function requireSame(
  path: string,
  saved: SavedStates,
  now: Record<string, unknown>,
  points: readonly number[],
): void {
  const before = saved.told;
  const shown = (value: unknown) => quoted(String(value ?? "nothing"));
  for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (String(before[key]) === String(now[key])) continue;
    throw new InputError(
      `${path} is of another simulation, whose ${key} was ${shown(before[key])}, now ${shown(now[key])}: give the old value, or leave out --resume`,
    );
  }
  if (saved.points.some((point, k) => point !== points[k]))
    throw new InputError(`${path} was seen at ${saved.points.join(",")}: give these, and more behind them`);
}
