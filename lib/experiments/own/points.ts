// Tables of states that a user wants to know something at: points of fields, starts of predictions.
import { InputError } from "../../errors.ts";
import { readColumns } from "../../io/columns.ts";
import type { OwnData } from "./data.ts";
import type { Starts } from "./learn.ts";
import type { Place } from "./tables.ts";

/** The points of a file, row by row in runs of equal conditions. Throws InputError for a column that is missing and for what is no number, with its line. */
export function pointsOf(path: string, { variables, conditions }: Pick<OwnData, "variables" | "conditions">): Place[] {
  const table = readColumns(path);
  const columns = [...variables, ...conditions].map(({ name }) => {
    const column = table.columns.find((one) => one.name === name);
    if (!column) {
      throw new InputError(
        `${path} lacks column ${name}: name its columns ${[...variables, ...conditions].map((one) => one.name).join(", ")}`,
      );
    }
    if (column.wrong)
      throw new InputError(`${table.where(column.wrong.row)}: ${name} is "${column.wrong.text}", write a number`);
    const hole = column.values.findIndex((value) => !Number.isFinite(value));
    if (hole >= 0) throw new InputError(`${table.where(hole)}: ${name} is missing`);
    return column.values;
  });
  const d = variables.length;
  const places: { condition: number[]; z: number[] }[] = [];
  for (let row = 0; row < table.rows; row++) {
    const condition = conditions.map((_, k) => columns[d + k][row]);
    if (String(places.at(-1)?.condition) !== String(condition) || places.length === 0)
      places.push({ condition, z: [] });
    places.at(-1)?.z.push(...variables.map((_, j) => columns[j][row]));
  }
  return places.map(({ condition, z }) => ({ condition, z: Float64Array.from(z) }));
}

/** Every point as a start of its own. */
export function startsOf(places: readonly Place[], { variables }: Pick<OwnData, "variables">): Starts {
  return {
    state: Float32Array.from(places.flatMap(({ z }) => Array.from(z))),
    condition: Float32Array.from(
      places.flatMap(({ z, condition }) =>
        new Array<readonly number[]>(z.length / variables.length).fill(condition).flat(),
      ),
    ),
  };
}
