// What the gallery says of a run of the Ising experiment.
import { isOurs, METHODS } from "../../method/pairs.ts";
import { type GalleryText, rmsText } from "../../report/gallery-text.ts";
import {
  exactText,
  metricsTable,
  metricText,
  numbersOf,
  paperText,
  seedsText,
  settingText,
} from "../../report/markdown.ts";
import type { RunResult } from "../../run/result.ts";

const OURS = METHODS.filter(isOurs);
const CLOSURES = ["none", "features", "blocks", "lagged", "autoencoder", "dynamics"];

const sidesOf = (result: RunResult) => numbersOf(result, "patches").toSorted((a, b) => b - a);
const columns = (quantity: string, methods: readonly string[], title = "") =>
  methods.map((method) => ({ title: `${title}${method}`, name: (side: string) => `${quantity}.${method}.${side}` }));

export const ISING_TEXT: GalleryText = {
  headlines: [
    "magnetization.compensator.*",
    "magnetization.direct",
    "large.mean.predicted",
    "error.compensator.*",
    "std_ratio.compensator.*",
  ],
  summary(result) {
    const { metrics } = result;
    const [L, patch] = [settingText(result, "L"), Math.min(...sidesOf(result))];
    const value = (name: string) => metrics[name]?.value;
    return {
      system: `Ising lattice, ${L} × ${L} spins`,
      patches: `${patch} × ${patch}`,
      quantity: "mean magnetization, domain walls",
      ours: rmsText(value(`error.compensator.patch${patch}`)),
      floor: rmsText(value("error.floor")),
      naive: rmsText(value(`error.naive.patch${patch}`)),
      paper: rmsText(metrics[`error.increment.patch${patch}`]?.paper),
    };
  },

  section(result) {
    const { metrics } = result;
    const set = (name: string) => settingText(result, name);
    const cases = sidesOf(result).map((side) => [String(side), `patch${side}`] as const);
    const study = `patch${set("studyPatch")}`;
    const closures = CLOSURES.filter((name) => metrics[`error.compensator.${study}.${name}`]);
    const single = (name: string) => ({
      title: name,
      name: (side: string) => `error.compensator.${side}`,
      show: seedsText,
    });
    const paper = { title: "paper", name: (side: string) => `error.increment.${side}`, show: paperText };
    const [compensator, ...others] = columns("error", METHODS);
    return `A lattice of ${set("L")} × ${set("L")} spins with nearest-neighbour coupling at T = ${set("T")} and h = ${set("h")}, ${numbersOf(result, "m0").length} starts, ${set("seeds")} seeds, λ = K, closure \`${set("closure")}\`. Relative squared error of the mean
trajectories of magnetization and domain-wall density over ${set("horizon")} sweeps, mean over the starts, against ${set("trueRuns")} direct simulations of each; best possible: ${metricText(metrics["error.floor"])}. Paper: its published
errors, on its own four variables and clock, so that only their size compares.

${metricsTable(result, "patch side", cases, [paper, compensator, single("the seeds"), ...others])}

Error of the first sweeps alone, and the standard deviation of m at the end over the true one:

${metricsTable(result, "patch side", cases, [...columns("error_early", OURS, "early: "), ...columns("std_ratio", METHODS, "std ratio: "), ...columns("pit_chi2", OURS, "χ² of predicted laws: ")])}${
  closures.length < 2
    ? ""
    : `

Variables beside magnetization and domain walls, patches of ${set("studyPatch")} (intervals of one seed, except of the closure of the table above):

${metricsTable(
  result,
  "closure",
  closures.map((name) => [name, `${study}.${name}`] as const),
  [...columns("error", OURS), ...columns("std_ratio", OURS, "std ratio: ")],
)}`
}${
  metrics["large.mean.predicted"]
    ? `

A lattice of ${set("large")} × ${set("large")} spins in equilibrium, learned from small ones in the same run; exact: transfer matrices of strips:

${metricsTable(
  result,
  "",
  [
    ["mean of m", "large.mean"],
    ["std of m", "large.std"],
  ],
  [
    { title: "learned", name: (quantity) => `${quantity}.predicted` },
    { title: "direct simulation", name: (quantity) => `${quantity}.direct` },
    { title: "exact", name: (quantity) => `${quantity}.predicted`, show: exactText },
  ],
)}

Site updates: ${metricText(metrics["cost.learn.total.large"])} to learn, ${metricText(metrics["cost.direct.mean.large"])} to know the mean as well by direct simulation, ${metricText(metrics["cost.direct.std.large"])} the standard deviation.`
    : ""
}`;
  },
};
