// The GPU layer: errors that WebGPU would swallow, memory, split work, and a process that lives and ends well.
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../lib/errors.ts";
import { allocatedBytes, type GpuArray } from "../../lib/gpu/buffer.ts";
import { openDevice } from "../../lib/gpu/device.ts";
import { inChild } from "../processes.ts";
import { testKernel } from "./test-kernel.ts";

setDefaultTimeout(60_000);

const MEBI = 2 ** 20;

const gpu = await openDevice();
const before = allocatedBytes();

afterEach(() => {
  // Every test gives back what it took.
  expect(allocatedBytes()).toBe(before);
});

/** result[i] = Σ of the first i + 1 of `factors` in a struct, to test uniforms; adds over repeated dispatches. */
const SUMS = `
struct Inner { weight: f32, pair: vec2u }
struct Params { first: u32, last: u32, scale: vec3f, inner: Inner, list: array<vec4u, 2> }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> result: array<u32>;
@compute @workgroup_size(32) fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = params.first + id.x;
  if (i >= params.last) { return; }
  result[i] += i * params.inner.pair.y + u32(params.scale.z * params.inner.weight) + params.list[1].w;
}`;
const UNIFORM = { scale: [1, 2, 3], inner: { weight: 0.5, pair: [4, 5] }, list: [0, 0, 0, 0, 0, 0, 0, 9] };
/** 3 · 0.5 = 1.5 truncated, and 9. */
const OFFSET = 1 + 9;

describe("buffers", () => {
  test("keep what is written, also in parts", async () => {
    const buffer = gpu.buffer("test.parts", 40);
    expect([...(await gpu.read(buffer, Uint32Array))]).toEqual(new Array(10).fill(0));
    gpu.write(buffer, Int32Array.of(-1, -2, -3), 8);
    // A view into the middle of a larger array.
    gpu.write(buffer, Uint32Array.of(0, 0, 77, 88, 0).subarray(2, 4), 32);
    expect([...(await gpu.read(buffer, Int32Array))]).toEqual([0, 0, -1, -2, -3, 0, 0, 0, 77, 88]);
    expect([...(await gpu.read(buffer, Int32Array, 2, 3))]).toEqual([-2, -3]);
    const copy = gpu.buffer("test.copy", 40);
    gpu.copy(buffer, copy);
    expect([...(await gpu.read(copy, Int32Array, 2, 8))]).toEqual([77, 88]);
    buffer.destroy();
    copy.destroy();
  });

  test("count their bytes until they are destroyed, once", () => {
    const buffer = gpu.buffer("test.counted", 400);
    expect(allocatedBytes()).toBe(before + 400);
    buffer.destroy();
    buffer.destroy();
    expect(allocatedBytes()).toBe(before);
  });

  test("throw when they are used after destroy", async () => {
    const kernel = await testKernel(gpu, "test/sums.wgsl", SUMS);
    const buffer = gpu.buffer("test.gone", 16);
    buffer.destroy();
    const message = "buffer test.gone is used after it was destroyed";
    expect(() => gpu.write(buffer, Uint32Array.of(1))).toThrow(message);
    expect(() => kernel.call({ params: { ...UNIFORM, first: 0, last: 1 }, result: buffer }, 1)).toThrow(message);
    const other = gpu.buffer("test.other", 16);
    expect(() => gpu.copy(buffer, other)).toThrow(message);
    expect(() => gpu.copy(other, buffer)).toThrow(message);
    other.destroy();
    await gpu.idle();
  });

  test("refuse reading after destroy and go on working", async () => {
    const buffer = gpu.buffer("test.gone", 16);
    buffer.destroy();
    await expect(gpu.read(buffer, Uint32Array)).rejects.toThrow("buffer test.gone is used after it was destroyed");
    const other = gpu.buffer("test.other", Uint32Array.of(5));
    expect([...(await gpu.read(other, Uint32Array))]).toEqual([5]);
    other.destroy();
  });

  test("refuse sizes that WebGPU cannot bind, and writes beyond their end", () => {
    for (const bytes of [0, -4, 6, 4.5, Number.NaN]) {
      expect(() => gpu.buffer("test.odd", bytes)).toThrow(`${bytes} bytes is not a positive multiple of 4`);
    }
    const buffer = gpu.buffer("test.short", 8);
    const message = "writing 8 bytes at 4 overruns test.short of 8 bytes";
    expect(() => gpu.write(buffer, Uint32Array.of(1, 2), 4)).toThrow(message);
    const other = gpu.buffer("test.longer", 12);
    expect(() => gpu.copy(buffer, other)).toThrow("test.short has 8 bytes, test.longer 12");
    buffer.destroy();
    other.destroy();
  });

  test("above the adapter's limit are a user's error that states both sizes", async () => {
    const { maxBufferSize, maxStorageBufferBindingSize } = gpu.device.limits;
    const limit = Math.min(maxBufferSize, maxStorageBufferBindingSize);
    const bytes = 4 * Math.floor(limit / 4) + 4;
    expect(() => gpu.buffer("test.huge", bytes)).toThrow(InputError);
    expect(() => gpu.buffer("test.huge", bytes + 8 * MEBI)).toThrow(
      `test.huge needs ${Math.ceil(bytes / MEBI + 8)} MiB, this adapter binds at most ${Math.ceil(limit / MEBI)} MiB`,
    );
    await gpu.idle();
  });

  const isHardware = gpu.adapter.kind === "hardware";
  const why = isHardware ? " (skipped: half of the host's memory may be more than this GPU has)" : "";
  test.skipIf(isHardware)(`above the budget are a user's error that states what is in use${why}`, () => {
    // Software adapters commit memory when it is touched, so this costs addresses only.
    const { maxBufferSize, maxStorageBufferBindingSize } = gpu.device.limits;
    const bytes = Math.min(maxBufferSize, maxStorageBufferBindingSize, 512 * MEBI);
    const buffers: GpuArray[] = [];
    let caught: unknown;
    try {
      for (;;) buffers.push(gpu.buffer("test.many", bytes));
    } catch (error) {
      caught = error;
    }
    const used = allocatedBytes();
    for (const buffer of buffers) buffer.destroy();
    expect(caught).toBeInstanceOf(InputError);
    expect((caught as Error).message).toContain(
      `test.many needs ${Math.ceil(bytes / MEBI)} MiB beside the ${Math.ceil(used / MEBI)} MiB in use, the budget is`,
    );
    // What was destroyed can be had again.
    gpu.buffer("test.again", bytes).destroy();
  });
});

