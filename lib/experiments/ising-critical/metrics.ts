// From stationary laws of all seeds and the truth to metrics, tables and the verdict.
import type { ColumnTable } from "arquero";
import paper from "../../../data/ising-critical-paper.json";
import { type LearningUpdates, totalUpdates, updatesForWidth } from "../../analysis/cost.ts";
import {
  CRITICAL_QUANTITIES,
  type CriticalQuantity,
  eachQuantity,
  type Uncertain,
} from "../../analysis/finite-size.ts";
import { average, MEAN_ABSOLUTE } from "../../analysis/mean.ts";
import { normalPair } from "../../random/normal.ts";
import { stream } from "../../random/stream.ts";
import { Xoshiro } from "../../random/xoshiro.ts";
import { putDiagnostics } from "../../run/diagnostics.ts";
import { type EndTable, endRow, endTable } from "../../run/end-table.ts";
import { type Metric, metricName, metricNumber } from "../../run/result.ts";
import { acrossSeeds, around, type Estimate, metricSet, overSeeds, single } from "../../run/seeds.ts";
import { tableOfRows } from "../../run/text-table.ts";
import type { Verdict } from "../../run/verdict.ts";
import { STRUCTURES } from "../../systems/ising-classes.ts";
import type { Closed } from "./closures.ts";
import { learningCost } from "./costs.ts";
import { type Compared, SYMBOLS, type Worst } from "./data.ts";
import type { Course, Rolled } from "./dynamics.ts";
import { type LawTest, lawDiagnostics } from "./law-tests.ts";
import { isSound, MOST_LOST, type Stationary, UNRESOLVED } from "./laws.ts";
import type { Shown } from "./live.ts";
import { type CriticalOptions, isAsked, isOfPaper } from "./parameters.ts";
import { deviations, type RelaxTimes } from "./relax-times.ts";
import {
  binderSlope,
  EXACT,
  EXPONENTS,
  type Fits,
  fitsOf,
  isMain,
  type Outcome,
  type Point,
  pointsOf,
  slopeOf,
} from "./scores.ts";
import type { CriticalTruth } from "./truth.ts";

export interface CriticalStudy {
  readonly p: CriticalOptions;
  readonly outcomes: readonly Outcome[];
  readonly truth: readonly CriticalTruth[];
  /** Of the first seed at the temperature of the scaling. */
  readonly lawTests: readonly LawTest[];
  readonly seed: number;
  readonly courses: readonly Course[];
  /** Trajectories of equations of the first seed there, with the step of the run and half of it. */
  readonly rolled: readonly { readonly side: number; readonly steps: readonly Rolled[] }[];
  readonly closed: readonly Closed[];
  readonly relaxTimes: RelaxTimes | null;
  /** For the page to integrate; without it there is no such section. */
  readonly shown?: Shown;
}

/** The laws that the run stands for, at one size and temperature together. */
const mainGroups = ({ outcomes }: Pick<CriticalStudy, "outcomes">) =>
  acrossSeeds(outcomes.filter(isMain), ({ side, temperature }) => [side, temperature]);

const interval = ({ value, error, count }: Uncertain) => around(value, error, count);
/** Sets of the truth, drawn from its errors, that its fits get their errors from. */
const DRAWS = 64;

export function comparedOf({ outcomes, truth }: CriticalStudy, quantity: CriticalQuantity): Compared[] {
  return mainGroups({ outcomes }).flatMap((group) => {
    const [{ side, temperature }] = group;
    const exact = truth.find((one) => one.side === side && one.temperature === temperature);
    if (!exact) return [];
    const { value, error } = exact.quantities[quantity];
    return [
      {
        side,
        temperature,
        learned: overSeeds(group.map(({ law }) => law[quantity])),
        truth: around(value, error),
      },
    ];
  });
}

/** What deviations are over. */
const SCOPES = ["paper", "further", "beyond"] as const;

/** Over the sides of the paper above the patch, over large ones of them at further temperatures, and over those beyond. */
export function worstOf(study: CriticalStudy): Worst[] {
  const { p } = study;
  const isPaper = ({ side }: Compared) => isOfPaper(p, side);
  const asked = ({ side, temperature }: Compared) => isAsked(p, side, temperature);
  const ranges: ((one: Compared) => boolean)[] = [
    (one) => isPaper(one) && asked(one),
    (one) => isPaper(one) && !asked(one),
    ({ side }) => side > 8 * p.patch,
  ];
  return ranges.flatMap((isIn, k) => {
    const of = (quantity: CriticalQuantity) => comparedOf(study, quantity).filter(isIn);
    const largest = (quantity: CriticalQuantity, deviation: (one: Compared) => number) =>
      Math.max(...of(quantity).map((one) => Math.abs(deviation(one))));
    const relative = ({ learned, truth }: Compared) => learned.value / truth.value - 1;
    const sides = of("abs_m").map(({ side }) => side);
    if (sides.length === 0) return [];
    return [
      {
        ...{ from: Math.min(...sides), to: Math.max(...sides), scope: SCOPES[k] },
        ...{ absM: largest("abs_m", relative), chi: largest("chi", relative) },
        binder: largest("binder", ({ learned, truth }) => learned.value - truth.value),
      },
    ];
  });
}

