// Points of a sweep as the rows of a CSV file: a column for each parameter, and perhaps one for the repetition.
import { fromCSV } from "arquero";
import { InputError } from "../../errors.ts";
import { readWhole } from "../../io/read.ts";
import { listed, optionName, type Parameter, type Parameters, quoted } from "../parameters.ts";
import { canVary, readOne } from "./values.ts";

/** The column of the repetitions. */
const REPETITION = "seed";
/** Faults that a message names. */
const SHOWN = 3;

/** What a row says. */
export interface Row {
  /** By key of the parameter; those of empty cells are absent, which leaves the default. */
  readonly values: Readonly<Record<string, string>>;
  /** null where the file has no such column. */
  readonly repetition: number | null;
  /** "points.csv, line 3". */
  readonly where: string;
}

/**
 * The rows of a file whose columns are named as options (`--patch-side`, `patch-side`) or keys (`patchSide`) of the parameters. Throws InputError with file and line for columns
 * that are none, for cells that are not possible (all of them), and for a row that is there twice.
 */
export function readPoints(path: string, parameters: Parameters, seed: Parameter): { axes: string[]; rows: Row[] } {
  const lines = new TextDecoder().decode(readWhole(path)).split(/\r?\n/);
  const numbers = lines.flatMap((line, at) => (line.trim() === "" ? [] : [at]));
  if (numbers.length < 2)
    throw new InputError(`${path} has no points: give a line with names, and a line for each point`);
  const where = (row: number) => `${path}, line ${numbers[row] + 1}`;
  // As spreadsheets write them where numbers have decimal commas.
  if (/[;\t]/.test(lines[numbers[0]]))
    throw new InputError(`${where(0)} has ";" or tabs between its columns: write commas, and numbers with points`);
  const width = (row: number) =>
    (lines[numbers[row]].match(/"(?:[^"]|"")*"|,/g) ?? []).filter((one) => one === ",").length;
  const ragged = numbers.findIndex((_, row) => width(row) !== width(0));
  if (ragged > 0)
    throw new InputError(
      `${where(ragged)} has ${width(ragged) + 1} cells where the first line has ${width(0) + 1}: give every row all cells, empty for a default`,
    );
  const text = numbers.map((at) => lines[at]).join("\n");
  // Without a header, whose names would be made different where two are the same.
  const cells = fromCSV(text, { header: false, autoType: false });
  const names = cells.columnNames();
  const cell = (row: number, column: number) => String(cells.get(names[column], row) ?? "").trim();
  const columns = names.map((_, k) => columnOf(cell(0, k), parameters, seed, where(0)));
  const twice = columns.find(({ key }, k) => columns.findIndex((other) => other.key === key) < k);
  if (twice) throw new InputError(`${where(0)} has two columns for ${twice.key}: leave out one`);

  const faults: string[] = [];
  const rows = numbers.slice(1).map((_, at): Row => {
    const row = at + 1;
    const entries = columns.flatMap(({ key, parameter }, k) => {
      if (cell(row, k) === "" && key !== REPETITION) return [];
      try {
        return [[key, readOne(key === REPETITION ? key : optionName(key), parameter, cell(row, k))]];
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        faults.push(`${where(row)}: ${error.message}`);
        return [];
      }
    });
    const { [REPETITION]: repetition, ...told } = Object.fromEntries(entries) as Record<string, string>;
    // In the order of the declaration: the names of folders do not hang on that of the columns.
    const values = Object.fromEntries(
      Object.keys(parameters).flatMap((key) => (key in told ? [[key, told[key]]] : [])),
    );
    return { values, repetition: repetition === undefined ? null : Number(repetition), where: where(row) };
  });
  if (faults.length > 0) {
    const more = faults.length > SHOWN ? `; and ${faults.length - SHOWN} more` : "";
    throw new InputError(`${faults.slice(0, SHOWN).join("; ")}${more}`);
  }
  const first = new Map<string, string>();
  for (const { values, repetition, where: place } of rows) {
    const point = JSON.stringify([values, repetition]);
    const before = first.get(point);
    if (before) throw new InputError(`${place} is the same point as ${before}: leave out one`);
    first.set(point, place);
  }
  return { axes: columns.flatMap(({ key }) => (key === REPETITION ? [] : [key])), rows };
}

function columnOf(name: string, parameters: Parameters, seed: Parameter, where: string) {
  if (name.replace(/^--/, "") === REPETITION) return { key: REPETITION, parameter: seed };
  const key = Object.keys(parameters).find((key) => [key, optionName(key), optionName(key).slice(2)].includes(name));
  if (key === undefined)
    throw new InputError(
      `${where}: ${quoted(name)} is no parameter: name columns as options, such as ${listed(Object.keys(parameters).slice(0, 3).map(optionName))}`,
    );
  if (!canVary(parameters[key]))
    throw new InputError(
      `${where}: ${optionName(key)} is a text, which is the same for all runs: give it behind a second --`,
    );
  return { key, parameter: parameters[key] };
}
