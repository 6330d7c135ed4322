// What `simulate` tabulates: moments of the observables of many systems along a course, as they come, and the values of every one of them.
import { resolve } from "node:path";
import { table } from "arquero";
import { quantileSeq } from "mathjs/number";
import { ensembleMoments } from "../analysis/trajectory-error.ts";
import { InputError } from "../errors.ts";
import { MEMORY_BUDGET } from "../gpu/memory.ts";
import { writeArrow } from "../io/arrow.ts";
import { writeCsv } from "../io/csv.ts";
import { batchThatFits } from "../method/batch.ts";
import { concatenate } from "../method/concatenate.ts";
import { stream } from "../random/stream.ts";
import type { States, System } from "../systems/system.ts";
import { continueCommand } from "./command-text.ts";
import { print, say } from "./output.ts";
import { writeClaimed } from "./overwrite.ts";
import { optionName } from "./parameters.ts";
import { progress } from "./progress.ts";
import { patchwiseVersion } from "./provenance.ts";
import { requireRoom } from "./room.ts";
import {
  isStates,
  preparedFrom,
  readStates,
  requireSame,
  requireStatesOf,
  type SavedStates,
  type SeenPoint,
  writeStates,
} from "./saved-states.ts";
import { type Common, type Course, isPrinted, NO_FILE } from "./simulation.ts";
import { SAVE_MS, setContinuation, stopRequested, uninterrupted } from "./stop.ts";
import { tableOfRows } from "./text-table.ts";

/** A file is written anew so often at the most, ms. */
const REWRITE_MS = 1_000;

/** Where a simulation comes from. */
export interface Origin {
  /** What makes its numbers, beside what it is told. */
  readonly made: Record<string, string>;
  /** Of the file of --save, where it goes on. */
  readonly saved: SavedStates | null;
}

/**
 * Evolves systems from point to point and tabulates the moments of their observables as they come: what was observed is kept, however the simulation
 * ends. More replicas than one batch can hold are batches beside each other, which does not change what they do.
 */
export async function observeAlong<S extends States>(
  system: System<S>,
  side: number,
  prepare: (from: number, to: number) => S | Promise<S>,
  common: Common,
  course: Course<S>,
  { made, saved }: Origin,
): Promise<void> {
  const { replicas, seed, out, quantiles, perReplica, save, start } = common;
  const { name, points, advance, beside, besideEach, derived, onPoint, carried } = course;
  const told = { ...toldOf(common), ...made };
  const own = { name: system.name, words: system.words(side) };
  if (saved) {
    requireStatesOf(save, saved, own, side);
    requireSame(save, saved, told, points);
    if (saved.carried) carried?.set(saved.carried);
    setContinuation(continueCommand("simulate"));
    if (saved.points.length === points.length)
      say(`! ${save} was seen at all ${points.length} points: nothing is left to do, give later ones to go on`);
  }
  const rows = new Rows(out, saved?.rows);
  const each = perReplica === NO_FILE ? null : new EachReplica(name, system.observables, saved?.each);
  const before = saved ?? (isStates(start) ? readStates(start) : null);
  if (before && !saved) requireStatesOf(start, before, own, side);
  const sources = saved?.sources ?? (before ? Math.min(replicas, before.words.length / own.words) : replicas);
  if (before && !saved) checkStart(before, sources, common);
  const prepared = before ? preparedFrom(saved ? save : start, system, side, before) : prepare;
  const seenAt = [...(saved?.points ?? [])];
  let now = seenAt.at(-1) ?? 0;
  const bar = progress(system.name, points[points.length - 1], now);
  const size = batchThatFits(system, side);
  const batches: S[] = [];
  let kept = Number.NEGATIVE_INFINITY;
  const keep = async () => {
    const words: Uint32Array[] = [];
    for (const states of batches) words.push(await system.pack(states));
    const seen = { rows: rows.all, points: seenAt, each: each?.seen ?? [] };
    const all = { ...seen, sources, carried: carried ?? null, words: concatenate(words) };
    const files = [out, perReplica].map((path) => resolve(path));
    writeStates(save, { system: system.name, side, told, files, ...all });
    kept = performance.now();
    setContinuation(seenAt.length < points.length ? continueCommand("simulate") : undefined);
  };
  try {
    for (let from = 0; from < replicas; from += size) {
      batches.push(await prepared(from, Math.min(replicas, from + size)));
      // Behind the first, which says more of a system that does not fit alone.
      requireMemory(replicas, system.bytes(side));
    }
    for (const [k, point] of points.entries()) {
      if (k < seenAt.length) continue;
      const seen: Float32Array[] = [];
      let share = 0;
      for (const [b, states] of batches.entries()) {
        await advance(states, now, point, stream(seed, "simulate", k, b * size), b * size);
        seen.push(await system.observe(states));
        // Behind the last, what was seen is put down first.
        share = (point - now) * (states.count / replicas);
        if (b < batches.length - 1) bar.add(share);
      }
      const values = concatenate(seen);
      await onPoint?.(batches, point, values);
      each?.add(point, values, besideEach?.() ?? {});
      const { mean, std } = ensembleMoments(values, replicas);
      const own = quantilesOf(values, mean.length, quantiles);
      const none = Object.fromEntries(quantiles.map((share) => [`q${share}`, ""]));
      const se = standardErrors(values, mean, clustersOf(replicas, sources, system.lanes));
      const observed = system.observables.map(({ symbol }, j) => ({
        ...{ observable: symbol, mean: mean[j], std: std[j], se_mean: se[j], ...own[j] },
      }));
      const further = (derived?.(values) ?? []).map(({ symbol, value, error }) => ({
        ...{ observable: symbol, mean: value, std: "", se_mean: error, ...none },
      }));
      rows.add([...observed, ...further].map((row) => ({ [name]: point, ...beside?.(point), ...row, replicas })));
      now = point;
      seenAt.push(point);
      const isLast = k === points.length - 1;
      if (isStates(save) && (isLast || stopRequested() || performance.now() - kept > SAVE_MS))
        await uninterrupted(keep);
      bar.add(share);
    }
    bar.done();
  } finally {
    for (const states of batches) states.destroy();
    rows.flush();
    // What was seen until a failure stays.
    each?.write(perReplica);
  }
}

