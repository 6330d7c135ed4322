/// <reference lib="dom" />
import { readChart } from "../chart-data.ts";
import { element, part } from "./element.ts";
import { offerNumbers } from "./numbers.ts";
import { type Panel, panel } from "./panel.ts";
import { offerFiles } from "./save.ts";

/** One figure on the page. */
export interface Figure {
  readonly node: HTMLElement;
  readonly panels: readonly Panel[];
}

/** Brings one `<figure class="chart">` to life; its panels are still to be drawn. */
export function figure(node: HTMLElement): Figure {
  const data = readChart(part<HTMLScriptElement>(node, "script").text);
  const hidden = new Set<string>();
  const spoken = element("p");
  spoken.className = "spoken";
  spoken.setAttribute("aria-live", "polite");
  node.append(spoken);
  const panels = [...node.querySelectorAll<HTMLElement>(".plot")].map((host, index) =>
    panel(host, data, index, hidden, node.id, (text) => {
      spoken.textContent = text;
    }),
  );
  for (const button of node.querySelectorAll<HTMLButtonElement>(".legend button")) {
    button.addEventListener("click", () => {
      const name = button.dataset.series ?? "";
      if (!hidden.delete(name)) hidden.add(name);
      button.setAttribute("aria-pressed", String(!hidden.has(name)));
      for (const one of panels) one.update();
    });
  }
  const folded = node.querySelector(".folded");
  folded?.addEventListener("toggle", () => {
    for (const one of panels) if (folded.contains(one.host)) one.draw();
  });
  new ResizeObserver(() => {
    for (const one of panels) if (one.plot() && one.plot()?.width !== one.host.clientWidth) one.draw();
  }).observe(node);
  const numbers = part<HTMLDetailsElement>(node, "details.numbers");
  offerNumbers(numbers, data);
  numbers.before(offerFiles(node, data, panels, hidden));
  return { node, panels };
}
