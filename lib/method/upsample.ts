// Hierarchical upsampling: small snapshots to large ones, copying then relaxing inside patches, level by level
// (paper, section 2).
import { InputError } from "../errors.ts";
import type { Stream } from "../random/stream.ts";
import type { States, System } from "../systems/system.ts";

/** The factors 2, 3 and 5 that lead from the patch side to the large side, smallest first. Throws InputError. */
export function upsamplingFactors(patchSide: number, side: number): number[] {
  if (!(side > 0 && side % patchSide === 0)) {
    const remedy = [...divisors(side), "another side"].join(", ").replace(/, (?=another)/, " or ");
    throw new InputError(`patch side ${patchSide} does not divide lattice side ${side}: use ${remedy}`);
  }
  const factors: number[] = [];
  let rest = side / patchSide;
  for (const factor of [2, 3, 5]) {
    for (; rest % factor === 0; rest /= factor) factors.push(factor);
  }
  if (rest !== 1) {
    throw new InputError(
      `lattice side ${side} is ${side / patchSide} times patch side ${patchSide}: the ratio must be a product of 2, 3 and 5`,
    );
  }
  return factors;
}

function divisors(side: number): number[] {
  return Array.from({ length: side }, (_, k) => k + 1).filter((k) => k >= 4 && k % 2 === 0 && side % k === 0);
}

/**
 * Large states from small ones, which are destroyed. Every level copies (`System.upsample`) and runs the true dynamics
 * for `relaxTime` inside overlapping patches (LocalRelax), a time that may depend on the side that a level leads to. With no level
 * to climb the states are returned as they are.
 * `onLevel` sees the states after each relaxation, to measure them.
 */
export async function upsampleTo<S extends States>(
  system: System<S>,
  small: S,
  side: number,
  relaxTime: number | ((side: number) => number),
  stream: Stream,
  onLevel?: (states: S, level: number) => Promise<void>,
): Promise<S> {
  let states = small;
  let level = 0;
  try {
    for (const factor of upsamplingFactors(small.side, side)) {
      level++;
      const extent = states.side * factor;
      const time = typeof relaxTime === "number" ? relaxTime : relaxTime(extent);
      if (time > 0 && !system.relax) {
        throw new InputError(`${system.name} has no LocalRelax: upsample with a relax time of 0`);
      }
      // Steps 8·level + 0…7 of the stream belong to this level: copying has two, relaxing six.
      const larger = await system.upsample(states, factor, { ...stream, step: stream.step + 8 * level });
      states.destroy();
      states = larger;
      if (time > 0) await system.relax?.(states, time, { ...stream, step: stream.step + 8 * level + 2 });
      await onLevel?.(states, level);
    }
    return states;
  } catch (error) {
    states.destroy();
    throw error;
  }
}
