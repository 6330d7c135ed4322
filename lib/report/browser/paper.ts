/// <reference lib="dom" />
// What a page shows on paper and not on a screen, where tables scroll and the guide opens when it is asked for.

/**
 * Opens the guide; tables that are wider than the column break the lines of their cells, and shrink where that is not enough. Returns what undoes it.
 * The page must be laid out for paper already.
 */
export function layOutForPaper(): () => void {
  const closed = [...document.querySelectorAll<HTMLDetailsElement>("details.guide:not([open])")];
  for (const guide of closed) guide.open = true;
  const wide = [...document.querySelectorAll<HTMLTableElement>(".scroll > table")].filter((table) => excess(table) > 1);
  for (const table of wide) table.classList.add("tight");
  const factors = wide.map(excess);
  for (const [k, table] of wide.entries()) {
    if (factors[k] > 1) table.style.setProperty("zoom", String(Math.floor(1000 / factors[k]) / 1000));
  }
  return () => {
    for (const guide of closed) guide.open = false;
    for (const table of wide) {
      table.classList.remove("tight");
      table.style.removeProperty("zoom");
    }
  };
}

/** Width of a table over that of its column. */
function excess(table: HTMLTableElement): number {
  return table.offsetWidth / (table.parentElement?.clientWidth || Number.POSITIVE_INFINITY);
}
