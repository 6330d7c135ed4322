// From the equations of all seeds to what the NbMoTa experiment hands out: metrics, tables, the verdict.
import type { ColumnTable } from "arquero";
import compact from "../../../data/nbmota/compact.json";
import paper from "../../../data/nbmota-paper.json";
import { type Ensemble, momentsOf } from "../../analysis/ensemble.ts";
import { average, errorOfStd, jackknifeError, MEAN_ABSOLUTE } from "../../analysis/mean.ts";
import { meanGuards } from "../../method/sde/guards.ts";
import { meanRatio } from "../../run/deviations.ts";
import { putChoice, putClosureTest, putDiagnostics } from "../../run/diagnostics.ts";
import { type EndTable, endRow, endTable } from "../../run/end-table.ts";
import { type Metric, metricName, metricNumber } from "../../run/result.ts";
import { acrossSeeds, around, type Estimate, metricSet, overSeeds, single } from "../../run/seeds.ts";
import { tableOfRows } from "../../run/text-table.ts";
import { type Verdict, verdictOf } from "../../run/verdict.ts";
import { PAIR_NAMES, siteCount } from "../../systems/nbmota/states.ts";
import { ANYWHERE, type SurroundingsCheck } from "./checks.ts";
import { costsOf, learningJumps } from "./costs.ts";
import type { AtTemperature } from "./data.ts";
import type { NbMoTaOptions } from "./parameters.ts";
import { RELAXATION } from "./plan.ts";
import { guardsOver, type LearnedEquilibrium, type Outcome, sumRuleViolation } from "./scores.ts";
import type { Course, Equilibrium } from "./truth.ts";

export const MAIN = "increment";
export const TATA = PAIR_NAMES.indexOf("TaTa");

export interface NbMoTaStudy {
  readonly p: NbMoTaOptions;
  /** What the barriers are called. */
  readonly barriers: string;
  readonly outcomes: readonly Outcome[];
  /** Direct simulation, at the temperatures where it is not too slow. */
  readonly truth: readonly Equilibrium[];
  readonly courses: readonly Course[];
  readonly surroundings: readonly SurroundingsCheck[];
  /** Seconds between two jumps, and of a unit of time, at every temperature. */
  readonly times: readonly { readonly temperature: number; readonly jumpTime: number; readonly unit: number }[];
  /** The unit of time at p.T, seconds. */
  readonly unit: number;
  /** What a reader must know before the numbers. */
  readonly warnings: readonly string[];
}

/** Equations that differ in the seed alone. */
const groupsOf = ({ outcomes }: NbMoTaStudy) => acrossSeeds(outcomes, ({ method }) => [method]);
const groupOf = (study: NbMoTaStudy, name: string) => groupsOf(study).find(([{ method }]) => method === name) ?? [];
const mainGroup = (study: NbMoTaStudy) => groupOf(study, MAIN);
/** The equations of the relaxation from disorder. */
export const relaxations = (study: NbMoTaStudy) => groupOf(study, RELAXATION);

const at = <T extends { readonly temperature: number }>(list: readonly (T | null)[], temperature: number) =>
  list.find((one) => one?.temperature === temperature) ?? undefined;

/** Equilibria of the equations of a group at a temperature, where they are all known. */
function equilibriaAt(group: readonly Outcome[], temperature: number): LearnedEquilibrium[] {
  const known = group.flatMap(({ equilibria }) => at(equilibria, temperature) ?? []);
  return known.length === group.length ? known : [];
}

/** δ of a pair in equilibrium, learned and direct, at ascending temperatures. */
export function orderOf(study: NbMoTaStudy, pair: number): { learned: AtTemperature[]; direct: AtTemperature[] } {
  const group = mainGroup(study);
  const sorted = study.p.temperatures.toSorted((a, b) => a - b);
  return {
    learned: sorted.flatMap((temperature) => {
      const own = equilibriaAt(group, temperature);
      if (own.length === 0) return [];
      const [{ mean, error }] = own;
      const alone = error && endsOf(mean[pair], error[pair]);
      return [
        {
          temperature,
          ...overSeeds(
            own.map((one) => one.mean[pair]),
            { alone },
          ),
        },
      ];
    }),
    direct: sorted.flatMap((temperature) => {
      const exact = at(study.truth, temperature);
      if (!exact) return [];
      const { mean, error, lattices } = exact;
      return [{ temperature, ...around(mean[pair], error[pair], lattices.length) }];
    }),
  };
}

