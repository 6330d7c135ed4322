/// <reference lib="dom" />
import { element } from "./element.ts";

/** A field above the table inside `list` that leaves only the rows whose first cell has all of its words. */
export function addSearch(list: HTMLElement): void {
  const rows = [...list.querySelectorAll<HTMLTableRowElement>("tbody tr")].map((row) => ({
    row,
    text: (row.cells[0]?.textContent ?? "").toLowerCase(),
  }));
  const [label, field, count] = [element("label", list.dataset.search), element("input"), element("span")];
  field.type = "search";
  count.setAttribute("role", "status");
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const { row, text } of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) left++;
    }
    count.textContent = words.length > 0 ? `${left} of ${rows.length}` : "";
  });
  label.append(" ", field);
  const bar = element("div");
  bar.className = "find";
  bar.append(label, count);
  list.querySelector("summary")?.after(bar);
}
