/// <reference lib="dom" />

/** The font of everything drawn on a canvas. */
export const FONT = '12px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

const root = document.documentElement;
let redraw = () => {};
let beforePrint: string | undefined;
let printing = false;

/** The present value of the page's CSS variable `--name`. */
export function color(name: string): string {
  return getComputedStyle(root).getPropertyValue(`--${name}`).trim();
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

function startPrint(): void {
  if (printing) return;
  printing = true;
  beforePrint = root.dataset.theme;
  root.dataset.theme = "light";
  root.classList.add("printing");
  redraw();
}

function endPrint(): void {
  if (!printing) return;
  printing = false;
  if (beforePrint === undefined) delete root.dataset.theme;
  else root.dataset.theme = beforePrint;
  root.classList.remove("printing");
  redraw();
}

/** Calls `draw` whenever colours change: the toggle, the system's theme, the start and the end of printing. */
export function followTheme(draw: () => void): void {
  redraw = draw;
  const button = document.querySelector<HTMLButtonElement>("#theme");
  const name = () => {
    if (button) button.textContent = isDark() ? "Light theme" : "Dark theme";
  };
  button?.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    name();
    redraw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    name();
    redraw();
  });
  window.addEventListener("beforeprint", startPrint);
  window.addEventListener("afterprint", endPrint);
  matchMedia("print").addEventListener("change", (event) => (event.matches ? startPrint() : endPrint()));
  name();
}
