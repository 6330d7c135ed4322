/** The figures of the Curie–Weiss report, each a function of the report's data. */
import { type Axis, chart, type Series } from "../../report/chart.ts";
import { type MeanStd, spread } from "../../report/figures/mean-std.ts";
import { LOOKS, METHODS, TRUTH } from "../../report/figures/methods.ts";
import {
  againstSide,
  byMethod,
  floorLevels,
  shadeOf,
  sideAxis,
  sidesOf,
  sideTitle,
  tameRange,
} from "../../report/figures/patch-sides.ts";
import { type Html, html } from "../../report/html.ts";
import { pictures, spinPicture } from "../../report/lattice.ts";
import { formatSetting } from "../../report/number.ts";
import type { CurieWeissReportData as Data } from "./report.ts";

const EXACT = { name: "Exact", ...TRUTH } as const;

const MAGNETIZATION: Axis = { label: "magnetization m" };
const TIME: Axis = { label: "time [sweeps]" };

const startTitle = (m0: number) => `m₀ = ${formatSetting(m0)}`;

const map = (values: ArrayLike<number>, f: (value: number, i: number) => number) => Array.from(values, f);

export function drift(data: Data): Html {
  const exact = { ...EXACT, x: data.grid, y: data.exact.drift };
  return chart({
    id: "drift",
    title: "Learned drift",
    caption: html`Drift <i>f</i>(<i>m</i>) learned from patches of each side, on top of the exact drift (thick). All zeros of <i>f</i> matter: the stable one is the
equilibrium magnetization. Curves that cannot be told apart here are compared in the next figure.`,
    alt: "Drift against magnetization for each method and the exact curve",
    x: MAGNETIZATION,
    y: { label: "drift f(m) [1/sweep]" },
    panels: byMethod(data.learned, (one) => ({
      x: data.grid,
      y: one.drift.mean,
      low: one.drift.low,
      high: one.drift.high,
    })).map((panel) => ({ ...panel, series: [exact, ...panel.series] })),
  });
}

export function driftResidual(data: Data): Html {
  const minus = (values: number[]) => map(values, (value, i) => value - data.exact.drift[i]!);
  const panels = byMethod(data.learned, ({ drift }) => ({
    x: data.grid,
    y: minus(drift.mean),
    low: minus(drift.low),
    high: minus(drift.high),
  }));
  const range = tameRange(
    panels.flatMap((panel) => panel.series),
    ["compensator", "increment"],
  );
  return chart({
    id: "drift-residual",
    title: "Error of the drift",
    caption: html`Learned minus exact drift; bands are 95 % intervals over training seeds. A faithful method stays within its band around zero at every
patch side. The scale is that of the methods with λ = <i>K</i>; curves of the others may leave the frame.`,
    alt: "Learned minus exact drift against magnetization",
    x: MAGNETIZATION,
    y: { label: "f − exact [1/sweep]", ...(range && { range }) },
    panels: panels.map((panel) => ({ ...panel, levels: [{ value: 0, label: "" }] })),
  });
}

export function diffusion(data: Data): Html {
  const exact = { ...EXACT, x: data.grid, y: data.exact.diffusion };
  return chart({
    id: "diffusion",
    title: "Learned diffusion",
    caption: html`Diffusion <i>σ</i>²(<i>m</i>) times the number of spins, so that the exact curve (thick) is the same at every size; logarithmic axis. Models that
take the noise of one patch for that of the whole system lie above it by the number of patches <i>K</i> or more.`,
    alt: "Diffusion times number of spins against magnetization, logarithmic, for each method and the exact curve",
    x: MAGNETIZATION,
    y: { label: "n σ²(m) [1/sweep]", log: 10 },
    panels: byMethod(data.learned, (one) => ({
      x: data.grid,
      y: one.diffusion.mean,
      low: one.diffusion.low,
      high: one.diffusion.high,
    })).map((panel) => ({ ...panel, series: [exact, ...panel.series] })),
  });
}

