// A metric against two axes of a sweep: a table whose cells are coloured by their numbers, that of the exact values beside it, and how far both are apart.
import type { SweepAxis } from "../../run/sweep/collect.ts";
import { type Color, type ColorMap, paletteOf } from "../color-map.ts";
import { extent } from "../extent.ts";
import { figureHeading } from "../heading.ts";
import { type Html, html } from "../html.ts";
import { colorBar, fieldPicture, pictures } from "../lattice.ts";
import { formatFixed, formatNumber, MISSING, powerOfTen } from "../number.ts";
import { grouped, leftNote } from "./curves.ts";
import { labelOf, offExact, rangeOf, type Setting, type SweptMetric } from "./settings.ts";

/** Maps per figure of other axes, and of metrics. */
const [MOST_GROUPS, MOST_METRICS] = [3, 4];
/** Columns and cells of which each number is printed; more are drawn as a picture. */
const [MOST_COLUMNS, MOST_CELLS] = [20, 300];
/** Columns from which on numbers have two digits. */
const MANY_COLUMNS = 9;
/** Half-widths of intervals at the ends of the colours of differences. */
const FAR = 3;
const WIDE = 10;

const PALETTES = { sequential: paletteOf("sequential"), diverging: paletteOf("diverging") } satisfies Record<
  ColorMap,
  Color[]
>;

/** What the numbers of a map are and how they are shown. */
interface Field {
  readonly title: string;
  readonly map: ColorMap;
  readonly range: readonly [number, number];
  readonly log: boolean;
  show(value: number): string;
}

interface Grid {
  readonly x: SweepAxis;
  readonly y: SweepAxis;
  /** By value of x and y; undefined where there is no setting. */
  setting(x: string, y: string): number | undefined;
}

