/// <reference lib="dom" />
// A plot of uPlot as vector graphics: the same drawing on a context that writes SVG.
import Context from "svgcanvas/context.js";
import uPlot from "uplot";

const METHODS = ["moveTo", "lineTo", "bezierCurveTo", "arc", "rect", "closePath"] as const;
type Method = (typeof METHODS)[number];
type Call = (context: Context) => void;

/** A Path2D that can be drawn on other contexts too: it remembers what was called. */
class RecordedPath {
  readonly calls: Call[];
  constructor(from?: RecordedPath) {
    this.calls = from ? [...from.calls] : [];
  }
}
for (const name of METHODS) {
  Object.defineProperty(RecordedPath.prototype, name, {
    value(this: RecordedPath, ...numbers: number[]) {
      this.calls.push((context) => (context[name as Method] as (...numbers: number[]) => void)(...numbers));
    },
  });
}

/** svgcanvas knows the current path only, uPlot draws lines by Path2D. */
class SvgContext extends Context {
  override stroke(path?: RecordedPath): void {
    this.#take(path);
    super.stroke();
  }
  override fill(path?: RecordedPath): void {
    this.#take(path);
    super.fill();
  }
  override clip(path?: RecordedPath): void {
    this.#take(path);
    super.clip();
  }
  override clearRect(): void {} // it is empty

  #take(path: RecordedPath | undefined): void {
    if (!path) return;
    this.beginPath();
    for (const call of path.calls) call(this);
  }
}

/** What uPlot draws of `options` and `data`, after `prepare`, as an `<svg>` element of the plot's size in CSS pixels. */
export async function svgPlot(
  options: uPlot.Options,
  data: uPlot.AlignedData,
  prepare: (plot: uPlot) => void,
): Promise<SVGSVGElement> {
  const [width, height] = [options.width * uPlot.pxRatio, options.height * uPlot.pxRatio];
  const context = new SvgContext({ width, height });
  const { Path2D } = window;
  const { getContext } = HTMLCanvasElement.prototype;
  let plot: uPlot | undefined;
  try {
    Object.assign(window, { Path2D: RecordedPath });
    Object.assign(HTMLCanvasElement.prototype, { getContext: () => context });
    plot = new uPlot(options, data);
    Object.assign(HTMLCanvasElement.prototype, { getContext });
    plot.batch(prepare);
    await Promise.resolve(); // it draws when its caller has returned
  } finally {
    Object.assign(HTMLCanvasElement.prototype, { getContext });
    Object.assign(window, { Path2D });
    plot?.destroy();
  }
  const svg = context.getSvg();
  // svgcanvas writes so where there is none.
  for (const text of svg.querySelectorAll("[text-decoration=undefined]")) text.removeAttribute("text-decoration");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("width", String(options.width));
  svg.setAttribute("height", String(options.height));
  return svg;
}
