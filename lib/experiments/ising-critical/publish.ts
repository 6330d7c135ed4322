// What a critical Ising run leaves behind.
import paper from "../../../data/ising-critical-paper.json";
import { type Critical, eachQuantity } from "../../analysis/finite-size.ts";
import { CRITICAL_TEMPERATURE } from "../../analysis/ising-onsager.ts";
import { type Finished, publish } from "../../run/publish.ts";
import type { Run } from "../../run/run-folder.ts";
import { around, overSeeds, single } from "../../run/seeds.ts";
import type { CriticalReportData } from "./data.ts";
import type { Rolled } from "./dynamics.ts";
import { lawDiagnostics } from "./law-tests.ts";
import { isSound } from "./laws.ts";
import { criticalLive } from "./live.ts";
import {
  type CriticalStudy,
  comparedOf,
  costsOf,
  criticalEnd,
  criticalMetrics,
  criticalTables,
  criticalVerdict,
  dynamicExponents,
  FIT_NAMES,
  fitsOver,
  learnedTimes,
  PAPER,
  slopesOver,
  truePoints,
  worstOf,
} from "./metrics.ts";
import { fittedSides } from "./parameters.ts";
import { deviations } from "./relax-times.ts";
import { criticalReport } from "./report.ts";
import { binderSlope, EXACT, isMain, pointsOf, settled } from "./scores.ts";

const CLOSURE_NAMES = {
  features: "Trajectories with second neighbours and plaquettes",
  blocks: "Trajectories with second neighbours and blocks",
} as const;
const TAUGHT_NAMES = { alone: "Lattices of this temperature", together: "Lattices of all temperatures" } as const;
/** Where the paper's λ of all sizes are known. */
const PAPER_T = 2.27;

/** Finishes the run. */
export function publishCritical(run: Run, found: CriticalStudy): Promise<void> {
  const study = { ...found, ...settled(found.p, found.outcomes, found.truth) };
  const fits = fitsOver(study);
  return publish(run, {
    tables: criticalTables(study),
    metrics: (seconds) => criticalMetrics(study, seconds, fits),
    verdict: criticalVerdict(study),
    endTable: (metrics) => criticalEnd(metrics, study),
    report: (done) => criticalReport({ ...done, ...criticalFigures(study, fits) }),
  });
}

function criticalFigures(
  study: CriticalStudy,
  fitted: ReturnType<typeof fitsOver>,
): Omit<CriticalReportData, keyof Finished> {
  const { p, outcomes, truth, courses, rolled, closed, relaxTimes } = study;
  const other = (way: string, side: number, temperature: number, found: Critical<number> & { tau: number }) => {
    const exact = truePoints(truth).find((one) => one.side === side && one.temperature === temperature);
    const off = exact ? deviations(found, exact) : eachQuantity(() => Number.NaN);
    return {
      ...{ way, side, temperature, tau: found.tau },
      ...{ absM: found.abs_m, absMOff: off.abs_m, chiOff: off.chi, binderOff: off.binder },
    };
  };
  const values = (one: Rolled) => ({ tau: one.tau.value, ...eachQuantity((key) => one[key].value) });
  const quantities = eachQuantity((quantity) => comparedOf(study, quantity));
  const fits = Object.entries(fitted).map(([key, { learned, truth }]) => ({
    name: FIT_NAMES[key as keyof typeof FIT_NAMES],
    learned,
    truth,
    paper: PAPER[key as keyof typeof FIT_NAMES] ?? null,
    exact: key in EXACT ? EXACT[key as keyof typeof EXACT] : key === "t_c" ? CRITICAL_TEMPERATURE : null,
  }));
  const { learned, glauber } = dynamicExponents(study);
  const z = [["z, learned", learned] as const, ["z, Glauber dynamics", glauber] as const].filter(([, value]) =>
    Number.isFinite(value),
  );
  const exponents = [
    ...fits.filter(({ learned }) => Number.isFinite(learned.value)),
    ...z.map(([name, value]) => ({
      name,
      learned: single(value),
      truth: single(Number.NaN),
      paper: null,
      exact: null,
    })),
  ];
  const sides = p.temperatures.length > 2 ? fittedSides(p).slopes : [];
  const seeds = [...new Set(outcomes.map(({ seed }) => seed))];
  return {
    temperatures: p.temperatures.toSorted((a, b) => a - b),
    T: p.T,
    patch: p.patch,
    seeds: seeds.length,
    quantities,
    worst: worstOf(study),
    slopes: {
      sides,
      learned: sides.map((side) => overSeeds(seeds.map((seed) => binderSlope(pointsOf(outcomes, seed), side)))),
      truth: slopesOver(study, sides),
      paper: sides.map((side) => {
        const k = paper.binderSlopes.sides.indexOf(side);
        return k < 0 ? null : Math.abs(paper.binderSlopes.slopes[k]);
      }),
    },
    exponents,
    diagnostics:
      study.lawTests.length > 0
        ? [{ method: "compensator", patch: 1, diagnostics: lawDiagnostics(study.lawTests) }]
        : [],
    lawSides: study.lawTests.map(({ side }) => `${side} × ${side}`),
    kinetics: {
      sides: courses.map(({ side }) => side),
      learned: courses.map(({ side }) => overSeeds(learnedTimes(study, side))),
      direct: courses.map(({ tau: { value, error, count } }) => around(value, error, count)),
    },
    relaxTimes: relaxTimes && {
      side: relaxTimes.side,
      rows: relaxTimes.times.map((time, k) => {
        const { abs_m, chi, binder } = deviations(relaxTimes.laws[k], relaxTimes.truth);
        return {
          time,
          absM: abs_m,
          chi,
          binder,
          structures: relaxTimes.structures[k].map(({ mean, error }) => around(mean, error)),
        };
      }),
    },
    others: [
      ...outcomes
        .filter((one) => !isMain(one) && isSound(one.law))
        .map(({ side, from, taught, temperature, law }) =>
          other(taught === "scaling" ? `From L = ${from}` : TAUGHT_NAMES[taught], side, temperature, law),
        ),
      ...rolled.flatMap(({ side, steps }) =>
        steps.map((one) => other(`Trajectories, step ${one.dt}`, side, p.T, values(one))),
      ),
      ...closed.map(({ side, closure, rolled }) => other(CLOSURE_NAMES[closure], side, p.T, values(rolled))),
    ],
    costs: costsOf(study).map(({ side, phases, learn, direct }) => ({
      ...{ side, small: phases.small, relax: phases.relax, looks: phases.evolve, learn, direct },
      K: (side / p.patch) ** 2,
      lambda: p.T === PAPER_T ? (paper.lambda.at2_27[paper.lambda.sides.indexOf(side)] ?? null) : null,
    })),
    live: study.shown ? criticalLive(p, study.shown, study.seed) : null,
    liveSide: study.shown?.learned.side ?? Number.NaN,
  };
}
