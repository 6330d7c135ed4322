// What a fit has found, for metrics, tables and the report.
import type { ResidualTest } from "../../method/sde/residuals.ts";
import type { OwnData } from "./data.ts";
import type { Equation, HeldOut, Prediction, Starts } from "./learn.ts";
import type { Fields, WrittenAt } from "./tables.ts";

export interface FitResult {
  readonly data: OwnData;
  readonly equation: Equation;
  /** Null where residuals cannot be had. */
  readonly tests: readonly ResidualTest[] | null;
  readonly heldOut: HeldOut | null;
  /** At the points of the table. */
  readonly fields: readonly Fields[];
  /** Along every variable, condition after condition. */
  readonly lines: readonly Fields[];
  /** In powers, at each condition; empty for networks. */
  readonly writings: readonly WrittenAt[];
  /** The fields of all equations that the data give in other ways, at the middle of the data, ours first. */
  readonly compared: readonly { readonly method: Equation["data"]["method"]; readonly fields: Fields }[];
  readonly starts: Starts;
  readonly predictions: readonly (Prediction | null)[];
}
