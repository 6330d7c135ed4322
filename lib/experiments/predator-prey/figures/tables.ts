/** The tables of the predator–prey report, each a function of the report's data. */
import { METHODS, type Method } from "../../../method/pairs.ts";
import { LOOKS } from "../../../report/figures/methods.ts";
import { type Html, html } from "../../../report/html.ts";
import { formatNumber } from "../../../report/number.ts";
import { type Column, htmlTable } from "../../../report/table.ts";
import { type Estimate, percent } from "../../../run/seeds.ts";
import { type PredatorPreyReportData as Data, SPECIES_NAMES } from "../data.ts";

const FLOOR_DIGITS = 2;

type Score = Data["scores"][number];

/** The item of a method, from `closure` where the method has several; undefined if it has none. */
export function ofMethod<T extends { method: Method; closure: string }>(
  items: readonly T[],
  method: Method,
  closure: string,
) {
  const own = items.filter((item) => item.method === method);
  return own.find((item) => item.closure === closure) ?? own[0];
}

/** The score that the summary speaks of: ours, else that of the increments. */
export function mainScore({ scores, closure }: Data): Score | undefined {
  return ofMethod(scores, "compensator", closure) ?? ofMethod(scores, "increment", closure);
}

/** The closures that occur, that of the main figures first. */
export function closures(data: Data): string[] {
  const all = [...data.scores, ...data.mmdAgainstLambda].map((one) => one.closure);
  return [...new Set([data.closure, ...all])].filter((closure) => all.includes(closure));
}

/** A floor in percent, which has no interval. */
const floorPercent = (value: number) => formatNumber(100 * value, FLOOR_DIGITS);

/** A row of the score tables, errors in percent. */
function rowOf({ method, closure, meanError, worstMeanError, stdError, worstStdError, mmd }: Score) {
  return {
    name: LOOKS[method].name,
    closure,
    meanError: percent(meanError) as Estimate | string,
    worstMeanError: 100 * worstMeanError.value,
    stdError: percent(stdError) as Estimate | string,
    worstStdError: 100 * worstStdError.value,
    mmd,
  };
}
type Row = ReturnType<typeof rowOf>;

const NAME: Column<Row> = { label: "Trained by", header: true, cell: ({ name }) => name };
const worst = (value: number) => formatNumber(value, 3);
const SCORES: Column<Row>[] = [
  { label: "Error of means", unit: "%", cell: ({ meanError }) => meanError },
  { label: "worst case", unit: "%", cell: ({ worstMeanError }) => worstMeanError, format: worst },
  { label: "Error of stds", unit: "%", cell: ({ stdError }) => stdError },
  { label: "worst case", unit: "%", cell: ({ worstStdError }) => worstStdError, format: worst },
  { label: "MMD²", cell: ({ mmd }) => mmd },
];

/** Every method with the closure of the main figures, and what a perfect model would score. */
export function scores({ scores, closure, mmdFloor, meanFloor, stdFloor, points }: Data): Html | false {
  const shown = METHODS.flatMap((method) => ofMethod(scores, method, closure) ?? []);
  if (shown.length === 0) return false;
  const floor = {
    name: "A perfect model",
    closure: "",
    meanError: floorPercent(meanFloor),
    worstMeanError: Number.NaN,
    stdError: floorPercent(stdFloor),
    worstStdError: Number.NaN,
    mmd: mmdFloor.overall,
  };
  return htmlTable(
    [...shown.map(rowOf), floor],
    [NAME, ...SCORES],
    html`Relative L2 errors of mean and standard deviation over times and cases, and mean MMD², against the true ${points}-point system; 95 %
intervals${shown.every(({ meanError }) => !meanError.seeds) && ", of the data and runs of one seed where there are any"}. A perfect model would still show the sampling noise of the last row.`,
  );
}

