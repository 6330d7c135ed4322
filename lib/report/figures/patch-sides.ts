/** What reports of lattices share that are learned from square patches of several sides. */
import type { Axis, Level, Series } from "../chart.ts";
import { formatNumber } from "../number.ts";
import { type InkName, SHADES } from "../palette.ts";
import { LOOKS, METHODS, type Method } from "./methods.ts";

type Source = keyof typeof LOOKS;

/** In the order of drawing: the last is on top. */
const SOURCES: readonly Source[] = ["paper-naive", "paper", ...METHODS];
/** CSS pixels between the points of one side. */
const DODGE = 4;

/** A value of one source at one patch side, with its interval. */
export interface SideValue {
  source: Source;
  patch: number;
  value: number;
  low: number;
  high: number;
}

export const sideTitle = (patch: number) => `patches of ${patch} × ${patch}`;

/** Patch sides from large to small, as in the paper's tables. */
export function sidesOf(items: readonly { patch: number }[]): number[] {
  return [...new Set(items.map((item) => item.patch))].sort((a, b) => b - a);
}

/** A patch side's shade of our colour: the smallest stands out most. */
export function shadeOf(patch: number, sides: number[]): { ink: InkName; dash: Series["dash"]; width: number } {
  const rank = sides.length - 1 - sides.indexOf(patch);
  const dash = (["solid", "dashed", "solid", "dotted"] as const)[rank % 4];
  return { ink: SHADES[rank % SHADES.length]!, dash, width: rank === 0 ? 2.25 : 1.75 };
}

/** One panel per patch side with a curve per method, from `pick`. */
export function byMethod<T extends { method: Method; patch: number }>(
  items: readonly T[],
  pick: (item: T) => Pick<Series, "x" | "y" | "low" | "high">,
) {
  return sidesOf(items).map((patch) => ({
    patch,
    title: sideTitle(patch),
    series: METHODS.flatMap((method): Series[] => {
      const found = items.find((item) => item.method === method && item.patch === patch);
      return found ? [{ ...LOOKS[method], ...pick(found) }] : [];
    }),
  }));
}

/** Symmetric limits that show the methods trained with the right noise in full; wild ones may leave the frame. */
export function tameRange(series: readonly Series[], tame: readonly InkName[]): [number, number] | undefined {
  const largest = (list: readonly Series[]) => {
    const sizes = list.flatMap((one) => Array.from(one.y, (y) => Math.abs(y ?? 0))).filter(Number.isFinite);
    return Math.max(0, ...sizes);
  };
  const [own, all] = [largest(series.filter((one) => tame.includes(one.ink))), largest(series)];
  const limit = own > 0 ? Math.min(1.15 * all, 4 * own) : 1.15 * all;
  return limit > 0 ? [-limit, limit] : undefined;
}

/** A series per source of values against the patch side, points of one side set apart. */
export function againstSide(values: readonly SideValue[]): Series[] {
  const present = SOURCES.filter((source) => values.some((one) => one.source === source));
  return present.map((source, i): Series => {
    const own = values.filter((one) => one.source === source).sort((a, b) => a.patch - b.patch);
    const pick = (key: "value" | "low" | "high") => own.map((one) => one[key]);
    return {
      ...LOOKS[source],
      draw: "line+points",
      width: 1.25,
      dodge: (i - (present.length - 1) / 2) * DODGE,
      x: own.map((one) => one.patch),
      y: pick("value"),
      low: pick("low"),
      high: pick("high"),
    };
  });
}

/** Patch sides along x, with air on the left, `air` times the smallest side, for the label of a level. */
export function sideAxis(items: readonly { patch: number }[], air = 1.9): Axis {
  const ticks = sidesOf(items).reverse();
  return { label: "patch side ℓ [spins]", log: 2, ticks, range: [ticks[0]! / air, ticks.at(-1)! * 1.3] };
}

/** What a perfect model would score, as a labelled line; nothing where that is not known. */
export function floorLevels(floor: number, name = "sampling floor"): Level[] {
  return Number.isFinite(floor) ? [{ value: floor, label: `${name} ${formatNumber(floor, 2)}` }] : [];
}