describe("kernels", () => {
  test("find their uniforms by name, nested and padded as WGSL lays them out", async () => {
    const kernel = await testKernel(gpu, "test/sums.wgsl", SUMS);
    const result = gpu.buffer("test.result", 4 * 100);
    gpu.run(kernel.call({ params: { ...UNIFORM, first: 10, last: 90 }, result }, 3));
    const expected = Array.from({ length: 100 }, (_, i) => (i < 10 || i >= 90 ? 0 : 5 * i + OFFSET));
    expect([...(await gpu.read(result, Uint32Array))]).toEqual(expected);
    result.destroy();
  });

  test("refuse what is missing, unknown or of the wrong kind", async () => {
    const kernel = await testKernel(gpu, "test/sums.wgsl", SUMS);
    const result = gpu.buffer("test.result", 64);
    const params = { ...UNIFORM, first: 0, last: 1 };
    const { first: _, ...lacking } = params;
    const call = (bindings: Parameters<typeof kernel.call>[0]) => () => kernel.call(bindings, 1);
    expect(call({ params })).toThrow("kernel test/sums.wgsl: binding result is missing");
    expect(call({ result })).toThrow("kernel test/sums.wgsl: binding params is missing");
    expect(call({ params, result, results: result })).toThrow("kernel test/sums.wgsl has no binding results");
    expect(call({ params: lacking, result })).toThrow("kernel test/sums.wgsl: uniform params lacks first");
    expect(call({ params: { ...params, frist: 0 }, result })).toThrow(
      "kernel test/sums.wgsl: uniform params has no field frist",
    );
    expect(call({ params, result: params })).toThrow(
      "kernel test/sums.wgsl: result is a storage buffer, not a uniform",
    );
    await gpu.idle();
    result.destroy();
  });

  test("refuse a missing or unknown field of a nested struct", async () => {
    const kernel = await testKernel(gpu, "test/sums.wgsl", SUMS);
    const result = gpu.buffer("test.result", 64);
    const call = (inner: Record<string, number | number[]>) => () =>
      kernel.call({ params: { ...UNIFORM, inner, first: 0, last: 1 }, result }, 1);
    try {
      expect(call({ weight: 1 })).toThrow("lacks");
      expect(call({ weight: 1, pair: [1, 2], pear: 3 })).toThrow("no field");
    } finally {
      result.destroy();
    }
  });

  test("refuse more than 65,535 workgroups in a direction", async () => {
    const kernel = await testKernel(gpu, "test/sums.wgsl", SUMS);
    const result = gpu.buffer("test.result", 64);
    const params = { ...UNIFORM, first: 0, last: 16 };
    expect(() => kernel.call({ params, result }, 65_536)).toThrow("65536 x 1 x 1 workgroups, at most 65535");
    // This one looks at the first coordinate alone.
    expect(() => kernel.call({ params, result }, [1, 2])).toThrow("has no rows of workgroups");
    expect(() => kernel.call({ params, result }, [1, 1, 70_000])).toThrow("1 x 1 x 70000 workgroups");
    gpu.run(kernel.call({ params, result }, 65_535));
    expect((await gpu.read(result, Uint32Array))[15]).toBe(75 + OFFSET);
    result.destroy();
  });

  test("that do not compile name file, line and column, also of an imported module", async () => {
    const own = "@compute @workgroup_size(1)\nfn main() {\n  let a = 1u;\n  let x: f32 = a;\n}";
    await expect(testKernel(gpu, "test/own.wgsl", own)).rejects.toThrow(
      /^kernels\/test\/own\.wgsl:4:\d+: cannot initialize/,
    );
    const main = "import package::test::part::f;\n@compute @workgroup_size(1) fn main() { f(); }";
    const part = { "test/part.wgsl": "// Head.\n\nfn f() {\n  let a: u32 = 1.5;\n}" };
    await expect(testKernel(gpu, "test/main.wgsl", main, part)).rejects.toThrow(
      /^kernels\/test\/part\.wgsl:4:\d+: cannot/,
    );
  });

  test("that do not link name the file and what is missing", async () => {
    // The linker prints its messages on stdout as well; that is its own doing.
    const main = "@compute @workgroup_size(1) fn main() { f(); }";
    const foreign = `import package::random::nothing::f;\n${main}`;
    await expect(testKernel(gpu, "test/a.wgsl", foreign)).rejects.toThrow(
      /kernel test\/a\.wgsl does not link: .*nothing::f.*kernels\/test\/a\.wgsl/,
    );
    await expect(testKernel(gpu, "test/b.wgsl", main)).rejects.toThrow(/kernel test\/b\.wgsl does not link: .*'f'/);
    const broken = "@compute @workgroup_size(1)\nfn main() { let x = ; }";
    await expect(testKernel(gpu, "test/c.wgsl", broken)).rejects.toThrow("kernels/test/c.wgsl:2:21 error");
    await expect(gpu.kernel("no/such.wgsl")).rejects.toThrow("kernel no/such.wgsl does not exist");
  });

  test("that the device refuses name the kernel", async () => {
    const reject = (file: string, code: string, message: string) =>
      expect(testKernel(gpu, file, code)).rejects.toThrow(message);
    await reject("test/none.wgsl", "fn other() {}", "kernel test/none.wgsl: Entry point");
    const large = "@compute @workgroup_size(100000) fn main() {}";
    await reject("test/large.wgsl", large, "kernel test/large.wgsl: Entry-point uses workgroup_size(100000");
    const group = `@group(1) @binding(0) var<storage, read_write> a: array<u32>;
      @compute @workgroup_size(1) fn main() { a[0] = 1u; }`;
    await reject("test/group.wgsl", group, "binding a is in group 1: kernels use group 0 alone");
    // The device still works.
    await gpu.idle();
  });

  test("are compiled once per file and options", async () => {
    const [one, two] = [gpu.kernel("curie_weiss/scale.wgsl"), gpu.kernel("curie_weiss/scale.wgsl", {})];
    expect(await one).toBe(await two);
  });

  test("take override constants, constants and conditions", async () => {
    const code = `
      import constants::SIZE;
      override factor: u32 = 1u;
      @group(0) @binding(0) var<storage, read_write> result: array<u32>;
      var<private> list: array<u32, SIZE>;
      @if(extra) fn more() -> u32 { return 1000u; }
      @if(!extra) fn more() -> u32 { return 0u; }
      @compute @workgroup_size(1) fn main() { result[0] = factor * arrayLength(&result) + SIZE + list[0] + more(); }`;
    const result = gpu.buffer("test.result", 12);
    const run = async (options: Parameters<typeof testKernel>[4]) => {
      const kernel = await testKernel(gpu, "test/options.wgsl", code, {}, options);
      gpu.run(kernel.call({ result }, 1));
      return (await gpu.read(result, Uint32Array))[0];
    };
    expect(await run({ constants: { SIZE: 5 } })).toBe(3 + 5);
    expect(await run({ constants: { SIZE: 7 }, overrides: { factor: 10 }, conditions: { extra: true } })).toBe(1037);
    result.destroy();
  });
});

