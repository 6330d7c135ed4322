// What the Ising system computes with all its kernels, to be compared between adapters.
import type { Gpu } from "../../lib/gpu/device.ts";
import { stream } from "../../lib/random/stream.ts";
import { Ising } from "../../lib/systems/ising.ts";
import { defined } from "../fixtures.ts";

const SEED = 1_925;

/** Integers as they are, among them observables and changes (exact in float32), and floats apart. */
export async function isingResults(gpu: Gpu) {
  const physics = { temperature: 2.4, field: 0.07, closure: "features" as const };
  const system = new Ising(gpu, { ...physics, patchSide: 8 });
  const at = (purpose: string) => stream(SEED, `ising-child/${purpose}`);
  const small = await system.initial(70, 24, at("initial"));
  const start = await system.pack(small);
  await system.evolve(small, 1.3, at("evolve"));
  const evolved = await system.pack(small);
  await system.sweep(small, 3, at("sweep"));
  const swept = await system.pack(small);
  await system.relax(small, 0.6, at("relax"));
  const relaxed = await system.pack(small);
  const larger = await system.upsample(small, 2, at("upsample"));
  const upsampled = await system.pack(larger);
  await new Ising(gpu, { ...physics, field: 0, patchSide: 8 }).flipClusters(larger, 5, at("clusters"));
  const clusters = await system.pack(larger);
  const patches = Uint32Array.from({ length: 140 }, (_, k) => (4 * k) % 9);
  const now = await system.generator(small, patches);
  const halo = await system.evolvePatches(small, patches, 0.4, at("halo"));
  const closed = await new Ising(gpu, { ...physics, patchSide: 8, boundary: "periodic" }).evolvePatches(
    small,
    patches,
    0.4,
    at("closed"),
  );
  // All sites in parallel, a strip of 32 that ends in the middle (260 = 4 · 64 + 4), two blocks of rows, two windows.
  const wide = new Ising(gpu, { ...physics, patchSide: 20 });
  const large = await wide.prepared(3, 260, 0.2, at("large"));
  await wide.evolve(large, 8.3, at("sites"));
  const parallel = await wide.pack(large);
  for (const states of [small, larger, large]) states.destroy();
  const changes = Object.fromEntries(
    Object.entries({ halo, closed }).flatMap(([name, { before, delta }]) => [
      [`${name} before`, before],
      [`${name} delta`, delta],
    ]),
  );
  const floats = Object.fromEntries(
    Object.entries({ halo, closed }).flatMap(([name, { compensator, variation }]) => [
      [`${name} A`, defined(compensator)],
      [`${name} Q`, defined(variation)],
    ]),
  );
  const lists = (columns: Record<string, ArrayLike<number>>) =>
    Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, Array.from(column)]));
  return {
    integers: lists({
      start,
      evolved,
      swept,
      relaxed,
      upsampled,
      clusters,
      parallel,
      "now before": now.before,
      ...changes,
    }),
    floats: lists({ "now A": now.drift, "now Q": now.variation, ...floats }),
  };
}
