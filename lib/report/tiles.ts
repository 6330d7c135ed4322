// The numbers that a reader sees first: how large the error is, whether fluctuations have the right size, what it costs.
import { type CostCurve, STD_ACCURACY } from "../analysis/cost.ts";
import { offOne } from "../run/deviations.ts";
import { type Estimate, rmsPercent, single } from "../run/seeds.ts";
import type { Source } from "./figures/methods.ts";
import { type Content, type Html, html } from "./html.ts";
import { formatEstimate, formatNumber, formatSetting } from "./number.ts";

export interface Tile {
  /** What it is, in a few words. */
  label: string;
  value: Content;
  /** What to compare it with. */
  note: Content;
}

/** All of them, those that are false left out. */
export function tiles(list: readonly (Tile | false)[]): Html | false {
  const shown = list.filter((tile) => tile !== false);
  if (shown.length === 0) return false;
  return html`<dl class="tiles">${shown.map(
    ({ label, value, note }) =>
      html`<div class="tile"><dt>${label}</dt><dd class="value">${value}</dd><dd class="note">${note}</dd></div>`,
  )}</dl>`;
}

/** What others score on the same, by name; those that are not known are left out. */
export type Others = Readonly<Record<string, number | undefined>>;

const two = (value: number) => formatNumber(value, 2);

function listed(others: Others, unit = ""): Html[] {
  const known = Object.entries(others).filter(([, value]) => value !== undefined && Number.isFinite(value));
  return known.map(([name, value], k) => html`${k > 0 && ", "}${name}\u00a0${two(value as number)}${unit}`);
}

/** The number large, of two digits where its interval is not known, what brackets it smaller. */
export function large(estimate: Estimate, unit = ""): Html {
  const { value, interval } = formatEstimate(estimate);
  return interval ? html`${value}${unit} <small>${interval}</small>` : html`${formatNumber(estimate.value, 2)}${unit}`;
}

/** An error in %, beside what a perfect model would score, and what others do; `more`: behind them. */
export function errorTile(
  label: string,
  error: Estimate,
  floor: number,
  others: Others = {},
  more: Html | false = false,
): Tile | false {
  if (!Number.isFinite(error.value)) return false;
  const beside = listed(others, "\u00a0%");
  const perfect = Number.isFinite(floor) && html`best possible (sampling): ${two(floor)}\u00a0%`;
  return {
    label,
    value: large(error, "\u00a0%"),
    note: html`${perfect}${perfect && beside.length > 0 && "; "}${beside}${more}`,
  };
}

/** Fluctuations over the true ones: 1 is right. */
export function spreadTile(label: string, ratio: Estimate, others: Others = {}): Tile | false {
  if (!Number.isFinite(ratio.value)) return false;
  const beside = listed(others);
  return { label, value: large(ratio), note: html`1 is right${beside.length > 0 && "; "}${beside}` };
}

/** What one equation scores: relative squared error of the mean trajectories, and predicted over true standard deviation. */
interface Scored {
  readonly method: Source;
  readonly patch: number;
  readonly error: Estimate;
  readonly stdRatio: Estimate;
  /** Share of the time of its trajectories outside its training data, where that is known. */
  readonly outside?: Estimate;
}

/** Share of the time outside the training data from which on the errors of a baseline are those of a continued polynomial, and the reader is told. */
const ASTRAY = 0.1;

/** "98 %" of an equation that does not stay within its data; nothing of others. */
function astray(one: Pick<Scored, "outside"> | undefined): string | false {
  const share = one?.outside?.value ?? 0;
  return share > ASTRAY && `${two(100 * share)}\u00a0%`;
}

/** Which baselines do not stay within their training data, to stand behind their scores. */
export function strayNote(others: Readonly<Record<string, Pick<Scored, "outside"> | undefined>>): Html | false {
  const gone = Object.entries(others).flatMap(([name, one]) => {
    const share = astray(one);
    return share ? [`${name}\u00a0${share}`] : [];
  });
  return gone.length > 0 && html`; share of time outside their training data: ${gone.join(", ")}`;
}

