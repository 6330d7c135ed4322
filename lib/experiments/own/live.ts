// The equations that the pages of a user's own systems and data integrate.

import { type Ensemble, momentsOf } from "../../analysis/ensemble.ts";
import type { Named } from "../../method/sde/about.ts";
import { atCondition } from "../../method/sde/model.ts";
import { lawsOf } from "../../report/figures/trajectories.ts";
import { html } from "../../report/html.ts";
import {
  isLive,
  type LiveEquation,
  type LiveOne,
  type LiveVariable,
  liveSection,
  startsOf,
} from "../../report/live-equation.ts";
import { formatSetting } from "../../report/number.ts";
import type { Equation } from "./learn.ts";
import type { LearnOptions } from "./learn-parameters.ts";
import type { FitResult } from "./result.ts";
import type { OwnScores } from "./study.ts";
import { conditionsOf, rangesOf } from "./tables.ts";

const variablesOf = (equation: Equation, named: readonly Named[]): LiveVariable[] =>
  rangesOf(equation).map(({ least, most }, j) => {
    const { name, symbol = name, unit } = named[j];
    return { symbol, name, unit, low: least, high: most };
  });

const timeLabel = (unit: string) => (unit ? `time [${unit}]` : "time");

/** What is shown of a system of a user's own (`Study`). */
interface OwnTruth {
  readonly observables: readonly (Named & { readonly symbol: string })[];
  readonly dimension: number;
  readonly starts: readonly string[];
  readonly truth: Ensemble;
  readonly options: LearnOptions;
}

/** Of a system of a user's own; `first`: what the run stands for. */
export function studyLive(
  { observables, truth, starts, options, dimension }: OwnTruth,
  first: OwnScores | undefined,
): LiveEquation | null {
  if (!first?.step || !first.predicted || !isLive(first.equation.model)) return null;
  const names = observables.map(({ symbol }) => symbol);
  const times = Array.from(truth.times);
  const cases = momentsOf(truth).map((law, c) => ({
    title: starts[c],
    times,
    truth: lawsOf(names, law, names.length),
    predicted: [],
  }));
  return {
    equations: [{ model: first.equation.model, ...first.step }],
    variables: variablesOf(first.equation, observables),
    size: { value: options.L ** dimension, what: "sites" },
    horizon: times[times.length - 1],
    time: timeLabel(""),
    starts: startsOf(cases, names),
    seed: first.seed,
  };
}

/** Of a user's own data: at every condition of theirs, if it is one. */
export function fitLive({ data, equation, starts, predictions }: FitResult, seed: number): LiveEquation | null {
  const { variables, conditions, timeUnit } = data;
  const known = predictions.flatMap((one) => one ?? []);
  if (known.length === 0 || conditions.length > 1) return null;
  const dt = Math.min(...known.map((one) => one.dt));
  const scheme = equation.instant ? ("heun" as const) : ("euler" as const);
  const equations = conditionsOf(equation).map((condition): LiveOne => {
    const model = condition.length > 0 ? atCondition(equation.model, condition) : equation.model;
    return { model, dt, scheme, value: condition[0] };
  });
  if (!equations.every(({ model }) => isLive(model))) return null;
  const d = variables.length;
  const [condition] = conditions;
  return {
    equations,
    ...(condition && {
      setting: { symbol: condition.symbol ?? condition.name, unit: condition.unit, at: equations[0].value ?? 0 },
    }),
    variables: variablesOf(equation, variables),
    size: { value: 1, what: "times the system of the data" },
    horizon: Math.max(...known.map(({ runs: { times } }) => times[times.length - 1])),
    time: timeLabel(timeUnit),
    starts: Array.from({ length: starts.state.length / d }, (_, k) => ({
      title: `start ${k + 1}`,
      z: Array.from(starts.state.subarray(k * d, (k + 1) * d)),
    })),
    seed,
  };
}

const MOVE = "Drag the start, or type it";

export const studySection = (live: LiveEquation | null, { options }: { readonly options: LearnOptions }) =>
  liveSection(
    live,
    html`<p>Here your browser integrates the learned equation, 200 runs at once. ${MOVE}; at a start of the test the ${formatSetting(options.trueRuns)} direct simulations stand behind the runs in grey. A larger system changes nothing but the noise: four times as many sites halve the spread.</p>`,
  );

export const fitSection = (live: LiveEquation | null) =>
  liveSection(
    live,
    html`<p>Here your browser integrates the learned equation, 200 runs at once. ${MOVE}. A system of <i>n</i> independent parts like that of the data has the same <i>f</i>, and <i>σσ</i>ᵀ/<i>n</i>: four times as large it has half the spread.</p>`,
  );
