/** Pictures of spins that are compared with each other. */
import { formatFixed } from "../number.ts";

const DIGITS = 3;

/** Mean of spins ±1, of which 0 is down. */
export function magnetizationOf(spins: ArrayLike<number>): number {
  let up = 0;
  for (let i = 0; i < spins.length; i++) up += spins[i] ? 1 : 0;
  return (2 * up) / spins.length - 1;
}

/** The title of a picture with the magnetization of its spins: only pictures of nearly the same one can be compared. */
export const withMagnetization = (title: string, spins: ArrayLike<number>): string =>
  `${title}, m = ${formatFixed(magnetizationOf(spins), DIGITS)}`;
