/// <reference lib="dom" />
// The order in which the panels of a page are drawn: what the reader sees first, and never so long that the page does not answer.
import type { Figure } from "./figure.ts";
import type { Panel } from "./panel.ts";

/** A task ends after the panel with which it has taken so long, ms. */
const TASK = 30;

const root = document.documentElement;
let running = 0;

/** How far a figure is from what is on the screen, CSS pixels. */
function distance({ node }: Figure): number {
  const { top, bottom } = node.getBoundingClientRect();
  return Math.max(0, top - window.innerHeight, -bottom);
}

/**
 * Draws all panels of `figures`, those nearest to the screen first, in tasks between which the browser does other things; or
 * `atOnce`. `data-drawn` of the document tells the number of figures when the last is done. A later call takes over from an
 * earlier one.
 */
export function drawAll(figures: readonly Figure[], atOnce = false): void {
  running++;
  delete root.dataset.drawn;
  const at = new Map(figures.map((figure) => [figure, distance(figure)]));
  const sorted = figures.toSorted((a, b) => (at.get(a) ?? 0) - (at.get(b) ?? 0));
  const waiting = sorted.flatMap(({ panels }) => panels);
  const finish = () => {
    root.dataset.drawn = String(figures.length);
  };
  if (!atOnce) {
    goOn(waiting, running, finish);
    return;
  }
  for (const panel of waiting) panel.draw();
  finish();
}

async function goOn(waiting: Panel[], turn: number, finish: () => void): Promise<void> {
  if (turn !== running) return;
  const began = performance.now();
  while (waiting.length > 0 && performance.now() - began < TASK) {
    waiting.shift()?.draw();
    await Promise.resolve(); // uPlot draws when its caller has returned
  }
  if (waiting.length === 0) finish();
  else setTimeout(goOn, 0, waiting, turn, finish);
}
