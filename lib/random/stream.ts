// The address of a stream of random numbers: who draws, for what, in which replica and step.
import { InputError } from "../errors.ts";

/**
 * Numbers depend on (seed, purpose, replica, step, chunk) alone, never on batch size or dispatch split.
 * `replica` is the index of the first replica of a batch; chunks are counted inside kernels.
 * All words are unsigned 32-bit; layout in kernels: `Stream` of kernels/random/xoshiro.wgsl.
 */
export interface Stream {
  readonly seed: number;
  readonly purpose: number;
  readonly replica: number;
  readonly step: number;
}

/** The stream of `seed` for a named purpose. Throws InputError for a seed outside 0 … 2³² − 1. */
export function stream(seed: number, purpose: string, step = 0, replica = 0): Stream {
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) {
    throw new InputError(`seed ${seed} is not an integer from 0 to 4294967295`);
  }
  return { seed, purpose: hashPurpose(purpose), step, replica };
}

/** The uniform-buffer form of a stream. */
export function streamUniform({ seed, purpose, replica, step }: Stream) {
  return { key: [seed, purpose], replica, step };
}

/** FNV-1a hash of a purpose's name, 32 bits. */
function hashPurpose(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

/** The stream of part `index` of a piece of work: other numbers at the same address. */
export function branch(stream: Stream, index: number): Stream {
  return { ...stream, purpose: Math.imul(stream.purpose ^ (index + 1), 0x9e3779b1) >>> 0 };
}
