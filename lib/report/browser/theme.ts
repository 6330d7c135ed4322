/// <reference lib="dom" />
import { layOutForPaper } from "./paper.ts";

/** The fonts of everything that is drawn, and that of axes. */
export const FAMILY = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif";
export const FONT = `12px ${FAMILY}`;

const root = document.documentElement;
let redraw = (_atOnce: boolean) => {};
let beforePrint: string | undefined;
let printing = false;
let undoPaper = () => {};
/** What `color` has found: asking the style sheet makes the browser lay out all that was drawn before. */
const known = new Map<string, string>();

/** The present value of the page's CSS variable `--name`. */
export function color(name: string): string {
  const value = known.get(name) ?? getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  known.set(name, value);
  return value;
}

/** What the reader sees now: their own choice, or the system's. */
function isDark(): boolean {
  const chosen = root.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

/** Whether the page is laid out for paper. */
export function isPrinting(): boolean {
  return printing;
}

function choose(theme: string | undefined): void {
  if (theme === undefined) delete root.dataset.theme;
  else root.dataset.theme = theme;
  known.clear();
}

/** What `draw` makes in the colours of paper, whatever the reader sees. `draw` must not wait for anything that is shown. */
export async function inLight<T>(draw: () => Promise<T>): Promise<T> {
  const before = root.dataset.theme;
  choose("light");
  try {
    return await draw();
  } finally {
    choose(before);
  }
}

function startPrint(): void {
  if (printing) return;
  printing = true;
  beforePrint = root.dataset.theme;
  choose("light");
  root.classList.add("printing");
  undoPaper = layOutForPaper();
  redraw(true);
}

function endPrint(): void {
  if (!printing) return;
  printing = false;
  choose(beforePrint);
  root.classList.remove("printing");
  undoPaper();
  redraw(true);
}

/**
 * Calls `draw` whenever colours change: the toggle, the system's theme, the start and the end of printing. `atOnce`: all has
 * to be drawn when it returns.
 */
export function followTheme(draw: (atOnce: boolean) => void): void {
  redraw = draw;
  const button = document.querySelector<HTMLButtonElement>("#theme");
  const changed = () => {
    known.clear();
    if (button) button.textContent = isDark() ? "Light theme" : "Dark theme";
  };
  button?.addEventListener("click", () => {
    choose(isDark() ? "light" : "dark");
    changed();
    redraw(false);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    changed();
    redraw(false);
  });
  window.addEventListener("beforeprint", startPrint);
  window.addEventListener("afterprint", endPrint);
  matchMedia("print").addEventListener("change", (event) => (event.matches ? startPrint() : endPrint()));
  changed();
}
