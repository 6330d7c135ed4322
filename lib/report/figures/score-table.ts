import { METHODS, type Method } from "../../method/pairs.ts";
import type { Estimate } from "../../run/seeds.ts";
import type { Column } from "../table.ts";
import { LOOKS } from "./methods.ts";
import type { Learned } from "./patch-sides.ts";

/** Names the equation of a row by the method that trained it. */
export const TRAINED_BY: Column<{ method: Method }> = { label: "Trained by", cell: ({ method }) => LOOKS[method].name };

/** Place of a method among the rows of a table: ours first. */
export const inOrder = (method: Method) => METHODS.indexOf(method);

/** Order of rows: large patches first, and of each ours first. */
export const largestFirst = (a: Learned, b: Learned) => b.patch - a.patch || inOrder(a.method) - inOrder(b.method);

/** Scores with a row per case and a column per method that occurs: the item of a row is the one that `matches` it. */
export function methodColumns<Row, Item extends { method: Method }>(
  items: readonly Item[],
  matches: (item: Item, row: Row) => boolean,
  score: (item: Item) => Estimate,
): Column<Row>[] {
  const present = METHODS.filter((method) => items.some((item) => item.method === method));
  return present.map((method) => ({
    label: LOOKS[method].name,
    cell: (row) => {
      const found = items.find((item) => item.method === method && matches(item, row));
      return found && score(found);
    },
  }));
}