/** Error and fluctuations of one equation beside those of the baselines from the same patches; `floor`: error of a perfect model. */
export function scoreTiles(
  scores: readonly Scored[],
  main: Pick<Scored, "method" | "patch">,
  floor: number,
  truth = "the true ones",
): (Tile | false)[] {
  const of = (name: Source) => scores.find(({ method, patch }) => method === name && patch === main.patch);
  const [own, naive, small] = [of(main.method), of("naive"), of("small")];
  if (!own) return [];
  const percent = (one?: Scored) => one && rmsPercent(one.error).value;
  return [
    errorTile(
      "Error of the mean (RMS)",
      rmsPercent(own.error),
      rmsPercent(single(floor)).value,
      { naive: percent(naive), small: percent(small) },
      strayNote({ naive, small }),
    ),
    spreadTile(`Fluctuations over ${truth}`, own.stdRatio, {
      naive: naive?.stdRatio.value,
      small: small?.stdRatio.value,
    }),
  ];
}

/** Costs that differ by less count as the same. */
const SAME = 1.05;

/** How many times less, or more, than something else. */
function times(ratio: number): string {
  const factor = ratio >= 1 ? ratio : 1 / ratio;
  if (factor < SAME) return "the same";
  const shown = factor < 10 ? formatNumber(factor, 2) : formatSetting(Number(factor.toPrecision(2)));
  return `${shown}\u00a0times ${ratio >= 1 ? "less" : "more"}`;
}

/** What learning costs beside direct simulation of one system: `direct`, the updates that each kind of accuracy takes. */
export function comparedCost(
  learn: number,
  direct: readonly { readonly updates: number; readonly what: string }[],
  system: string,
  note: Content,
): Tile | false {
  const known = direct.filter(({ updates }) => Number.isFinite(updates / learn) && updates > 0);
  if (known.length === 0) return false;
  return {
    label: `Cost beside direct simulation, ${system}`,
    value: known.map(
      ({ updates, what }) => html`<span class="line">${times(updates / learn)} <small>${what}</small></span>`,
    ),
    note,
  };
}

/** Updates for a standard deviation to 2 %, as the costs have it, as those for one that is as accurate as ours. */
export const asAccurate = (updates: number, ratio: Estimate) => updates * (STD_ACCURACY / offOne(ratio)) ** 2;

/**
 * Both in site updates, for a system of side `side`, from the curve of the equation of patches of side `patch`, whose standard deviation is `ratio` times
 * the true one.
 */
export function costTile(
  curves: readonly CostCurve[],
  patch: number,
  { side, system, ratio }: { side: number; system: string; ratio: Estimate },
): Tile | false {
  const curve = curves.find((one) => one.patch === patch);
  if (!curve) return false;
  const { learn, sides, mean, std } = curve;
  // Sides of curves are rounded powers.
  const at = sides.findIndex((one) => one > 0.999 * side);
  return comparedCost(
    learn,
    [
      { updates: mean[at], what: "for equally accurate means" },
      { updates: asAccurate(std[at], ratio), what: "for equally accurate fluctuations" },
    ],
    system,
    "site updates to learn one equation; its own runs take none",
  );
}

/** How an equation of the patch by itself does, to end a sentence with; nothing where it is not known, or the patch is the system. */
export function aloneClause(small: Pick<Scored, "error" | "stdRatio" | "outside"> | undefined): Html | false {
  if (!small || !Number.isFinite(small.error.value)) return false;
  const gone = astray(small);
  if (gone)
    return html`; an equation of the patch by itself does not stay within its training data (${gone} of the time outside)`;
  const { value } = rmsPercent(small.error);
  const spread =
    Number.isFinite(small.stdRatio.value) && html` and fluctuates ${two(small.stdRatio.value)} times as much`;
  return html`; an equation of the patch by itself is off by ${two(value)}\u00a0%${spread}`;
}
