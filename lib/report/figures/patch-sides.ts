/** What reports share that compare patches of several sides. */
import type { CentralRange } from "../../analysis/distribution.ts";
import type { Method } from "../../method/pairs.ts";
import { chart } from "../chart.ts";
import type { Frame, Level, Panel, Series } from "../chart-spec.ts";
import type { Html } from "../html.ts";
import { SHADES } from "../palette.ts";
import { DRAWN, LOOKS, type Look, tameReach } from "./methods.ts";

/** Which equation something belongs to: how it was trained, and on patches of which side. */
export interface Learned {
  method: Method;
  patch: number;
}

/** Names of square patches; figures take those of other shapes. */
export const square = (patch: number) => `${patch} × ${patch}`;
export const sideTitle = (patch: number) => `patches of ${square(patch)}`;

/** Patch sides from large to small, as in the paper's tables. */
export function sidesOf(items: readonly { patch: number }[]): number[] {
  return [...new Set(items.map((item) => item.patch))].sort((a, b) => b - a);
}

/** A patch side's shade of our colour: the smallest stands out most. */
export function shadeOf(patch: number, sides: readonly number[]): Omit<Look, "name"> {
  const rank = sides.length - 1 - sides.indexOf(patch);
  const dash = (["solid", "dashed", "solid", "dotted"] as const)[rank % 4];
  return { ink: SHADES[rank % SHADES.length], dash, width: rank === 0 ? 2.25 : 1.75 };
}

/** Where the training data are, below a function of a variable: their median, and the central 95 % of them. */
export const trainingRange = ({ low, middle, high }: CentralRange): Level => ({
  value: middle,
  label: "training data",
  ...{ low, high },
});

/** A line at zero, for differences. */
export const ZERO: Level = { value: 0, label: "" };

/**
 * A function of one variable (a drift, a density) as it was learned: a panel per patch side with a curve per method, over `truth`.
 * Without one the curves are differences from it, around zero, and the frame is that of the methods of the right noise. `trained`: where training data are.
 */
export function functions<T extends Learned>(
  frame: Frame,
  items: readonly T[],
  pick: (item: T) => Pick<Series, "x" | "y" | "low" | "high">,
  truth?: Series,
  { titleOf = sideTitle, trained }: { titleOf?: typeof sideTitle; trained?: (item: T) => CentralRange } = {},
): Html {
  const panels = sidesOf(items).map((patch): Panel => {
    const [first] = items.filter((item) => item.patch === patch);
    const verticals = trained && [trainingRange(trained(first))];
    const own = DRAWN.flatMap((method): Series[] => {
      const found = items.find((item) => item.method === method && item.patch === patch);
      return found ? [{ ...LOOKS[method], ...pick(found) }] : [];
    });
    const title = titleOf(patch);
    return truth ? { title, series: [truth, ...own], verticals } : { title, series: own, levels: [ZERO], verticals };
  });
  const reach = truth ? undefined : tameReach(panels);
  return chart({ ...frame, y: { ...frame.y, ...(reach && { range: [-reach, reach] }) }, panels });
}
