// What the gallery says of a run of the predator–prey experiment.
import { type GalleryText, percentText } from "../../report/gallery-text.ts";
import { markdownTable, metricText, numbersOf, settingText } from "../../report/markdown.ts";
import type { Metric } from "../../run/result.ts";

const percent = (metric: Metric) => metricText(metric, 100);

/** Rows of the table: a label, the parts of the names of metrics behind the quantity, and whether z is the method's own. */
const ROWS = [
  ["compensator (ours)", "compensator", ""],
  ["increment", "increment", ""],
  ["compensator, `--closure dynamics`", "compensator", ".dynamics"],
  ["increment, `--closure dynamics`", "increment", ".dynamics"],
  ["compensator, `--closure lagged`", "compensator", ".lagged"],
  ["increment, `--closure lagged`", "increment", ".lagged"],
  ["naive", "naive", ""],
  ["small", "small", ""],
  ["two true ensembles", "floor", ""],
] as const;

export const PREDATOR_PREY_TEXT: GalleryText = {
  headlines: ["mean_error.compensator", "std_error.compensator", "closure_chi2.compensator.*", "mmd.compensator.*"],
  summary(result) {
    const error = (name: string) => percentText(result.metrics[`mean_error.${name}`]?.value);
    return {
      system: `Predator and prey, ${settingText(result, "N")} points`,
      patches: `${settingText(result, "patch")} points`,
      quantity: "mean populations",
      ours: error("compensator"),
      floor: error("floor"),
      naive: error("naive"),
      paper: percentText(result.metrics["mean_error.increment"]?.paper),
    };
  },

  section(result) {
    const { metrics } = result;
    const set = (name: string) => settingText(result, name);
    const K = Number(result.parameters.N) / Number(result.parameters.patch);
    const lambdas = numbersOf(result, "lambdas");
    const at = (method: string, lambda: number, closure = "") => metrics[`mmd.${method}.lambda${lambda}${closure}`];
    const rows = ROWS.filter(([, method, closure]) => metrics[`mean_error.${method}${closure}`]).map(
      ([label, method, closure]) => {
        const of = (quantity: string, worst = "") => metrics[`${quantity}.${method}${worst}${closure}`];
        const mmd =
          method === "floor"
            ? metrics["mmd.floor"]
            : at(method, method === "naive" || method === "small" ? 1 : K, closure);
        return [
          label,
          ...[of("mean_error"), of("mean_error", ".worst"), of("std_error"), of("std_error", ".worst")].map((metric) =>
            metric ? percent(metric) : "—",
          ),
          `${metricText(mmd)}${closure && mmd ? " (own z)" : ""}`,
        ];
      },
    );
    const scan = (["compensator", "increment"] as const).map((method) => [
      method,
      ...lambdas.map((lambda) => metricText(at(method, lambda))),
    ]);
    return `Two populations on ${set("N")} points of a line (a stochastic partial differential equation), K = ${K} patches of ${set("patch")}, ${numbersOf(result, "means").length * numbersOf(result, "amplitudes").length} test cases, ${set("seeds")} seeds; z is
the two mean populations and ${set("variables")} closure variables of an encoder (\`${set("encoder")}\`). Relative L2 error over ${set("horizon")} time units of mean and standard deviation of the populations
against ${set("trueRuns")} direct simulations of each case, mean over cases and species, and the worst of them; MMD² of z between ensembles of ${set("ensemble")} runs.

${markdownTable(["method", "error of the means, %", "worst case", "error of the std, %", "worst case", "mean MMD²"], rows)}

How the noise depends on λ, whose right value is K = ${K}:

${markdownTable(["mean MMD² at λ =", ...lambdas.map((lambda) => (lambda === K ? `${lambda} = K` : String(lambda)))], scan)}`;
  },
};