/** The points of the truth, moved by so many of their errors. */
export const truePoints = (truth: readonly CriticalTruth[], errors = () => 0): Point[] =>
  truth.map(({ side, temperature, quantities }) => ({
    side,
    temperature,
    ...eachQuantity((key) => quantities[key].value + errors() * quantities[key].error),
  }));

/** Points of the truth as they could have come out. */
function drawnTruths({ truth, seed }: Pick<CriticalStudy, "truth" | "seed">): Point[][] {
  const rng = Xoshiro.open(stream(seed, "fits of the truth"), 0, 0);
  return Array.from({ length: DRAWS }, () => truePoints(truth, () => normalPair(rng.next(), rng.next())[0]));
}

const spreadAbout = (best: number, draws: readonly number[]): Estimate => {
  const known = draws.filter(Number.isFinite);
  return around(best, Math.sqrt(known.reduce((sum, x) => sum + (x - best) ** 2, 0) / known.length));
};

/** |dU/dT| of the truth at the critical temperature. */
export function slopesOver(study: CriticalStudy, sides: readonly number[]): Estimate[] {
  const draws = drawnTruths(study);
  return sides.map((side) =>
    spreadAbout(
      binderSlope(truePoints(study.truth), side),
      draws.map((points) => binderSlope(points, side)),
    ),
  );
}

/** Fits of every seed together, and those of the truth with errors that its sampling leaves. */
export function fitsOver(study: CriticalStudy): { [exponent in keyof Fits]: { learned: Estimate; truth: Estimate } } {
  const { p, outcomes, truth, seed } = study;
  const seeds = [...new Set(outcomes.map((one) => one.seed))];
  const learned = seeds.map((one) => fitsOf(pointsOf(outcomes, one), p));
  const best = fitsOf(truePoints(truth), p);
  const draws = drawnTruths({ truth, seed }).map((points) => fitsOf(points, p));
  const keys = Object.keys(best) as (keyof Fits)[];
  return Object.fromEntries(
    keys.map((key) => {
      const truth = spreadAbout(
        best[key],
        draws.map((one) => one[key]),
      );
      return [key, { learned: overSeeds(learned.map((one) => one[key])), truth }];
    }),
  ) as ReturnType<typeof fitsOver>;
}

/** Correlation times of m that the equations have at the temperature of the scaling, over seeds. */
export function learnedTimes({ outcomes, p }: CriticalStudy, side: number): number[] {
  return outcomes
    .filter((one) => isMain(one) && one.side === side && one.temperature === p.T)
    .map(({ law }) => law.tau);
}

/** Exponents of the correlation times against the size; NaN for fewer than two of them. */
export function dynamicExponents(study: CriticalStudy): { learned: number; glauber: number } {
  const known = study.courses.filter(({ tau }) => tau.value > 0);
  const sides = known.map(({ side }) => side);
  const slope = (times: readonly number[]) => slopeOf(sides, times);
  return {
    learned: slope(sides.map((side) => average(learnedTimes(study, side)))),
    glauber: slope(known.map(({ tau }) => tau.value)),
  };
}

/** What all equations of a size took to learn, and what direct simulation would take to know ⟨|m|⟩ as well; NaN where that is not known. */
export function costsOf(
  study: CriticalStudy,
): { side: number; phases: LearningUpdates; learn: number; direct: number }[] {
  const { p, outcomes, courses } = study;
  const seeds = new Set(outcomes.map(({ seed }) => seed)).size;
  const compared = comparedOf(study, "abs_m");
  return [...p.sizes, ...p.largeSizes].map((side) => {
    const phases = learningCost(p, side);
    const learned = compared.find((one) => one.side === side && one.temperature === p.T)?.learned;
    const course = courses.find((one) => one.side === side);
    const direct =
      learned && course ? updatesForWidth(course.updates, interval(course.quantities.abs_m), learned) : Number.NaN;
    return { side, phases, learn: seeds * totalUpdates(phases), direct };
  });
}