export function diffusionResidual(data: Data): Html {
  const relative = (values: number[]) => map(values, (value, i) => 100 * (value / data.exact.diffusion[i]! - 1));
  const tame = data.learned.filter((one) => one.method === "compensator" || one.method === "increment");
  return chart({
    id: "diffusion-residual",
    title: "Error of the diffusion",
    caption: html`Learned over exact <i>σ</i>², minus one, for the two methods that correct for the number of patches (λ = <i>K</i>). Zero means fluctuations of
exactly the right size.`,
    alt: "Relative error of the diffusion against magnetization",
    x: MAGNETIZATION,
    y: { label: "σ²/exact − 1 [%]" },
    panels: byMethod(tame, ({ diffusion }) => ({
      x: data.grid,
      y: relative(diffusion.mean),
      low: relative(diffusion.low),
      high: relative(diffusion.high),
    })).map((panel) => ({ ...panel, levels: [{ value: 0, label: "" }] })),
  });
}

export function fans(data: Data): Html {
  const sides = sidesOf(data.trajectories.flatMap((trajectory) => trajectory.predicted));
  const exact = data.trajectories.map(
    ({ m0, times, exact }): Series => ({
      ...EXACT,
      ...spread(times, exact),
      detail: startTitle(m0),
    }),
  );
  return chart({
    id: "trajectories-fan",
    title: "Mean magnetization from each start",
    caption: html`Mean (line) and one standard deviation (band) of the magnetization: exact (thick, grey band) and predicted from patches of each side. At
best, prediction and truth coincide in line and in band; the naive mean is dotted, without band.`,
    alt: "Mean magnetization against time from each initial value, exact and predicted",
    x: TIME,
    y: { label: "magnetization m" },
    height: 280,
    panels: sides.map((patch) => ({
      title: sideTitle(patch),
      series: [
        ...exact,
        ...(["naive", "compensator"] as const).flatMap((method) =>
          data.trajectories.flatMap(({ m0, times, predicted }): Series[] => {
            const found = predicted.find((one) => one.method === method && one.patch === patch);
            if (!found) return [];
            const curve = method === "naive" ? { x: times, y: found.mean } : spread(times, found);
            return [
              { ...LOOKS[method], dash: method === "naive" ? "dotted" : "dashed", ...curve, detail: startTitle(m0) },
            ];
          }),
        ),
      ],
    })),
  });
}

/** One panel per initial magnetization, one curve per patch side, our method only. */
function byStart(data: Data, curve: (law: MeanStd, exact: MeanStd) => number[]) {
  const sides = sidesOf(data.trajectories.flatMap((trajectory) => trajectory.predicted));
  return data.trajectories.map(({ m0, times, exact, predicted }) => ({
    title: startTitle(m0),
    exact,
    times,
    series: sides.flatMap((patch): Series[] => {
      const found = predicted.find((one) => one.method === "compensator" && one.patch === patch);
      if (!found) return [];
      return [{ name: `Ours, ${patch} × ${patch}`, ...shadeOf(patch, sides), x: times, y: curve(found, exact) }];
    }),
  }));
}

export function meanByPatch(data: Data): Html {
  const panels = byStart(data, (law, exact) => map(law.mean, (mean, i) => mean - exact.mean[i]!));
  return chart({
    id: "mean-error",
    title: "Error of the mean, our method",
    caption: html`Predicted minus exact mean magnetization for each patch side. Lines should stay at zero within the sampling noise of the runs, and no
patch side should drift away on its own.`,
    alt: "Predicted minus exact mean magnetization against time, one line per patch side",
    x: TIME,
    y: { label: "mean − exact" },
    columns: 3,
    height: 220,
    panels: panels.map(({ title, series }) => ({ title, series, levels: [{ value: 0, label: "" }] })),
  });
}

export function stdByPatch(data: Data): Html {
  const panels = byStart(data, (law) => law.std);
  return chart({
    id: "std",
    title: "Fluctuations, our method",
    caption: html`Standard deviation over runs of the magnetization, exact (thick) and predicted from patches of each side. The bump belongs to the passage
through the slow region of the drift; getting it right needs <i>f</i> and <i>σ</i> together.`,
    alt: "Standard deviation of the magnetization against time, exact and one line per patch side",
    x: TIME,
    y: { label: "std of m" },
    columns: 3,
    height: 220,
    panels: panels.map(({ title, series, exact, times }) => ({
      title,
      series: [{ ...EXACT, x: times, y: exact.std }, ...series],
    })),
  });
}

