// Programs on a device of their own (test/child.ts): each must then let its process exit by itself.
import type { Gpu } from "../../lib/gpu/device.ts";
import type { Call } from "../../lib/gpu/kernel.ts";
import { testKernel } from "./test-kernel.ts";

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

/** What ends in a crash or poisons the device. */
export const GPU_PROGRAMS = {
  /** Uses the GPU, leaves everything open. */
  async exit(gpu: Gpu) {
    const { kernel, a, b } = await threefold(gpu);
    gpu.run(kernel.call({ a, b }, 1));
    return [...(await gpu.read(b, Uint32Array))];
  },

  /** Collects garbage, also in the middle of awaits, between many small pieces of work. */
  async garbage(gpu: Gpu) {
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
  async unawaited(gpu: Gpu) {
    const { kernel, a, b } = await threefold(gpu);
    gpu.run(kernel.call({ a, b }, 1));
    gpu.read(b, Uint32Array).catch(() => {});
    return "left";
  },

  async tooSmall(gpu: Gpu) {
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

  async aliased(gpu: Gpu) {
    const { kernel, a } = await threefold(gpu);
    gpu.run(kernel.call({ a, b: a }, 1));
    return errors(() => gpu.read(a, Uint32Array));
  },

  /** A call made before one of its buffers is destroyed. */
  async destroyed(gpu: Gpu) {
    const { kernel, a, b } = await threefold(gpu);
    const call: Call = kernel.call({ a, b }, 1);
    b.destroy();
    gpu.run(call);
    return errors(() => gpu.idle());
  },

  async readBeyond(gpu: Gpu) {
    const { a } = await threefold(gpu);
    return errors(() => gpu.read(a, Uint32Array, 100));
  },

  /** An error outside all scopes. */
  async uncaptured(gpu: Gpu) {
    gpu.device.createBuffer({ label: "test.bad", size: 16, usage: 0xffff });
    return errors(() => gpu.idle());
  },

  async lost(gpu: Gpu) {
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
};
