// Modules that are chosen when a kernel is linked: what stands for an import that has no file of its own.
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { allocatedBytes } from "../../lib/gpu/buffer.ts";
import { openDevice } from "../../lib/gpu/device.ts";
import type { KernelOptions } from "../../lib/gpu/kernel.ts";
import { testKernel } from "./test-kernel.ts";

setDefaultTimeout(60_000);

const gpu = await openDevice();
const before = allocatedBytes();

afterEach(() => {
  // Every test gives back what it took.
  expect(allocatedBytes()).toBe(before);
});

const MAIN = `
import package::part::first::f;
import package::part::second::g;
@group(0) @binding(0) var<storage, read_write> result: array<u32>;
@compute @workgroup_size(1) fn main() { result[0] = 100u * f(2u) + g(3u); }`;

/** Two modules with functions of the same names, one of which reads a constant and another module, and has a binding of its own. */
const PARTS = {
  "test/square.wgsl":
    "fn f(x: u32) -> u32 { return x * x; }\nfn g(x: u32) -> u32 { return own(x) + 1u; }\nfn own(x: u32) -> u32 { return x; }",
  "test/shift.wgsl": `import constants::STEP;
import package::test::inner::twice;
@group(0) @binding(1) var<storage, read> more: array<u32>;
fn f(x: u32) -> u32 { return own(x); }
fn g(x: u32) -> u32 { return own(x) + more[0]; }
fn own(x: u32) -> u32 { return twice(x) + STEP; }`,
  "test/inner.wgsl": "fn twice(x: u32) -> u32 { return 2u * x; }",
};

const compiled = (modules: Record<string, string>, more = {}, options: KernelOptions = { constants: { STEP: 7 } }) =>
  testKernel(gpu, "test/main.wgsl", MAIN, { ...PARTS, ...more }, { ...options, modules });

describe("modules of a kernel", () => {
  test("stand for the imports that they are given for, with their own functions, imports and bindings", async () => {
    const result = gpu.buffer("test.result", 4);
    const more = gpu.buffer("test.more", Uint32Array.of(50));
    for (const [first, second, expected] of [
      ["square", "square", 100 * 4 + 4],
      ["square", "shift", 100 * 4 + (6 + 7 + 50)],
      ["shift", "square", 100 * (4 + 7) + 4],
    ] as const) {
      const kernel = await compiled({ "part/first": `test/${first}`, "part/second": `test/${second}` });
      gpu.run(kernel.call({ result, ...(second === "shift" ? { more } : {}) }, 1));
      expect((await gpu.read(result, Uint32Array))[0]).toBe(expected);
      // A binding that no function in use reads is not linked.
      if (second !== "shift") expect(() => kernel.call({ result, more }, 1)).toThrow("has no binding more");
    }
    result.destroy();
    more.destroy();
  });

  test("that have no file are named; so is an import for which none is given", async () => {
    await expect(compiled({ "part/first": "test/square", "part/second": "test/nothing" })).rejects.toThrow(
      "kernel test/nothing.wgsl does not exist",
    );
    await expect(compiled({ "part/first": "test/square" })).rejects.toThrow(
      /kernel test\/main\.wgsl does not link: .*part::second::g/,
    );
  });

  test("that do not compile or link name their real file, line and column", async () => {
    const broken = (text: string) =>
      compiled({ "part/first": "test/square", "part/second": "test/broken" }, { "test/broken.wgsl": text });
    await expect(broken("// Head.\n\nfn g(x: u32) -> u32 {\n  return 1.5;\n}")).rejects.toThrow(
      /^kernels\/test\/broken\.wgsl:4:\d+: /,
    );
    const unknown = broken("fn g(x: u32) -> u32 { return nobody(x); }");
    await expect(unknown).rejects.toThrow(/kernels\/test\/broken\.wgsl/);
    const parsed = broken("fn g(x: u32) -> u32 {\n  return ;;( ;\n}");
    await expect(parsed).rejects.toThrow(/kernels\/test\/broken\.wgsl:2/);
    for (const message of [unknown, parsed]) await expect(message).rejects.not.toThrow("part/second");
    // Of the kernel itself, and of a module that is imported by its own name, as ever.
    const inner = { "test/inner.wgsl": "\nfn twice(x: u32) -> u32 { return x + true; }" };
    await expect(compiled({ "part/first": "test/square", "part/second": "test/shift" }, inner)).rejects.toThrow(
      /^kernels\/test\/inner\.wgsl:2:\d+: /,
    );
  });

  test("make a kernel of its own in the cache", async () => {
    const options = (drift: string): KernelOptions => ({
      constants: { D: 2, FULL: 1, WIDE: 8 },
      conditions: { HEUN: false },
      modules: { "field/drift": drift, "field/diffusion": "sde/network_diffusion" },
    });
    const one = await gpu.kernel("sde/rollout.wgsl", options("sde/network_drift"));
    expect(await gpu.kernel("sde/rollout.wgsl", options("sde/network_drift"))).toBe(one);
    const heun = { ...options("sde/network_drift"), conditions: { HEUN: true } };
    expect(await gpu.kernel("sde/rollout.wgsl", heun)).not.toBe(one);
    await expect(gpu.kernel("sde/rollout.wgsl", options("sde/no_drift"))).rejects.toThrow(
      "kernel sde/no_drift.wgsl does not exist",
    );
  });
});
