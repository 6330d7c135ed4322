// What the gallery says of a run of the Curie–Weiss experiment.
import { isOurs, METHODS } from "../../method/pairs.ts";
import { type GalleryText, rmsText } from "../../report/gallery-text.ts";
import { metricsTable, metricText, numbersOf, paperText, settingText } from "../../report/markdown.ts";
import type { RunResult } from "../../run/result.ts";

const ERRORS = METHODS.map((method) => ({ title: method, name: (side: string) => `error.${method}.${side}` }));
const OTHERS = [
  { title: "stationary std / exact", quantity: "std_ratio" },
  { title: "max drift error", quantity: "drift_max_error" },
  { title: "diffusion error", quantity: "diffusion_rel_error" },
  { title: "χ² of predicted laws", quantity: "pit_chi2" },
  { title: "memory, predicted / true", quantity: "memory_ratio" },
].flatMap(({ title, quantity }) =>
  METHODS.filter(isOurs).map((method) => ({
    title: `${title}: ${method}`,
    name: (side: string) => `${quantity}.${method}.${side}`,
  })),
);

const sidesOf = (result: RunResult) => numbersOf(result, "patches").toSorted((a, b) => b - a);

export const CURIE_WEISS_TEXT: GalleryText = {
  headlines: ["error.compensator.*", "std_ratio.compensator.*", "w1_stationary.compensator.*"],
  summary(result) {
    const { metrics } = result;
    const [L, patch] = [settingText(result, "L"), Math.min(...sidesOf(result))];
    const value = (name: string) => metrics[name]?.value;
    return {
      system: `Mean-field magnet, ${L} × ${L} spins`,
      patches: `${patch} × ${patch}`,
      quantity: "mean magnetization",
      ours: rmsText(value(`error.compensator.patch${patch}`)),
      floor: rmsText(value("error.floor")),
      naive: rmsText(value(`error.naive.patch${patch}`)),
      paper: rmsText(metrics[`error.increment.patch${patch}`]?.paper),
    };
  },

  section(result) {
    const set = (name: string) => settingText(result, name);
    const cases = sidesOf(result).map((side) => [String(side), `patch${side}`] as const);
    const paper = { title: "paper", name: (side: string) => `error.increment.${side}`, show: paperText };
    const floor = result.metrics["error.floor"];
    return `A magnet of ${set("L")} × ${set("L")} spins that all feel the mean magnetization m, at T = ${set("T")} and h = ${set("h")}; ${set("seeds")} seeds, λ = K. Relative squared error of the mean
trajectory over ${set("horizon")} sweeps from m₀ = ${set("m0")}, against the exact master equation${floor ? `; best possible: ${metricText(floor)}` : ""}. Paper: its published predictions on the
same measure, which learn as \`increment\` does.

${metricsTable(result, "patch side", cases, [paper, ...ERRORS])}

${metricsTable(result, "patch side", cases, OTHERS)}`;
  },
};