/** Throws InputError for the seed that made the states to start from, whose noise would come again; says where one of them is several replicas. */
function checkStart({ told }: SavedStates, sources: number, { replicas, seed }: Common): void {
  if (told["--seed"] === seed) throw new InputError(`--seed ${seed} made the states to start from: take another one`);
  if (sources === replicas) return;
  const meaning =
    sources === 1
      ? "se_mean is the error of the mean over what may follow from it"
      : "those of one state are not independent of each other, se_mean counts them as one";
  say(`! ${replicas} replicas start from ${sources} ${sources === 1 ? "state" : "states"}: ${meaning}`);
}

/** What may be another when a simulation goes on: files, and the points, of which there may be more. */
const OTHERS = ["out", "save", "perReplica", "force", "resume", "times"];

/** What decides the numbers. */
function toldOf(common: Common): Record<string, unknown> {
  const told = Object.entries(common).filter(([key]) => !OTHERS.includes(key));
  return {
    ...Object.fromEntries(told.map(([key, value]) => [optionName(key), value])),
    ...(common.perReplica !== NO_FILE ? { [optionName("perReplica")]: "a file" } : {}),
    patchwise: patchwiseVersion(),
  };
}

/** `q0.05` and so on of each of d observables, over the replicas of `values` `[replicas, d]`. */
function quantilesOf(values: Float32Array, d: number, shares: readonly number[]): Record<string, number>[] {
  if (shares.length === 0) return Array.from({ length: d }, () => ({}));
  return Array.from({ length: d }, (_, j) => {
    const sorted = Float64Array.from({ length: values.length / d }, (_, r) => values[r * d + j]).sort();
    const found = quantileSeq(Array.from(sorted), [...shares], true) as number[];
    return Object.fromEntries(shares.map((share, k) => [`q${share}`, found[k]]));
  });
}

/** Values of every replica at every point: a table with one row for each of both. */
class EachReplica {
  readonly #name: string;
  readonly #symbols: readonly string[];
  readonly seen: SeenPoint[];

  /** `seen`: at an earlier sitting. */
  constructor(name: string, observables: System["observables"], seen: readonly SeenPoint[] = []) {
    this.#name = name;
    this.seen = [...seen];
    this.#symbols = observables.map(({ symbol }) => symbol.replace("δ", "delta").replace("ρ", "rho"));
  }

