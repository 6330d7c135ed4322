// Training pairs: what partial evolution of patches, or the generator, tells about drift and diffusion of the whole system.
import { repeatedRows } from "../analysis/ensemble.ts";
import { InputError } from "../errors.ts";
import { type Format, parsed } from "../io/format.ts";
import type { Xoshiro } from "../random/xoshiro.ts";
import { concatenate } from "./concatenate.ts";
import { pickedRows } from "./rows.ts";

/** The estimators of drift and diffusion, and the baselines (`naive` is the paper's). */
export const METHODS = ["compensator", "increment", "naive", "small"] as const;
export type Method = (typeof METHODS)[number];

/** The estimators: trained with the right noise, λ = K; the baselines take that of a patch, or of a small system, for the whole's. */
export const isOurs = (method: Method) => method === "compensator" || method === "increment";

/**
 * States of whole systems and of `perSnapshot` different patches of each, row-major float32: row s·perSnapshot + j is patch j of
 * snapshot s; d observables, n rows.
 */
export interface Rows {
  readonly d: number;
  /** Number of patches K that tile the system. */
  readonly patches: number;
  readonly perSnapshot: number;
  /** z of the whole system, `[snapshots, d]`. */
  readonly whole: Float32Array;
  /** φ_I of the patch before, `[n, d]`. */
  readonly patch: Float32Array;
  /** Which small systems started alike, `[snapshots]`: the independent units of the data. */
  readonly cohort: Uint32Array;
  /** What varies between the systems that pairs come from, e.g. temperatures, `[snapshots, conditions]`; empty for one system. */
  readonly condition: Float32Array;
}

/**
 * Changes of the patches over δt, `[n, d]`, of a simulator whose rates are not known or not asked for: means over the copies of an evolution.
 * `variation`: covariance of one evolution given its start, upper triangles `[n, d(d+1)/2]`, from the copies; null for a single one.
 */
export interface Increments extends Rows {
  readonly kind: "increments";
  readonly time: number;
  readonly delta: Float32Array;
  readonly variation?: Float32Array | null;
  /** Evolutions that `delta` is the mean of; 1 by default. */
  readonly copies?: number;
  /** Whether `variation` / time is that of an instant (`atZeroTime`). */
  readonly corrected?: boolean;
}

/** With the compensator A `[n, d]` of the change and its quadratic variation Q, upper triangles `[n, d(d+1)/2]`. */
export interface Compensated extends Rows {
  readonly kind: "compensated";
  readonly time: number;
  readonly delta: Float32Array;
  readonly compensator: Float32Array;
  readonly variation: Float32Array;
}

/** The generator at the states themselves: Lφ_I `[n, d]` and Γ(φ_I) `[n, d(d+1)/2]`, per unit of time. */
export interface Generated extends Rows {
  readonly kind: "generator";
  readonly drift: Float32Array;
  readonly variation: Float32Array;
}

/** One kind at a time: the type says what was measured. */
export type Pairs = Increments | Compensated | Generated;

/** Number of pairs n. */
export function pairCount({ patch, d }: Rows): number {
  return patch.length / d;
}

/** What a method regresses on what, row-major float32. */
export interface Regression {
  readonly method: Method;
  readonly d: number;
  /** z0, `[rows, d]`. */
  readonly state: Float32Array;
  /** z1 − z0, or the compensator, `[rows, d]`. */
  readonly change: Float32Array;
  /** Q, `[rows, d(d+1)/2]`; null where the spread of the changes themselves has to tell it. */
  readonly variation: Float32Array | null;
  /** Whether Q / (λ δt) is σσᵀ itself, and no mean over δt. */
  readonly knownNoise?: boolean;
  /** Duration δt of the changes; 1 for the generator, which is per unit of time. */
  readonly time: number;
  /** Whether they are the generator's, so that f is the drift itself and no mean over δt. */
  readonly instant: boolean;
  /** λ of the loss: the covariance of the change is λ σσᵀ δt. */
  readonly lambda: number;
  /** Both for every row, `[rows]`, where they differ between rows; `time` and `lambda` are then means. */
  readonly each?: { readonly time: Float32Array; readonly lambda: Float32Array };
  /** As in `Rows`, one entry per row: `[rows]`, and `[rows, conditions]`. */
  readonly cohort: Uint32Array;
  readonly condition: Float32Array;
  /** Whether cohorts follow each other in time: neighbours may depend on each other, and groups of them are kept together. */
  readonly ordered?: boolean;
}

