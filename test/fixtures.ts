// What tests of several folders need: places, random numbers, device memory, a clock.
import { afterAll, afterEach, expect, spyOn } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allocatedBytes } from "../lib/gpu/buffer.ts";
import { normalPair } from "../lib/random/normal.ts";
import { type Stream, stream } from "../lib/random/stream.ts";
import { Xoshiro } from "../lib/random/xoshiro.ts";

/** The project's folder. */
export const ROOT = join(import.meta.dir, "..");

/** Reference tables that lie beside some checkouts and are no part of the project: it may be absent. */
export const SHARED = join(ROOT, "../shared");

/** A value that must be there. Throws where it is not. */
export function defined<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error(`a value is ${value}`);
  return value;
}

/** A new folder that is removed after the tests of the file. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `patchwise-${name}-`));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Random generators by purpose, of one seed: what a test draws does not depend on what others draw. */
export function generators(seed: number, prefix = "test/"): (purpose: string) => Xoshiro {
  return (purpose) => Xoshiro.open(stream(seed, prefix + purpose), 0, 0);
}

/** A standard normal number. */
export const normal = (rng: Xoshiro) => normalPair(rng.next(), rng.next())[0];

/** `count` float32 numbers, normal with deviation `scale`. */
export const normals = (count: number, rng: Xoshiro, scale = 1) =>
  Float32Array.from({ length: count }, () => scale * normal(rng));

/** Sources of uniform and of normal numbers by purpose, of one seed. */
export function draws(seed: number): (purpose: string) => { uniform(): number; normal(): number } {
  const generator = generators(seed, "");
  return (purpose) => {
    const rng = generator(purpose);
    return { uniform: () => rng.uniform(), normal: () => normal(rng) };
  };
}

/** Streams of one seed and purpose, another one at each call. */
export function streams(seed: number, purpose: string): () => Stream {
  let step = 0;
  return () => stream(seed, purpose, step++);
}

interface OnDevice {
  destroy(): void;
}

/** Keeps what it is given, or the promise of it, until `when`: then it is freed. */
export function keeper(when = afterEach) {
  const kept: OnDevice[] = [];
  when(() => {
    for (const one of kept.splice(0)) one.destroy();
  });
  function keep<T extends OnDevice>(one: Promise<T>): Promise<T>;
  function keep<T extends OnDevice>(one: T): T;
  function keep<T extends OnDevice>(one: T | Promise<T>): T | Promise<T> {
    if (one instanceof Promise) return one.then((made) => keep(made));
    kept.push(one);
    return one;
  }
  return keep;
}

/** Does `work`; fails unless all device memory that it takes is given back. */
export async function emptied<T>(work: () => T | Promise<T>): Promise<T> {
  const before = allocatedBytes();
  const result = await work();
  expect(allocatedBytes()).toBe(before);
  return result;
}

/** Does `work` with a clock that goes on by the same time at every look: it decides how work is cut into slices. */
export async function withClock<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  // From the true time on: whoever has looked at the clock before must not see it go back.
  let now = performance.now();
  const clock = spyOn(performance, "now").mockImplementation(() => {
    now += milliseconds;
    return now;
  });
  try {
    return await work();
  } finally {
    clock.mockRestore();
  }
}
