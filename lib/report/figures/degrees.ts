/** How the degrees of polynomial equations were chosen: the held-out score against the degree. */
import { average } from "../../analysis/mean.ts";
import { isOurs, METHODS } from "../../method/pairs.ts";
import type { Choice } from "../../method/sde/polynomial/field.ts";
import { chart } from "../chart.ts";
import type { Series } from "../chart-spec.ts";
import { extent } from "../extent.ts";
import { type Html, html } from "../html.ts";
import { formatNumber } from "../number.ts";
import { LAST_TWO, opened } from "./folded.ts";
import { DRAWN, LOOKS } from "./methods.ts";
import { type Learned, sidesOf, sideTitle } from "./patch-sides.ts";

export interface DegreeChoice extends Learned, Choice {
  /** The degree that was taken. */
  degree: number;
}

/** Scores below this are the best one itself. */
const LEAST = 1e-6;

/** Of the curve, that with the least residual. */
const bestOf = ({ curve }: DegreeChoice) => curve.reduce((a, b) => (b.score < a.score ? b : a));

/** Where another degree is used than the best. */
function used(items: readonly DegreeChoice[], titleOf: typeof sideTitle): string {
  const others = items.filter((one) => Number.isFinite(one.degree) && one.degree !== bestOf(one).degree);
  if (others.length === 0) return "and is used";
  const names = others.map(({ method, patch, degree }) =>
    [LOOKS[method].name, titleOf(patch), `degree ${degree}`].filter(Boolean).join(", "),
  );
  return `and is used, or a lower one, where every term was given its price or the fewest terms were asked for whose residual is at most 1 % larger (${names.join("; ")})`;
}

/** Of which of our methods the best degree is the highest that was tried, and what the last step to it was worth. */
function atTheEdge(items: readonly DegreeChoice[]): string {
  const edge = items.flatMap((one) => {
    const [before, last] = one.curve.toSorted((a, b) => a.degree - b.degree).slice(-2);
    if (!isOurs(one.method) || !last || bestOf(one).degree !== last.degree) return [];
    const gain = (100 * (before.score - last.score)) / (1 + before.score);
    if (!Number.isFinite(last.degree) || !Number.isFinite(gain)) return [];
    return [{ what: `${LOOKS[one.method].name}, degree ${last.degree}`, gain }];
  });
  const each = [...Map.groupBy(edge, ({ what }) => what)].map(([what, own]) => {
    const [least, most] = extent(own.map(({ gain }) => gain)).map((gain) => formatNumber(gain, 2));
    const sides = own.length > 1 ? `${own.length} patch sides, ` : "";
    return `${what} (${sides}${least === most ? least : `${least} to ${most}`} % less than one degree lower)`;
  });
  return each.length > 0
    ? ` Where the best is the highest that was tried a higher one may be better still: ${each.join("; ")}.`
    : "";
}

/** A panel per patch side with a curve per method; the first seed stands for all. */
export function degrees(items: readonly DegreeChoice[], titleOf = sideTitle): Html | false {
  if (items.length === 0) return false;
  const panels = sidesOf(items).map((patch) => ({
    title: titleOf(patch),
    series: DRAWN.flatMap((method): Series[] => {
      const one = items.find((item) => item.method === method && item.patch === patch);
      if (!one) return [];
      const x = one.curve.map(({ degree }) => degree);
      return [{ ...LOOKS[method], draw: "line+points", x, y: one.curve.map(({ score }) => Math.max(LEAST, score)) }];
    }),
  }));
  const [{ folds, cohorts }] = items;
  const left = METHODS.filter(isOurs).flatMap((method) => {
    const own = items.filter((item) => item.method === method);
    const shares = own.map(({ unexplained }) => 100 * average(unexplained.filter(Number.isFinite)));
    const [low, high] = extent(shares).map((share) => formatNumber(share, 3));
    return own.length === 0 ? [] : `${LOOKS[method].name} ${low === high ? low : `${low} to ${high}`} %`;
  });
  return chart({
    id: "degree",
    title: "Choice of the degree",
    caption: html`Mean-square residual of the drift on data that it was not fitted to, over that of the best degree, minus one, against the degree of the polynomials: cross-validation with ${folds} parts of the
cohorts (${cohorts} of them: small systems that start alike, with all of their snapshots). The best degree is drawn at 10⁻⁶ ${used(items, titleOf)}.${atTheEdge(items)} The first seed stands for all. Where noise is large, as for increments, degrees differ by less than it. ${left.length > 0 && `What the drift leaves of the mean square of what it is fitted to, on data that it was not fitted to: ${left.join("; ")}; noise alone leaves 100 %.`}`,
    alt: "Held-out residual relative to the best against the degree of the polynomials, one line per method",
    x: { label: "degree", ticks: [...new Set(items.flatMap(({ curve }) => curve.map(({ degree }) => degree)))] },
    y: { label: "held-out residual / best − 1", log: 10 },
    panels: opened(panels, LAST_TWO),
    height: 240,
  });
}