/** Its ends alone. */
function endsOf(value: number, error: number): readonly [number, number] {
  const { low, high } = around(value, error);
  return [low, high];
}

const difference = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  average(Float64Array.from(a, (value, j) => Math.abs(value - b[j])));

/** Mean absolute errors over the pairs, of a group at every temperature of the direct simulation. */
export function errorsOf({ truth, p }: NbMoTaStudy, group: readonly Outcome[]): AtTemperature[] {
  return p.temperatures
    .toSorted((a, b) => a - b)
    .flatMap((temperature) => {
      const [exact, own] = [at(truth, temperature), equilibriaAt(group, temperature)];
      if (!exact || own.length === 0) return [];
      const errors = own.map(({ mean }) => difference(mean, exact.mean));
      const shared = directShare(exact, (direct) => average(own.map(({ mean }) => difference(mean, direct))));
      return [{ temperature, ...overSeeds(errors, { shared }) }];
    });
}

/** Standard error that the lattices of direct simulation leave in what is compared with their mean: jackknife over them. */
function directShare({ mean, lattices }: Equilibrium, score: (mean: Float64Array) => number): number {
  const count = lattices.length;
  return jackknifeError(count, (left) => score(mean.map((x, j) => (count * x - lattices[left][j]) / (count - 1))));
}

/** What a perfect model would show at a temperature: the mean of |x| of a normal law, √(2/π) of its standard deviation. */
export const floorOf = ({ error }: Equilibrium) => MEAN_ABSOLUTE * average(error);

/** Standard deviations of δ_TaTa near the end of a relaxation: root of the mean variance of the last quarter of its times. */
export function lateStd(order: Ensemble): number {
  const [{ std }] = momentsOf(order);
  const times = order.times.length;
  const variances: number[] = [];
  for (let t = Math.floor(0.75 * times); t < times; t++) variances.push(std[t * order.d + TATA] ** 2);
  return Math.sqrt(average(variances));
}

/** A standard deviation at a size, and how many runs it is of. */
interface Spread {
  readonly side: number;
  readonly std: number;
  readonly runs: number;
}

/** Slope of ln std against ln n by least squares, with the error that the numbers of runs leave; times of one run are not independent. */
function exponentOf(points: readonly Spread[]): { slope: number; error: number } {
  const x = points.map(({ side }) => Math.log(siteCount(side)));
  const middle = average(x);
  const square = x.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  if (square === 0) return { slope: Number.NaN, error: Number.NaN };
  const weights = x.map((value) => (value - middle) / square);
  return {
    slope: weights.reduce((sum, w, k) => sum + w * Math.log(points[k].std), 0),
    error: Math.hypot(...weights.map((w, k) => w * errorOfStd(points[k].runs))),
  };
}

const spreadOf = ({ side, order }: { readonly side: number; readonly order: Ensemble }): Spread => ({
  side,
  std: lateStd(order),
  runs: order.runs,
});

/** How the spread falls with the number of atoms. The direct one, and one seed, have the interval of their numbers of runs. */
export function exponentsOf(study: NbMoTaStudy): { learned: Estimate; direct: Estimate } {
  const learned = relaxations(study).map(({ courses }) => exponentOf(courses.map(spreadOf)));
  const [alone] = learned.map(({ slope, error }) => endsOf(slope, error));
  const slopes = learned.map(({ slope }) => slope);
  const direct = exponentOf(study.courses.map(spreadOf));
  return { learned: overSeeds(slopes, { alone }), direct: around(direct.slope, direct.error) };
}

