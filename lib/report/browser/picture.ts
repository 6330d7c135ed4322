/// <reference lib="dom" />
// A figure as one picture to keep: title, legend, titles of panels and plots, in the colours of paper.
import type uPlot from "uplot";
import type { ChartData } from "../chart-data.ts";
import { isFolded, type Panel } from "./panel.ts";
import { align, plotOptions } from "./plot-options.ts";
import { svgPlot } from "./svg-plot.ts";
import { color, FAMILY, inLight } from "./theme.ts";

const NAMESPACE = "http://www.w3.org/2000/svg";
/** Widths and distances in CSS pixels. */
const [WIDTH, MARGIN, GAP] = [1000, 16, 20];
const [TITLE, LEGEND, PANEL_TITLE] = [17, 13, 14];
const [SWATCH, LINE] = [34, 24];
/** Dots of a PNG per CSS pixel. */
const RATIO = 2;

function svg(tag: string, attributes: Record<string, string | number>, ...content: (Node | string)[]): SVGElement {
  const node = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...content);
  return node;
}

function text(
  at: { x: number; y: number; anchor?: string; weight?: number; size: number },
  content: string,
): SVGElement {
  const { x, y, anchor = "start", weight = 400, size } = at;
  const font = { "font-family": FAMILY, "font-size": size, "font-weight": weight };
  return svg("text", { x, y, "text-anchor": anchor, fill: color("text"), ...font }, content);
}

/** The entries of the legend that are shown, in lines as wide as the picture, and the height they take. */
function legend(node: HTMLElement, top: number): { nodes: SVGElement[]; height: number } {
  const ruler = document.createElement("canvas").getContext("2d");
  if (ruler) ruler.font = `${LEGEND}px ${FAMILY}`;
  let [x, y] = [MARGIN, top];
  const nodes = [...node.querySelectorAll(".legend button[aria-pressed=true]")].flatMap((button) => {
    const label = button.textContent?.trim() ?? "";
    const width = SWATCH + 8 + (ruler?.measureText(label).width ?? 8 * label.length) + GAP;
    if (x + width > WIDTH && x > MARGIN) [x, y] = [MARGIN, y + LINE];
    const sign = button.querySelector("svg")?.cloneNode(true) as SVGElement;
    for (const [name, value] of Object.entries({ x, y: y + 3, height: 14 })) sign.setAttribute(name, String(value));
    const both = [sign, text({ x: x + SWATCH + 8, y: y + 14, size: LEGEND }, label)];
    x += width;
    return both;
  });
  return { nodes, height: nodes.length > 0 ? y + LINE - top : 0 };
}

/** Plots show what they show on the page, as far as it is dragged open. */
function sameView(from: uPlot | undefined): (plot: uPlot) => void {
  return (plot) => {
    for (const key of ["x", "y"]) {
      const { min, max } = from?.scales[key] ?? {};
      if (typeof min === "number" && typeof max === "number") plot.setScale(key, { min, max });
    }
  };
}

/** The panels of `node` that are open, with title and legend, as the text of an SVG file. */
export function figureAsSvg(
  node: HTMLElement,
  data: ChartData,
  panels: readonly Panel[],
  hidden: ReadonlySet<string>,
): Promise<string> {
  return inLight(async () => {
    const title = node.querySelector("h3")?.textContent?.trim() ?? node.id;
    const columns = Number(node.querySelector<HTMLElement>(".panels")?.style.getPropertyValue("--columns") || 1);
    const drawn = panels.filter((panel) => panel.plot() && !isFolded(panel.host));
    const width = Math.floor((WIDTH - 2 * MARGIN - (columns - 1) * GAP) / columns);
    const titled = drawn.some((panel) => panel.data.title);
    const step = data.height + (titled ? 22 : 0) + GAP;
    const key = legend(node, MARGIN + 28);
    const top = MARGIN + 28 + key.height + 8;
    const height = top + Math.ceil(drawn.length / columns) * step;
    const root = svg("svg", { xmlns: NAMESPACE, width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}` });
    root.append(svg("rect", { width: WIDTH, height, fill: color("paper") }));
    root.append(text({ x: MARGIN, y: MARGIN + 14, weight: 600, size: TITLE }, title), ...key.nodes);
    for (const [index, panel] of drawn.entries()) {
      const x = MARGIN + (index % columns) * (width + GAP);
      const y = top + Math.floor(index / columns) * step;
      const heading = { x: x + width / 2, y: y + 12, anchor: "middle", weight: 600, size: PANEL_TITLE };
      if (panel.data.title) root.append(text(heading, panel.data.title));
      const options = plotOptions(data, panel.data, hidden, { width, height: data.height }, "");
      const plot = await svgPlot(options, align(panel.data, data.columns), sameView(panel.plot()));
      plot.setAttribute("x", String(x));
      plot.setAttribute("y", String(y + (titled ? 22 : 0)));
      root.append(plot);
    }
    // Programs that draw SVG know no variables of a page.
    return new XMLSerializer().serializeToString(root).replace(/var\(--([\w-]+)\)/g, (_, name: string) => color(name));
  });
}

/** The text of an SVG file as a PNG, two dots per CSS pixel. */
export async function asPng(text: string): Promise<Blob> {
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [RATIO * image.width, RATIO * image.height];
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) =>
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large"))), "image/png"),
  );
}
