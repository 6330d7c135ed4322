/// <reference lib="dom" />
import type { ChartData } from "../chart-data.ts";
import { element } from "./element.ts";
import type { Panel } from "./panel.ts";
import { asPng, figureAsSvg } from "./picture.ts";
import { tidyCsv } from "./tidy-csv.ts";

function save(name: string, blob: Blob): void {
  const link = element("a");
  link.download = name;
  link.href = URL.createObjectURL(blob);
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // some browsers read it after the click
}

/** Buttons that save what a figure shows as a picture, and its numbers. */
export function offerFiles(
  node: HTMLElement,
  data: ChartData,
  panels: readonly Panel[],
  hidden: ReadonlySet<string>,
): HTMLElement {
  const svg = () => figureAsSvg(node, data, panels, hidden);
  const kinds: Record<string, () => Promise<Blob>> = {
    svg: async () => new Blob([await svg()], { type: "image/svg+xml" }),
    png: async () => asPng(await svg()),
    csv: async () => new Blob([tidyCsv(node.id, data)], { type: "text/csv" }),
  };
  const row = element("p");
  row.className = "save";
  for (const [kind, make] of Object.entries(kinds)) {
    const button = element("button", `Save as ${kind.toUpperCase()}`);
    button.type = "button";
    button.addEventListener("click", async () => save(`${node.id}.${kind}`, await make()));
    row.append(button);
  }
  return row;
}
