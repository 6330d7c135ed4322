/** The figures of the Curie–Weiss report, each a function of the report's data. */

import { isOurs } from "../../method/pairs.ts";
import { chart } from "../../report/chart.ts";
import type { Axis, Frame, Numbers, Panel, Series } from "../../report/chart-spec.ts";
import { collapsed, rowsOf } from "../../report/figures/collapsed.ts";
import { comparisonMatrix, comparisonTable } from "../../report/figures/comparison.ts";
import { LAST_TWO, opened, sidesNote, startsNote } from "../../report/figures/folded.ts";
import { DRAWN, LOOKS, TRUE, tameReach } from "../../report/figures/methods.ts";
import { functionPanels, functions, shadeOf, sidesOf, sideTitle, square } from "../../report/figures/patch-sides.ts";
import { largestFirst, TRAINED_BY } from "../../report/figures/score-table.ts";
import { againstSetting, barsNote, bySource, floorLevels, pointSeries } from "../../report/figures/settings.ts";
import { withMagnetization } from "../../report/figures/spins.ts";
import { withinSpread } from "../../report/figures/starts.ts";
import * as over from "../../report/figures/trajectories.ts";
import { type Html, html } from "../../report/html.ts";
import { pictures, spinPicture } from "../../report/lattice.ts";
import { formatNumber, formatSetting } from "../../report/number.ts";
import { htmlTable } from "../../report/table.ts";
import type { Band } from "../../run/seeds.ts";
import type { CurieWeissReportData as Data } from "./data.ts";
import { PAPER_TIME } from "./parameters.ts";

const EXACT = { ...TRUE, name: "Exact" };
const MAGNETIZATION: Axis = { label: "magnetization m" };
const TIME: Axis = { label: "time [sweeps]" };
const MARKERS = ["circle", "square", "diamond", "triangle"] as const;
/** What the paper's numbers are, and what a perfect model would score as they do. */
function paperNote({ errors, paperFloors }: Data): string {
  const { exact, printed } = paperFloors;
  const below = errors.some(
    ({ source, value }) => value < (source === "paper" ? exact : source === "paper-naive" ? printed : 0),
  );
  return `Paper: the published predictions against the exact mean in physical time, to be compared with increments, by which they are learned; of 20 runs over the times of this run a perfect model would score ${formatNumber(exact, 2)} on average. Paper, naive: as printed, on a clock of sweeps, 20 runs beside 20 true ones; a perfect model: ${formatNumber(printed, 2)}.${
    below
      ? " A point of the paper below its own is no model better than perfect: it is there by chance, as so few runs miss the mean by nearly the same for long, or was scored over other times."
      : ""
  }`;
}

type Change = (value: number, i: number) => number;

/** A learned function as a curve with its band, and every number of it by way of `change`. */
function curve(x: number[], { mean, low, high }: Band, change: Change = (value) => value) {
  return { x, y: mean.map(change), low: low.map(change), high: high.map(change) };
}

/** Where the training data of a curve are. */
const TRAINED = { trained: ({ trained }: Data["learned"][number]) => trained };

/** A learned function, and beside it its error, a pair of panels for each patch side; the smallest side stands open. */
function besideErrors(frame: Frame, functions: Panel[], errors: Panel[], label: string): Html {
  // Where hardly any training data are, curves may leave the frame.
  const taught = errors.map((panel): Panel => {
    const [{ low = Number.NaN, high = Number.NaN } = {}] = panel.verticals ?? [];
    const inside = (one: Series, numbers?: Numbers) =>
      numbers && Array.from(numbers, (value, i) => ((one.x[i] ?? 0) < low || (one.x[i] ?? 0) > high ? null : value));
    return {
      series: panel.series.map((one) => ({
        ...one,
        y: inside(one, one.y) ?? [],
        low: inside(one, one.low),
        high: inside(one, one.high),
      })),
    };
  });
  const reach = tameReach(taught, 0, true);
  const y: Axis = { label, ...(reach && { range: [-reach, reach] }) };
  const panels = functions.flatMap((panel, k) => [panel, { ...errors[k], title: `error, ${panel.title}`, y }]);
  return chart({ ...frame, panels: opened(panels, LAST_TWO), height: 260 });
}

/** What the training data leave of increments, of which they are the noise; the compensator leaves next to none. */
function trainingNoise(grid: number[], key: "drift" | "diffusion", share = (half: number, _i: number) => half) {
  return (items: readonly Data["learned"][number][]): Series[] => {
    const half = items.find(({ method }) => method === "increment")?.noise?.[key].map(share);
    if (!half) return [];
    const look = { name: "Noise of the training data, increments, 95 %", ink: "increment", width: 1 } as const;
    return [{ ...look, x: grid, y: half.map(() => 0), low: half.map((value) => -value), high: half }];
  };
}

