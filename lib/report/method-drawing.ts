// A drawing of the method with its result, for the front page: patches of a lattice of which one moves, the equation learned from them, its
// predictions on top of the true ones. One SVG that needs nothing else and follows the reader's light or dark theme. It has a ground of its own, as the page that
// shows it may be of the other theme.
import { extent } from "./extent.ts";
import { Html, html } from "./html.ts";
import { formatSetting } from "./number.ts";
import { INKS } from "./palette.ts";

/** A curve; `of`: the truth, what we predict, or what comes out without the coupling of scales. */
export interface DrawnCurve {
  readonly of: "truth" | "ours" | "naive";
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
}

export interface MethodDrawing {
  /** What the picture shows, in a sentence for those who do not see it. */
  readonly title: string;
  /** Sites of two states, row by row: 0 or 1; the side of the lattice, of a patch, and the patch that moves (row and column). */
  readonly lattice: {
    readonly sites: ArrayLike<number>;
    readonly side: number;
    readonly patch: number;
    readonly moves: readonly [number, number];
  };
  /** Below the lattice, in two lines. */
  readonly captions: readonly [
    lattice: readonly [string, string],
    equation: readonly [string, string],
    prediction: readonly [string, string],
  ];
  /** The equation, and the field that it has. */
  readonly equation: readonly string[];
  readonly field: readonly DrawnCurve[];
  readonly fieldAxes: readonly [x: string, y: string];
  readonly trajectories: readonly DrawnCurve[];
  readonly axes: readonly [x: string, y: string];
  /** What the three kinds of curves are called. */
  readonly legend: Readonly<Record<DrawnCurve["of"], string>>;
}

const [WIDTH, HEIGHT] = [960, 356];
/** Left edges and top of the three parts, their height. */
const [LATTICE_X, EQUATION_X, RESULT_X, TOP, SIZE] = [16, 348, 640, 46, 256];
/** The legend stands where relaxing trajectories leave room. */
const [KEYS_X, KEYS_Y] = [RESULT_X + 150, TOP + 168];
const STYLE = `
text{font:14px system-ui,-apple-system,"Segoe UI",sans-serif;fill:var(--text)}.h{font-weight:600;font-size:15px}.s{font-size:12px;fill:var(--soft)}.eq{font:italic 15px Georgia,"Times New Roman",serif}
svg{--paper:#ffffff;--text:#1f2328;--soft:#59636e;--up:#8a94a0;--down:#e9ecef;--moved:${INKS.compensator.light};--rest:#cfe5f5;--truth:#aab2bd;--ours:${INKS.compensator.light};--naive:${INKS.naive.light};--line:#59636e}
@media (prefers-color-scheme:dark){svg{--paper:#0d1117;--text:#e6edf3;--soft:#9aa4af;--up:#77818c;--down:#22282f;--moved:${INKS.compensator.dark};--rest:#163a55;--truth:#6b7683;--ours:${INKS.compensator.dark};--naive:${INKS.naive.dark};--line:#9aa4af}}
.paper{fill:var(--paper)}.up{fill:var(--up)}.down{fill:var(--down)}.moved{fill:var(--moved)}.rest{fill:var(--rest)}.frame{fill:none;stroke:var(--ours);stroke-width:3}.grid{stroke:var(--soft);stroke-width:.6;opacity:.55}.axis{stroke:var(--line);stroke-width:1;fill:none}
.truth{stroke:var(--truth);stroke-width:8;fill:none}.ours{stroke:var(--ours);stroke-width:2.4;fill:none}.naive{stroke:var(--naive);stroke-width:2;stroke-dasharray:6 5;fill:none}.arrow{stroke:var(--line);stroke-width:2;fill:none;marker-end:url(#head)}
`;
const ORDER = ["truth", "naive", "ours"] as const;
const round = (value: number) => String(Math.round(10 * value) / 10);

/** Rows of equal sites as one path. */
function sitesPath(drawing: MethodDrawing["lattice"], isDrawn: (value: number, moves: boolean) => boolean): string {
  const { sites, side, patch, moves } = drawing;
  const cell = SIZE / side;
  const parts: string[] = [];
  for (let row = 0; row < side; row++) {
    const drawn = (column: number) =>
      column < side &&
      isDrawn(
        sites[row * side + column],
        Math.floor(row / patch) === moves[0] && Math.floor(column / patch) === moves[1],
      );
    for (let column = 0; column < side; column++) {
      if (!drawn(column)) continue;
      const from = column;
      while (drawn(column + 1)) column++;
      parts.push(
        `M${round(from * cell)} ${round(row * cell)}h${round((column - from + 1) * cell)}v${round(cell)}H${round(from * cell)}z`,
      );
    }
  }
  return parts.join("");
}

interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Curves in a frame with a line at y = 0, where that is inside, and the ends of both axes. */
function plot(
  curves: readonly DrawnCurve[],
  { left, top, width, height }: Frame,
  [across, up]: readonly [string, string],
) {
  const drawn = ORDER.flatMap((kind) => curves.filter((curve) => curve.of === kind));
  // The naive prediction is drawn as far as the others reach.
  const kept = drawn.filter((curve) => curve.of !== "naive");
  const [x, y] = [
    extent(kept.flatMap((curve) => Array.from(curve.x))),
    extent(kept.flatMap((curve) => Array.from(curve.y))),
  ];
  const pad = 0.06 * (y[1] - y[0]);
  const [low, high] = [y[0] - pad, y[1] + pad];
  const toX = (value: number) => left + ((value - x[0]) / (x[1] - x[0])) * width;
  const toY = (value: number) => top + height - ((value - low) / (high - low)) * height;
  const lines = drawn.map((curve) => {
    const points = Array.from(curve.x, (at, k) => [at, curve.y[k]] as const).filter(
      ([, value]) => value >= low && value <= high,
    );
    return html`<polyline class="${curve.of}" points="${points.map(([a, b]) => `${round(toX(a))},${round(toY(b))}`).join(" ")}"/>`;
  });
  const zero = low < 0 && high > 0 ? html`<path class="grid" d="M${left} ${round(toY(0))}h${width}"/>` : "";
  return html`${zero}${lines}<path class="axis" d="M${left} ${top}v${height}h${width}"/>
<text class="s" x="${left}" y="${top + height + 15}">${formatSetting(x[0])}</text><text class="s" x="${left + width}" y="${top + height + 15}" text-anchor="end">${formatSetting(x[1])}</text>
<text class="s" x="${left + width / 2}" y="${top + height + 15}" text-anchor="middle">${across}</text><text class="s" x="${left - 5}" y="${top + 9}" text-anchor="end">${up}</text>`;
}

const captionOf = ([first, second]: readonly [string, string], left: number) =>
  html`<text x="${left}" y="${TOP + SIZE + 26}">${first}</text><text class="s" x="${left}" y="${TOP + SIZE + 44}">${second}</text>`;
const arrow = (left: number) => html`<path class="arrow" d="M${left} ${TOP + SIZE / 2}h34"/>`;

/** The drawing as the text of an SVG file. */
export function methodDrawing(drawing: MethodDrawing): string {
  const { lattice, equation, legend } = drawing;
  const cell = SIZE / lattice.side;
  const patch = lattice.patch * cell;
  const between = Array.from({ length: lattice.side / lattice.patch - 1 }, (_, k) => round((k + 1) * patch));
  const grid = between.map((at) => `M${at} 0v${SIZE}M0 ${at}h${SIZE}`).join("");
  const [row, column] = lattice.moves;
  const part = (name: string, isDrawn: (value: number, moves: boolean) => boolean) =>
    html`<path class="${name}" d="${sitesPath(lattice, isDrawn)}"/>`;
  const field: Frame = { left: EQUATION_X, top: TOP + 88, width: 236, height: SIZE - 108 };
  const result: Frame = { left: RESULT_X, top: TOP, width: 304, height: SIZE - 20 };
  const used = ORDER.filter((kind) => drawing.trajectories.some((curve) => curve.of === kind));
  const keys = used.map(
    (kind, k) =>
      html`<path class="${kind}" d="M${KEYS_X} ${KEYS_Y - 4 + 20 * k}h24"/><text class="s" x="${KEYS_X + 32}" y="${KEYS_Y + 20 * k}">${legend[kind]}</text>`,
  );
  const text = html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">
<title>${drawing.title}</title><style>${new Html(STYLE)}</style>
<defs><marker id="head" viewBox="0 0 8 8" refX="6" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" style="fill:var(--line)"/></marker></defs>
<rect class="paper" width="${WIDTH}" height="${HEIGHT}" rx="6"/>
<text class="h" x="${LATTICE_X}" y="${TOP - 16}">1 · Move one patch at a time</text><text class="h" x="${EQUATION_X}" y="${TOP - 16}">2 · Fit an equation</text><text class="h" x="${RESULT_X}" y="${TOP - 16}">3 · Predict the whole</text>
<g transform="translate(${LATTICE_X} ${TOP})">${part("down", (value, moves) => value === 0 && !moves)}${part("up", (value, moves) => value !== 0 && !moves)}${part("rest", (value, moves) => value === 0 && moves)}${part("moved", (value, moves) => value !== 0 && moves)}
<path class="grid" d="${grid}"/><rect class="frame" x="${round(column * patch)}" y="${round(row * patch)}" width="${round(patch)}" height="${round(patch)}"/></g>
${captionOf(drawing.captions[0], LATTICE_X)}
${arrow(LATTICE_X + SIZE + 18)}
${equation.map((line, k) => html`<text class="eq" x="${EQUATION_X}" y="${TOP + 14 + 22 * k}">${line}</text>`)}
${plot(drawing.field, field, drawing.fieldAxes)}
${captionOf(drawing.captions[1], EQUATION_X)}
${arrow(EQUATION_X + 244)}
${keys}${plot(drawing.trajectories, result, drawing.axes)}
${captionOf(drawing.captions[2], RESULT_X)}
</svg>
`;
  return text.toString();
}
