/** The tables of the NbMoTa report. */
import { average } from "../../../analysis/mean.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatNumber, formatSetting } from "../../../report/number.ts";
import { type Column, htmlTable } from "../../../report/table.ts";
import type { Estimate } from "../../../run/seeds.ts";
import { PATCH_CELLS } from "../../../systems/nbmota.ts";
import { learningJumps } from "../costs.ts";
import type { NbMoTaReportData as Data } from "../data.ts";
import { lookOf } from "./equilibrium.ts";

/** Every method: its error, its residual on other data, sum rules, guards. */
export function methods({ methods, floor, upsamplingLeftOut, cells }: Data): Html | false {
  if (methods.length === 0) return false;
  const perfect = average(floor.map(({ value }) => value));
  const K = (cells / PATCH_CELLS) ** 3;
  const hasHeldOut = methods.some(({ heldOut }) => Number.isFinite(heldOut.value));
  const heldOut: Column<Data["methods"][number]> = {
    label: "Residual on other data",
    cell: ({ heldOut }) => heldOut.value,
    format: (x) => formatNumber(x, 6),
  };
  return htmlTable(
    methods,
    [
      {
        label: "Learned by",
        header: true,
        cell: ({ method }) => (method === "increment" ? "Increments, as this run" : lookOf(method).name),
      },
      {
        label: "mean |Δδ|, all temperatures",
        cell: ({ error, lost, all }) => (lost > 0 ? `${lost} of ${all} lost` : error.value),
        format: (x) => formatNumber(x, 2),
      },
      ...(hasHeldOut ? [heldOut] : []),
      { label: "Sum rules violated by", cell: ({ sumRule }) => sumRule.value, format: (x) => formatNumber(x, 2) },
      {
        label: "Time outside the data",
        unit: "%",
        cell: ({ outside }) => 100 * outside.value,
        format: (x) => formatNumber(x, 2),
      },
    ],
    html`Equations learned from lattices of ${formatSetting(cells)}³ cells, which are <i>K</i> = ${formatSetting(K)} patches of ${formatSetting(PATCH_CELLS)}³ cells with one vacancy each; λ = <i>K</i>. Mean absolute error of δ against direct simulation over pairs and temperatures (a perfect model: ${formatNumber(perfect, 2)})${
      hasHeldOut &&
      "; mean-square residual of the increments of another seed over their mean square, most of which is noise, the same for all"
    }; the largest sum Σⱼ δᵢⱼ, which is 0 but for the eight neighbours of the vacancy (0.008 in direct simulation); and the share of time in states unlike any training data at all temperatures together.${
      methods.some(({ lost }) => lost > 0) &&
      " “Lost”: at so many temperatures, those of every seed counted, trajectories do not stay finite or relax too fast to be followed."
    }${methods.length > 1 && " Comparisons are of the first seed alone."}${
      upsamplingLeftOut &&
      " The other way of upsampling, which mixes eight lattices, is not among them, as there are too few lattices for it."
    }`,
  );
}

/** Jumps, seconds and units of time at every temperature. */
export function clock({ clock }: Data): Html | false {
  if (clock.length === 0) return false;
  return htmlTable(
    clock,
    [
      { label: "T", unit: "K", header: true, cell: ({ temperature }) => formatSetting(temperature) },
      { label: "Time of a jump", unit: "s", cell: ({ jumpTime }) => jumpTime, format: (x) => formatNumber(x, 3) },
      { label: "Jumps per atom in a unit of time", cell: ({ jumps }) => jumps, format: (x) => formatNumber(x, 3) },
      { label: "Unit of time", unit: "s", cell: ({ unit }) => unit, format: (x) => formatNumber(x, 3) },
      {
        label: "Lattices waited for",
        unit: "relaxations",
        cell: ({ waited }) => waited,
        format: (x) => formatNumber(x, 2),
      },
      {
        label: "Compared with direct simulation",
        cell: ({ compared }) => (compared ? "yes" : "no, too slow"),
      },
    ],
    html`Time scales: the mean time between two jumps of one vacancy in a lattice of 1,024 sites, and the unit of time of the equation, in which lattices near equilibrium forget their fluctuations, or less below 1,000 K. A relaxation is what ordering takes after cooling: a lattice that waits for x of them is exp(−x) of the way short of its equilibrium, about, and so is an equation that is learned from it, in part. Times of jumps enter it through a parabola of their logarithm in 1/T.`,
  );
}

/** Learning beside direct simulation, in jumps. */
export function costs({ costs }: Data): Html {
  const { learn, direct } = costs;
  const all = learningJumps(costs);
  const show = (x: number) => formatNumber(x, 3);
  return html`<p>Learning one equation took ${show(all)} jumps: ${show(learn.anneal)} of annealed lattices, ${show(learn.fresh)} of fresh ones, ${show(learn.evolve)} of partial evolutions. It is learned once and serves every size; predictions cost next to nothing.</p>${htmlTable(
    direct,
    [
      { label: "Atoms", header: true, cell: ({ atoms }) => formatSetting(atoms) },
      { label: "Direct: one lattice", unit: "jumps", cell: ({ lattice }) => lattice, format: show },
      { label: "over learning", cell: ({ lattice }) => lattice / all, format: show },
      { label: "Direct: std to 2 %", unit: "jumps", cell: ({ std }) => std, format: show },
      { label: "over learning", cell: ({ std }) => std / all, format: show },
    ],
    html`Jumps of direct simulation through all temperatures of the comparison: of one lattice, and of one that stays at each for as many independent states as give standard deviations to 2 %, two units of time apart.`,
  )}`;
}

/** δ of every pair: a row per temperature and a column per pair, of this run, of direct simulation and of the paper. */
export function orders({ order }: Data): Html {
  type Points = readonly ({ readonly temperature: number } & (Estimate | { readonly value: number }))[];
  const matrix = (caption: string, of: (one: Data["order"][number]) => Points) => {
    const temperatures = [...new Set(order.flatMap((one) => of(one).map(({ temperature }) => temperature)))];
    if (temperatures.length === 0) return false;
    return htmlTable(
      temperatures.sort((a, b) => a - b),
      [
        { label: "T", unit: "K", header: true, cell: formatSetting },
        ...order.map(
          (one): Column<number> => ({
            label: `δ of ${one.pair}`,
            cell(T) {
              const found = of(one).find(({ temperature }) => temperature === T);
              return found && ("low" in found ? found : found.value);
            },
            format: (value) => formatNumber(value, 3),
          }),
        ),
      ],
      caption,
    );
  };
  return html`${matrix("This run, with 95 % intervals.", ({ learned }) => learned)}${matrix(
    "Direct simulation, with 95 % intervals.",
    ({ direct }) => direct,
  )}${matrix("The paper’s learned values, with the published network.", ({ paper }) => paper)}`;
}
