import type { InitialWave } from "../../systems/predator-prey.ts";

/**
 * Numbers of the cases that figures show at first, ascending, by a rule that knows no result: of all in the order of their amplitudes, those of
 * one amplitude in that of their means, the first, the middle and the last.
 */
export function standingForAll(cases: readonly InitialWave[]): number[] {
  const order = Array.from(cases.keys()).sort(
    (a, b) => cases[a].amplitude - cases[b].amplitude || cases[a].mean - cases[b].mean,
  );
  const last = order.length - 1;
  const ranks = new Set([0, Math.floor(last / 2), last]);
  return [...ranks].map((rank) => order[rank]).sort((a, b) => a - b);
}