/** Where less than this part of a curve is within its noise, most of its error is something else. */
const MOSTLY = 0.5;

/**
 * The largest error of ours where the training data are, of all patch sides, and the most that the noise of these leaves of it. With exact rates that is next
 * to nothing, and what is seen is how far polynomials come.
 */
function ownError(data: Data, key: "drift" | "diffusion", scale: Change, unit: string): string {
  const { grid, exact, learned, degrees } = data;
  const points = learned.flatMap(({ method, trained, noise, [key]: { mean } }) =>
    grid.flatMap((m, i) => {
      if (method !== "compensator" || !noise || m < trained.low || m > trained.high) return [];
      const [error, half] = [mean[i] - exact[key][i], noise[key][i]].map((value) => Math.abs(scale(value, i)));
      return Number.isFinite(error + half) ? [{ error, half }] : [];
    }),
  );
  if (points.length === 0) return "";
  const [most, noise] = (["error", "half"] as const).map((of) => Math.max(...points.map((point) => point[of])));
  const inside = points.filter(({ error, half }) => error <= half).length;
  const said = ` Ours is off by ${formatNumber(most, 2)} ${unit} at most where the training data are, of all patch sides${key === "drift" ? " (the tables: |m| ≤ 0.8)" : ""}; the noise of these leaves ${formatNumber(noise, 2)} ${unit} of it at most, 95 %`;
  if (inside >= MOSTLY * points.length) return `${said}.`;
  const own = degrees.filter(({ method }) => method === "compensator");
  const tried = Math.max(...own.flatMap(({ curve }) => curve.map(({ degree }) => degree)));
  const highest = own.length > 0 && own.every(({ degree }) => degree === tried);
  return `${said}. So most of it is no noise but an error of the method${
    highest
      ? `: the degree of ${key === "drift" ? "its" : "the drift’s"} polynomials, ${tried}, is the highest that is tried`
      : ""
  }.`;
}

/** What the bands of the errors are. */
function noiseNote(data: Data, key: "drift" | "diffusion", scale: Change, unit: string) {
  const { learned, seeds } = data;
  if (!learned.some(({ method, noise }) => method === "increment" && noise !== null)) {
    return seeds > 1 ? `Bands are 95 % intervals over ${seeds} seeds.` : "One seed: there is no band.";
  }
  return html`Shaded at zero: what the noise of the training data leaves of increments, 95 %${seeds > 1 && `, of the mean over ${seeds} seeds`}; what leaves it is an error of the method.${ownError(data, key, scale, unit)}`;
}

/** A curve of an error: with its own band only where no noise is known. */
const errorCurve = (x: number[], one: Data["learned"][number], key: "drift" | "diffusion", change: Change) => {
  const { low, high, ...bare } = curve(x, one[key], change);
  return one.noise ? bare : { ...bare, low, high };
};

export function drift(data: Data): Html {
  const { grid, exact, learned } = data;
  const error: Change = (value, i) => value - exact.drift[i];
  return besideErrors(
    {
      id: "drift",
      title: "Learned drift and its error",
      caption: html`Left: drift <i>f</i>(<i>m</i>) over the exact one (thick). All zeros of <i>f</i> matter: the stable one is the equilibrium magnetization. Right: learned minus exact. ${noiseNote(data, "drift", (half) => half, "per sweep")} Shaded upright: where 95 % of the training data are, dotted their median; the frame of the errors is that of the methods with λ = <i>K</i> there. Open: patches of the smallest side, the hardest case.`,
      alt: "Drift against magnetization for each method and the exact curve, and learned minus exact drift",
      x: MAGNETIZATION,
      y: { label: "drift f(m) [1/sweep]" },
    },
    functionPanels(learned, (one) => curve(grid, one.drift), { ...EXACT, x: grid, y: exact.drift }, TRAINED),
    functionPanels(learned, (one) => errorCurve(grid, one, "drift", error), undefined, {
      ...TRAINED,
      behind: trainingNoise(grid, "drift"),
    }),
    "f − exact [1/sweep]",
  );
}

