/// <reference lib="dom" />
import uPlot from "uplot";
import { type ChartData, isFree, type PlottedPanel } from "../chart-data.ts";
import { element } from "./element.ts";
import { stepAlong } from "./nearest-point.ts";
import { align, plotOptions } from "./plot-options.ts";
import { placeReadout, type Readout, readoutAt } from "./readout.ts";
import { isPrinting } from "./theme.ts";

/** One panel on the page, drawn anew by `draw` at the present width and theme. */
export interface Panel {
  readonly host: HTMLElement;
  readonly data: PlottedPanel;
  /** Nothing before the first drawing. */
  plot(): uPlot | undefined;
  draw(): void;
  /** Shows what is not `hidden` and hides what is; the part of the plane that is shown stays. */
  update(): void;
}

/** Whether it lies in something that is not open. */
export function isFolded(host: HTMLElement): boolean {
  return host.closest("details:not([open])") !== null;
}

/** On paper panels are lower, so that two figures fit a page. */
function heightOf({ height }: ChartData): number {
  return isPrinting() ? Math.round(0.66 * height) : height;
}

/**
 * Left and right arrows move the cursor from number to number, Escape takes it away. `at` is the number of a path or of
 * arrows where the last key left it, −1 before the first; returns where this one does.
 */
function moveByKey(event: KeyboardEvent, plot: uPlot, data: ChartData, panel: PlottedPanel, at: number): number {
  const x = plot.data[0];
  if (event.key === "Escape") plot.setCursor({ left: -10, top: -10 });
  if ((event.key !== "ArrowLeft" && event.key !== "ArrowRight") || x.length === 0) return -1;
  event.preventDefault();
  const step = event.key === "ArrowLeft" ? -1 : 1;
  if (panel.series.some(isFree)) {
    const next = stepAlong(plot, data, panel, at, step);
    if (next) plot.setCursor({ left: next.left, top: next.top });
    return next?.at ?? at;
  }
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = plot.scales.x;
  const inFrame = (index: number) => x[index] >= min && x[index] <= max;
  const from = (plot.cursor.left ?? -1) >= 0 ? (plot.cursor.idx ?? -1) : step > 0 ? -1 : x.length;
  let next = from + step;
  while (next >= 0 && next < x.length && !inFrame(next)) next += step;
  if (!inFrame(next)) return -1;
  plot.setCursor({ left: plot.valToPos(x[next], "x"), top: plot.over.clientHeight / 3 });
  return -1;
}

/**
 * Brings panel `index` of a figure to life in `host`; series named in `hidden` are not drawn. `speak` gets in words what a
 * reader of the keyboard has moved to.
 */
export function panel(
  host: HTMLElement,
  data: ChartData,
  index: number,
  hidden: ReadonlySet<string>,
  group: string,
  speak: (text: string) => void,
): Panel {
  const own = data.panels[index];
  let plot: uPlot | undefined;
  let at = -1;

  const create = (width: number) => {
    const made = new uPlot(
      plotOptions(data, own, hidden, { width, height: heightOf(data) }, group),
      align(own, data.columns),
      host,
    );
    const box = element("div");
    box.className = "readout";
    box.hidden = true;
    made.over.append(box);
    const watched = () => host.matches(":hover, :focus-visible");
    made.hooks.setCursor = [() => placeReadout(made, box, watched() ? readoutAt(made, data, own) : undefined)];
    return made;
  };

  host.addEventListener("keydown", (event) => {
    if (!plot) return;
    at = moveByKey(event, plot, data, own, at);
    const readout = readoutAt(plot, data, own);
    if (readout) speak(inWords(readout));
  });

  return {
    host,
    data: own,
    plot: () => plot,
    draw() {
      if (isFolded(host)) return;
      const width = host.clientWidth;
      const height = heightOf(data);
      if (!plot) plot = create(width);
      else if (plot.width !== width || plot.height !== height) plot.setSize({ width, height });
      else plot.redraw(false);
    },
    update() {
      const shown = plot;
      shown?.batch(() => {
        const [x, y] = [{ ...shown.scales.x }, { ...shown.scales.y }];
        for (const [i, { name }] of own.series.entries()) shown.setSeries(i + 1, { show: !hidden.has(name) });
        for (const [key, { min, max }] of Object.entries({ x, y })) {
          if (typeof min === "number" && typeof max === "number") shown.setScale(key, { min, max });
        }
      });
    },
  };
}

/** "time = 2: Ours 0.5 [0.4, 0.6]; True 0.5". */
function inWords({ heading, rows, note }: Readout): string {
  return `${heading}: ${rows.map(({ series, text }) => `${series.name} ${text}`).join("; ")}${note && `. ${note}`}`;
}