/** Relative L2 error over time and pairs of the mean relaxation at a size, and what a perfect model would have. */
export function courseErrors(study: NbMoTaStudy): { side: number; error: Estimate; floor: number }[] {
  return study.courses.flatMap(({ side, order }) => {
    const [exact] = momentsOf(order);
    const group = relaxations(study);
    const means = group.flatMap(({ courses }) => {
      const own = courses.find((one) => one.side === side);
      return own ? [momentsOf(own.order)[0].mean] : [];
    });
    if (means.length < group.length || means.length === 0) return [];
    const errorsTo = (truth: ArrayLike<number>) => means.map((mean) => relativeError(mean, truth));
    const noise = sumOfSquares(exact.std) * (1 / order.runs + 1 / study.p.runs);
    // What the runs of the truth leave open, which all seeds meet.
    const shared = jackknifeError(order.runs, (left) =>
      average(errorsTo(meanWithout(order, exact.mean, left)).map(Math.log)),
    );
    return [
      {
        side,
        error: overSeeds(errorsTo(exact.mean), { scale: "log", shared }),
        floor: Math.sqrt(noise / sumOfSquares(exact.mean)),
      },
    ];
  });
}

const sumOfSquares = (values: ArrayLike<number>) => rootMeanSquare(values) ** 2 * values.length;
const relativeError = (mean: ArrayLike<number>, exact: ArrayLike<number>) =>
  Math.sqrt(sumOfSquares(Float64Array.from(mean, (x, k) => x - exact[k])) / sumOfSquares(exact));

/** The mean of an ensemble of one case without run `left`. */
function meanWithout({ runs, d, data }: Ensemble, mean: ArrayLike<number>, left: number): Float64Array {
  const valueAt = (k: number) => data[(Math.floor(k / d) * runs + left) * d + (k % d)];
  return Float64Array.from(mean, (x, k) => (runs * x - valueAt(k)) / (runs - 1));
}

/** Learned over direct standard deviation of small lattices, root mean square over pairs. Looks at one direct lattice count as one. */
function stdRatios({ truth }: NbMoTaStudy, group: readonly Outcome[]): AtTemperature[] {
  return truth.flatMap(({ temperature, std, lattices }) => {
    const own = equilibriaAt(group, temperature);
    if (own.length === 0) return [];
    const ratios = own.map((one) => rootMeanSquare(one.std) / rootMeanSquare(std));
    return [{ temperature, ...overSeeds(ratios, { scale: "log", shared: errorOfStd(lattices.length) }) }];
  });
}

/** Geometric mean of these over the temperatures; NaN without any. */
export function stdRatioOver(study: NbMoTaStudy): Estimate {
  const ratios = stdRatios(study, mainGroup(study));
  return meanRatio(
    ratios.map(({ temperature, ...ours }) => {
      const lattices = at(study.truth, temperature)?.lattices.length ?? Number.NaN;
      return { ours, truth: around(1, errorOfStd(lattices)) };
    }),
  );
}

/** All equations over the temperatures. */
export const equilibriumGroups = (study: NbMoTaStudy) =>
  groupsOf(study).filter(([{ method }]) => method !== RELAXATION);

/** What a method did, over seeds. */
export function methodsOf(study: NbMoTaStudy) {
  return equilibriumGroups(study).map((group) => {
    const [{ method }] = group;
    const errors = errorsOf(study, group);
    const known = group.flatMap(({ equilibria }) => equilibria.flatMap((one) => one ?? []));
    const all = group.length * study.p.temperatures.length;
    const guards = group.map(({ equilibria }) => guardsOver(equilibria));
    const outside = guards.map((one) => one?.outside ?? 1);
    return {
      method,
      // No mean over those temperatures alone where trajectories stay finite.
      error: single(errors.length === study.truth.length ? average(errors.map(({ value }) => value)) : Number.NaN),
      // Of all temperatures and seeds.
      lost: all - known.length,
      all,
      // Of the first seed, whose data all methods are judged by.
      heldOut: single(group[0].heldOut ?? Number.NaN),
      sumRule: single(known.length > 0 ? Math.max(...known.map((one) => one.sumRule)) : Number.NaN),
      outside: overSeeds(outside),
    };
  });
}

