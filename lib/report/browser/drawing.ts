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
  const finish = () => {
    root.dataset.drawn = String(figures.length);
  };
  if (!atOnce) {
    // The page itself comes first: where figures are is not asked before it is laid out for the screen.
    setTimeout(start, 0, figures, running, finish);
    return;
  }
  for (const { panels } of figures) for (const panel of panels) panel.draw();
  finish();
}

function start(figures: readonly Figure[], turn: number, finish: () => void): void {
  const at = new Map(figures.map((figure) => [figure, distance(figure)]));
  const sorted = figures.toSorted((a, b) => (at.get(a) ?? 0) - (at.get(b) ?? 0));
  const waiting = sorted.flatMap(({ panels }) => panels);
  goOn(waiting, turn, finish);
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
