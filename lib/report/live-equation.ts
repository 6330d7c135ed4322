// The section in which the reader's browser integrates a learned polynomial equation: its markup, and what the page's script (browser/live) is told.
import type { Moments } from "../analysis/ensemble.ts";
import { regressionOn } from "../method/sde/hull.ts";
import type { SdeModel } from "../method/sde/model.ts";
import type { Evaluated } from "../method/sde/polynomial/field.ts";
import type { RolloutOptions } from "../method/sde/rollout.ts";
import type { Case } from "./figures/trajectories.ts";
import { type Content, Html, html, inlineJson } from "./html.ts";
import type { Section } from "./page.ts";

/** An equation with the steps that it is to be integrated in. */
export interface Stepped extends Pick<RolloutOptions, "dt" | "scheme"> {
  readonly model: SdeModel;
}

/** A variable, with the range that it is shown in. */
export interface LiveVariable {
  readonly symbol: string;
  /** Said to those who do not see the figures. */
  readonly name: string;
  readonly unit?: string;
  readonly low: number;
  readonly high: number;
}

/** What is true from one start: moments of every variable, `[times]`. */
export interface LiveTruth {
  readonly times: ArrayLike<number>;
  readonly moments: readonly Moments[];
}

/** One of the equations of a section. */
export interface LiveOne extends Stepped {
  /** Of the setting. */
  readonly value?: number;
  /** What is to be said there. */
  readonly note?: string;
  /** Where true systems end from any start: mean and standard deviation of every variable. */
  readonly late?: readonly { readonly mean: number; readonly std: number }[];
}

export interface LiveEquation {
  /** One, or one for every value of `setting`, ascending; all of the same variables. */
  readonly equations: readonly LiveOne[];
  /** What tells the equations apart: a temperature. `at`: the value that is shown first. */
  readonly setting?: { readonly symbol: string; readonly unit: string; readonly at: number };
  /** The first variables of z, which the reader sets; the others start where the training data have them at these. */
  readonly variables: readonly LiveVariable[];
  /** How large the system of these equations is; null where they hold for one size only. */
  readonly size: { readonly value: number; readonly what: string } | null;
  readonly horizon: number;
  /** "time [sweeps]". */
  readonly time: string;
  /** The first is where the section begins. `z`: the first variables, or all. */
  readonly starts: readonly {
    readonly title: string;
    readonly z: readonly number[];
    readonly truth?: LiveTruth | null;
  }[];
  readonly seed: number;
}

/** Numbers of a field, as places in `LiveData.arrays`. */
interface LiveField {
  degree: number;
  width: number;
  shift: number;
  frame: number;
  coefficients: number;
  /** Slope of a drift, floor of a diffusion. */
  own: number;
}

/** What the page's script knows of one equation. */
export interface LiveModel {
  value: number | null;
  note: string;
  late: { mean: number; std: number }[];
  dt: number;
  heun: boolean;
  drift: LiveField;
  diffusion: LiveField;
  center: number;
  spread: number;
  factor: number;
  limit: number;
  regression: number;
}

/** All that it knows. */
export interface LiveData {
  /** Numbers as `packed` makes them, equal ones once. */
  arrays: string[];
  truths: string[];
  d: number;
  models: LiveModel[];
  at: number;
  setting: { symbol: string; unit: string } | null;
  variables: LiveVariable[];
  size: LiveEquation["size"];
  horizon: number;
  time: string;
  starts: {
    title: string;
    z: number[];
    /** Place in `truths` of the times, and of mean and standard deviation of every variable at all of them; null where nothing is known. */
    truth: [number, number] | null;
  }[];
  seed: number;
}

/** The starts of a test, in the plane of the observables, with what is true from each. */
export function startsOf<O extends string>(cases: readonly Case<O>[], observables: readonly O[]) {
  return cases.map(({ title, times, truth }) => {
    const moments = observables.map((name) => truth[name]);
    return { title, z: moments.map(({ mean }) => mean[0]), truth: { times, moments } };
  });
}

/** Points of the curves of the truth. */
const TRUTH_POINTS = 35;
/** They are closer together in the beginning, where systems change fastest. */
const EARLY = 1.4;

/** Whether a model is one that the page can integrate: both fields are polynomials of z alone. */
export function isLive({ drift, diffusion }: SdeModel): boolean {
  return drift.kind === "polynomial" && diffusion.kind === "polynomial" && drift.chart.conditions === 0;
}

