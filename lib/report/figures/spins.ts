/** Pictures of spins that are compared with each other. */
import { magnetizationOf } from "../../analysis/magnetization.ts";
import { formatFixed } from "../number.ts";

const DIGITS = 3;

/** The title of a picture with the magnetization of its spins: only pictures of nearly the same one can be compared. */
export const withMagnetization = (title: string, spins: ArrayLike<number>): string =>
  `${title}, m = ${formatFixed(magnetizationOf(spins), DIGITS)}`;