export function diffusion(data: Data): Html {
  const { grid, exact, learned } = data;
  const error: Change = (value, i) => 100 * (value / exact.diffusion[i] - 1);
  const share = (half: number, i: number) => (100 * half) / exact.diffusion[i];
  return besideErrors(
    {
      id: "diffusion",
      title: "Learned diffusion and its error",
      caption: html`Left: diffusion <i>σ</i>²(<i>m</i>) times the number of spins, so that the exact curve (thick) is the same at every size; logarithmic axis. Models that take the noise of one patch for that of the whole system lie above it by the number of patches <i>K</i> or more. Right: learned over exact <i>σ</i>², minus one, of the two methods that correct for the number of patches (λ = <i>K</i>). ${noiseNote(data, "diffusion", share, "%")}`,
      alt: "Diffusion times number of spins against magnetization, logarithmic, for each method and the exact curve, and its relative error",
      x: MAGNETIZATION,
      y: { label: "n σ²(m) [1/sweep]", log: 10 },
    },
    functionPanels(learned, (one) => curve(grid, one.diffusion), { ...EXACT, x: grid, y: exact.diffusion }, TRAINED),
    functionPanels(
      learned.filter(({ method }) => isOurs(method)),
      (one) => errorCurve(grid, one, "diffusion", error),
      undefined,
      { ...TRAINED, behind: trainingNoise(grid, "diffusion", share) },
    ),
    "σ²/exact − 1 [%]",
  );
}

export function fans(data: Data): Html {
  const { cases } = data;
  return over.fans(
    {
      id: "trajectories-fan",
      title: "Mean magnetization from each start",
      caption: html`Mean (line) and one standard deviation (band) of the magnetization: exact (thick, grey band) and predicted from patches of each side. At
best, prediction (thin) and truth coincide in line and in band; the naive mean is dotted, without band.${sidesNote(sides(data).length)}`,
      alt: "Mean magnetization against time from each initial value, exact and predicted",
      x: TIME,
      y: MAGNETIZATION,
    },
    cases,
    "m",
    EXACT,
  );
}

const sides = ({ cases }: Data) => sidesOf(cases.flatMap(({ predicted }) => predicted));

export function meanByPatch(data: Data): Html {
  return over.byCase(
    {
      id: "mean-error",
      title: "Error of the mean, our method",
      caption: html`Predicted minus exact mean magnetization for each patch side. Grey: where the mean of as many exact runs is for 95 % of the times; curves that stay there are as good as sampling can tell, and no patch side should drift away on its own.${startsNote(data.cases.length)}`,
      alt: "Predicted minus exact mean magnetization against time, one line per patch side",
      x: TIME,
      y: { label: "mean − exact" },
    },
    data.cases,
    over.meanError("m"),
    over.sideCurves(sides(data)),
  );
}

export function stdByPatch(data: Data): Html {
  return over.byCase(
    {
      id: "std",
      title: "Error of the fluctuations, our method",
      caption: html`Predicted over exact standard deviation of the magnetization, minus one, for each patch side. Where runs pass the slow region of the drift they spread most, and getting the spread right needs <i>f</i> and <i>σ</i> together. Grey: where the standard deviation of as many exact runs is for 95 % of the times, by a normal law.${startsNote(data.cases.length)}`,
      alt: "Relative error of the standard deviation of the magnetization against time, one line per patch side",
      x: TIME,
      y: { label: "std / exact − 1 [%]" },
    },
    data.cases,
    over.deviationError("m"),
    over.sideCurves(sides(data)),
  );
}

export function meanByMethod({ cases }: Data, patch: number): Html {
  const curves = over.methodCurves(DRAWN, patch);
  return over.byCase(
    {
      id: "mean-error-methods",
      title: `Error of the mean, all methods, ${sideTitle(patch)}`,
      caption: html`The same difference at the smallest patch side, the hardest case, for every method. The scale is that of the methods with λ = <i>K</i>; curves of
the others may leave the frame. Grey: sampling noise as above.${over.withinNoise(cases, over.meanError("m"), curves)}${startsNote(cases.length)}`,
      alt: "Predicted minus exact mean magnetization against time at the smallest patch side, one line per method",
      x: TIME,
      y: { label: "mean − exact" },
    },
    cases,
    over.meanError("m"),
    curves,
  );
}

export function stationary({ stationary: { m, exact, predicted } }: Data): Html {
  return functions(
    {
      id: "stationary-law",
      title: "Stationary density of the magnetization",
      caption: html`Density after long times: exact (thick) and of long runs of each learned equation. Position tests the drift, width the ratio of
diffusion to drift; a model with the noise of one patch is far too wide.`,
      alt: "Stationary probability density of the magnetization, exact and for each method",
      x: MAGNETIZATION,
      y: { label: "probability density" },
    },
    predicted,
    ({ density }) => ({ x: m, y: density }),
    { ...EXACT, x: m, y: exact },
  );
}

