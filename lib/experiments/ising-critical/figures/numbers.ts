/** Tables: exponents, quantities at all sizes and temperatures, and what else was tried. */
import { CRITICAL_QUANTITIES } from "../../../analysis/finite-size.ts";
import { collapsed, rowsOf } from "../../../report/figures/collapsed.ts";
import { type Content, type Html, html } from "../../../report/html.ts";
import { formatNumber, formatSetting } from "../../../report/number.ts";
import { type Column, htmlTable } from "../../../report/table.ts";
import { type CriticalReportData as Data, SYMBOLS } from "../data.ts";

const ascending = (numbers: readonly number[]) => [...new Set(numbers)].sort((a, b) => a - b);

/** Fitted exponents, learned and true. */
export function exponents({ exponents: rows }: Data): Html | false {
  if (rows.length === 0) return false;
  return htmlTable(
    rows,
    [
      { label: "Fit", header: true, cell: ({ name }) => name },
      { label: "Paper", cell: ({ paper }) => paper, format: (x) => formatNumber(x, 3) },
      { label: "This run", cell: ({ learned }) => learned },
      { label: "Cluster simulation", cell: ({ truth }) => truth },
      { label: "Infinite lattice", cell: ({ exact }) => exact, format: formatSetting },
    ],
    "Fits to sizes and temperatures, and the same fits to cluster simulation, which is exact but for its sampling; with 95 % intervals.",
  );
}

/** A row per item, a column per temperature. */
function overTemperatures<T>(
  rows: readonly T[],
  name: { label: Content; of: (row: T) => string },
  temperatures: readonly number[],
  cell: (row: T, temperature: number) => ReturnType<Column<T>["cell"]>,
  caption: Content,
  format?: (value: number) => string,
): Html {
  const columns = temperatures.map(
    (temperature): Column<T> => ({
      label: `T = ${formatSetting(temperature)}`,
      cell: (row) => cell(row, temperature),
      format,
    }),
  );
  return htmlTable(rows, [{ label: name.label, header: true, cell: name.of }, ...columns], caption);
}

/** Every quantity, learned and true, a row of each for every side. */
export function quantities({ quantities: all, temperatures }: Data): Html | false {
  const tables = CRITICAL_QUANTITIES.filter((quantity) => all[quantity].length > 0).map((quantity) => {
    const list = all[quantity];
    const rows = ascending(list.map(({ side }) => side)).flatMap((side) =>
      (["learned", "truth"] as const).map((of) => ({ side, of })),
    );
    return overTemperatures(
      rows,
      { label: SYMBOLS[quantity], of: ({ side, of }) => `L = ${formatSetting(side)}, ${of}` },
      temperatures,
      ({ side, of }, temperature) => list.find((one) => one.side === side && one.temperature === temperature)?.[of],
      html`${SYMBOLS[quantity]}, learned and by cluster simulation, with 95 % intervals.`,
    );
  });
  return tables.length > 0 && collapsed("All quantities by size and temperature", rowsOf(tables), tables);
}

type Other = Data["others"][number];

/** What is told of other ways. */
const TOLD: {
  key: "absMOff" | "chiOff" | "binderOff" | "absM" | "tau";
  label: string;
  unit?: string;
  format: (x: number) => string;
}[] = [
  { key: "absMOff", label: "⟨|m|⟩ off by", unit: "%", format: (x) => formatNumber(100 * x, 2) },
  { key: "chiOff", label: "χ off by", unit: "%", format: (x) => formatNumber(100 * x, 2) },
  { key: "binderOff", label: "U off by", format: (x) => formatNumber(x, 2) },
  { key: "absM", label: "⟨|m|⟩", format: (x) => formatNumber(x, 4) },
  { key: "tau", label: "correlation time", unit: "sweeps", format: (x) => formatNumber(x, 3) },
];

/** Other ways to the same laws: those of several temperatures as matrices, of which the first stands open, the others as a list. */
export function others({ others: all }: Data): Content {
  if (all.length === 0) return false;
  const ways = [...Map.groupBy(all, ({ way }) => way)];
  const temperaturesOf = (list: readonly Other[]) => ascending(list.map(({ temperature }) => temperature));
  const many = ways.filter(([, list]) => temperaturesOf(list).length > 1);
  const few = ways.filter(([, list]) => temperaturesOf(list).length <= 1).flatMap(([, list]) => list);
  const rows = many.flatMap(([way, list]) =>
    ascending(list.map(({ side }) => side)).map((side) => ({ way, side, list })),
  );
  const named = {
    label: "Lattices, and side",
    of: ({ way, side }: (typeof rows)[number]) => `${way}, L = ${formatSetting(side)}`,
  };
  const [open, ...closed] = TOLD.map(({ key, label, unit, format }) =>
    overTemperatures(
      rows,
      named,
      temperaturesOf(many.flatMap(([, list]) => list)),
      ({ side, list }, temperature) => list.find((one) => one.side === side && one.temperature === temperature)?.[key],
      html`${label}${unit && ` [${unit}]`}`,
      format,
    ),
  );
  return [
    CAPTION,
    rows.length > 0 && [open, collapsed("The other deviations, ⟨|m|⟩ and correlation times", rowsOf(closed), closed)],
    few.length > 0 &&
      htmlTable(few, [
        { label: "Way", header: true, cell: ({ way }) => way },
        { label: "L", cell: ({ side }) => formatSetting(side) },
        { label: "T", unit: "J/k_B", cell: ({ temperature }) => formatSetting(temperature) },
        ...TOLD.map(({ key, label, unit, format }) => ({ label, unit, cell: (one: Other) => one[key], format })),
      ]),
  ];
}

const CAPTION = html`<p>First seed. Lattices of this temperature, or of all: as many in all as teach the equations of the run, which are made at the temperature of the scaling; alone each temperature has its part of them. Copies of lattices above or below the critical temperature have at large distances the structure of smaller lattices, more or less in order than it is at their side, and local relaxation does not reach so far; opposite errors cancel in part in all together. From another size: the equation of smaller lattices, whose drift and n σσᵀ are taken over. Trajectories: means over time of Heun’s scheme from the stationary law, with the step of the run and half of it; they have to agree with the grid; no correlation time where they are too short for it. With two variables more: equations of degree 4 in four variables by the compensator estimator, at most 8,192 lattices. Deviations are from cluster simulation.</p>`;