/** Bytes of a number of a curve, of a drift (2·10⁻¹² of the largest), of a diffusion, which is factorised, and of what has to be exact. */
const [ROUGH, FINE, FINER, EXACT] = [2, 5, 6, 7];

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");

/**
 * Numbers as text: unit, bytes of each, how many; base64 of a bit for each that says whether it is not 0, as symmetries forbid many and factors are
 * triangles, and nothing where none is; base64 of those that are not, signed whole multiples of the unit, little-endian.
 */
function packed(values: ArrayLike<number>, bytes: number): string {
  const all = Array.from(values);
  const unit = Math.max(...all.map(Math.abs)) / 2 ** (8 * bytes - 1) || 1;
  const bits = new Uint8Array(Math.ceil(all.length / 8));
  const numbers: number[] = [];
  for (const [k, value] of all.entries()) {
    if (value === 0) continue;
    bits[k >> 3] |= 1 << (k & 7);
    const most = 2n ** BigInt(8 * bytes - 1) - 1n;
    const whole = BigInt(Math.round(value / unit));
    const signed = BigInt.asUintN(8 * bytes, whole > most ? most : whole);
    for (let byte = 0; byte < bytes; byte++) numbers.push(Number((signed >> BigInt(8 * byte)) & 255n));
  }
  return [unit, bytes, all.length, all.includes(0) ? base64(bits) : "", base64(Uint8Array.from(numbers))].join();
}

/** Equal numbers kept once. */
class Store {
  readonly texts: string[] = [];
  add(values: ArrayLike<number>, bytes: number): number {
    const text = packed(values, bytes);
    const known = this.texts.indexOf(text);
    return known >= 0 ? known : this.texts.push(text) - 1;
  }
}

function fieldOf(store: Store, field: Evaluated, own: Float64Array, bytes: number): LiveField {
  const { degree, width, chart, coefficients } = field;
  const [shift, frame] = [store.add(chart.shift, EXACT), store.add(chart.frame, EXACT)];
  return { degree, width, shift, frame, coefficients: store.add(coefficients, bytes), own: store.add(own, EXACT) };
}

function modelOf(store: Store, given: number, { model, dt, scheme, value, note, late }: LiveOne): LiveModel {
  const { drift, diffusion, hull } = model;
  if (drift.kind !== "polynomial" || diffusion.kind !== "polynomial") throw new Error("a network is not live");
  return {
    value: value ?? null,
    note: note ?? "",
    late: [...(late ?? [])],
    dt,
    heun: scheme === "heun",
    drift: fieldOf(store, drift, drift.slope, FINE),
    diffusion: fieldOf(store, diffusion, diffusion.floor, FINER),
    center: store.add(hull.center, EXACT),
    spread: store.add(hull.spread, EXACT),
    factor: store.add(hull.factor, FINE),
    limit: hull.limit,
    regression: store.add(regressionOn(hull, given), FINE),
  };
}

/** Some of them, with both ends. */
function thinned(values: ArrayLike<number>): Float64Array {
  const count = Math.min(TRUTH_POINTS, values.length);
  const last = values.length - 1;
  return Float64Array.from(
    { length: count },
    (_, k) => values[Math.round(last * (k / Math.max(1, count - 1)) ** EARLY)],
  );
}

/** What the page's script is told. Throws Error for fields that are no polynomials. */
export function liveData(live: LiveEquation): LiveData {
  const { equations, setting, variables, size, horizon, time, starts, seed } = live;
  const [arrays, truths] = [new Store(), new Store()];
  const models = equations.map((one) => modelOf(arrays, variables.length, one));
  const at = setting ? models.findIndex(({ value }) => value === setting.at) : 0;
  return {
    models,
    at: Math.max(0, at),
    setting: setting ? { symbol: setting.symbol, unit: setting.unit } : null,
    starts: starts.map(({ title, z, truth }) => ({
      title,
      z: [...z],
      truth: truth
        ? [
            truths.add(thinned(truth.times), ROUGH),
            truths.add(
              truth.moments.flatMap(({ mean, std }) => [...thinned(mean), ...thinned(std)]),
              ROUGH,
            ),
          ]
        : null,
    })),
    ...{ d: equations[0].model.d, variables: [...variables], size, horizon, time, seed },
    ...{ arrays: arrays.texts, truths: truths.texts },
  };
}

