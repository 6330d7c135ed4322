/** The figures of the Curie–Weiss report, each a function of the report's data. */

import { isOurs } from "../../method/pairs.ts";
import type { Axis } from "../../report/chart-spec.ts";
import { DRAWN, TRUE } from "../../report/figures/methods.ts";
import { functions, shadeOf, sidesOf, sideTitle } from "../../report/figures/patch-sides.ts";
import { largestFirst, TRAINED_BY } from "../../report/figures/score-table.ts";
import { againstSetting, bySource, floorLevels, pointSeries } from "../../report/figures/settings.ts";
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
/** What the paper's numbers are, and what a perfect model would score as it does. */
const paperNote = ({ paperFloor }: Data) =>
  `Paper: the published predictions against the exact mean in physical time, to be compared with increments, by which they are learned; paper, naive: as printed, on a clock of sweeps. Each is of 20 runs beside 20 true ones: a perfect model would score ${formatNumber(paperFloor, 2)} so.`;

/** A learned function as a curve with its band, and every number of it by way of `change`. */
function curve(x: number[], { mean, low, high }: Band, change = (value: number, _i: number) => value) {
  return { x, y: mean.map(change), low: low.map(change), high: high.map(change) };
}

/** Where the training data of a curve are. */
const TRAINED = { trained: ({ trained }: Data["learned"][number]) => trained };

export function drift({ grid, exact, learned }: Data): Html {
  return functions(
    {
      id: "drift",
      title: "Learned drift",
      caption: html`Drift <i>f</i>(<i>m</i>) learned from patches of each side, on top of the exact drift (thick). All zeros of <i>f</i> matter: the stable one is the
equilibrium magnetization. Curves that cannot be told apart here are compared in the next figure. Shaded upright: where 95 % of the training data are.`,
      alt: "Drift against magnetization for each method and the exact curve",
      x: MAGNETIZATION,
      y: { label: "drift f(m) [1/sweep]" },
    },
    learned,
    (one) => curve(grid, one.drift),
    { ...EXACT, x: grid, y: exact.drift },
    TRAINED,
  );
}

export function driftResidual({ grid, exact, learned }: Data): Html {
  return functions(
    {
      id: "drift-residual",
      title: "Error of the drift",
      caption: html`Learned minus exact drift; bands are 95 % intervals over training seeds. A faithful method stays within its band around zero at every
patch side. The scale is that of the methods with λ = <i>K</i>; curves of the others may leave the frame.`,
      alt: "Learned minus exact drift against magnetization",
      x: MAGNETIZATION,
      y: { label: "f − exact [1/sweep]" },
    },
    learned,
    (one) => curve(grid, one.drift, (value, i) => value - exact.drift[i]),
    undefined,
    TRAINED,
  );
}

export function diffusion({ grid, exact, learned }: Data): Html {
  return functions(
    {
      id: "diffusion",
      title: "Learned diffusion",
      caption: html`Diffusion <i>σ</i>²(<i>m</i>) times the number of spins, so that the exact curve (thick) is the same at every size; logarithmic axis. Models that
take the noise of one patch for that of the whole system lie above it by the number of patches <i>K</i> or more.`,
      alt: "Diffusion times number of spins against magnetization, logarithmic, for each method and the exact curve",
      x: MAGNETIZATION,
      y: { label: "n σ²(m) [1/sweep]", log: 10 },
    },
    learned,
    (one) => curve(grid, one.diffusion),
    { ...EXACT, x: grid, y: exact.diffusion },
    TRAINED,
  );
}

export function diffusionResidual({ grid, exact, learned }: Data): Html {
  return functions(
    {
      id: "diffusion-residual",
      title: "Error of the diffusion",
      caption: html`Learned over exact <i>σ</i>², minus one, for the two methods that correct for the number of patches (λ = <i>K</i>). Zero means fluctuations of
exactly the right size.`,
      alt: "Relative error of the diffusion against magnetization",
      x: MAGNETIZATION,
      y: { label: "σ²/exact − 1 [%]" },
    },
    learned.filter(({ method }) => isOurs(method)),
    (one) => curve(grid, one.diffusion, (value, i) => 100 * (value / exact.diffusion[i] - 1)),
  );
}

export function fans({ cases }: Data): Html {
  return over.fans(
    {
      id: "trajectories-fan",
      title: "Mean magnetization from each start",
      caption: html`Mean (line) and one standard deviation (band) of the magnetization: exact (thick, grey band) and predicted from patches of each side. At
best, prediction and truth coincide in line and in band; the naive mean is dotted, without band.`,
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
      caption: html`Predicted minus exact mean magnetization for each patch side. Lines should stay at zero within the sampling noise of the runs, and no
patch side should drift away on its own.`,
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
      title: "Fluctuations, our method",
      caption: html`Standard deviation over runs of the magnetization, exact (thick) and predicted from patches of each side. The bump belongs to the passage
through the slow region of the drift; getting it right needs <i>f</i> and <i>σ</i> together.`,
      alt: "Standard deviation of the magnetization against time, exact and one line per patch side",
      x: TIME,
      y: { label: "std of m" },
    },
    data.cases,
    over.deviation("m"),
    over.sideCurves(sides(data)),
    EXACT,
  );
}

export function meanByMethod({ cases }: Data, patch: number): Html {
  return over.byCase(
    {
      id: "mean-error-methods",
      title: `Error of the mean, all methods, ${sideTitle(patch)}`,
      caption: html`The same difference at the smallest patch side, the hardest case, for every method. The scale is that of the methods with λ = <i>K</i>; curves of
the others may leave the frame.`,
      alt: "Predicted minus exact mean magnetization against time at the smallest patch side, one line per method",
      x: TIME,
      y: { label: "mean − exact" },
    },
    cases,
    over.meanError("m"),
    over.methodCurves(DRAWN, patch),
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
  const { errors, floor, withinSpread: starts } = data;
  return againstSetting(
    {
      id: "errors",
      title: "Error against patch side",
      caption: html`Relative squared error of the mean trajectory, averaged over the starts${withinSpread(starts)}, against the side of the patches used for training; bars are
95 % intervals, and points of one side are set apart for legibility. Lower is better; the dotted line is what a perfect model would
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
  const scores = sides.map((patch, i) => ({
    look: { ...shadeOf(patch, sides), name: `from ${patch} × ${patch}`, marker: MARKERS[i % MARKERS.length] },
    points: upsampling
      .filter((one) => one.patch === patch)
      .map(({ side, varianceRatio, low, high }) => ({ at: side, value: varianceRatio, low, high })),
  }));
  return againstSetting(
    {
      id: "upsampling-quality",
      title: "Quality of upsampling",
      caption: html`Variance of the magnetization of a patch in upsampled and relaxed states, over that in true states of the same size; each level doubles the
side, bars are 95 % intervals. One means that upsampling left no trace.`,
      alt: "Ratio of variances against the side reached, one line per patch side",
      x: { label: "side reached [spins]", log: 2 },
      y: { label: "variance, upsampled / true" },
      height: 300,
    },
    [{ series: pointSeries(scores), levels: [{ value: 1, label: "true states" }] }],
  );
}

export function snapshots({ pictures: list }: Data): Html | false {
  if (list.length === 0) return false;
  return pictures(
    "snapshots",
    "Snapshots",
    html`Spins up (dark) and down (pale), every spin at the same scale in all pictures. Mean-field spins have no geometry: the state knows only how many
spins of each half patch are up, and their positions inside a half patch are drawn at random.`,
    list.map(({ title, spins, side }) => spinPicture(title, spins, side)),
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