describe("work", () => {
  test("runs in the order given, repeated", async () => {
    const code = (body: string) => `
      @group(0) @binding(0) var<storage, read_write> x: array<u32>;
      @compute @workgroup_size(1) fn main() { ${body} }`;
    const double = await testKernel(gpu, "test/double.wgsl", code("x[0] *= 2u;"));
    const increment = await testKernel(gpu, "test/increment.wgsl", code("x[0] += 1u;"));
    const x = gpu.buffer("test.x", Uint32Array.of(1));
    gpu.run([double.call({ x }, 1), increment.call({ x }, 1)], 20);
    // x → 2x + 1 twenty times from 1.
    expect((await gpu.read(x, Uint32Array))[0]).toBe(2 ** 21 - 1);
    x.destroy();
  });

  test("cut into slices gives the same as one dispatch, each unit once", async () => {
    const kernel = await testKernel(gpu, "test/sums.wgsl", SUMS);
    const total = 100_000;
    const whole = gpu.buffer("test.whole", 4 * total);
    gpu.run(kernel.call({ params: { ...UNIFORM, first: 0, last: total }, result: whole }, Math.ceil(total / 32)));
    const expected = await gpu.read(whole, Uint32Array);
    whole.destroy();
    for (const first of [1, 977, 2 * total, 0.3]) {
      const result = gpu.buffer("test.split", 4 * total);
      const slices: [number, number][] = [];
      await gpu.runSplit(`test sums ${first}`, total, first, (from, to) => {
        slices.push([from, to]);
        return kernel.call({ params: { ...UNIFORM, first: from, last: to }, result }, Math.ceil((to - from) / 32));
      });
      // The slices follow each other from 0 to the end.
      let end = 0;
      for (const [from, to] of slices) {
        expect(from).toBe(end);
        expect(to).toBeGreaterThan(from);
        end = to;
      }
      expect(end).toBe(total);
      expect(slices[0][1]).toBe(Math.min(total, Math.max(1, Math.floor(first))));
      expect(
        Buffer.compare(Buffer.from((await gpu.read(result, Uint32Array)).buffer), Buffer.from(expected.buffer)),
      ).toBe(0);
      result.destroy();
    }
  });

  test("of no units is no dispatch, and an error while making a slice passes on", async () => {
    await gpu.runSplit("test none", 0, 10, () => {
      throw new Error("no slice");
    });
    const made = gpu.runSplit("test fails", 5, 10, () => {
      throw new Error("no slice");
    });
    await expect(made).rejects.toThrow("no slice");
  });

  test("survives garbage collection between and during dispatches", async () => {
    const kernel = await testKernel(gpu, "test/sums.wgsl", SUMS);
    for (let k = 0; k < 60; k++) {
      const result = gpu.buffer("test.garbage", 64);
      gpu.run(kernel.call({ params: { ...UNIFORM, first: 0, last: k % 16 }, result }, 1), 3);
      const reading = gpu.read(result, Uint32Array);
      Bun.gc(true);
      await Bun.sleep(0);
      Bun.gc(true);
      const expected = Array.from({ length: 16 }, (_, i) => (i < k % 16 ? 3 * (5 * i + OFFSET) : 0));
      expect([...(await reading)]).toEqual(expected);
      result.destroy();
    }
  });
});