export function errors(data: Data): Html {
  const { errors, floor, seeds, withinSpread: starts } = data;
  return againstSetting(
    {
      id: "errors",
      title: "Error against patch side",
      caption: html`Relative squared error of the mean trajectory, averaged over the starts${withinSpread(starts)}, against the side of the patches used for training; ${barsNote(seeds)}, and points of one side are set apart for legibility. Lower is better; the dotted line is what a perfect model would
score.${errors.some(({ source }) => source === "paper") && ` ${paperNote(data)}`}`,
      alt: "Relative squared error against patch side for each method and the paper, with the sampling floor",
      x: { label: "patch side ℓ [spins]", log: 2 },
      y: { label: "relative squared error", log: 10 },
    },
    [{ series: bySource(errors.map((one) => ({ ...one, at: one.patch }))), levels: floorLevels(floor) }],
  );
}

export function upsampling({ upsampling }: Data): Html {
  const sides = sidesOf(upsampling);
  const reached = [...new Set(upsampling.map(({ side }) => side))];
  // Where all go to one side at once, that is no axis.
  const once = reached.length === 1;
  const points = (list: Data["upsampling"]) =>
    list.map(({ patch, side, varianceRatio, low, high }) => ({
      ...{ at: once ? patch : side, value: varianceRatio },
      ...{ low, high },
    }));
  const scores = sides.map((patch, i) => ({
    look: { ...shadeOf(patch, sides), name: `from ${patch} × ${patch}`, marker: MARKERS[i % MARKERS.length] },
    points: points(upsampling.filter((one) => one.patch === patch)),
  }));
  const series = once
    ? pointSeries([{ look: { ...LOOKS.compensator, name: "Upsampled" }, points: points(upsampling) }]).map((one) => ({
        ...one,
        draw: "points" as const,
      }))
    : pointSeries(scores);
  return againstSetting(
    {
      id: "upsampling-quality",
      title: "Quality of upsampling",
      caption: html`Variance of the magnetization of a patch in upsampled and relaxed states, over that in true states of the same size; ${
        once ? `all became ${square(reached[0])} spins at once` : "each level doubles the side"
      }, bars are 95 % intervals. One means that upsampling left no trace.`,
      alt: "Ratio of variances of upsampled and true states, one point per patch side and side reached",
      x: { label: once ? "side of the small systems [spins]" : "side reached [spins]", log: 2 },
      y: { label: "variance, upsampled / true" },
      height: once ? 220 : 300,
    },
    [{ series, levels: [{ value: 1, label: "true states" }] }],
  );
}

export function snapshots({ pictures: list }: Data): Html | false {
  if (list.length === 0) return false;
  return pictures(
    "snapshots",
    "Snapshots",
    html`Spins up (dark) and down (pale), every spin at the same scale in all pictures. Mean-field spins have no geometry: the state knows only how many
spins of each half patch are up, and their positions inside a half patch are drawn at random. What can be compared is <i>m</i>, under each picture.`,
    list.map(({ title, spins, side }) => spinPicture(withMagnetization(title, spins), spins, side)),
  );
}

/** The baselines at the time of the paper. */
export function paperTime({ paperTime: rows }: Data): Html | false {
  if (rows.length === 0) return false;
  return htmlTable(
    rows.toSorted(largestFirst),
    [
      { label: "Patch side", cell: ({ patch }) => patch, header: true, format: formatSetting },
      TRAINED_BY,
      { label: "Error", cell: ({ error }) => error ?? "diverged" },
      { label: "Paper", cell: ({ paper }) => paper, format: (value) => formatNumber(value, 3) },
      { label: "std / exact", cell: ({ stdRatio }) => stdRatio ?? "diverged" },
      ...(rows.some(({ lost }) => lost > 0)
        ? [{ label: "Diverged", cell: ({ lost, seeds }: (typeof rows)[number]) => `${lost} of ${seeds} seeds` }]
        : []),
    ],
    html`The baselines again as in the paper: trained on changes over δt = ${formatSetting(PAPER_TIME)} sweeps, and predicted in steps of that, at whose ends they are compared. At short times the changes of a patch are all noise, and a noise that is too large looks larger still. Paper: as printed, where runs were compared by their number of steps, not at equal times.`,
  );
}

/** Every score as a matrix, and what belongs to no patch side. */
export function allScores({ comparison }: Data): Html {
  const [own, others] = [
    comparison.filter(({ patch }) => patch != null),
    comparison.filter(({ patch }) => patch == null),
  ];
  const matrix = comparisonMatrix(
    own,
    "This run with 95 % intervals against the side of the patches, exact theory, and the paper.",
  );
  return collapsed("All scores by method and patch side", rowsOf(matrix) + others.length, [
    matrix,
    comparisonTable(others),
  ]);
}