/** Relative luminance of a colour (WCAG 2, 0 to 1). */
function luminance(color: Color): number {
  const [red, green, blue] = color.map((part) => {
    const value = part / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Luminance at which black and white letters are told as well. */
const MIDDLE = 0.179;

function colorOf(value: number, { map, range, log }: Field): Color {
  const [low, high, at] = [...range, value].map(log ? Math.log : (x) => x);
  const level = Math.round((255 * (at - low)) / (high - low || 1));
  return PALETTES[map][Math.min(255, Math.max(0, level || 0))];
}

const hex = (color: Color) => `#${color.map((part) => part.toString(16).padStart(2, "0")).join("")}`;

function cell(value: number, field: Field): Html {
  if (!Number.isFinite(value)) return html`<td class="missing">${MISSING}</td>`;
  const color = colorOf(value, field);
  return html`<td style="background:${hex(color)};color:${luminance(color) > MIDDLE ? "#000" : "#fff"}">${field.show(value)}</td>`;
}

/** One map as a table: x to the right, y upwards. */
function mapTable({ x, y, setting }: Grid, field: Field, valueAt: (setting: number) => number): Html {
  const rows = y.values.toReversed();
  const at = (column: string, row: string) => {
    const found = setting(column, row);
    return found === undefined ? Number.NaN : valueAt(found);
  };
  return html`<div class="heat"><div class="scroll"><table><caption>${field.title}</caption>
<thead><tr><td>${y.key} ↑ ${x.key} →</td>${x.values.map((value) => html`<th scope="col">${value}</th>`)}</tr></thead>
<tbody>${rows.map(
    (row) => html`<tr><th scope="row">${row}</th>${x.values.map((column) => cell(at(column, row), field))}</tr>
`,
  )}</tbody></table></div>${colorBar(field)}</div>`;
}

/** The same as pictures, of grids that are too fine for numbers. */
function mapPicture({ x, y, setting }: Grid, field: Field, valueAt: (setting: number) => number) {
  const scaled = field.log ? Math.log : (value: number) => value;
  const values = y.values.toReversed().flatMap((row) =>
    x.values.map((column) => {
      const found = setting(column, row);
      return found === undefined ? Number.NaN : scaled(valueAt(found));
    }),
  );
  const [low, high] = field.range.map(scaled);
  const picture = fieldPicture(
    `${field.title}: ${x.key} from ${x.values[0]} to ${x.values.at(-1)}, upwards ${y.key} from ${y.values[0]} to ${y.values.at(-1)}`,
    ...([values, x.values.length, y.values.length, [low, high], field.map] as const),
  );
  return { ...picture, scale: { map: field.map, range: field.range } };
}

/** Numbers over a wider range have a power of ten each. */
const FAR_APART = 1000;

/** How numbers of this range are printed in narrow cells: with the same decimals, and without the power of ten that all have in common. */
function notationOf([low, high]: readonly [number, number], log: boolean, digits: number) {
  if (log && high / low > FAR_APART) return { show: (value: number) => formatNumber(value, digits - 1), power: "" };
  const exponent = Math.floor(Math.log10(Math.max(Math.abs(low), Math.abs(high)) || 1));
  const common = exponent < -1 || exponent > 4 ? exponent : 0;
  const decimals = Math.max(0, digits - 1 - (exponent - common));
  const show = (value: number) => {
    const scaled = value / 10 ** common;
    return log ? formatNumber(scaled, digits - 1, "plain") : formatFixed(scaled, decimals);
  };
  return { show, power: common === 0 ? "" : `, in ${powerOfTen(common)}` };
}

function fieldsOf(metric: SweptMetric, settings: readonly number[], digits: number) {
  const range = rangeOf(metric);
  const log = metric.scale === "log" && range[0] > 0 && range[1] / range[0] > WIDE;
  const { show, power } = notationOf(range, log, digits);
  const of = (title: string): Field => ({ title: `${title}${power}`, map: "sequential", range, log, show });
  const there = settings.flatMap((k) => metric.at[k] ?? []);
  const value = { field: of(metric.name), at: (k: number) => metric.at[k]?.estimate.value ?? Number.NaN };
  if (!there.some(({ exact }) => Number.isFinite(exact))) return [value];
  const off = (k: number) => {
    const one = metric.at[k];
    return one ? offExact(one, metric.scale) : Number.NaN;
  };
  const exact = { field: of("exact"), at: (k: number) => metric.at[k]?.exact ?? Number.NaN };
  const [least, most] = extent(there.map((one) => one.exact));
  const maps = least < most ? [value, exact] : [value];
  if (!settings.some((k) => Number.isFinite(off(k)))) return maps;
  const difference: Field = {
    ...{ title: "difference, in half-widths of the 95 % interval", map: "diverging", range: [-FAR, FAR], log: false },
    show: (value) => (Math.abs(value) < 99.5 ? formatFixed(value, 1) : formatNumber(value, 1)),
  };
  return [...maps, { field: difference, at: off }];
}

/** Maps of the metrics over the two axes at these places, one figure for each metric and each value of the other axes. */
export function heatMaps(
  axes: readonly SweepAxis[],
  settings: readonly Setting[],
  [along, up]: readonly [number, number],
  metrics: readonly SweptMetric[],
): Html[] {
  const { groups, left } = grouped(axes, settings, [along, up], MOST_GROUPS);
  return metrics.slice(0, MOST_METRICS).flatMap((metric, place) =>
    groups.flatMap((group, which) => {
      if (extent(group.settings.map((k) => metric.at[k]?.estimate.value))[0] === Number.POSITIVE_INFINITY) return [];
      const known = new Map(
        group.settings.map((k) => [JSON.stringify([settings[k].values[along], settings[k].values[up]]), k]),
      );
      const grid = {
        x: axes[along],
        y: axes[up],
        setting: (x: string, y: string) => known.get(JSON.stringify([x, y])),
      };
      const columns = grid.x.values.length;
      const printed = columns <= MOST_COLUMNS && columns * grid.y.values.length <= MOST_CELLS;
      const fields = fieldsOf(metric, group.settings, columns > MANY_COLUMNS ? 2 : 3);
      const id = `map-${along + 1}-${up + 1}-${place + 1}-${which + 1}`;
      const title = `${labelOf(metric)} against ${grid.x.key} and ${grid.y.key}${group.name && `, ${group.name}`}`;
      const caption = html`Mean over repetitions.${fields[0].field.log && " Colours on a logarithmic scale."}${
        fields.some(({ field }) => field.title.startsWith("exact")) &&
        " The exact values have the same colours: both maps should look alike."
      }${fields.some(({ field }) => field.map === "diverging") && ` Difference: measured less exact${metric.scale === "log" ? ", of logarithms" : ""}, over half the 95 % interval; beyond ±1 the exact value lies outside, which 5 % of the cells should show.`}${leftNote(
        left,
      )}`;
      if (!printed) {
        const list = fields.map(({ field, at }) => mapPicture(grid, field, at));
        return [pictures(id, title, caption, list, 480)];
      }
      return [
        html`<figure id="${id}" aria-labelledby="${id}-title">
${figureHeading(id, title)}
<div class="heats">${fields.map(({ field, at }) => mapTable(grid, field, at))}</div>
<figcaption>${caption}</figcaption>
</figure>`,
      ];
    }),
  );
}
