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

/** The sides that lead to the large side, one a level: by factors 2, 3 and 5, or by one leap. Throws InputError. */
export function upsamplingSides({ leaps }: Pick<System, "leaps">, from: number, side: number): number[] {
  const factors = upsamplingFactors(from, side);
  if (leaps) return factors.length > 0 ? [side] : [];
  let at = from;
  return factors.map((factor) => (at *= factor));
}

export interface UpsampleToOptions<S> {
  readonly side: number;
  /** LocalRelax after a level; it may depend on the side that the level leads to. */
  readonly relaxTime: number | ((side: number) => number);
  readonly stream: Stream;
  /** Of a system that upsamples by a leap: replicas that are made larger, ascending, and the stream that they relax with. */
  readonly keep?: { readonly replicas: Uint32Array; readonly stream: Stream };
  /** Sees the states after each relaxation, to measure them. */
  onLevel?(states: S, level: number): Promise<void>;
}

/**
 * Large states from small ones, which are destroyed. Every level makes them larger (`System.upsample`) and runs the true dynamics for
 * `relaxTime` inside overlapping patches (LocalRelax). With no level to climb the states are returned as they are.
 */
export async function upsampleTo<S extends States>(
  system: System<S>,
  small: S,
  { side, relaxTime, stream, keep, onLevel }: UpsampleToOptions<S>,
): Promise<S> {
  let states = small;
  let level = 0;
  try {
    const sides = upsamplingSides(system, small.side, side);
    if (keep && sides.length !== 1)
      throw new Error(`some of the states can only be upsampled at one level, not ${sides}`);
    for (const extent of sides) {
      level++;
      const time = typeof relaxTime === "number" ? relaxTime : relaxTime(extent);
      if (time > 0 && !system.relax) {
        throw new InputError(`${system.name} has no LocalRelax: upsample with a relax time of 0`);
      }
      // Steps 8·level + 0…7 of the stream belong to this level: copying has two, relaxing six.
      const at = (from: Stream, more: number) => ({ ...from, step: from.step + 8 * level + more });
      const larger = await system.upsample(states, extent / states.side, at(stream, 0), keep?.replicas);
      states.destroy();
      states = larger;
      if (time > 0) await system.relax?.(states, time, at(keep?.stream ?? stream, 2));
      await onLevel?.(states, level);
    }
    return states;
  } catch (error) {
    states.destroy();
    throw error;
  }
}
