/** Figures of the microscopic fields: one true run, profiles and spectra of upsampled states. */
import { average } from "../../../analysis/mean.ts";
import { chart } from "../../../report/chart.ts";
import { thin } from "../../../report/chart-data.ts";
import type { Panel } from "../../../report/chart-spec.ts";
import { extent } from "../../../report/extent.ts";
import { type Look, TRUE } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { fieldPicture, type Picture, pictures } from "../../../report/lattice.ts";
import { formatNumber, formatSetting } from "../../../report/number.ts";
import { type InkName, scaleInk } from "../../../report/palette.ts";
import { type PredatorPreyReportData as Data, SPECIES, SPECIES_NAMES, type Species } from "../data.ts";

/** Of their own: no method looks like them. */
const SPECIES_LOOKS: Record<Species, { ink: InkName; dash: "solid" | "dashed" }> = {
  u: { ink: "species1", dash: "solid" },
  v: { ink: "species2", dash: "dashed" },
};

/** Height of a space–time picture in widths, and the width of one of two side by side, in CSS pixels. */
const ASPECT = 0.75;
const PICTURE_WIDTH = 500;

/** Both fields of one run, position to the right and time downwards; no more rows than the picture has pixels for. */
export function spaceTime(data: Data): Html | false {
  if (!data.spaceTime || data.spaceTime.times.length === 0) return false;
  const { times, points, field } = data.spaceTime;
  const wanted = Math.round(ASPECT * points);
  const all = Array.from(times, (_, row) => row);
  const rows = all.length > wanted ? thin(all, wanted) : all;
  const [first, last] = [times[rows[0]], times[rows[rows.length - 1]]].map(formatSetting);
  const picture = (species: Species): Picture => {
    const values = rows.flatMap((row) => Array.from({ length: points }, (_, i) => field[species][row * points + i]));
    const title = html`<i>${species}</i>${SPECIES_NAMES[species].slice(1)}`;
    const [low, high] = extent(values);
    const drawn = fieldPicture(title, values, points, rows.length, low > high ? [0, 1] : [low, high]);
    return {
      ...drawn,
      alt: `${SPECIES_NAMES[species]} over space and time. ${drawn.alt}`,
      stretch: wanted / rows.length,
    };
  };
  return pictures(
    "space-time",
    "One true run",
    html`Position rightwards (grid points 1 to ${points}), time downwards (from ${first} to ${last}, ${rows.length} of ${times.length} stored times). Each picture has its own colour
scale, given by the bar under it. Stripes of the initial cosine fade into noise; predators, which diffuse, are smoother than prey.`,
    SPECIES.map(picture),
    PICTURE_WIDTH,
  );
}

const isRelaxed = (name: string) => name.includes("relaxed");
/** What relaxation does beside what it is for. */
const RELAXING = "LocalRelax moves points inside for twice its time at every level";

export function profiles(data: Data): Html {
  const panels = data.profiles.map(
    ({ title, x, u, v }): Panel => ({
      title,
      series: SPECIES.map((species) => ({
        name: SPECIES_NAMES[species],
        ...SPECIES_LOOKS[species],
        width: 1.5,
        x,
        y: { u, v }[species],
      })),
    }),
  );
  return chart({
    id: "profiles",
    title: "Profiles at one time",
    caption: html`Both species along the system: a small system, large states made of it, and a true state of that size. What should look alike is the roughness from point to point. All start from the same wave of the training law and are equally old${
      data.profiles.some(({ title }) => isRelaxed(title)) &&
      `, the time of relaxation counted (${RELAXING}; what is not relaxed evolved for as long as a small system)`
    }; their noise is their own. The wave of a small system is ${formatSetting(data.fieldPoints / data.small)} times as short, so that diffusion takes it down faster.`,
    alt: "Prey and predator against position in a small, an upsampled and a true system",
    x: { label: "position [grid points]" },
    y: { label: "density" },
    columns: 2,
    height: 240,
    maxPoints: 400,
    panels,
  });
}