/**
 * increment and compensator: z0 of the whole system, change of one patch, λ = K (paper, the custom loss). With P
 * patches per snapshot their mean change is one row: as the patches are independent given the snapshot its covariance
 * is 1/P of one patch's, so λ = K/P.
 * naive (the paper's baseline): z0 of the whole system, z1 of one patch, λ = 1; its noise is the scatter of patches, and where changes are means of
 * copies that of one evolution is in it with their part only.
 * small: z0 and z1 of the same patch; λ = 1, of means of copies one over their number, as σσᵀ is that of one evolution of the patch.
 * Throws Error where the pairs do not hold what the method needs.
 */
export function regression(pairs: Pairs, method: Method): Regression {
  const { d, whole, patch, perSnapshot: p, patches, cohort, condition } = pairs;
  if (method === "compensator") {
    if (pairs.kind === "increments") throw new Error("the compensator estimator needs a system whose rates are known");
    const [change, time] = pairs.kind === "generator" ? [pairs.drift, 1] : [pairs.compensator, pairs.time];
    return {
      method,
      d,
      state: whole,
      change: blockMeans(change, p, d, 1),
      variation: blockMeans(pairs.variation, p, (d * (d + 1)) / 2, 1 / p),
      time,
      instant: pairs.kind === "generator",
      lambda: patches / p,
      cohort,
      condition,
    };
  }
  if (pairs.kind === "generator") throw new Error(`the method ${method} needs changes over a time, not the generator`);
  const { delta, time } = pairs;
  const common = { method, d, variation: null, time, instant: false };
  const { variation = null, copies = 1, corrected = false } = pairs.kind === "increments" ? pairs : {};
  if (method === "increment") {
    return {
      ...common,
      ...(corrected && { knownNoise: true }),
      state: whole,
      change: blockMeans(delta, p, d, 1),
      // Of a single evolution, whose covariance is λ σσᵀ δt as that of a compensated change is.
      variation: variation && blockMeans(variation, p, (d * (d + 1)) / 2, 1 / p),
      lambda: variation ? patches / p : patches / (p * copies),
      cohort,
      condition,
    };
  }
  const single = {
    cohort: repeatedRows(cohort, 1, p),
    condition: repeatedRows(condition, condition.length / cohort.length, p),
  };
  switch (method) {
    case "naive": {
      const z0 = (k: number) => whole[Math.floor(k / (d * p)) * d + (k % d)];
      const state = Float32Array.from(delta, (_, k) => z0(k));
      return { ...common, state, change: delta.map((change, k) => patch[k] + change - state[k]), lambda: 1, ...single };
    }
    case "small":
      return { ...common, state: patch, change: delta, lambda: 1 / copies, ...single };
  }
}

/** δt and λ of a row. */
export const timeOf = ({ time, each }: Pick<Regression, "time" | "each">, row: number) => each?.time[row] ?? time;
export const lambdaOf = ({ lambda, each }: Pick<Regression, "lambda" | "each">, row: number) =>
  each?.lambda[row] ?? lambda;

/**
 * What the change of a row, and the drift in it, are multiplied by where rows differ, so that all have the noise of `time` and `lambda`, and least squares
 * over them the weights of generalised ones: √(t λ/(t_p λ_p)) and √(t_p λ/(t λ_p)). 1 where all are alike.
 */
