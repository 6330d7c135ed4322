/** Figures of ensembles of runs from each start: means, their errors, standard deviations, and late densities. */
import { type Axis, chart, type Panel, type Series } from "../../../report/chart.ts";
import { type MeanStd, spread } from "../../../report/figures/mean-std.ts";
import { LOOKS, METHODS, TRUTH } from "../../../report/figures/methods.ts";
import { byMethod, shadeOf, sidesOf, sideTitle, tameRange } from "../../../report/figures/patch-sides.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatSetting } from "../../../report/number.ts";
import { LABELS, SYMBOLS } from "../observables.ts";
import type { IsingReportData as Data, IsingObservable as Observable } from "../report.ts";

const TRUE = { name: "True", ...TRUTH } as const;
/** Seven small panels: enough points for smooth curves, and a report that stays small. */
const COMPACT = { columns: 3, height: 200, maxPoints: 100 } as const;
const TIME: Axis = { label: "time [sweeps]" };

const startTitle = (m0: number) => `m₀ = ${formatSetting(m0)}`;
const startsUpwards = (data: Data) => data.cases.toSorted((a, b) => a.m0 - b.m0);
const predictedSides = (data: Data) => sidesOf(data.cases.flatMap((one) => one.predictions));

export function fans(data: Data, observable: Observable): Html {
  const truth = data.cases.map(
    ({ m0, times, truth }): Series => ({ ...TRUE, ...spread(times, truth[observable]), detail: startTitle(m0) }),
  );
  const panels = predictedSides(data).map(
    (patch): Panel => ({
      title: sideTitle(patch),
      series: [
        ...truth,
        ...(["naive", "compensator"] as const).flatMap((method) =>
          data.cases.flatMap(({ m0, times, predictions }): Series[] => {
            const law = predictions.find((one) => one.method === method && one.patch === patch)?.[observable];
            if (!law) return [];
            const curve = method === "naive" ? { x: times, y: law.mean } : spread(times, law);
            return [
              { ...LOOKS[method], dash: method === "naive" ? "dotted" : "dashed", ...curve, detail: startTitle(m0) },
            ];
          }),
        ),
      ],
    }),
  );
  const remark = {
    m: html`All starts end in one equilibrium; those against the field take longest.`,
    rho: html`Starts at <i>m</i>₀ and −<i>m</i>₀ begin at the same <i>ρ</i>: walls vanish quickly at first, then the two part as their magnetizations do.`,
  };
  return chart({
    id: `mean-${observable}`,
    title: `Mean ${LABELS[observable]} from each start`,
    caption: html`Mean over runs (line) and one standard deviation (band): true system (thick, grey band) and predictions of our method from patches of each side (dashed); the naive mean is
dotted, without band, and may leave the frame. At best, prediction and truth coincide in line and in band. ${remark[observable]}`,
    alt: `Mean ${LABELS[observable]} against time from each start, true and predicted, one panel per patch side`,
    x: TIME,
    // What the observables can be; naive predictions may leave it.
    y: { label: LABELS[observable], range: observable === "m" ? [-1, 1] : [0, 0.6] },
    height: 300,
    maxPoints: COMPACT.maxPoints,
    panels,
  });
}

/** All methods at the smallest patch side, minus the truth: what the figures above are too coarse for. */
export function meanErrors(data: Data, observable: Observable): Html | false {
  const patch = predictedSides(data).at(-1);
  if (patch === undefined) return false;
  const panels = startsUpwards(data).map(
    ({ m0, times, truth, predictions }): Panel => ({
      title: startTitle(m0),
      levels: [{ value: 0, label: "" }],
      series: METHODS.flatMap((method): Series[] => {
        const law = predictions.find((one) => one.method === method && one.patch === patch)?.[observable];
        return law
          ? [{ ...LOOKS[method], x: times, y: law.mean.map((mean, i) => mean - truth[observable].mean[i]!) }]
          : [];
      }),
    }),
  );
  const range = tameRange(
    panels.flatMap((panel) => panel.series),
    ["compensator", "increment"],
  );
  return chart({
    ...COMPACT,
    id: `mean-error-${observable}`,
    title: `Error of the mean of ${SYMBOLS[observable]}, ${sideTitle(patch)}`,
    caption: html`Predicted minus true mean at the smallest patch side, the hardest case, for every method. The scale is that of the methods with λ = <i>K</i>; curves of the others may
leave the frame.`,
    alt: `Predicted minus true mean ${LABELS[observable]} against time, one panel per start, one line per method`,
    x: TIME,
    y: { label: `mean of ${SYMBOLS[observable]} − true`, ...(range && { range }) },
    panels,
  });
}

export function deviations(data: Data, observable: Observable): Html {
  const sides = predictedSides(data);
  const ours = (predictions: Data["cases"][number]["predictions"], patch: number): MeanStd | undefined =>
    predictions.find((one) => one.method === "compensator" && one.patch === patch)?.[observable];
  return chart({
    ...COMPACT,
    id: `std-${observable}`,
    title: `Standard deviation of ${SYMBOLS[observable]} from each start, our method`,
    caption: html`Over runs, true (thick) and predicted from patches of each side. A bump belongs to the passage to equilibrium, where runs are ahead of each other or behind; getting it
right needs drift and diffusion together. The level at late times is the width of the stationary law.`,
    alt: `Standard deviation of ${LABELS[observable]} against time, one panel per start, one line per patch side`,
    x: TIME,
    y: { label: `std of ${SYMBOLS[observable]}` },
    panels: startsUpwards(data).map(({ m0, times, truth, predictions }) => ({
      title: startTitle(m0),
      series: [
        { ...TRUE, x: times, y: truth[observable].std },
        ...sides.flatMap((patch): Series[] => {
          const law = ours(predictions, patch);
          return law ? [{ name: `Ours, ${patch} × ${patch}`, ...shadeOf(patch, sides), x: times, y: law.std }] : [];
        }),
      ],
    })),
  });
}

/** Stationary density, a panel per patch side. */
export function density(data: Data, observable: Observable): Html {
  const own = data.density.filter((one) => one.observable === observable);
  const truth = own
    .filter((one) => one.method === "truth")
    .map(({ x, density }): Series => ({ ...TRUE, x, y: density }));
  const learned = own.flatMap(({ method, ...rest }) => (method === "truth" ? [] : [{ method, ...rest }]));
  const panels = byMethod(learned, ({ x, density }) => ({ x, y: density }));
  return chart({
    id: `density-${observable}`,
    title: `Stationary density of the ${LABELS[observable]}`,
    caption: html`From the late part of the runs: true (thick) and of every learned equation. The place of the peak tests the drift, its width the ratio of diffusion to drift; a model
with the noise of one patch is too wide.`,
    alt: `Probability density of the ${LABELS[observable]} at late times, true and for each method, one panel per patch side`,
    x: { label: LABELS[observable] },
    y: { label: "probability density" },
    maxPoints: 160,
    panels: panels.map(({ title, series }) => ({ title, series: [...truth, ...series] })),
  });
}
