// Runs one of the programs below in a process of its own, `bun test/child.ts NAME`, on the adapter that PATCHWISE_ADAPTER
// says, and prints what it returns as one line of JSON. Tests start it by `inChild` (test/processes.ts).
import { type Gpu, openDevice } from "../lib/gpu/device.ts";
import { GPU_PROGRAMS } from "./gpu/programs.ts";
import { curieWeissResults } from "./systems/curie-weiss-results.ts";
import { isingResults } from "./systems/ising-results.ts";

/** The results of a system with the adapter that they are from. */
const told =
  <T>(results: (gpu: Gpu) => Promise<T>) =>
  async (gpu: Gpu) => ({ adapter: gpu.adapter, ...(await results(gpu)) });

/** All programs by name. */
export const PROGRAMS = {
  ...GPU_PROGRAMS,
  "curie-weiss": told(curieWeissResults),
  ising: told(isingResults),
};

if (import.meta.main) {
  const name = process.argv[2] as keyof typeof PROGRAMS;
  console.log(JSON.stringify(await PROGRAMS[name](await openDevice())));
}
