/** Which of many panels stand open: chosen by their place, whatever they show. The others are folded under them. */
import type { Panel } from "../chart-spec.ts";

/** Places that stand open among so many in order. */
export type Open = (count: number) => readonly number[];

/** The lowest, the middle and the highest; all of up to three. */
export const ENDS_AND_MIDDLE: Open = (count) => [0, Math.floor((count - 1) / 2), count - 1];

/** The last two: of patch sides from large to small, the hardest cases. */
export const LAST_TWO: Open = (count) => [count - 2, count - 1];

/** `panels` in their order, folded but for those at the places of `open`. */
export function opened(panels: readonly Panel[], open: Open): Panel[] {
  const places = open(panels.length);
  return panels.map((panel, k) => (places.includes(k) ? panel : { ...panel, folded: true }));
}

/** Said of a figure with a panel per patch side, where some are folded. */
export const sidesNote = (count: number): string =>
  count > LAST_TWO(count).length ? " Open: the smaller patch sides." : "";

/** Said of a figure with a panel per start of the test, where some are folded. */
export const startsNote = (count: number): string =>
  count > ENDS_AND_MIDDLE(count).length
    ? " Open: the lowest, the middle and the highest start; the others are folded below."
    : "";
