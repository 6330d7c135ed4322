// A table whose columns have types from the start, whatever stands in them, and whose cells are asked for as they are written: a million rows need no list of them.

/** null: an empty cell. Integers are whole numbers up to 2⁵³. */
export type TypedColumn = { readonly name: string } & (
  | { readonly type: "number" | "integer"; at(row: number): number | null }
  | { readonly type: "text"; at(row: number): string | null }
);

export interface TypedTable {
  readonly rows: number;
  readonly columns: readonly TypedColumn[];
}
