/** How far upsampled lattices are from true ones: distances, correlations, pictures. */
import { chart } from "../../../report/chart.ts";
import type { Panel } from "../../../report/chart-spec.ts";
import { extent } from "../../../report/extent.ts";
import { type Look, TRUE } from "../../../report/figures/methods.ts";
import { withMagnetization } from "../../../report/figures/spins.ts";
import { type Html, html } from "../../../report/html.ts";
import { pictureRows, spinPicture } from "../../../report/lattice.ts";
import { formatNumber, formatSetting } from "../../../report/number.ts";
import { type Column, htmlTable } from "../../../report/table.ts";
import { type IsingReportData as Data, LABELS } from "../data.ts";

const FLOOR_DIGITS = 2;
/** CSS pixels of the widest picture: three stand beside each other. */
const PICTURE_WIDTH = 192;
/** How far below its largest value a correlation is shown. */
const DEPTH = 1e-3;

/** How lattices were made larger here, and the other way. */
export function making({ upsamplingMethod }: Data): Html {
  const used =
    upsamplingMethod === "mosaic"
      ? "at once from tiles: every tile is another small lattice of the same cohort (one probability of up spins at the start, and one age), shifted cyclically at random. Inside a tile correlations are those of the small lattice, across seams there are next to none. (The paper copies each spin to a square instead.)"
      : "level by level by copies: each spin becomes a square of equal spins, as in the paper, which doubles all lengths. (The alternative is tiles: small lattices of one cohort and age beside each other.)";
  return html`<p>Training lattices are made from small ones, here ${used}
Then LocalRelax runs the true dynamics for a short time in patch after patch.</p>`;
}

export function distances({ upsampling, upsamplingMethod }: Data): Html | false {
  if (upsampling.length === 0) return false;
  return htmlTable(
    upsampling.toSorted((a, b) => a.observable.localeCompare(b.observable) || b.patch - a.patch || a.level - b.level),
    [
      { label: "Law of", header: true, cell: ({ observable }) => LABELS[observable] },
      { label: "Patch side", cell: ({ patch }) => patch, format: String },
      { label: "Level", cell: ({ level }) => level, format: String },
      { label: "Side reached", cell: ({ side }) => side, format: String },
      { label: "Unrelaxed", cell: ({ before }) => before },
      { label: "Relaxed", cell: ({ after }) => after },
      { label: "Sampling alone", cell: ({ floor }) => floor, format: (floor) => formatNumber(floor, FLOOR_DIGITS) },
    ],
    html`1-Wasserstein distance (in units of the observable) between upsampled and true lattices of the side reached, before and after LocalRelax, with 95 % intervals: less what sampling adds to a distance, of which the last column is what is expected between
two sets of true lattices. An interval that begins at 0 holds no resolved difference. ${
      upsamplingMethod === "mosaic"
        ? html`Tiles keep <i>m</i> on average; walls along their seams make <i>ρ</i> too high until LocalRelax heals them.`
        : html`Copying keeps <i>m</i> and halves <i>ρ</i>, so LocalRelax has to make the missing walls.`
    }`,
  );
}

/** What LocalRelax of several times leaves of the difference between upsampled and true lattices. */
export function relaxTimes({ relaxStudy }: Data): Html | false {
  if (!relaxStudy) return false;
  const { patch, side, symbols, times, biases, ofTrue } = relaxStudy;
  const rows = [
    ...times.map((time, k) => ({ what: formatSetting(time), row: biases[k] })),
    { what: "true lattices", row: ofTrue },
  ];
  return htmlTable(
    rows,
    [
      { label: "LocalRelax [sweeps]", header: true, cell: ({ what }) => what },
      ...symbols.map((symbol, j): Column<(typeof rows)[number]> => {
        return {
          label: html`of <i>${symbol}</i>`,
          cell: ({ row }) => row[j],
          format: (value) => formatNumber(value, 2),
        };
      }),
    ],
    html`Lattices of ${side} × ${side} made from ${patch} × ${patch} against true ones of that side: bias of the drift, as a share of the mean square of its residuals about the equation learned from true lattices: what lattices of neighbouring starts and of one age have in common. 0 where lattices with the same observables drift alike; the last row, other true lattices, is what the equation itself leaves. A time is long enough from where the numbers are no larger than there. Young lattices are relaxed for no longer than their age.`,
  );
}

const KINDS: Record<Data["correlations"][number]["kind"], Look> = {
  true: TRUE,
  unrelaxed: { name: "Unrelaxed", ink: "scale4", dash: "dotted" },
  relaxed: { name: "Relaxed", ink: "first", width: 1.5 },
};

type Correlation = Data["correlations"][number];

const CORRELATED: Record<Data["upsamplingMethod"], Html> = {
  mosaic: html`are correlated inside a tile as small periodic lattices are, whose opposite edges are neighbours, and a pair at distance <i>r</i> is in one tile of side ℓ with probability 1 − <i>r</i>/ℓ: short of that side the dotted curve can be far above the truth, and beyond it only what the recurrence of a cohort’s small lattices leaves is there`,
  copy: html`are correlated over twice the distance`,
};