/** How the equations went that the run stands for. */
export function criticalVerdict({ outcomes, courses, rolled, closed }: CriticalStudy): Verdict {
  const percent = (share: number) => `${(100 * share).toPrecision(2)} %`;
  const main = rolled.flatMap(({ side, steps }) =>
    steps.map((one) => ({ side, what: `with the step ${one.dt}`, one })),
  );
  const tried = closed.map(({ side, closure, rolled }) => ({ side, what: `with the closure ${closure}`, one: rolled }));
  // NaN where they run away.
  const isLost = ({ one }: (typeof main)[number]) => !(one.unphysical <= MOST_LOST);
  const warnings = [
    ...courses
      .filter(({ tau }) => Number.isNaN(tau.value))
      .map(({ side }) => `direct simulation of ${side} × ${side} spins is too short for its correlation time`),
    ...[...main, ...tried].filter(isLost).map(({ side, what, one }) => {
      const how = Number.isNaN(one.unphysical)
        ? "run away"
        : `spend ${percent(one.unphysical)} of their time where no lattice can be`;
      return `trajectories of the equation of ${side} × ${side} spins ${what} ${how}`;
    }),
  ];
  // Trajectories are checks of the laws, and closures are tried beside them: only an equation whose trajectories run away is none.
  let failed = main.some(({ one }) => Number.isNaN(one.unphysical));
  for (const group of mainGroups({ outcomes })) {
    const [{ side, temperature }] = group;
    const what = `the stationary law of ${side} × ${side} spins at T = ${temperature}`;
    const most = (value: (law: Stationary) => number) => Math.max(...group.map(({ law }) => value(law)));
    const [edge, negative, grid] = [most((law) => law.edge), most((law) => law.negative), most((law) => law.grid)];
    const unphysical = most((law) => law.unphysical);
    if (unphysical > MOST_LOST)
      warnings.push(`${what} has ${percent(unphysical)} of its probability where no lattice can be`);
    if (edge > MOST_LOST)
      warnings.push(`${what} has ${percent(edge)} of its probability at the edge of the training data`);
    if (negative > MOST_LOST)
      warnings.push(`${what} has ${percent(negative)} of negative probability: use more --cells`);
    if (grid > UNRESOLVED) warnings.push(`${what} differs by ${percent(grid)} between two grids: use more --cells`);
    if (group.every(({ law }) => isSound(law))) continue;
    failed = true;
    if (group.some(({ law }) => Number.isNaN(law.abs_m))) warnings.push(`${what} is not known: its equation has none`);
  }
  return { warnings, failed };
}

export const PAPER: Partial<Record<keyof Fits, number>> = paper.exponents;
const at = (side: number, temperature: number) => [`L${side}`, `T${metricNumber(temperature)}`];

/** `abs_m.learned.L32.T2_27`, `chi.wolff.L32.T2_27`, `beta_over_nu.learned` and so on. */
export function criticalMetrics(study: CriticalStudy, seconds: number, fits = fitsOver(study)): Record<string, Metric> {
  const { metrics, put } = metricSet();
  for (const quantity of CRITICAL_QUANTITIES) {
    for (const { side, temperature, learned, truth } of comparedOf(study, quantity)) {
      put(metricName(quantity, "learned", ...at(side, temperature)), learned, { exact: truth.value });
      put(metricName(quantity, "wolff", ...at(side, temperature)), truth);
    }
  }
  for (const group of mainGroups(study)) {
    const [{ side, temperature }] = group;
    put(metricName("tau", "learned", ...at(side, temperature)), overSeeds(group.map(({ law }) => law.tau)), {
      unit: "sweeps",
    });
  }
  for (const one of study.lawTests) putDiagnostics(put, [lawDiagnostics([one])], "learned", ...at(one.side, study.p.T));
  for (const [key, { learned, truth }] of Object.entries(fits)) {
    const exact = EXPONENTS.includes(key as never) ? EXACT[key as keyof typeof EXACT] : null;
    put(metricName(key, "learned"), learned, { exact, paper: PAPER[key as keyof Fits] ?? null });
    put(metricName(key, "wolff"), truth, { exact });
  }
  for (const { side, tau } of study.courses) {
    put(metricName("tau", "glauber", ...at(side, study.p.T)), interval(tau), { unit: "sweeps" });
  }
  for (const [method, value] of Object.entries(dynamicExponents(study))) {
    // Of Glauber dynamics: M. P. Nightingale and H. W. J. Blöte, Phys. Rev. Lett. 76, 4548 (1996).
    put(metricName("z", method), single(value), { exact: 2.1665 });
  }
  const putRolled = (method: string, side: number, rolled: Rolled) => {
    const place = at(side, study.p.T);
    for (const quantity of CRITICAL_QUANTITIES) put(metricName(quantity, method, ...place), interval(rolled[quantity]));
    put(metricName("tau", method, ...place), interval(rolled.tau), { unit: "sweeps" });
  };
  for (const { side, steps } of study.rolled) {
    for (const [k, one] of steps.entries()) putRolled(k === 0 ? "rollout" : "rollout-half-step", side, one);
  }
  for (const { side, closure, rolled } of study.closed) putRolled(closure, side, rolled);
  for (const { side, learn, direct } of costsOf(study)) {
    put(metricName("cost", "learn", `L${side}`), single(learn), { unit: "attempts" });
    put(metricName("cost", "direct", `L${side}`), single(direct), { unit: "attempts" });
  }
  for (const { side, from, taught, temperature, law } of study.outcomes.filter(
    (one) => !isMain(one) && isSound(one.law),
  )) {
    const method = taught === "scaling" ? `from-L${from}` : taught;
    for (const quantity of CRITICAL_QUANTITIES)
      put(metricName(quantity, method, ...at(side, temperature)), single(law[quantity]));
  }
  if (study.relaxTimes) {
    const { times, laws, truth, structures } = study.relaxTimes;
    for (const [k, law] of laws.entries()) {
      const off = deviations(law, truth);
      for (const [j, { mean, error }] of structures[k].entries()) {
        const name = STRUCTURES[j].replace(" ", "-");
        put(metricName("relax_structure", name, `relax${metricNumber(times[k])}`), around(mean, error));
      }
      for (const quantity of CRITICAL_QUANTITIES)
        put(metricName("relax_deviation", quantity, `relax${metricNumber(times[k])}`), single(off[quantity]));
    }
  }
  const paperSides = worstOf(study).find(({ scope }) => scope === "paper");
  if (paperSides) {
    put("worst.abs_m", single(paperSides.absM));
    put("worst.chi", single(paperSides.chi));
    put("worst.binder", single(paperSides.binder));
  }
  put("seconds.total", single(seconds), { unit: "s" });
  return metrics;
}