/** How the equations went that the run stands for. */
export function nbmotaVerdict(study: NbMoTaStudy): Verdict {
  const group = mainGroup(study);
  const watched = study.p.temperatures.map((temperature) => {
    const own = equilibriaAt(group, temperature);
    const name = `the equation at ${temperature} K`;
    if (own.length === 0) return { name, guards: null };
    const mean = (key: "outside" | "unphysical") => average(own.map(({ guards }) => guards[key]));
    return { name, guards: { outside: mean("outside"), unphysical: mean("unphysical") } };
  });
  const strays = study.p.temperatures.flatMap((temperature) => {
    const own = equilibriaAt(group, temperature);
    const count = own.filter(({ stray }) => stray).length;
    const which = own.length > 1 ? `${count} of ${own.length} equations` : "the equation";
    return count > 0 ? [`at ${temperature} K the equilibrium of ${which} is outside the states that taught it`] : [];
  });
  const way = relaxations(study).flatMap(({ courses }) => courses.map(({ guards }) => guards));
  const lost = relaxations(study).some(({ courses }) => courses.length === 0);
  const name = `the equation of the relaxation at ${study.p.T} K`;
  return verdictOf([...watched, { name, guards: lost ? null : meanGuards(way) }], [...strays, ...study.warnings]);
}

const T = (temperature: number) => `T${metricNumber(temperature)}`;

/** `sro.learned.MoTa.T1000`, `sro_error.increment.T1000`, `spread_exponent` and so on. */
export function nbmotaMetrics(study: NbMoTaStudy, seconds: number): Record<string, Metric> {
  const { p, truth, surroundings, times } = study;
  const { metrics, put } = metricSet();
  for (const [pair, name] of PAIR_NAMES.entries()) {
    const { learned, direct } = orderOf(study, pair);
    for (const { temperature, ...one } of learned) {
      put(metricName("sro", "learned", name, T(temperature)), one, { paper: paperOrder(name, temperature) });
    }
    for (const { temperature, ...one } of direct) put(metricName("sro", "kmc", name, T(temperature)), one);
  }
  for (const group of equilibriumGroups(study)) {
    const [{ method }] = group;
    for (const { temperature, ...one } of errorsOf(study, group)) {
      put(metricName("sro_error", method, T(temperature)), one, { exact: 0 });
    }
    if (method !== MAIN) continue;
    for (const { temperature, ...one } of stdRatios(study, group)) {
      put(metricName("std_ratio", method, T(temperature)), one, { exact: 1 });
    }
    putChoice(
      put,
      group.map(({ choice }) => choice),
      method,
    );
    put(metricName("pairs", method), single(group[0].pairs));
  }
  for (const one of truth) put(metricName("sro_error", "floor", T(one.temperature)), single(floorOf(one)));
  for (const { method, sumRule, heldOut, outside } of methodsOf(study)) {
    put(metricName("sum_rule_violation", method), sumRule, { exact: 0 });
    put(metricName("held_out_lattices", method), heldOut);
    put(metricName("outside", method), outside, { exact: 0 });
  }
  for (const { side } of study.courses) {
    const list = relaxations(study).flatMap(({ courses }) => courses.filter((one) => one.side === side));
    const known = list.flatMap(({ diagnostics }) => diagnostics ?? []);
    const size = `n${siteCount(side)}`;
    if (known.length > 0) putDiagnostics(put, known, RELAXATION, size);
    if (list[0]?.closed) putClosureTest(put, list[0].closed, RELAXATION, size);
  }
  put("sum_rule_violation.kmc", single(Math.max(0, ...truth.map(({ mean }) => sumRuleViolation(mean)))));
  const { learned, direct } = exponentsOf(study);
  put("spread_exponent", learned, { exact: -0.5 });
  put("spread_exponent.kmc", direct, { exact: -0.5 });
  for (const { side, error, floor } of courseErrors(study)) {
    put(metricName("course_error", RELAXATION, `n${siteCount(side)}`), error, { exact: 0 });
    put(metricName("course_error", "floor", `n${siteCount(side)}`), single(floor));
  }
  if (p.barriers === "compact") {
    // At temperatures that were not fitted.
    for (const [name, value] of Object.entries(compact.meanAbsoluteError_eV.unseen)) {
      put(metricName("distill_mae_meV", name), single(1000 * value), { exact: 0, unit: "meV" });
    }
  }
  for (const { temperature, kinds, affinities } of surroundings) {
    for (const { name, shift, shiftError, lattices } of kinds.slice(1)) {
      // Vacancies at random sites are there to show what a shift looks like.
      const facts = { exact: name === ANYWHERE ? null : 0, unit: "decades" };
      put(
        metricName("escape_shift", name.replaceAll(" ", "-"), T(temperature)),
        around(shift, shiftError, lattices),
        facts,
      );
    }
    put(metricName("affinity_rms", T(temperature)), single(rootMeanSquare(affinities)), { unit: "eV" });
  }
  for (const { temperature, jumpTime, unit } of times) {
    put(metricName("jump_time", T(temperature)), single(jumpTime), { unit: "s" });
    put(metricName("time_unit", T(temperature)), single(unit), { unit: "s" });
  }
  const costs = costsOf(p);
  put("cost.learn.total", single(learningJumps(costs)), { unit: "jumps" });
  for (const { atoms, lattice, std } of costs.direct) {
    put(metricName("cost", "direct", "lattice", `n${atoms}`), single(lattice), { unit: "jumps" });
    put(metricName("cost", "direct", "std", `n${atoms}`), single(std), { unit: "jumps" });
  }
  put("seconds.total", single(seconds), { unit: "s" });
  return metrics;
}

