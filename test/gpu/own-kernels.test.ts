// Kernels of a folder of a user's own: they import from ours and from each other, and what is wrong in them is told with their paths.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openDevice } from "../../lib/gpu/device.ts";
import { stream, streamUniform } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import { temporaryFolder } from "../fixtures.ts";

setDefaultTimeout(60_000);

const gpu = await openDevice();
const folder = temporaryFolder("own-kernels");
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const MAIN = `import package::random::xoshiro::{ Stream, open_stream, next_u32 };
import package::own::half::half;
struct Params { stream: Stream, count: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> numbers: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.count) { return; }
  var state = open_stream(params.stream, id.x, 0u);
  numbers[id.x] = half(next_u32(&state));
}`;

describe("a kernel at an absolute path", () => {
  test("imports from kernels/ and from what lies beside it", async () => {
    file("half.wgsl", "fn half(x: u32) -> u32 { return x / 2u; }\n");
    const kernel = await gpu.kernel(file("main.wgsl", MAIN));
    const numbers = gpu.buffer("own.numbers", 4 * 100);
    const at = stream(3, "own");
    gpu.run(kernel.call({ params: { stream: streamUniform(at), count: 100 }, numbers }, 2));
    const found = Array.from(await gpu.read(numbers, Uint32Array));
    numbers.destroy();
    expect(found).toEqual(Array.from({ length: 100 }, (_, r) => Xoshiro.open(at, r, 0).next() >>> 1));
  });

  test("is told with its path and line where it is wrong, or lacks what it imports", async () => {
    const wrong = file("wrong.wgsl", "@compute @workgroup_size(1)\nfn main() { let x: u32 = 1.5; }\n");
    await expect(gpu.kernel(wrong)).rejects.toThrow(`${wrong}:2:`);
    const lacking = file(
      "lacking.wgsl",
      "import package::own::nothing::f;\n@compute @workgroup_size(1) fn main() { f(); }\n",
    );
    await expect(gpu.kernel(lacking)).rejects.toThrow(/lacking\.wgsl does not link: [\s\S]*nothing/);
    await expect(gpu.kernel(join(folder, "none.wgsl"))).rejects.toThrow(`${join(folder, "none.wgsl")} does not exist`);
  });
});