export function meanByMethod(data: Data, patch: number): Html {
  const panels = data.trajectories.map(({ m0, times, exact, predicted }) => ({
    title: startTitle(m0),
    levels: [{ value: 0, label: "" }],
    series: METHODS.flatMap((method): Series[] => {
      const found = predicted.find((one) => one.method === method && one.patch === patch);
      return found ? [{ ...LOOKS[method], x: times, y: map(found.mean, (mean, i) => mean - exact.mean[i]!) }] : [];
    }),
  }));
  return chart({
    id: "mean-error-methods",
    title: `Error of the mean, all methods, patches of ${patch} × ${patch}`,
    caption: html`The same difference at the smallest patch side, the hardest case, for every method.`,
    alt: "Predicted minus exact mean magnetization against time at the smallest patch side, one line per method",
    x: TIME,
    y: { label: "mean − exact" },
    columns: 3,
    height: 220,
    panels,
  });
}

export function stationary(data: Data): Html {
  const { m, exact, predicted } = data.stationary;
  return chart({
    id: "stationary-law",
    title: "Stationary density of the magnetization",
    caption: html`Density after long times: exact (thick) and of long runs of each learned equation. Position tests the drift, width the ratio of
diffusion to drift; a model with the noise of one patch is far too wide.`,
    alt: "Stationary probability density of the magnetization, exact and for each method",
    x: MAGNETIZATION,
    y: { label: "probability density" },
    panels: byMethod(predicted, (one) => ({ x: m, y: one.density })).map((panel) => ({
      ...panel,
      series: [{ ...EXACT, x: m, y: exact }, ...panel.series],
    })),
  });
}

export function errors(data: Data): Html {
  return chart({
    id: "errors",
    title: "Error against patch side",
    caption: html`Relative squared error of the mean trajectory, averaged over the starts, against the side of the patches used for training; bars are
95 % intervals, and points of one side are set apart for legibility. Lower is better; the dotted line is what a perfect model would
score. ${data.paperNote}`,
    alt: "Relative squared error against patch side for each method and the paper, with the sampling floor",
    x: sideAxis(data.errors),
    y: { label: "relative squared error", log: 10 },
    panels: [{ series: againstSide(data.errors), levels: floorLevels(data.floor) }],
  });
}

export function upsampling(data: Data): Html {
  const sides = sidesOf(data.upsampling);
  const markers = ["circle", "square", "diamond", "triangle"] as const;
  const series = sides.map((patch, i): Series => {
    const own = data.upsampling.filter((one) => one.patch === patch).sort((a, b) => a.side - b.side);
    const pick = (key: "side" | "varianceRatio" | "low" | "high") => own.map((one) => one[key]);
    return {
      ...shadeOf(patch, sides),
      name: `from ${patch} × ${patch}`,
      draw: "line+points",
      marker: markers[i % 4]!,
      dodge: (i - (sides.length - 1) / 2) * 4,
      x: pick("side"),
      y: pick("varianceRatio"),
      low: pick("low"),
      high: pick("high"),
    };
  });
  return chart({
    id: "upsampling-quality",
    title: "Quality of upsampling",
    caption: html`Variance of the magnetization of a patch in upsampled and relaxed states, over that in true states of the same size; each level doubles the
side, bars are 95 % intervals. One means that upsampling left no trace.`,
    alt: "Ratio of variances against the side reached, one line per patch side",
    x: {
      label: "side reached [spins]",
      log: 2,
      ticks: [...new Set(data.upsampling.map((one) => one.side))].sort((a, b) => a - b),
    },
    y: { label: "variance, upsampled / true" },
    height: 300,
    panels: [{ series, levels: [{ value: 1, label: "true states" }] }],
  });
}

export function snapshots(data: Data): Html | false {
  if (data.pictures.length === 0) return false;
  return pictures(
    "snapshots",
    "Snapshots",
    html`Spins up (dark) and down (pale), every spin at the same scale in all pictures. Mean-field spins have no geometry: the state knows only how many
spins of each half patch are up, and their positions inside a half patch are drawn at random.`,
    data.pictures.map((picture) => spinPicture(picture.title, picture.spins, picture.side)),
  );
}