const quantity = ({ symbol, unit }: { symbol: string; unit?: string }) =>
  unit && unit !== "1" ? `${symbol} [${unit}]` : symbol;

/** A slider with its name, and with its number: one that may be typed, for a variable, or one that is told. */
function slider(
  name: string,
  label: string,
  value: number,
  limits: { min: number; max: number; step: number | "any" },
  variable?: number,
): Html {
  const { min, max, step } = limits;
  const own = html` min="${min}" max="${max}" value="${value}"${variable !== undefined && html` data-variable="${variable}"`}`;
  const number =
    variable === undefined
      ? html`<output name="${name}"></output>`
      : html`<input type="number" aria-label="${label}, typed" step="any"${own}>`;
  return html`<div class="live-slider"><label for="live-${name}">${label}</label><input type="range" id="live-${name}" name="${name}" step="${step}"${own}>${number}</div>`;
}

/** Ink, shape and meaning of what is drawn. */
const KEY = [
  ["ink-compensator", "", "mean ± 1 std of 200 runs, and three of them"],
  ["ink-compensator", "cloud", "runs at the time shown"],
  ["ink-naive", "cloud", "runs outside the training data"],
  ["ink-exact", "", "true system"],
  ["grid", "area", "no training data there"],
] as const;

/** Doublings of the size on either side. */
const DOUBLINGS = 6;

/**
 * The section of an equation; without a body where there is none, or one of networks. `about`: what is integrated, and what is to be seen. Anchors are
 * `live` and those that begin with it.
 */
export function liveSection(live: LiveEquation | null, about: Content): Section {
  const head = { id: "live", title: "Try the equation" };
  if (!live || live.equations.length === 0 || !live.equations.every(({ model }) => isLive(model)))
    return { ...head, body: false };
  const data = liveData(live);
  const { variables, setting, size, models, at, starts } = data;
  const plane = variables.length > 1;
  const hasTruth = starts.some(({ truth }) => truth) || models.some(({ late }) => late.length > 0);
  const keys = KEY.filter(([ink]) => hasTruth || ink !== "ink-exact");
  const names = variables.slice(0, 2).map(({ symbol }) => symbol);
  const body = html`<div class="prose">${about}</div>
<div class="live" role="group" aria-label="The learned equation, integrated in this page">
<p class="live-off">The runs of this section are computed by the script inside this file, which does not run here. The figures of the other sections show the predictions of the same equation.</p>
<div class="live-body" hidden>
<div class="live-plots">
<div><h3>${plane ? `${names[1]} against ${names[0]}` : `potential and law of ${names[0]}`}</h3><div class="live-plane"></div></div>
<div class="live-times">${variables.map(({ symbol }) => html`<div><h3>${symbol} over time</h3><div class="live-time"></div></div>`)}${!plane && html`<div><h3>spread of ${names[0]} over time</h3><div class="live-time"></div></div>`}</div>
</div>
<div class="live-key" aria-hidden="true">${keys.map(([ink, shape, text]) => html`<span><i${shape && html` class="${shape}"`} style="--key:var(--${ink})"></i>${text}</span>`)}</div>
<div class="live-clock"><button type="button" name="play">Play</button><input type="range" name="clock" min="0" max="1" step="1" value="0" aria-label="Time shown"><output name="clock"></output><button type="button" name="noise">New noise</button></div>
<div class="live-settings">
<fieldset><legend>Start</legend>
${starts.length > 1 && html`<div class="live-slider"><label for="live-from">from</label><select id="live-from" name="from">${starts.map(({ title }, k) => html`<option value="${k}">${title}</option>`)}<option value="">a start of your own</option></select></div>`}
${variables.map((variable, j) => slider(`z${j}`, quantity(variable), starts[0].z[j], { min: variable.low, max: variable.high, step: "any" }, j))}
</fieldset>
${
  (size || setting) &&
  html`<fieldset><legend>System</legend>
${size && slider("size", `n, ${size.what}`, 0, { min: -DOUBLINGS, max: DOUBLINGS, step: 1 })}
${setting && slider("setting", quantity(setting), at, { min: 0, max: models.length - 1, step: 1 })}
<p class="live-note"></p>
</fieldset>`
}
</div>
<p class="live-result" aria-live="polite"></p>
</div>
<script type="application/json">${new Html(inlineJson(data))}</script>
</div>`;
  return { ...head, body, live: true };
}