/** How each closure is learned. */
const LEARNED_BY: ReadonlyMap<string, string> = new Map([
  ["autoencoder", "a network rebuilds the patches from these variables and the means (the paper’s)"],
  [
    "dynamics",
    "they are trained together with drift and noise so that the changes of the means become as likely as can be",
  ],
  [
    "lagged",
    "of all linear maps of a patch, those that tell the means at several later times best; they are solved for, not trained",
  ],
]);

/** What the closures that occur are, and why one is the main one. */
export function closureNote(data: Data): Html {
  const names = closures(data);
  const known = names.flatMap((name) => {
    const how = LEARNED_BY.get(name);
    return how ? [html`<li>“${name}”: ${how}</li>`] : [];
  });
  const list = known.length > 0 && html`<ul>${known}</ul>`;
  if (names.length < 2) return html`${list}`;
  const own = names.flatMap((name) => {
    const score = data.scores.find((one) => one.method === "compensator" && one.closure === name);
    return score && Number.isFinite(score.meanError.value) ? [{ name, error: 100 * score.meanError.value }] : [];
  });
  const main = own.find(({ name }) => name === data.closure);
  const best = own.length > 0 && own.reduce((a, b) => (b.error < a.error ? b : a));
  const said = (value: number) => `${formatNumber(value, 2)}\u00a0%`;
  return html`${list}<p>The main figures use “${data.closure}”${
    data.closure === "autoencoder" && ", as the paper does"
  }; that was fixed before any score was known.${
    main &&
    best &&
    (best === main
      ? ` Its error of the means by the compensator, ${said(main.error)}, is the least of all closures.`
      : ` The least error of the means by the compensator is that of “${best.name}”, ${said(best.error)} beside ${said(main.error)}.`)
  }</p>`;
}

/** The same for every closure, to choose between them; nothing where there is only one. */
export function closureScores(data: Data): Html | false {
  const names = closures(data);
  const rows = METHODS.flatMap((method) =>
    names.flatMap((closure) => data.scores.filter((one) => one.method === method && one.closure === closure)),
  );
  if (names.length < 2 || rows.length === 0) return false;
  return htmlTable(
    rows.map(rowOf),
    [NAME, { label: "Closure", cell: ({ closure }) => closure }, ...SCORES],
    `The scores of the summary for each closure; the main figures use “${data.closure}”.`,
  );
}

/** Upsampled over true power: a row per species and band, a column per way of upsampling. */
export function spectrumRatios({ spectrumRatios: ratios }: Data): Html | false {
  if (ratios.length === 0) return false;
  const rows = [...Map.groupBy(ratios, ({ species, band }) => `${species}\n${band}`).values()];
  return htmlTable(
    rows,
    [
      { label: "Field", header: true, cell: ([{ species }]) => SPECIES_NAMES[species] },
      { label: "Modes", cell: ([{ band }]) => band },
      ...[...new Set(ratios.map(({ name }) => name))].map((name): Column<typeof ratios> => {
        const cell = (row: typeof ratios) => {
          const found = row.find((one) => one.name === name);
          return found && { value: found.ratio, low: found.low, high: found.high };
        };
        return { label: name, cell };
      }),
    ],
    html`Power of upsampled over that of true states in bands of modes, with 95 % intervals. 1 means that upsampling left no trace; below 1 fluctuations are missing, above 1 there are too many.${
      ratios.some(({ name }) => name.includes("relaxed")) &&
      " Relaxed states are older than the others, which shows in the band of the initial wave."
    }`,
  );
}

/** Direct simulation beside the learned equation, in seconds. */
export function costs({ costs }: Data): Html | false {
  if (costs.length === 0) return false;
  return htmlTable(
    costs,
    [
      { label: "Cost", header: true, cell: ({ what }) => what },
      { label: "Time", unit: "s", cell: ({ seconds }) => seconds, format: (value) => formatNumber(value, 3) },
      { label: "Note", cell: ({ note }) => note },
    ],
    "Wall time on this machine.",
  );
}
