/// <reference lib="dom" />
// The start as a mark that is dragged, or moved by arrow keys, in the first frame.
import type { LiveVariable } from "../../live-equation.ts";
import { element } from "../element.ts";
import type { Frame } from "./frame.ts";
import { rounded } from "./words.ts";

/** A step by an arrow key, as a part of the range; with the shift key so many of them. */
const STEP = 0.02;
const STEPS = 5;

interface HandleOptions {
  readonly frame: Frame;
  readonly variables: readonly LiveVariable[];
  /** Where it stands: the first variable, and the second or what is shown in its place. */
  place(): readonly [number, number];
  start(): readonly number[];
  /** Whether training data reach there. */
  isInside(): boolean;
  move(to: readonly number[]): void;
  /** The reader has let it go. */
  drop(): void;
}

/** "magnetization m" */
const spoken = ({ name, symbol }: LiveVariable) => (name === symbol ? symbol : `${name} ${symbol}`);

/** Puts it there; returns what puts it where the start is. */
export function handle({ frame, variables, place, start, isInside, move, drop }: HandleOptions): () => void {
  const mark = element("div");
  mark.className = "live-handle";
  mark.tabIndex = 0;
  const moved = variables.slice(0, 2);
  const attributes = {
    role: "slider",
    "aria-label": `Start: ${moved.map(spoken).join(" and ")}, moved by arrow keys`,
    "aria-valuemin": String(variables[0].low),
    "aria-valuemax": String(variables[0].high),
  };
  const update = () => {
    const [left, top] = frame.placeOf(...place());
    mark.style.transform = `translate(${left}px,${top}px)`;
    mark.classList.toggle("astray", !isInside());
    const z = start();
    const text = variables.map(({ symbol }, j) => `${symbol} = ${rounded(z[j])}`).join(", ");
    const all = { ...attributes, "aria-valuenow": String(z[0]), "aria-valuetext": text };
    for (const [name, value] of Object.entries(all)) mark.setAttribute(name, value);
  };
  mark.addEventListener("keydown", (event) => {
    const upright = moved.length - 1;
    const keys: Record<string, [number, number]> = {
      ...{ ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowDown: [upright, -1], ArrowUp: [upright, 1] },
    };
    const by = keys[event.key];
    if (!by) return;
    event.preventDefault();
    const [j, sign] = by;
    const step = sign * (event.shiftKey ? STEPS : 1) * STEP * (variables[j].high - variables[j].low);
    move(start().with(j, start()[j] + step));
  });
  const follow = (event: PointerEvent) => {
    const box = frame.over.getBoundingClientRect();
    const at = frame.valueAt(event.clientX - box.left, event.clientY - box.top);
    move([...at.slice(0, moved.length), ...start().slice(moved.length)]);
  };
  const { over } = frame;
  let held: { readonly id: number; readonly drags: boolean } | null = null;
  over.append(mark);
  over.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    // A finger elsewhere than on the mark may want to scroll: it sets the mark down where it is lifted, and that is all.
    held = { id: event.pointerId, drags: event.pointerType === "mouse" || event.target === mark };
    if (!held.drags) return;
    event.preventDefault();
    over.setPointerCapture(event.pointerId);
    mark.focus({ preventScroll: true });
    follow(event);
  });
  over.addEventListener("pointermove", (event) => {
    if (held?.drags && held.id === event.pointerId) follow(event);
  });
  over.addEventListener("pointerup", (event) => {
    if (held?.id !== event.pointerId) return;
    if (!held.drags) follow(event);
    held = null;
    drop();
  });
  over.addEventListener("pointercancel", () => {
    held = null;
  });
  update();
  return update;
}
