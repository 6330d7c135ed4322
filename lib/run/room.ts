// What a run keeps in memory at once, known from its parameters: what cannot fit is refused before anything is done.
import { InputError } from "../errors.ts";
import { MEMORY_BUDGET, mebibytes } from "../gpu/memory.ts";
import { listed, optionName } from "./parameters.ts";

/** Something large. */
export interface Need {
  readonly what: string;
  readonly bytes: number;
  /** Keys of the parameters that it grows with. */
  readonly options: readonly string[];
}

/**
 * Throws InputError where all needs together are more than half of the memory: with what takes the most of it, and where it fits alone with how much all
 * take, and what would make it smaller.
 */
export function requireRoom(needs: readonly Need[], budget = MEMORY_BUDGET): void {
  const bytes = needs.reduce((sum, need) => sum + need.bytes, 0);
  if (bytes <= budget) return;
  const [largest] = [...needs].sort((a, b) => b.bytes - a.bytes);
  const all = largest.bytes > budget ? "" : ` of ${mebibytes(bytes)} that all take together`;
  throw new InputError(
    `${largest.what} take ${mebibytes(largest.bytes)}${all}, half of the memory is ${mebibytes(budget)}: lower ${listed(largest.options.map(optionName))}`,
  );
}
