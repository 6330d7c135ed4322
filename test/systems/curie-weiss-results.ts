// What the Curie–Weiss system computes with all its kernels, to be compared between adapters.
import type { Gpu } from "../../lib/gpu/device.ts";
import { stream } from "../../lib/random/stream.ts";
import { CurieWeiss } from "../../lib/systems/curie-weiss.ts";
import { defined } from "../fixtures.ts";

const SEED = 2_718_281;

/** The system's verbs in small, on all kernels: integers as they are, floats apart. */
export async function curieWeissResults(gpu: Gpu) {
  const system = new CurieWeiss(gpu, { temperature: 1.1, field: 0.1, patchSide: 8 });
  const at = (purpose: string) => stream(SEED, `child/${purpose}`);
  const small = await system.initial(200, 16, at("initial"));
  await system.evolve(small, 2.5, at("evolve"));
  const ups = await system.pack(small);
  const large = await system.upsample(small, 2);
  const patches = Uint32Array.from({ length: 400 }, (_, k) => (5 * k) % 16);
  const early = await system.evolvePatches(large, patches, 0.7, at("early"));
  await system.relax(large, 0.5, at("relax"));
  await system.evolve(large, 0.6, at("blocks"));
  const late = await system.evolvePatches(large, patches, 5, at("late"));
  const counts = await gpu.read(await system.resolve(large, at("none")), Uint32Array);
  const final = await system.pack(large);
  for (const states of [small, large, system]) states.destroy();
  const integers = { ups, counts, final };
  // Δ is an integer times 2/n_s, a power of two: exact.
  const exact = { before: early.before, early: early.delta, late: late.delta };
  const floats = {
    a0: defined(early.compensator),
    q0: defined(early.variation),
    a1: defined(late.compensator),
    q1: defined(late.variation),
  };
  return {
    integers: Object.fromEntries(Object.entries({ ...integers, ...exact }).map(([key, x]) => [key, Array.from(x)])),
    floats: Object.fromEntries(Object.entries(floats).map(([key, x]) => [key, Array.from(x)])),
  };
}
