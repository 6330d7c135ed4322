/** Figures of the microscopic fields: one true run, profiles and spectra of upsampled states. */
import { chart, type Panel, type Series } from "../../../report/chart.ts";
import { thin } from "../../../report/chart-data.ts";
import { TRUTH } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { fieldPicture, type Picture, pictures } from "../../../report/lattice.ts";
import { formatSetting } from "../../../report/number.ts";
import { type InkName, SCALE } from "../../../report/palette.ts";
import type { PredatorPreyReportData as Data } from "../report.ts";
import { SPECIES, SPECIES_NAMES, type Species } from "../species.ts";

const SPECIES_INKS: Record<Species, InkName> = { u: "compensator", v: "naive" };

/** Height of a space–time picture in widths, and the width of one of two side by side, in CSS pixels. */
const ASPECT = 0.75;
const PICTURE_WIDTH = 500;

function rangeOf(values: ArrayLike<number>): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    [low, high] = [Math.min(low, values[i]!), Math.max(high, values[i]!)];
  }
  return low > high ? [0, 1] : [low, high];
}

/** Both fields of one run, position to the right and time downwards; no more rows than the picture has pixels for. */
export function spaceTime(data: Data): Html | false {
  if (!data.spaceTime || data.spaceTime.times.length === 0) return false;
  const { times, points, field } = data.spaceTime;
  const wanted = Math.round(ASPECT * points);
  const all = Array.from(times, (_, row) => row);
  const rows = all.length > wanted ? thin(all, wanted) : all;
  const [first, last] = [times[rows[0]!]!, times[rows.at(-1)!]!].map(formatSetting);
  const picture = (species: Species): Picture => {
    const values = rows.flatMap((row) => Array.from({ length: points }, (_, i) => field[species][row * points + i]!));
    const title = html`<i>${species}</i>${SPECIES_NAMES[species].slice(1)}`;
    const drawn = fieldPicture(title, values, points, rows.length, rangeOf(values));
    return {
      ...drawn,
      alt: `${SPECIES_NAMES[species]} over space and time. ${drawn.alt}`,
      stretch: wanted / rows.length,
    };
  };
  return pictures(
    "space-time",
    "One true run",
    html`Position rightwards (grid points 1 to ${points}), time downwards (from ${first!} to ${last!}, ${rows.length} of ${times.length} stored times). Each picture has its own colour
scale, given by the bar under it. Stripes of the initial cosine fade into noise; predators, which diffuse, are smoother than prey.`,
    SPECIES.map(picture),
    PICTURE_WIDTH,
  );
}

export function profiles(data: Data): Html {
  const panels = data.profiles.map(
    ({ title, x, u, v }): Panel => ({
      title,
      series: SPECIES.map((species) => ({
        name: SPECIES_NAMES[species],
        ink: SPECIES_INKS[species],
        width: 1.25,
        x,
        y: { u, v }[species],
      })),
    }),
  );
  return chart({
    id: "profiles",
    title: "Profiles at one time",
    caption: html`Both species along the system: a small system, large states made of it, and a true state of that size. Roughness from point to point and waves should look
alike; the places of the bumps are chance, because the noise differs.`,
    alt: "Prey and predator against position in a small, an upsampled and a true system",
    x: { label: "position [grid points]" },
    y: { label: "density" },
    columns: 2,
    height: 240,
    maxPoints: 400,
    panels,
  });
}

const isTrue = (name: string) => /^true\b/i.test(name);

export function spectra(data: Data): Html {
  const ways = [...new Set(data.spectra.map(({ name }) => name))].filter((name) => !isTrue(name));
  const inkOf = (name: string): InkName => SCALE[Math.min(2 * ways.indexOf(name), SCALE.length - 1)]!;
  const dashOf = (name: string): Series["dash"] => (["dashed", "solid", "dotted"] as const)[ways.indexOf(name) % 3]!;
  const panels = SPECIES.map((species): Panel => {
    const own = data.spectra.filter((one) => one.species === species);
    const ordered = own.toSorted((a, b) => Number(isTrue(b.name)) - Number(isTrue(a.name)));
    return {
      title: SPECIES_NAMES[species],
      series: ordered.map(({ name, mode, power, low, high }): Series => {
        const look = isTrue(name) ? { ...TRUTH, name: "True" } : { name, ink: inkOf(name), dash: dashOf(name) };
        return { ...look, x: mode, y: power, low, high };
      }),
    };
  }).filter((panel) => panel.series.length > 0);
  const truth = data.spectra
    .filter(({ name }) => isTrue(name))
    .flatMap(({ power }) => power.filter((value) => value > 0));
  // Interpolation leaves some modes without any power: the axis ends a decade below the true ones.
  const [low, high] = rangeOf(truth);
  return chart({
    id: "spectra",
    title: "Power spectra",
    caption: html`Variance per mode of the fields, mean over replicas with 95 % bands; mode <i>q</i> has <i>q</i> half waves across the system. True states
(thick) set the mark. Interpolation removes fluctuations of short waves (large <i>q</i>), which LocalRelax puts back in part: where a curve lies under the thick one, they are missing. The
axis ends a decade below the true states; interpolated ones go on falling.`,
    alt: "Variance per mode against mode number, logarithmic, of true states and of each way of upsampling",
    x: { label: "mode q [half waves]", log: 10 },
    y: { label: "variance per mode", log: 10, ...(truth.length > 0 && { range: [low / 10, high * 3] }) },
    height: 320,
    panels,
  });
}
