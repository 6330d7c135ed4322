/** Barriers: what vacancies see, and whether barriers obey detailed balance. */
import { chart } from "../../../report/chart.ts";
import type { Panel } from "../../../report/chart-spec.ts";
import { extent } from "../../../report/extent.ts";
import { formatChange, lateChange } from "../../../report/figures/training.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatNumber, formatSetting } from "../../../report/number.ts";
import { scaleInk } from "../../../report/palette.ts";
import { type Column, htmlTable } from "../../../report/table.ts";
import type { Estimate } from "../../../run/seeds.ts";
import { ANYWHERE } from "../checks.ts";
import type { NbMoTaReportData as Data } from "../data.ts";

/** Kinds of lattices, which are no methods. */
const LOOKS = {
  "small lattices": { ink: "exact", width: 5 },
  supercell: { ink: "scale1", dash: "dashed" },
  tiles: { ink: "scale3", dash: "solid" },
  "vacancies at random sites": { ink: "scale5", dash: "dotted", width: 2 },
} as const;
/** Names of the kinds of surroundings, as they are printed. */
const NAMES: Record<string, string> = {
  "small lattices": "Small lattices, direct",
  supercell: "Copies of one lattice",
  tiles: "Tiles",
  "vacancies at random sites": "Vacancies at random sites",
};

/** Densities of the barriers of all eight jumps, a panel per temperature. */
export function barrierLaws({ barrierLaws }: Data): Html {
  const temperatures = [...new Set(barrierLaws.map(({ temperature }) => temperature))].sort((a, b) => a - b);
  const panels = temperatures.map(
    (temperature): Panel => ({
      title: `${formatSetting(temperature)} K`,
      series: barrierLaws
        .filter((one) => one.temperature === temperature)
        .map(({ name, barrier, density }) => ({
          name: NAMES[name] ?? name,
          ...(LOOKS[name as keyof typeof LOOKS] ?? { ink: "exact" }),
          x: barrier,
          y: density,
        })),
    }),
  );
  const has = (name: keyof typeof LOOKS) => barrierLaws.some((one) => one.name === name);
  const made = [has("supercell") && "copies of one lattice", has("tiles") && "tiles of several"].filter(Boolean);
  // Where there are any barriers.
  const [low, high] = extent(
    barrierLaws.flatMap(({ barrier, density }) => barrier.filter((_, k) => (density[k] ?? 0) > 0)),
  );
  return chart({
    id: "barriers",
    title: "Barriers around the vacancies",
    caption: html`Density of the barriers of all eight jumps of a vacancy: in the small lattices of direct simulation (thick), seen at times, not at jumps${
      made.length > 0 && html`; in lattices made large of ${made.join(" and of ")}, at the start of partial evolutions`
    }${has(ANYWHERE) && "; and, for comparison, of vacancies put at random sites, which are not where they spend their time"}.`,
    alt: "Density of barriers in electronvolts, one line per kind of lattice, one panel per temperature",
    x: { label: "barrier [eV]", ...(low < high && { range: [low, high] }) },
    y: { label: "density [1/eV]" },
    panels,
    columns: panels.length === 3 ? 3 : 2,
    height: 240,
  });
}

type Seen = Data["surroundings"][number];

/** Escape rates and order in lattices that were made large, beside the small ones: a row per temperature, a column per kind of lattice. */
export function surroundings({ surroundings }: Data): Html | false {
  if (surroundings.length === 0) return false;
  const rows = [...Map.groupBy(surroundings, ({ temperature }) => temperature).values()];
  const kinds = [...new Set(surroundings.map(({ kind }) => kind))];
  const [direct, ...made] = kinds;
  const nameOf = (kind: string) => NAMES[kind] ?? kind;
  const of = <Value>(row: readonly Seen[], kind: string, pick: (one: Seen) => Value) => {
    const found = row.find((one) => one.kind === kind);
    return found && pick(found);
  };
  const T: Column<Seen[]> = {
    label: "T",
    unit: "K",
    header: true,
    cell: ([{ temperature }]) => formatSetting(temperature),
  };
  const column = (kind: string, label: string, pick: (one: Seen) => number | Estimate): Column<Seen[]> => ({
    label,
    cell: (row) => of(row, kind, pick),
    format: (x) => formatNumber(x, 2),
  });
  return html`${htmlTable(
    rows,
    [
      T,
      ...kinds.map((kind) => column(kind, nameOf(kind), ({ rate }) => rate)),
      ...made.map((kind) => column(kind, `shift: ${nameOf(kind)}`, ({ shift }) => shift)),
    ],
    html`What vacancies see where partial evolutions start: mean over them of log₁₀ of their escape rate in 1/s (the sum of their eight rates) with 95 % intervals over lattices, and its shift in decades from the small lattices of direct simulation (lattice by lattice, tiles from those that they are of). Copies of one lattice see what it sees, so that only their seams could shift them; tiles of several lattices also have those of their seams.`,
  )}${htmlTable(
    rows,
    [
      T,
      ...made.map((kind) => column(kind, nameOf(kind), ({ distance }) => distance)),
      column(direct, "two halves, over √2", ({ floor }) => floor),
      ...made.map((kind) => column(kind, `mean |Δδ|: ${nameOf(kind)}`, ({ orderError }) => orderError)),
    ],
    html`Wasserstein distance in decades of the whole law of escape rates from that of the small lattices, and that of two halves of theirs over √2; and by how much making lattices large changes their order parameters.`,
  )}`;
}

/** Ticks of an axis of speeds. */
const SPEEDS = [3, 4, 5, 6, 7].flatMap((power) => [1, 2, 5].map((digit) => digit * 10 ** power));