export const FIT_NAMES = {
  beta_over_nu: "β/ν",
  gamma_over_nu: "γ/ν",
  one_over_nu: "1/ν",
  t_c: "T_c from crossings of U",
  collapse_beta_over_nu: "β/ν by a free collapse",
  collapse_one_over_nu: "1/ν by a free collapse",
} as const;

/** How far the stationary laws are from direct simulation at the temperature of the scaling, at every size, and the exponents. */
export function criticalEnd(
  metrics: Readonly<Record<string, Metric>>,
  { p, truth }: Pick<CriticalStudy, "p" | "truth">,
): EndTable {
  const sides = [...p.sizes, ...p.largeSizes].toSorted((a, b) => a - b);
  const keys = (quantity: CriticalQuantity) => sides.map((side) => metricName(quantity, "learned", ...at(side, p.T)));
  const deviation = ({ value, exact }: Metric) => (exact ? 100 * Math.abs(value / exact - 1) : null);
  const floor = (quantity: CriticalQuantity) =>
    sides.map((side) => {
      const exact = truth.find((one) => one.side === side && one.temperature === p.T)?.quantities[quantity];
      return exact ? 100 * MEAN_ABSOLUTE * (exact.error / Math.abs(exact.value)) : null;
    });
  const exponents = EXPONENTS.flatMap((key) => {
    const metric = metrics[metricName(key, "learned")];
    if (!metric) return [];
    const { value, exact, paper } = metric;
    const beside = [...(exact === null ? [] : [`exact ${exact}`]), ...(paper === null ? [] : [`paper ${paper}`])];
    return [`${FIT_NAMES[key]} = ${value.toFixed(3)} (${beside.join(", ")})`];
  });
  return endTable(
    `Deviation of the learned laws from direct simulation at T = ${p.T}, in %`,
    "quantity, side",
    sides.map(String),
    CRITICAL_QUANTITIES.flatMap((quantity) => [
      endRow(metrics, SYMBOLS[quantity], keys(quantity), { kind: "quantity", of: deviation }),
      { name: `Floor of ${SYMBOLS[quantity]}`, kind: "beside" as const, cells: floor(quantity) },
    ]),
    { below: exponents.length > 0 ? [exponents.join("; ")] : [] },
  );
}

/** All stationary laws, and the truth. */
export function criticalTables({ outcomes, truth }: CriticalStudy): Record<string, ColumnTable> {
  return {
    stationary: tableOfRows(outcomes.map(({ law, ...one }) => ({ ...one, ...law }))),
    truth: tableOfRows(
      truth.map(({ side, temperature, quantities }) => ({
        side,
        temperature,
        ...Object.fromEntries(
          CRITICAL_QUANTITIES.flatMap((key) => [
            [key, quantities[key].value],
            [`se_${key}`, quantities[key].error],
          ]),
        ),
      })),
    ),
  };
}
