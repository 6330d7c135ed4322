/** How far upsampled lattices are from true ones: distances, correlations, pictures. */
import { table } from "arquero";
import { chart, type Panel, type Series } from "./chart.ts";
import { type Html, html } from "./html.ts";
import type { IsingReportData as Data } from "./ising.ts";
import { LABELS } from "./ising-observables.ts";
import { pictureRows, spinPicture } from "./lattice.ts";
import { TRUTH } from "./methods.ts";
import { formatNumber, formatWithInterval } from "./number.ts";
import { htmlTable } from "./table.ts";

const FLOOR_DIGITS = 2;
/** CSS pixels of the widest picture: three stand beside each other. */
const PICTURE_WIDTH = 320;
/** How far below its largest value a correlation is shown. */
const DEPTH = 1e-3;

type Distance = Data["upsampling"][number];

export function distances(data: Data): Html | false {
  const rows = data.upsampling.toSorted(
    (a, b) => a.observable.localeCompare(b.observable) || b.patch - a.patch || a.level - b.level,
  );
  if (rows.length === 0) return false;
  const cells = (key: "before" | "after") =>
    rows.map((row) => formatWithInterval(row[key].w1, row[key].low, row[key].high));
  const whole = (pick: (row: Distance) => number) => rows.map((row) => String(pick(row)));
  const number = (label: string) => ({ label, text: false });
  return htmlTable(
    table({
      observable: rows.map(({ observable }) => LABELS[observable]),
      patch: whole((row) => row.patch),
      level: whole((row) => row.level),
      side: whole((row) => row.side),
      before: cells("before"),
      after: cells("after"),
      floor: rows.map(({ floor }) => formatNumber(floor, FLOOR_DIGITS)),
    }),
    {
      observable: { label: "Law of", header: true },
      patch: number("Patch side"),
      level: number("Level"),
      side: number("Side reached"),
      before: number("Copied"),
      after: number("Relaxed"),
      floor: number("Two true sets"),
    },
    html`1-Wasserstein distance (in units of the observable) between upsampled and true lattices of the side reached, before and after LocalRelax, with 95 % intervals; the last column is expected for
two sets of true lattices. Copying keeps <i>m</i> and halves <i>ρ</i>, so LocalRelax has to make the missing walls.`,
  );
}

const KINDS: Record<Data["correlations"][number]["kind"], Omit<Series, "x" | "y">> = {
  true: { name: "True", ...TRUTH },
  copied: { name: "Copied", ink: "naive", dash: "dotted" },
  relaxed: { name: "Copied and relaxed", ink: "compensator", dash: "dashed", width: 2 },
};

export function correlations(data: Data): Html {
  const key = ({ patch, level }: { patch: number; level: number }) => `${patch} ${level}`;
  const ordered = data.correlations.toSorted((a, b) => b.patch - a.patch || a.level - b.level);
  const panels = [...new Set(ordered.map(key))].map((name): Panel => {
    const own = ordered.filter((one) => key(one) === name);
    const { patch, side } = own[0]!;
    return {
      title: `from ${patch} × ${patch} to ${side} × ${side}`,
      series: (["true", "copied", "relaxed"] as const).flatMap((kind): Series[] =>
        own
          .filter((one) => one.kind === kind)
          // A logarithm has no place for values below zero, which are noise.
          .map(({ r, mean, low, high }) => ({
            ...KINDS[kind],
            x: r,
            y: mean.map((value) => (value > 0 ? value : Number.NaN)),
            low,
            high,
          })),
      ),
    };
  });
  const values = data.correlations.flatMap(({ mean }) => mean).filter((value) => value > 0);
  const [least, most] = values.reduce(([a, b], value) => [Math.min(a, value), Math.max(b, value)], [Infinity, 0]);
  return chart({
    id: "correlations",
    title: "Two-point correlation",
    caption: html`Connected correlation ⟨<i>s</i>(<i>x</i>) <i>s</i>(<i>x</i> + <i>r</i>)⟩ − ⟨<i>m</i>⟩² along rows and columns, bands are 95 % intervals. Copied lattices (dotted) are
correlated over twice the distance; relaxed ones (dashed) should follow the true ones (thick) at all distances. Gaps are values below zero.`,
    alt: "Connected two-point correlation against distance, logarithmic, of true, copied and relaxed lattices",
    x: { label: "distance r [sites]" },
    y: {
      label: "correlation C(r)",
      log: 10,
      ...(most > 0 && { range: [Math.max(least / 1.5, DEPTH * most), 1.5 * most] as [number, number] }),
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
    html`Spins up (dark) and down (pale), every spin at the same scale in all pictures. True and relaxed lattices of one magnetization should not be told apart: the same ragged
domain walls, the same single turned spins inside domains.`,
    rows.map((row) => row.map(({ title, spins, side }) => spinPicture(title, spins, side))),
    PICTURE_WIDTH,
  );
}
