import { type Html, html } from "./html.ts";

/** What the large system is: a square lattice, or a line. */
export type Shape = "lattice" | "line";

/** Patches along a side of the drawing, and in it the one that moves. */
const ACROSS = 5;
const MOVING = { lattice: { x: 3, y: 1 }, line: { x: 3, y: 0 } };
const SIZE = 100;

/** The large system in patches, all at rest but one. */
function system(shape: Shape): Html {
  const rows = shape === "lattice" ? ACROSS : 1;
  const [width, top] = [SIZE / ACROSS, shape === "lattice" ? 0 : (SIZE * (ACROSS - 1)) / (2 * ACROSS)];
  const cells = Array.from({ length: rows * ACROSS }, (_, k) => ({ x: k % ACROSS, y: Math.floor(k / ACROSS) }));
  const { x, y } = MOVING[shape];
  const at = (cell: { x: number; y: number }) => ({ left: 10 + cell.x * width, top: 18 + top + cell.y * width });
  const moving = at({ x, y });
  return html`${cells.map((cell) => {
    const { left, top } = at(cell);
    return html`<rect x="${left}" y="${top}" width="${width}" height="${width}" fill="var(--raised)" stroke="var(--rule)"/>`;
  })}<rect x="${moving.left}" y="${moving.top}" width="${width}" height="${width}" fill="var(--ink-compensator)" fill-opacity=".25" stroke="var(--ink-compensator)" stroke-width="2.5"/>
<path d="M${moving.left + 4} ${moving.top + 13}l4 -6 4 8 4 -7" fill="none" stroke="var(--ink-compensator)" stroke-width="2"/>`;
}

const arrow = (x: number, y: number, length: number) =>
  html`<path d="M${x} ${y}h${length - 7}" stroke="var(--muted)" stroke-width="2"/><path d="M${x + length} ${y}l-9 -5v10z" fill="var(--muted)"/>`;

/**
 * The method as a drawing: small systems become a large state, one patch of which moves while the rest is frozen; from what many such moves do to
 * the whole an equation is learned, whose runs lie on those of the whole system.
 */
export function schematic(shape: Shape): Html {
  const [middle, plots] = [18 + SIZE / 2, 470];
  return html`<svg class="drawing" viewBox="0 0 640 160" role="img" aria-label="A large system of ${shape === "lattice" ? "square" : ""} patches of which one moves while the others are frozen; an arrow to the equation dz = f(z) dt + σ(z) dW; an arrow to its runs, which lie on the true ones">
${system(shape)}
${arrow(122, middle, 60)}
<rect x="188" y="${middle - 27}" width="214" height="54" rx="8" fill="none" stroke="var(--rule)"/>
<text x="295" y="${middle + 6}" text-anchor="middle" class="math">d<tspan font-style="italic">z</tspan> = <tspan font-style="italic">f</tspan>(<tspan font-style="italic">z</tspan>) d<tspan font-style="italic">t</tspan> + <tspan font-style="italic">σ</tspan>(<tspan font-style="italic">z</tspan>) d<tspan font-style="italic">W</tspan></text>
${arrow(408, middle, 52)}
<path d="M${plots} 18v100h160" fill="none" stroke="var(--rule)"/>
${[
  [88, 46],
  [104, 58],
  [30, 42],
].map(
  ([from, to]) =>
    html`<path d="M${plots} ${from}c40 ${(to - from) * 0.9} 70 ${to - from} 158 ${to - from}" fill="none" stroke="var(--ink-exact)" stroke-width="6" opacity=".75"/><path d="M${plots} ${from}c40 ${(to - from) * 0.9} 70 ${to - from} 158 ${to - from}" fill="none" stroke="var(--ink-compensator)" stroke-width="1.75"/>`,
)}
<text x="60" y="142" text-anchor="middle">one patch moves,</text><text x="60" y="156" text-anchor="middle">the rest is frozen</text>
<text x="295" y="142" text-anchor="middle">many such moves teach</text><text x="295" y="156" text-anchor="middle">drift and noise of the whole</text>
<text x="${plots + 80}" y="142" text-anchor="middle">its runs, on the true</text><text x="${plots + 80}" y="156" text-anchor="middle">ones of the whole system</text>
</svg>`;
}