export function rowScales(data: Pick<Regression, "time" | "lambda" | "each">, row: number) {
  if (!data.each) return { change: 1, drift: 1 };
  const [time, lambda] = [timeOf(data, row), lambdaOf(data, row)];
  return {
    change: Math.sqrt((data.time * data.lambda) / (time * lambda)),
    drift: Math.sqrt((time * data.lambda) / (data.time * lambda)),
  };
}

/** Some rows of a regression, in the order asked for. */
export function pickedRegression(data: Regression, rows: Uint32Array): Regression {
  const { d, state, change, condition, cohort, variation, each } = data;
  const conditions = (condition.length * d) / state.length;
  return {
    ...data,
    ...(each && { each: { time: pickedRows(each.time, 1, rows), lambda: pickedRows(each.lambda, 1, rows) } }),
    state: pickedRows(state, d, rows),
    change: pickedRows(change, d, rows),
    condition: pickedRows(condition, conditions, rows),
    cohort: pickedRows(cohort, 1, rows),
    variation: variation && pickedRows(variation, (d * (d + 1)) / 2, rows),
  };
}

/**
 * Mean change per time of every variable, with its standard error over cohorts. In equilibrium it is 0: training states of an equilibrium law
 * that drift are not in it. Infinite errors for a single cohort.
 */
export function meanDrift({ d, change, time, cohort }: Regression): { mean: number[]; error: number[] } {
  const sums = new Map<number, { count: number; sum: Float64Array }>();
  for (const [p, name] of cohort.entries()) {
    const one = sums.get(name) ?? { count: 0, sum: new Float64Array(d) };
    one.count++;
    for (let j = 0; j < d; j++) one.sum[j] += change[p * d + j] / time;
    sums.set(name, one);
  }
  const cohorts = [...sums.values()];
  const rows = cohort.length;
  const mean = Array.from({ length: d }, (_, j) => cohorts.reduce((all, { sum }) => all + sum[j], 0) / rows);
  const error = mean.map((value, j) => {
    if (cohorts.length < 2) return Number.POSITIVE_INFINITY;
    const square = cohorts.reduce((all, { count, sum }) => all + (sum[j] - count * value) ** 2, 0);
    return Math.sqrt((square * cohorts.length) / (cohorts.length - 1)) / rows;
  });
  return { mean, error };
}

/**
 * How an equation is stepped that a regression gives: by Heun's scheme with `dt` where f is the drift itself; by Euler's with the δt of the
 * changes where f is their mean over δt, so that time discretisation costs nothing in the mean.
 */
export function stepOf(
  { instant, time }: Pick<Regression, "instant" | "time">,
  dt: number,
): { dt: number; scheme: "heun" | "euler" } {
  return instant ? { dt, scheme: "heun" } : { dt: time, scheme: "euler" };
}

/** The arrays of pairs of each kind; those before `patch` have one row a snapshot, the others one a pair. */
const ARRAYS = {
  increments: ["whole", "cohort", "condition", "patch", "delta", "variation"],
  compensated: ["whole", "cohort", "condition", "patch", "delta", "compensator", "variation"],
  generator: ["whole", "cohort", "condition", "patch", "drift", "variation"],
} as const;

type Columns = Record<string, Float32Array | Uint32Array>;

/** Arrays that are there. */
const columnsOf = (pairs: Pairs) =>
  ARRAYS[pairs.kind].flatMap((name) => {
    const column = (pairs as unknown as Record<string, Columns[string] | null | undefined>)[name];
    return column ? [[name, column] as const] : [];
  });

/** The same pairs with every array replaced. */
function mapped<P extends Pairs>(
  pairs: P,
  change: (column: Float32Array | Uint32Array, name: string) => Columns[string],
) {
  const columns = Object.fromEntries(columnsOf(pairs).map(([name, column]) => [name, change(column, name)]));
  return { ...pairs, ...columns } as P;
}

