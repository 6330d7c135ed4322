// What the gallery says of a run of the alloy experiment.
import { average } from "../../analysis/mean.ts";
import type { GalleryText } from "../../report/gallery-text.ts";
import { metricsTable, metricText, numbersOf, settingText } from "../../report/markdown.ts";
import { formatNumber } from "../../report/number.ts";
import { metricNumber, type RunResult } from "../../run/result.ts";
import { siteCount } from "../../systems/nbmota/states.ts";

const temperaturesOf = (result: RunResult) => numbersOf(result, "temperatures").toSorted((a, b) => a - b);

/** Mean error of the order over the temperatures. */
function meanOrderError(result: RunResult, method: string): number {
  const errors = temperaturesOf(result).flatMap((temperature) => {
    const metric = result.metrics[`sro_error.${method}.T${metricNumber(temperature)}`];
    return metric ? [metric.value] : [];
  });
  return errors.length > 0 ? average(errors) : Number.NaN;
}

export const NBMOTA_TEXT: GalleryText = {
  headlines: ["sro_error.increment.*", "spread_exponent", "held_out.increment"],
  summary(result) {
    const temperatures = temperaturesOf(result);
    const error = (method: string) => formatNumber(meanOrderError(result, method), 2);
    return {
      system: `Nb–Mo–Ta alloy, ${siteCount(Number(result.parameters.cells)).toLocaleString("en")} atoms`,
      patches: "single vacancies",
      quantity: `short-range order, ${temperatures[0]}–${temperatures.at(-1)} K, in neighbours`,
      ours: error("increment"),
      floor: error("floor"),
      naive: "—",
      paper: "—",
    };
  },

  section(result) {
    const { metrics } = result;
    const set = (name: string) => settingText(result, name);
    const cases = temperaturesOf(result).map(
      (temperature) => [String(temperature), `T${metricNumber(temperature)}`] as const,
    );
    const error = (title: string, method: string) => ({ title, name: (at: string) => `sro_error.${method}.${at}` });
    const sizes = numbersOf(result, "sizes").map((side) => [String(siteCount(side)), `n${siteCount(side)}`] as const);
    return `Short-range order of bcc Nb–Mo–Ta: δ of a pair ij says how many neighbours j an atom i has beyond the 8/3 of a random alloy. One equation for all temperatures, learned from small
lattices and the jumps of single vacancies in large ones; ${set("seeds")} seeds. Mean absolute error of the six δ in equilibrium against direct kinetic Monte Carlo with the same barriers
(\`${set("barriers")}\`), whose ${set("trueReplicas")} lattices leave what a perfect model would show.

${metricsTable(result, "T [K]", cases, [
  error("increment", "increment"),
  error("best possible", "floor"),
  error("network", "network"),
  error("OnsagerNet", "onsager"),
  error("compensator", "compensator"),
  { title: "std, learned / direct", name: (at) => `std_ratio.increment.${at}` },
])}

The spread falls like n to the power ${metricText(metrics.spread_exponent)} (exact −0.5; direct simulation ${metricText(metrics["spread_exponent.kmc"])}). Relaxation from disorder at ${set("T")} K, relative L2 error,
and jumps of vacancies that direct simulation through all temperatures takes; learning one equation took ${metricText(metrics["cost.learn.total"])}:

${metricsTable(result, "atoms", sizes, [
  { title: "relaxation", name: (size) => `course_error.relaxation.${size}` },
  { title: "best possible", name: (size) => `course_error.floor.${size}` },
  { title: "jumps, one lattice", name: (size) => `cost.direct.lattice.${size}` },
  { title: "jumps for as good a std", name: (size) => `cost.direct.std.${size}` },
])}`;
  },
};