const isTrue = ({ name }: { name: string }) => /^true\b/i.test(name);
/** Modes below that of the initial wave, which hold noise alone. */
const LONG_WAVES = [1, 9] as const;

/** Power of interpolated over that of true states in long waves, as a sentence; nothing where there are none. */
function longWaves({ spectra: all, interpolation, fieldPoints, small }: Data): string {
  const [from, to] = LONG_WAVES;
  const power = (curve: Data["spectra"][number] | undefined) => {
    const own = curve?.mode.flatMap((mode, k) => (mode >= from && mode <= to ? [curve.power[k]] : [])) ?? [];
    return own.length > 0 ? average(own) : Number.NaN;
  };
  const ratios = SPECIES.flatMap((species) => {
    const own = all.filter((one) => one.species === species);
    const ratio = power(own.find(({ name }) => name === interpolation)) / power(own.find(isTrue));
    return Number.isFinite(ratio) ? [`${formatNumber(ratio, 3)} times (${species})`] : [];
  });
  if (ratios.length === 0) return "";
  return `In modes ${from} to ${to}, below the initial wave, ${interpolation} interpolation leaves ${ratios.join(" and ")} the true power: fluctuations of a small system that is stretched ${formatSetting(fieldPoints / small)} times are as high as they were and so much longer.`;
}

export function spectra(data: Data): Html {
  const all = data.spectra;
  const truth = all.filter(isTrue);
  const others = all.filter((one) => !isTrue(one));
  // One ink per interpolation; LocalRelax makes it a solid line.
  const kindOf = (name: string) => name.split(", ")[0];
  const kinds = [...new Set(others.map(({ name }) => kindOf(name)))];
  const lookOf = (name: string): Look => {
    if (isTrue({ name })) return TRUE;
    const kind = kinds.indexOf(kindOf(name));
    const ink = scaleInk(kind, Math.max(3, kinds.length + 1));
    // What lies below shows on either side of what coincides with it.
    return { name, ink, dash: isRelaxed(name) ? "solid" : "dashed", width: kind < kinds.length - 1 ? 3.5 : 1.25 };
  };
  const panels = SPECIES.map((species): Panel => {
    const own = [...truth, ...kinds.flatMap((kind) => others.filter(({ name }) => kindOf(name) === kind))].filter(
      (one) => one.species === species,
    );
    const series = own.map(({ name, mode: x, power: y, low, high }) => ({ ...lookOf(name), x, y, low, high }));
    return { title: SPECIES_NAMES[species], series };
  }).filter((panel) => panel.series.length > 0);
  // Interpolation leaves some modes without any power: the axis ends a decade below the true ones.
  const [low, high] = extent(truth.flatMap(({ power }) => power.filter((value) => value > 0)));
  return chart({
    id: "spectra",
    title: "Power spectra",
    caption: html`Variance per mode of the fields, mean over replicas with 95 % bands; mode <i>q</i> has <i>q</i> half waves across the system. True states
(thick) set the mark${kinds.length > 1 && `; ${kinds.slice(0, -1).join(" and ")} interpolation is drawn wide under ${kinds.at(-1)}, to be seen on either side where they coincide`}. ${longWaves(data)} Interpolation removes fluctuations of short waves (large <i>q</i>), which LocalRelax puts back in part: where a curve lies under the thick one, fluctuations are missing, and above it there are too many. The
axis ends a decade below the true states; interpolated ones go on falling. The peak is the initial wave; all states come from the same waves and are equally old${others.some(({ name }) => isRelaxed(name)) && `, the time of relaxation counted (${RELAXING})`}, but diffusion takes the shorter wave of a small system down faster.`,
    alt: "Variance per mode against mode number, logarithmic, of true states and of each way of upsampling",
    x: { label: "mode q [half waves]", log: 10 },
    y: { label: "variance per mode", log: 10, ...(low <= high && { range: [low / 10, high * 3] }) },
    height: 320,
    panels,
  });
}
