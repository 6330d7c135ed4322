// Kernels written inside tests: they are linked as if they lay in kernels/, so that they may import what lies there.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Gpu } from "../../lib/gpu/device.ts";
import { Kernel, type KernelOptions } from "../../lib/gpu/kernel.ts";
import { ROOT } from "../fixtures.ts";

const KERNELS = join(ROOT, "kernels");

let real: Record<string, string> | undefined;

/** Compiles `code` as kernel `file`, together with the real kernels and further modules (by path) to import from. */
export function testKernel(
  gpu: Gpu,
  file: string,
  code: string,
  modules: Record<string, string> = {},
  options: KernelOptions = {},
): Promise<Kernel> {
  real ??= Object.fromEntries(
    readdirSync(KERNELS, { recursive: true })
      .map((name) => String(name).replaceAll("\\", "/"))
      .filter((name) => name.endsWith(".wgsl"))
      .map((name) => [`./${name}`, readFileSync(join(KERNELS, name), "utf8")]),
  );
  const more = Object.fromEntries(Object.entries(modules).map(([path, text]) => [`./${path}`, text]));
  return Kernel.fromSources(gpu.device, { ...real, ...more, [`./${file}`]: code }, file, options);
}
