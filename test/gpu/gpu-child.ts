// Programs that tests run in processes of their own, `bun test/gpu/gpu-child.ts NAME`: what ends in a crash, poisons the
// device, or needs another adapter. Each prints one JSON value and must then exit by itself.
import { NoAdapterError } from "../../lib/gpu/adapter.ts";
import { type Gpu, openDevice } from "../../lib/gpu/device.ts";
import type { Call } from "../../lib/gpu/kernel.ts";
import { stream } from "../../lib/random/stream.ts";
import { CurieWeiss } from "../../lib/systems/curie-weiss.ts";
import { testKernel } from "./test-kernel.ts";

const SEED = 2_718_281;

/** b[i] = 3 a[i] + i: reads four words, writes four. */
async function threefold(gpu: Gpu) {
  const code = `
    @group(0) @binding(0) var<storage, read> a: array<vec4u>;
    @group(0) @binding(1) var<storage, read_write> b: array<vec4u>;
    @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) {
      b[id.x] = 3u * a[id.x] + vec4u(0u, 1u, 2u, 3u);
    }`;
  const kernel = await testKernel(gpu, "test/threefold.wgsl", code);
  const a = gpu.buffer("test.a", Uint32Array.of(7, 7, 7, 7));
  const b = gpu.buffer("test.b", 16);
  return { kernel, a, b };
}

/** Messages of the errors that the steps throw; "none" for a step that does not. */
async function errors(...steps: (() => unknown)[]): Promise<string[]> {
  const messages: string[] = [];
  for (const step of steps) {
    try {
      await step();
      messages.push("none");
    } catch (error) {
      messages.push((error as Error).message);
    }
  }
  return messages;
}

/** The system's verbs in small, on all kernels: integers as they are, floats apart. */
export async function results(gpu: Gpu) {
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
  const floats = { a0: early.compensator!, q0: early.variation!, a1: late.compensator!, q1: late.variation! };
  return {
    integers: Object.fromEntries(Object.entries({ ...integers, ...exact }).map(([key, x]) => [key, Array.from(x)])),
    floats: Object.fromEntries(Object.entries(floats).map(([key, x]) => [key, Array.from(x)])),
  };
}

const PROGRAMS: Record<string, () => Promise<unknown>> = {
  /** Uses the GPU, leaves everything open. */
  async exit() {
    const gpu = await openDevice();
    const { kernel, a, b } = await threefold(gpu);
    gpu.run(kernel.call({ a, b }, 1));
    return [...(await gpu.read(b, Uint32Array))];
  },

  /** Collects garbage, also in the middle of awaits, between many small pieces of work. */
  async garbage() {
    const gpu = await openDevice();
    const { kernel, a, b } = await threefold(gpu);
    const collector = setInterval(() => Bun.gc(true), 1);
    let wrong = 0;
    for (let k = 0; k < 150; k++) {
      const from = gpu.buffer("test.from", Uint32Array.of(k, k, k, k));
      gpu.run(kernel.call({ a: from, b }, 1));
      Bun.gc(true);
      if (k % 3 === 0) await gpu.idle();
      if (k % 5 === 0) await Bun.sleep(2);
      const [x, y] = await gpu.read(b, Uint32Array);
      if (x !== 3 * k || y !== 3 * k + 1) wrong++;
      from.destroy();
      gpu.write(a, Uint32Array.of(k, k, k, k));
    }
    clearInterval(collector);
    return { wrong };
  },

  /** Leaves work and a read pending at the end of the program. */
  async unawaited() {
    const gpu = await openDevice();
    const { kernel, a, b } = await threefold(gpu);
    gpu.run(kernel.call({ a, b }, 1));
    gpu.read(b, Uint32Array).catch(() => {});
    return "left";
  },

  async tooSmall() {
    const gpu = await openDevice();
    const { kernel, a } = await threefold(gpu);
    const small = gpu.buffer("test.small", 4);
    const run = () => gpu.run(kernel.call({ a, b: small }, 1));
    return errors(
      run,
      () => gpu.idle(),
      // The device is not to be trusted from here on.
      () => gpu.read(a, Uint32Array),
      run,
      () => gpu.buffer("test.later", 4),
    );
  },

  async aliased() {
    const gpu = await openDevice();
    const { kernel, a } = await threefold(gpu);
    gpu.run(kernel.call({ a, b: a }, 1));
    return errors(() => gpu.read(a, Uint32Array));
  },

  /** A call made before one of its buffers is destroyed. */
  async destroyed() {
    const gpu = await openDevice();
    const { kernel, a, b } = await threefold(gpu);
    const call: Call = kernel.call({ a, b }, 1);
    b.destroy();
    gpu.run(call);
    return errors(() => gpu.idle());
  },

  async readBeyond() {
    const gpu = await openDevice();
    const { a } = await threefold(gpu);
    return errors(() => gpu.read(a, Uint32Array, 100));
  },

  /** An error outside all scopes. */
  async uncaptured() {
    const gpu = await openDevice();
    gpu.device.createBuffer({ label: "test.bad", size: 16, usage: 0xffff });
    return errors(() => gpu.idle());
  },

  async lost() {
    const gpu = await openDevice();
    const { kernel, a, b } = await threefold(gpu);
    const pending = errors(() => gpu.read(a, Uint32Array));
    gpu.device.destroy();
    const messages = await pending;
    const later = await errors(
      () => gpu.run(kernel.call({ a, b }, 1)),
      () => gpu.idle(),
      () => gpu.read(b, Uint32Array),
    );
    return [...messages, ...later];
  },

  async results() {
    const gpu = await openDevice();
    return { adapter: gpu.adapter, ...(await results(gpu)) };
  },
};

if (import.meta.main) {
  try {
    console.log(JSON.stringify(await PROGRAMS[process.argv[2]]()));
  } catch (error) {
    if (!(error instanceof NoAdapterError)) throw error;
    console.log(JSON.stringify({ missing: error.message }));
  }
}
