import { METHODS, type Method } from "../../method/pairs.ts";
import type { Estimate } from "../../run/seeds.ts";
import type { Content, Html } from "../html.ts";
import { type Column, htmlTable } from "../table.ts";
import { LOOKS, methodsIn } from "./methods.ts";
import { type Learned, sidesOf, square } from "./patch-sides.ts";

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
  return methodsIn(items).map((method) => ({
    label: LOOKS[method].name,
    cell: (row) => {
      const found = items.find((item) => item.method === method && matches(item, row));
      return found && score(found);
    },
  }));
}

/** One score of all equations: a row per method, ours first, a column per patch side, large ones first. */
export function methodMatrix<Item extends Learned>(
  items: readonly Item[],
  { cell, format }: Pick<Column<Item>, "cell" | "format">,
  caption: Content,
): Html | false {
  if (items.length === 0) return false;
  const columns = sidesOf(items).map((side): Column<Method> => {
    const at = (method: Method) => items.find((item) => item.method === method && item.patch === side);
    return {
      label: square(side),
      cell: (method) => {
        const found = at(method);
        return found && cell(found);
      },
      format,
    };
  });
  const name: Column<Method> = { label: "Trained by", header: true, cell: (method) => LOOKS[method].name };
  return htmlTable(methodsIn(items), [name, ...columns], caption);
}