/**
 * One row in `step`, out of every so many in a row: which of them goes round (multiples of the golden ratio), so that no regular order of cohorts and
 * ages is hit at one place only.
 */
export function spreadRows(rows: number, step: number): Uint32Array {
  const golden = (Math.sqrt(5) - 1) / 2;
  return Uint32Array.from({ length: Math.ceil(rows / step) }, (_, k) =>
    Math.min(rows - 1, k * step + Math.floor(step * ((k * golden) % 1))),
  );
}

/** One snapshot in `step`, with its patches (`spreadRows`). */
export function everyRow<P extends Pairs>(pairs: P, step: number): P {
  if (step === 1) return pairs;
  const snapshots = pairs.whole.length / pairs.d;
  const rows = spreadRows(snapshots, step);
  return mapped(pairs, (column) => pickedRows(column, column.length / snapshots, rows));
}

/** The pairs in variables that are `factor` times as large. */
export function scaledPairs<P extends Pairs>(pairs: P, factor: number): P {
  const powers: Record<string, number> = { whole: 1, patch: 1, delta: 1, compensator: 1, drift: 1, variation: 2 };
  return mapped(pairs, (column, name) => {
    const times = factor ** (powers[name] ?? 0);
    return times === 1 ? column : column.map((x) => times * x);
  });
}

/** The pairs of some cohorts, of every snapshot of them. */
export function ofCohorts<P extends Pairs>(pairs: P, wanted: (cohort: number) => boolean): P {
  const rows = Uint32Array.from([...pairs.cohort.keys()].filter((k) => wanted(pairs.cohort[k])));
  return mapped(pairs, (column) => pickedRows(column, column.length / pairs.cohort.length, rows));
}

/** Rows that a baseline learns from, at most. */
const BASELINE_ROWS = 524_288;

/**
 * The pairs that a method learns from, of one snapshot in `fewer`. Baselines take every patch for a row of its own;
 * they get 524,288 rows at most.
 */
export function taught<P extends Pairs>(pairs: P, method: Method, fewer = 1): P {
  const some = everyRow(pairs, fewer);
  return isOurs(method) ? some : everyRow(some, Math.ceil(pairCount(some) / BASELINE_ROWS));
}

/**
 * Pairs of several systems, temperatures say, as one set. Cohorts of different sets stay `apart`, or are the `same` where their numbers
 * are. Throws Error unless all are of one kind, time, number of variables, patches and conditions.
 */
export function joined<P extends Pairs>(list: readonly P[], cohortsOf: "apart" | "same" = "apart"): P {
  const [first] = list;
  const shape = (pairs: Pairs) =>
    JSON.stringify([
      pairs.kind,
      pairs.d,
      pairs.patches,
      pairs.perSnapshot,
      (pairs.condition.length * pairs.d) / pairs.whole.length,
      pairs.kind === "generator" ? 0 : pairs.time,
      !pairs.variation,
      pairs.kind === "increments" ? [pairs.copies ?? 1, pairs.corrected ?? false] : 1,
    ]);
  if (!list.every((pairs) => shape(pairs) === shape(first)))
    throw new Error("pairs of different kinds cannot be joined");
  let cohorts = 0;
  const renumbered = list.map((pairs) => {
    const start = cohorts;
    cohorts += 1 + pairs.cohort.reduce((a, b) => Math.max(a, b), -1);
    return cohortsOf === "same" ? pairs : { ...pairs, cohort: pairs.cohort.map((cohort) => start + cohort) };
  });
  return mapped(first, (_, name) => concatenate(renumbered.map((pairs) => (pairs as unknown as Columns)[name])));
}

/**
 * Increments whose variation is corrected to zero time: 2 V(δt) − ½ V(2δt), as a covariance over δt is δt σσᵀ up to order δt², where V is that
 * of `single` and of `double`, increments of the same patches over twice the time (analysis/kramers-moyal.ts has the same for a check).
 * Throws Error for others.
 */
