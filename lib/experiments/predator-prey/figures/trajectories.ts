/** Figures of ensembles of trajectories: means, standard deviations, phase portraits, closure variables. */
import { type Axis, chart, type Panel, type Series } from "../../../report/chart.ts";
import { type MeanStd, spread } from "../../../report/figures/mean-std.ts";
import { LOOKS, METHODS, type Method, ofMethod, TRUTH } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatSetting } from "../../../report/number.ts";
import type { InkName } from "../../../report/palette.ts";
import type { PredatorPreyReportData as Data } from "../report.ts";
import { SPECIES, SPECIES_NAMES, type Species } from "../species.ts";

/** Methods trained with the right noise, whose curves set the range of y. */
const OURS: readonly Method[] = ["increment", "compensator"];
const TRUE = { name: "True", ...TRUTH } as const;
/** Nine small panels: enough points for smooth curves, and a report that stays small. */
const COMPACT = { columns: 3, height: 190, maxPoints: 100 } as const;
const TIME: Axis = { label: "time" };
const PREY: Axis = { label: "mean u" };
const PREDATORS: Axis = { label: "mean v" };

const caseTitle = ({ m, k }: { m: number; k: number }) => `m = ${formatSetting(m)}, k = ${formatSetting(k)}`;

/** Predictions over the wide true curve: their dashes let it show. */
const overTruth = (method: Method) =>
  ({ ...LOOKS[method], dash: method === "compensator" ? "dashed" : "dotted" }) as const;

/** A panel per case with a curve of each of `methods` on top of the truth. */
function byCase(
  data: Data,
  methods: readonly Method[],
  curve: (law: { u: MeanStd; v: MeanStd }, times: number[]) => Omit<Series, "name" | "ink">,
): Panel[] {
  return data.cases.map((one) => ({
    title: caseTitle(one),
    series: [
      { ...TRUE, ...curve(one, one.times) },
      ...methods.flatMap((method): Series[] => {
        const found = ofMethod(one.predicted, method, data.closure);
        return found ? [{ ...overTruth(method), ...curve(found, one.times) }] : [];
      }),
    ],
  }));
}

export function means(data: Data, species: Species): Html {
  return chart({
    ...COMPACT,
    id: `mean-${species}`,
    title: `Mean ${species} in each case`,
    caption: html`Mean over runs (line) and one standard deviation (band) of mean <i>${species}</i>: true system (thick, grey band) and predictions. At best they coincide in line
and in band.`,
    alt: `Mean and spread of mean ${species} against time in each test case, true and predicted`,
    x: TIME,
    y: { label: `mean ${species}` },
    panels: byCase(data, OURS, (law, times) => spread(times, law[species])),
  });
}

/** How far from zero y must reach to show the truth and our methods in full; wild ones may leave the frame. */
function tameLimit(panels: readonly Panel[]): number {
  const tame: InkName[] = [TRUE.ink, ...OURS.map((method) => LOOKS[method].ink)];
  const largest = (inks: readonly InkName[] | null) => {
    const series = panels.flatMap((panel) => panel.series.filter((one) => !inks || inks.includes(one.ink)));
    const sizes = series.flatMap((one) => Array.from(one.y, (y) => Math.abs(y ?? Number.NaN))).filter(Number.isFinite);
    return sizes.reduce((most, size) => Math.max(most, size), 0);
  };
  const [own, all] = [largest(tame), largest(null)];
  return own > 0 ? Math.min(1.08 * all, 2.6 * own) : 1.08 * all;
}

export function deviations(data: Data, species: Species): Html {
  const panels = byCase(data, METHODS, (law, times) => ({ x: times, y: law[species].std }));
  const limit = tameLimit(panels);
  return chart({
    ...COMPACT,
    id: `std-${species}`,
    title: `Fluctuations of mean ${species} in each case`,
    caption: html`Standard deviation over runs of mean <i>${species}</i>, true (thick) and predicted by every method. A model that takes the noise of one patch for that of the whole
system fluctuates by √<i>K</i> = √${data.patches} or more too much; such curves may leave the frame.`,
    alt: `Standard deviation of mean ${species} against time in each test case, true and predicted`,
    x: TIME,
    y: { label: `std of mean ${species}`, ...(limit > 0 && { range: [0, limit] as [number, number] }) },
    panels,
  });
}

/** A panel per species and method with a thin curve per case: what the figures above are too coarse for. */
export function meanErrors(data: Data): Html {
  const curves = (method: Method, species: Species) =>
    data.cases.flatMap((one): Series[] => {
      const found = ofMethod(one.predicted, method, data.closure);
      const y = found?.[species].mean.map((mean, i) => mean - one[species].mean[i]!);
      return y ? [{ ...LOOKS[method], dash: "solid", width: 1.25, detail: caseTitle(one), x: one.times, y }] : [];
    });
  const panels = OURS.toReversed().flatMap((method) =>
    SPECIES.map(
      (species): Panel => ({
        title: `${SPECIES_NAMES[species]}, ${LOOKS[method].name}`,
        levels: [{ value: 0, label: "" }],
        series: curves(method, species),
      }),
    ),
  );
  return chart({
    id: "mean-error",
    title: "Error of the means",
    caption: html`Predicted minus true mean over runs, one curve per case (the read-out names it). Curves should stay around zero within the sampling noise of the runs.`,
    alt: "Predicted minus true mean of each species against time, one curve per case",
    x: TIME,
    y: { label: "mean − true" },
    height: 220,
    maxPoints: COMPACT.maxPoints,
    panels: panels.filter((panel) => panel.series.length > 0),
  });
}

export function phasePortraits(data: Data): Html {
  return chart({
    ...COMPACT,
    height: 260,
    maxPoints: 160, // curls need more points than waves
    id: "phase-portraits",
    title: "Phase portraits",
    caption: html`Mean over runs of mean <i>v</i> against that of mean <i>u</i>, true (thick) and predicted; markers stand at the start. Predators follow prey
with a delay, so the paths turn.`,
    alt: "Mean predator against mean prey in each test case, true and predicted paths",
    x: PREY,
    y: PREDATORS,
    t: TIME.label,
    panels: byCase(data, OURS, (law, times) => ({ draw: "path", x: law.u.mean, y: law.v.mean, t: times })),
  });
}

/** A figure per closure and case, a panel per variable. */
export function closureVariables(data: Data): Html[] {
  return data.closureVariables.map((one, i) =>
    chart({
      id: `closure-${i + 1}`,
      title: `Closure variables, “${one.closure}”, ${caseTitle(one)}`,
      caption: html`Mean (line) and one standard deviation (band) over runs of each closure variable, true (thick) and predicted by the learned equation. Their sign and order have no meaning.`,
      alt: `Closure variables of ${one.closure} against time, true and predicted`,
      x: TIME,
      y: { label: "standardised value" },
      height: 240,
      maxPoints: 150,
      columns: one.names.length > 2 ? 3 : 2,
      panels: one.names.map((title, k) => ({
        title,
        series: [
          ...(one.truth[k] ? [{ ...TRUE, ...spread(one.times, one.truth[k]) }] : []),
          ...METHODS.flatMap((method): Series[] => {
            const law = one.predicted.find((predicted) => predicted.method === method)?.values[k];
            return law ? [{ ...overTruth(method), ...spread(one.times, law) }] : [];
          }),
        ],
      })),
    }),
  );
}