/** Consecutive whole numbers in order, in words: "0 to 3, 5". */
function inRanges(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const one of numbers) {
    const last = runs.at(-1);
    if (last && one === last[1] + 1) last[1] = one;
    else runs.push([one, one]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`)).join(", ");
}

/** At which distances the intervals of relaxed and true lattices are apart, and by how much most. */
function missed(groups: ReadonlyMap<string, readonly Correlation[]>, relaxStudy: Data["relaxStudy"]): Html {
  const found = [...groups].flatMap(([title, own]) => {
    const [truth, relaxed] = (["true", "relaxed"] as const).map((kind) => own.find((one) => one.kind === kind));
    if (!truth || !relaxed) return [];
    const apart = Array.from(truth.r.keys()).filter(
      (k) => relaxed.low[k] > truth.high[k] || relaxed.high[k] < truth.low[k],
    );
    const factors = apart
      .filter((k) => truth.low[k] > 0 && relaxed.low[k] > 0)
      .map((k) => ({ k, by: relaxed.mean[k] / truth.mean[k] }));
    const most = factors.toSorted((a, b) => Math.abs(Math.log(b.by)) - Math.abs(Math.log(a.by))).at(0);
    return [
      { title, patch: truth.patch, r: apart.map((k) => truth.r[k]), most: most && { r: truth.r[most.k], by: most.by } },
    ];
  });
  const off = found.filter(({ r }) => r.length > 0);
  const right = found.filter(({ r }) => r.length === 0).map(({ title }) => title);
  if (off.length === 0) return html`${found.length > 0 && " Their intervals meet everywhere."}`;
  const unknown = off.filter(({ patch }) => patch !== relaxStudy?.patch);
  return html` ${off.map(
    ({ title, r, most }, k) =>
      html`${k > 0 && "; "}${k > 0 ? "l" : "L"}attices ${title} do not at <i>r</i> = ${inRanges(r)}, where the intervals are apart${
        most && html` (${formatNumber(most.by, 2)} times the true correlation at <i>r</i> = ${most.r})`
      }`,
  )}${right.length > 0 && `; those ${right.join(", ")} do`}.${
    off.some(({ r }) => r.includes(0)) && html` At <i>r</i> = 0 it is 1 − ⟨<i>m</i>⟩²: the mean magnetization is off.`
  }${unknown.length > 0 && " What this does to the drift was not measured; errors of the predictions hold it."}`;
}

export function correlations({ correlations: all, upsamplingMethod, relaxStudy }: Data): Html {
  const ordered = all.toSorted((a, b) => b.patch - a.patch || a.level - b.level);
  const groups = Map.groupBy(ordered, ({ patch, side }) => `from ${patch} × ${patch} to ${side} × ${side}`);
  const panels = [...groups].map(([title, own]): Panel => {
    const series = (["true", "unrelaxed", "relaxed"] as const).flatMap((kind) =>
      own.filter((one) => one.kind === kind),
    );
    // A logarithm has no place for values below zero, which are noise.
    const positive = (values: number[]) => values.map((value) => (value > 0 ? value : Number.NaN));
    return {
      title,
      series: series.map(({ kind, r, mean, low, high }) => ({ ...KINDS[kind], x: r, y: positive(mean), low, high })),
    };
  });
  const [least, most] = extent(all.flatMap(({ mean }) => mean).filter((value) => value > 0));
  return chart({
    id: "correlations",
    title: "Two-point correlation",
    caption: html`Connected correlation ⟨<i>s</i>(<i>x</i>) <i>s</i>(<i>x</i> + <i>r</i>)⟩ − ⟨<i>m</i>⟩² along rows and columns, ⟨<i>m</i>⟩ of all lattices of a kind; bands are 95 % intervals. Unrelaxed lattices (dotted) ${CORRELATED[upsamplingMethod]}.
Relaxed ones (thin, solid) should follow the true ones (thick) at all distances.${missed(groups, relaxStudy)} Gaps are values below zero.`,
    alt: "Connected two-point correlation against distance, logarithmic, of true, unrelaxed and relaxed lattices",
    x: { label: "distance r [sites]" },
    y: {
      label: "correlation C(r)",
      log: 10,
      ...(most > 0 && { range: [Math.max(least / 1.5, DEPTH * most), 1.5 * most] }),
    },
    columns: 3,
    height: 220,
    panels,
  });
}

export function snapshots(data: Data): Html | false {
  const rows = data.pictures.filter((row) => row.length > 0);
  if (rows.length === 0) return false;
  return pictureRows(
    "snapshots",
    "Snapshots",
    html`Spins up (dark) and down (pale), every spin at the same scale in all pictures. Relaxing is motion: an upsampled lattice is older than its small one, and has moved on; beside it stands the true lattice that has nearly its magnetization, whenever it had it. Of one magnetization the two should not be told apart: the same ragged
domain walls, the same single turned spins inside domains.`,
    rows.map((row) => row.map(({ title, spins, side }) => spinPicture(withMagnetization(title, spins), spins, side))),
    PICTURE_WIDTH,
  );
}