/** Error of compact models of several sizes against the speed of walks over their barriers. */
export function tradeOff({ distilled: { sizes, passes, shipped, network } }: Data): Html | false {
  if (sizes.length === 0) return false;
  const sorted = sizes.toSorted((a, b) => a.jumpsPerSecond - b.jumpsPerSecond);
  const [least, most] = extent([network, ...sorted.map(({ jumpsPerSecond }) => jumpsPerSecond)]);
  return chart({
    id: "trade-off",
    title: "Accuracy and speed of the compact model",
    caption: html`Mean absolute error on surroundings that walks of the published network meet at temperatures that were not fitted, against jumps per second of 256 vacancies at 2000 K, all measured in one run on one machine: models of several sizes, sums and hidden units (${sorted.map(({ rank, hidden }, k) => html`${k > 0 && ", "}${formatSetting(rank)} and ${formatSetting(hidden)}`)} from slow to fast), each after ${formatNumber(passes, 2)} passes through the examples, and the one that is shipped (${formatSetting(shipped.rank)} and ${formatSetting(shipped.hidden)}), after more. The network itself, without error, makes ${formatNumber(network / 1000, 2)} thousand jumps per second.`,
    alt: "Mean absolute error of compact models of several sizes in milli-electronvolts against jumps per second",
    x: {
      label: "jumps per second",
      log: 10,
      ticks: SPEEDS.filter((speed) => speed >= least / 1.35 && speed <= most * 1.35),
    },
    y: { label: "mean absolute error [meV]" },
    panels: [
      {
        series: [
          {
            name: "sizes, equal passes",
            ink: "scale2",
            draw: "line+points",
            x: sorted.map(({ jumpsPerSecond }) => jumpsPerSecond),
            y: sorted.map(({ error }) => error),
          },
          {
            name: "shipped",
            ink: "scale5",
            draw: "points",
            marker: "diamond",
            x: [shipped.jumpsPerSecond],
            y: [shipped.error],
          },
          { name: "published network", ink: "exact", draw: "points", marker: "square", x: [network], y: [0] },
        ],
      },
    ],
    height: 260,
  });
}

/** Loss of the shipped compact model in the course of its training. */
export function distillation({ distilled: { training } }: Data): Html | false {
  const { step, loss, of } = training;
  if (step.length === 0) return false;
  const late = lateChange(loss, "mean");
  return chart({
    id: "distillation",
    title: "Training of the compact model",
    caption: html`Mean loss of ${of} against the step: absolute error of the barriers, rounded at its foot, in their standard deviation. Training that has converged is flat in its last quarter; the learning rate goes to zero at the end.${late && ` Over the last quarter the loss changed by ${formatChange(late)} of itself.`}`,
    alt: "Training loss of the compact model against the step",
    x: { label: "step", log: 10 },
    y: { label: "loss", log: 10 },
    panels: [{ series: [{ name: "shipped", ink: "scale5", draw: "line", x: step, y: loss }] }],
    height: 240,
  });
}

/** Order under the compact model beside that under the network. */
export function fidelity({ fidelity }: Data): Html | false {
  if (fidelity.length === 0) return false;
  return htmlTable(
    fidelity,
    [
      { label: "T", unit: "K", header: true, cell: ({ temperature }) => formatSetting(temperature) },
      { label: "δ of MoTa, published network", cell: ({ network }) => network },
      { label: "compact model", cell: ({ compact }) => compact },
      {
        label: "largest deviation of all pairs",
        unit: "standard errors",
        cell: ({ deviation }) => deviation,
        format: (x) => formatNumber(x, 2),
      },
      { label: "time of a jump, compact over network", cell: ({ jumpTimes }) => jumpTimes },
      {
        label: "Lattices waited for",
        unit: "relaxations",
        cell: ({ waited }) => waited,
        format: (x) => formatNumber(x, 2),
      },
    ],
    html`What the shipped compact model makes of lattices beside the network that it is distilled from (measured once, <code>npm run nbmota-fidelity</code>): both annealed from hot to cold by random numbers of their own, means over independent lattices with 95 % intervals. Three of the six are independent: for a model that is exact half the largest deviations are above 1.3 to 1.6, one in twenty above 2.4 to 2.6.`,
  );
}

/** Densities of the affinity of closed loops, at the lowest, the middle and the highest temperature. */
export function affinities({ affinities }: Data): Html {
  const all = affinities.toSorted((a, b) => a.temperature - b.temperature);
  const last = all.length - 1;
  const shown = [...new Set([0, Math.floor(last / 2), last])].flatMap((k) => all[k] ?? []);
  return chart({
    id: "affinity",
    title: "Detailed balance of the barriers",
    caption: html`Sum of forward minus backward barriers round closed loops of twelve jumps, after which all is as before: 0 where rates come from an energy.${
      shown.length < all.length && " Densities at the lowest, the middle and the highest temperature."
    } Root mean square: ${all.map(
      ({ temperature, rms }, k) => html`${k > 0 && ", "}${formatNumber(rms, 2)} eV at ${formatSetting(temperature)} K`,
    )}. Neither the published network nor the model distilled from it has an energy: equilibrium here means the stationary state of the dynamics.`,
    alt: "Density of the cycle affinity in electronvolts, one line per temperature",
    x: { label: "affinity of a loop [eV]" },
    y: { label: "density [1/eV]" },
    panels: [
      {
        series: shown.map(({ temperature, affinity, density }, k) => ({
          name: `${formatSetting(temperature)} K`,
          ink: scaleInk(k, shown.length),
          dash: (["solid", "dashed", "dotted"] as const)[k % 3],
          width: 2,
          x: affinity,
          y: density,
        })),
        verticals: [{ value: 0, label: "" }],
      },
    ],
    height: 260,
  });
}
