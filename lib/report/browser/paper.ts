/// <reference lib="dom" />
// What a page shows on paper and not on a screen, where tables scroll and the guide opens when it is asked for.

/** Tables shrink to this before the lines of their cells break. */
const SMALL = 0.75;

/** Opens the guide and fits the tables into the column; returns what undoes it. The page must be laid out for paper already. */
export function layOutForPaper(): () => void {
  const closed = [...document.querySelectorAll<HTMLDetailsElement>("details.guide:not([open])")];
  for (const guide of closed) guide.open = true;
  const tables = [...document.querySelectorAll<HTMLTableElement>(".scroll > table")];
  for (const table of tables) fit(table);
  return () => {
    for (const guide of closed) guide.open = false;
    for (const table of tables) {
      table.classList.remove("tight", "upright");
      table.style.removeProperty("zoom");
    }
  };
}

/** A table that is too wide shrinks; where that would make it too small its cells break their lines, then its heads stand upright. */
function fit(table: HTMLTableElement): void {
  const room = table.parentElement?.clientWidth ?? 0;
  const width = table.offsetWidth;
  if (width <= room || room === 0) return;
  let zoom = Math.max(SMALL, room / width);
  const excess = () => {
    table.style.setProperty("zoom", String(Math.floor(1000 * zoom) / 1000));
    return table.getBoundingClientRect().width / room;
  };
  for (const way of ["tight", "upright"]) {
    if (excess() <= 1) return;
    table.classList.add(way);
  }
  zoom = Math.min(1, zoom / excess());
  excess();
}
