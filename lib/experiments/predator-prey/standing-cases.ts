import type { InitialWave } from "../../systems/predator-prey.ts";

/**
 * Numbers of the cases that figures show at first, ascending, by a rule that knows no result: of all in the order of their amplitudes, those of
 * one amplitude in that of their means, the first, the middle and the last; and the one that starts farthest from the training states. `distances`: of each
 * from these, where they are known.
 */
export function standingForAll(cases: readonly InitialWave[], distances: ArrayLike<number> = []): number[] {
  const order = Array.from(cases.keys()).sort(
    (a, b) => cases[a].amplitude - cases[b].amplitude || cases[a].mean - cases[b].mean,
  );
  const last = order.length - 1;
  const standing = new Set([0, Math.floor(last / 2), last].map((rank) => order[rank]));
  const far = order.filter((c) => Number.isFinite(distances[c]));
  if (far.length > 0) standing.add(far.reduce((a, b) => (distances[b] > distances[a] ? b : a)));
  return [...standing].sort((a, b) => a - b);
}