  /** `values` `[replicas, d]`; `beside` further columns. */
  add(point: number, values: Float32Array, beside: Record<string, ArrayLike<number>>): void {
    const copies = Object.entries(beside).map(([name, column]) => [name, Float64Array.from(column)]);
    this.seen.push({ point, values, beside: Object.fromEntries(copies) });
  }

  /** A file that the name of the file says the format of; none where nothing was seen. */
  write(path: string): void {
    if (this.seen.length === 0) return;
    const d = this.#symbols.length;
    const count = (values: Float32Array) => values.length / d;
    const columns: Record<string, number[]> = {
      [this.#name]: this.seen.flatMap(({ point, values }) => new Array(count(values)).fill(point)),
      replica: this.seen.flatMap(({ values }) => Array.from({ length: count(values) }, (_, r) => r)),
    };
    for (const name of Object.keys(this.seen[0].beside)) {
      columns[name] = this.seen.flatMap(({ beside }) => Array.from(beside[name]));
    }
    for (const [j, symbol] of this.#symbols.entries()) {
      columns[symbol] = this.seen.flatMap(({ values }) => Array.from(values.filter((_, k) => k % d === j)));
    }
    const write = path.endsWith(".csv") ? writeCsv : writeArrow;
    writeClaimed(path, (place) => write(place, table(columns)));
  }
}

/** Throws InputError for replicas of so many bytes each that do not fit beside each other. */
function requireMemory(replicas: number, bytes: number): void {
  const most = Math.floor(MEMORY_BUDGET / bytes);
  requireRoom([
    { what: `${replicas} replicas, of which ${most} fit,`, bytes: replicas * bytes, options: ["replicas"] },
  ]);
}

/** The lines of the table: printed as they come, or in a file that is written anew with them once in a while. */
class Rows {
  readonly #out: string | null;
  readonly all: Record<string, number | string>[];
  #written = 0;
  #last = Number.NEGATIVE_INFINITY;

  /** `all`: of an earlier sitting. */
  constructor(out: string, all: readonly Record<string, number | string>[] = []) {
    this.all = [...all];
    this.#out = isPrinted(out) ? null : out;
  }

  add(rows: Record<string, number | string>[]): void {
    this.all.push(...rows);
    if (this.#out === null || performance.now() - this.#last > REWRITE_MS) this.flush();
  }

  flush(): void {
    if (this.#written === this.all.length) return;
    if (this.#out === null) {
      const csv = tableOfRows(this.all.slice(this.#written)).toCSV().trimEnd();
      print(this.#written === 0 ? csv : csv.slice(csv.indexOf("\n") + 1));
    } else {
      writeClaimed(this.#out, (place) => writeCsv(place, tableOfRows(this.all)));
    }
    this.#written = this.all.length;
    this.#last = performance.now();
  }
}

/**
 * Ways in which replicas are not independent, as the cluster that each is of: those that share random numbers, `lanes` in a row, where there are two of them at
 * least; and those that started from one of several states, taken in turn.
 */
function clustersOf(replicas: number, sources: number, lanes: number): Uint32Array[] {
  const size = replicas >= 2 * lanes ? lanes : 1;
  const alike = sources > 1 && sources < replicas ? [(r: number) => r % sources] : [];
  return [(r: number) => Math.floor(r / size), ...alike].map((own) =>
    Uint32Array.from({ length: replicas }, (_, r) => own(r)),
  );
}

/** Standard errors of the mean of `values` `[replicas, d]`: over each kind of clusters, the larger one. */
function standardErrors(values: Float32Array, mean: Float64Array, clusters: readonly Uint32Array[]): Float64Array {
  const errors = clusters.map((cluster) => clusterErrors(values, mean, cluster));
  return mean.map((_, j) => Math.max(...errors.map((error) => error[j])));
}

/** Standard error of the mean of `values` `[replicas, d]` over C clusters of any sizes: √(C/(C − 1) Σ (sum of the deviations of a cluster)²)/replicas. */
function clusterErrors(values: Float32Array, mean: Float64Array, cluster: Uint32Array): Float64Array {
  const count = cluster.reduce((most, one) => Math.max(most, one), 0) + 1;
  return mean.map((center, j) => {
    const sums = new Float64Array(count);
    for (const [r, own] of cluster.entries()) sums[own] += values[r * mean.length + j] - center;
    const square = sums.reduce((total, sum) => total + sum * sum, 0);
    return Math.sqrt((count / (count - 1)) * square) / cluster.length;
  });
}