export function atZeroTime(single: Increments, double: Increments): Increments {
  const [a, b] = [single.variation, double.variation];
  if (!a || !b || a.length !== b.length || Math.abs(double.time - 2 * single.time) > 1e-9 * single.time) {
    throw new Error("a correction to zero time needs the variation of the same patches over a time and its double");
  }
  return { ...single, corrected: true, variation: a.map((value, k) => 2 * value - b[k] / 2) };
}

/** Several sets of pairs, as a file keeps them. */
export const PAIRS: Format<Pairs[]> = {
  write: (list) => ({
    tensors: Object.fromEntries(
      list.flatMap((pairs, k) =>
        columnsOf(pairs).map(([name, data]) => [`${k} ${name}`, { shape: [data.length], data }]),
      ),
    ),
    text: {
      pairs: JSON.stringify(
        list.map((pairs) => {
          const { kind, d, patches, perSnapshot } = pairs;
          const copies =
            pairs.kind === "increments"
              ? { ...(pairs.copies && { copies: pairs.copies }), ...(pairs.corrected && { corrected: true }) }
              : {};
          return {
            kind,
            d,
            patches,
            perSnapshot,
            ...copies,
            ...(pairs.kind === "generator" ? {} : { time: pairs.time }),
          };
        }),
      ),
    },
  }),
  read: ({ tensors, text }) =>
    parsed<Pairs[]>(text.pairs, "pairs").map((head, k) => {
      const names: readonly string[] | undefined = ARRAYS[head.kind];
      if (!names) throw new InputError(`the file holds pairs of kind ${head.kind}`);
      const columns = names.map((name) => {
        const data = tensors[`${k} ${name}`]?.data;
        if (!data && head.kind === "increments" && name === "variation") return [name, null] as const;
        if (!data) throw new InputError(`the file of pairs lacks ${name} of set ${k}`);
        return [name, data] as const;
      });
      return { ...head, ...Object.fromEntries(columns) } as Pairs;
    }),
};

/** Means over runs of `length` rows of `width` numbers, times `scale`. */
function blockMeans(rows: Float32Array, length: number, width: number, scale: number): Float32Array {
  const means = new Float32Array(rows.length / length);
  for (let block = 0; block < means.length / width; block++) {
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let k = 0; k < length; k++) sum += rows[(block * length + k) * width + j];
      means[block * width + j] = (scale * sum) / length;
    }
  }
  return means;
}

/**
 * `perSnapshot` different patches, uniformly, for each of `snapshots` states, `[snapshots, perSnapshot]`, below `patches`; all of them
 * in order where no fewer are asked for. `generator`: of a snapshot, so that its patches do not depend on the snapshots beside it.
 */
export function choosePatches(
  snapshots: number,
  perSnapshot: number,
  patches: number,
  generator: (snapshot: number) => Xoshiro,
): Uint32Array {
  const chosen = new Uint32Array(snapshots * perSnapshot);
  if (perSnapshot === patches) return chosen.map((_, k) => k % patches);
  const deck = Uint32Array.from({ length: patches }, (_, k) => k);
  const cards = new Uint32Array(perSnapshot);
  const swap = (j: number) => {
    [deck[j], deck[cards[j]]] = [deck[cards[j]], deck[j]];
  };
  for (let s = 0; s < snapshots; s++) {
    const rng = generator(s);
    // Fisher–Yates, stopped after perSnapshot cards, and taken back for the next snapshot.
    for (let j = 0; j < perSnapshot; j++) {
      cards[j] = j + rng.below(patches - j);
      swap(j);
      chosen[s * perSnapshot + j] = deck[j];
    }
    for (let j = perSnapshot - 1; j >= 0; j--) swap(j);
  }
  return chosen;
}
