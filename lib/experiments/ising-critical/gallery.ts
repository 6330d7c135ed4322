// What the gallery says of a run of the critical Ising experiment.
import { average } from "../../analysis/mean.ts";
import { studentQuantile } from "../../analysis/student-t.ts";
import { type GalleryText, percentText } from "../../report/gallery-text.ts";
import { exactText, metricsTable, metricText, numbersOf, paperText, settingText } from "../../report/markdown.ts";
import { metricNumber, type RunResult } from "../../run/result.ts";
import { NORMAL } from "../../run/seeds.ts";
import { isAsked, isOfPaper } from "./parameters.ts";

const sizesOf = (result: RunResult) =>
  [...numbersOf(result, "sizes"), ...numbersOf(result, "largeSizes")].toSorted((a, b) => a - b);

/** Sides over which the worst deviation is taken. */
const judgedSides = (result: RunResult) =>
  sizesOf(result).filter((side) => isOfPaper({ patch: Number(result.parameters.patch) }, side));

/** What the sampling of the truth alone makes of the worst deviation: the median of the largest of so many independent normal errors. */
function samplingOfWorst(result: RunResult): number {
  const asked = { sizes: numbersOf(result, "sizes"), T: Number(result.parameters.T) };
  const errors = judgedSides(result).flatMap((side) =>
    numbersOf(result, "temperatures").flatMap((temperature) => {
      const metric = result.metrics[`abs_m.wolff.L${side}.T${metricNumber(temperature)}`];
      if (!metric?.ci95 || !isAsked(asked, side, temperature)) return [];
      return [(metric.ci95[1] - metric.ci95[0]) / (2 * NORMAL) / metric.value];
    }),
  );
  if (errors.length === 0) return Number.NaN;
  const spread = Math.sqrt(average(errors.map((error) => error ** 2)));
  return spread * studentQuantile((1 + 0.5 ** (1 / errors.length)) / 2, MANY);
}
/** Degrees of freedom from which Student's law is normal. */
const MANY = 1e6;

export const CRITICAL_TEXT: GalleryText = {
  headlines: ["beta_over_nu.learned", "gamma_over_nu.learned", "one_over_nu.learned", "t_c.learned", "worst.*"],
  summary(result) {
    const sides = judgedSides(result);
    const patch = settingText(result, "patch");
    return {
      system: `Critical Ising lattices, sides ${sides[0]}–${sides.at(-1)}`,
      patches: `${patch} × ${patch}`,
      quantity: "magnetization in equilibrium, worst",
      ours: percentText(result.metrics["worst.abs_m"]?.value),
      floor: percentText(samplingOfWorst(result)),
      naive: "—",
      paper: "—",
    };
  },

  section(result) {
    const { metrics } = result;
    const set = (name: string) => settingText(result, name);
    const at = `T${metricNumber(Number(result.parameters.T))}`;
    const sides = sizesOf(result);
    const judged = judgedSides(result);
    const cases = sides.map((side) => [String(side), `L${side}.${at}`] as const);
    const pair = (title: string, quantity: string, truth = "wolff") => [
      { title: `${title}: learned`, name: (side: string) => `${quantity}.learned.${side}` },
      { title: "true", name: (side: string) => `${quantity}.${truth}.${side}` },
    ];
    const exponents = [
      ["β/ν", "beta_over_nu"],
      ["γ/ν", "gamma_over_nu"],
      ["1/ν", "one_over_nu"],
      ["T_c from crossings of U", "t_c"],
      ["dynamic exponent z", "z"],
    ] as const;
    return `Lattices of side ${sides.join(", ")} without a field at T = ${set("temperatures")}, ${set("seeds")} seeds, λ = K. Lattices of ${set("patch")} × ${set("patch")} in equilibrium, copied larger and relaxed patch by patch, teach drift and diffusion
of magnetization and domain walls; the Fokker–Planck equation on a grid gives the stationary law. Truth: lattices in equilibrium by flips of clusters. At T = ${set("T")}, learned intervals over
the seeds, true ones over lattices (± is half the 95 % interval), τ the correlation time of m in sweeps:

${metricsTable(result, "L", cases, [...pair("⟨|m|⟩", "abs_m"), ...pair("χ", "chi"), ...pair("U", "binder"), ...pair("τ", "tau", "glauber")])}

Worst deviation over all temperatures, sides ${judged[0]} to ${judged.at(-1)}: ⟨|m|⟩ ${percentText(metrics["worst.abs_m"]?.value)}, χ ${percentText(metrics["worst.chi"]?.value)}, U ${metricText(metrics["worst.binder"])}. Kinetics are too fast where τ is too short, as what
magnetization and domain walls forget is left out.

${metricsTable(result, "exponent, by the paper's fits", exponents, [
  { title: "learned", name: (quantity) => `${quantity}.learned` },
  { title: "same fit to the truth", name: (quantity) => `${quantity}.${quantity === "z" ? "glauber" : "wolff"}` },
  { title: "exact", name: (quantity) => `${quantity}.learned`, show: exactText },
  { title: "paper", name: (quantity) => `${quantity}.learned`, show: paperText },
])}`;
  },
};