export const rootMeanSquare = (values: ArrayLike<number>) =>
  Math.sqrt(average(Float64Array.from(values, (x) => x * x)));

/** The paper's learned value; null where it has none. */
function paperOrder(pair: (typeof PAIR_NAMES)[number], temperature: number): number | null {
  const k = paper.temperatures.indexOf(temperature);
  return k < 0 ? null : paper.order[pair][k];
}

/** Errors of the order parameters in equilibrium, of equations at temperatures. */
export function nbmotaEnd(
  metrics: Readonly<Record<string, Metric>>,
  { methods, temperatures }: { readonly methods: readonly string[]; readonly temperatures: readonly number[] },
): EndTable {
  const sorted = temperatures.toSorted((a, b) => a - b);
  const keys = (method: string) => sorted.map((temperature) => metricName("sro_error", method, T(temperature)));
  const of = ({ value }: Metric) => 100 * value;
  const title = (method: string) => (method === MAIN ? "Increments" : `${method[0].toUpperCase()}${method.slice(1)}`);
  const { spread_exponent: learned, "spread_exponent.kmc": direct } = metrics;
  const exponents =
    learned && direct
      ? [`std ∝ n^${learned.value.toFixed(2)} (direct simulation ${direct.value.toFixed(2)}, exact −0.5)`]
      : [];
  return endTable(
    "Mean error of the short-range order δ in equilibrium, in 0.01",
    "equation, T [K]",
    sorted.map(String),
    [
      ...methods.map((method) => endRow(metrics, title(method), keys(method), { of })),
      endRow(metrics, "Floor", keys("floor"), { kind: "beside", of }),
    ],
    { below: exponents },
  );
}

/** The tables of a run: order in equilibrium of every equation and of direct simulation, and relaxations. */
export function nbmotaTables({ outcomes, truth, courses, unit }: NbMoTaStudy): Record<string, ColumnTable> {
  const row = (
    temperature: number,
    source: string,
    seed: number,
    one: { mean: ArrayLike<number>; std: ArrayLike<number> },
  ) =>
    PAIR_NAMES.map((pair, j) => ({
      temperature_K: temperature,
      source,
      seed,
      pair,
      delta: one.mean[j],
      std: one.std[j],
    }));
  const equilibrium = [
    ...outcomes.flatMap(({ method, seed, equilibria }) =>
      equilibria.flatMap((one) => (one ? row(one.temperature, method, seed, one) : [])),
    ),
    ...truth.flatMap((one) => row(one.temperature, "direct", -1, one)),
  ];
  const course = (source: string, seed: number, side: number, order: Ensemble) => {
    const [{ mean, std }] = momentsOf(order);
    return Array.from(order.times, (time, t) => ({
      source,
      seed,
      atoms: siteCount(side),
      time,
      time_s: time * unit,
      ...Object.fromEntries(
        PAIR_NAMES.flatMap((pair, j) => [
          [`mean_${pair}`, mean[t * order.d + j]],
          [`std_${pair}`, std[t * order.d + j]],
        ]),
      ),
    }));
  };
  const relaxation = [
    ...outcomes.flatMap(({ method, seed, courses: own }) =>
      own.flatMap(({ side, order }) => course(method, seed, side, order)),
    ),
    ...courses.flatMap(({ side, order }) => course("direct", -1, side, order)),
  ];
  return { equilibrium: tableOfRows(equilibrium), relaxation: tableOfRows(relaxation) };
}