describe("a process of its own", () => {
  test("exits by itself with code 0 after using the GPU", async () => {
    expect(await inChild("exit")).toEqual([21, 22, 23, 24]);
  });

  test("exits with code 0 when work is left unfinished", async () => {
    expect(await inChild("unawaited")).toBe("left");
  });

  test("survives 150 rounds of garbage collection by timer, in awaits and between dispatches", async () => {
    expect(await inChild("garbage")).toEqual({ wrong: 0 });
  });

  test("gets a validation error with kernel and buffer, at the next wait and ever after", async () => {
    const [run, idle, read, again, buffer] = await inChild("tooSmall");
    expect(run).toBe("none");
    expect(idle).toStartWith("test/threefold.wgsl: ");
    expect(idle).toContain(`[Buffer "test.small"] bound with size 4`);
    for (const later of [read, again, buffer]) expect(later).toBe(idle);
  });

  test("gets an error for a buffer that one call reads and writes", async () => {
    const [read] = await inChild("aliased");
    expect(read).toMatch(/^test\/threefold\.wgsl: .*Buffer "test\.a"/);
  });

  test("gets an error for a call whose buffer was destroyed after the call was made", async () => {
    const [idle] = await inChild("destroyed");
    expect(idle).toMatch(/^test\/threefold\.wgsl: .*Buffer "test\.b".* used in submit while destroyed/);
  });

  test("gets an error for a read beyond the end", async () => {
    const [read] = await inChild("readBeyond");
    expect(read).toMatch(/^reading test\.a: .*\(offset: 0, size: 400\) does not fit/);
  });

  test("gets an error that no scope was watching for", async () => {
    const [idle] = await inChild("uncaptured");
    expect(idle).toStartWith("WebGPU: ");
  });

  test("is told when the device is lost, in a pending read and at each later use", async () => {
    const messages = await inChild("lost");
    expect(messages.length).toBe(4);
    for (const message of messages) {
      expect(message).toStartWith("the GPU device was lost: ");
      expect(message).toEndWith("; run again with --resume");
    }
  });
});
