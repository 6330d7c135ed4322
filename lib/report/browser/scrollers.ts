/// <reference lib="dom" />

/** Longest name that is read out. */
const NAME = 80;

/** Boxes inside `root` whose tables and commands are wider or higher than they are can be reached and scrolled by keys, under a name. */
export function markScrollers(root: Element): void {
  for (const box of root.querySelectorAll<HTMLElement>(".scroll, pre")) {
    new ResizeObserver(() => mark(box)).observe(box);
  }
}

function mark(box: HTMLElement): void {
  if (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) {
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", nameOf(box));
  } else for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
}

/** What it is; of a table its caption, or the heading of its section. */
function nameOf(box: HTMLElement): string {
  if (box.matches("pre")) return "Code";
  if (box.matches(".formula")) return "Formula";
  const text = box.querySelector("caption")?.textContent ?? box.closest("section")?.querySelector("h2")?.textContent;
  return `Table: ${(text ?? "").trim().slice(0, NAME)}`;
}
