// Laws of device memory.
import { allocatedBytes } from "../../gpu/buffer.ts";
import type { States } from "../system.ts";
import { ensure } from "./compare.ts";
import type { Statute } from "./law.ts";
import type { Bench } from "./subject.ts";

/** `bytes` may be off by this factor from what measuring patches takes at its peak. */
const MEMORY_FACTOR = 1.25;

const memory: Statute = {
  id: "memory",
  title: `a batch takes what \`bytes\` says, within a factor of ${MEMORY_FACTOR} where patches are measured`,
  unfit: ({ onHost }) => onHost === true && "its states are in host memory",
  async check(bench) {
    const { system, unit, subject } = bench;
    const count = unit * Math.ceil(64 / unit);
    const base = allocatedBytes();
    const states = bench.keep(await system.initial(count, subject.side, bench.fresh()));
    await bench.settle(states);
    const held = allocatedBytes() - base;
    const all = bench.all(count);
    const peaks = [
      await peakOf(bench, () => system.observePatches(states)),
      await peakOf(bench, async () => system.generator?.(states, all, bench.fresh())),
    ];
    const peak = Math.max(...peaks) - base;
    const said = count * system.bytes(subject.side);
    ensure(held > 0, "the states take no device memory");
    ensure(held <= said, `${count} replicas hold ${held} bytes, \`bytes\` says ${said}`);
    const ratio = said / peak;
    ensure(
      ratio <= MEMORY_FACTOR && ratio >= 1 / MEMORY_FACTOR,
      `patches of ${count} replicas are measured in ${peak} bytes, \`bytes\` says ${said}`,
    );
  },
};

/** The most device memory that is held during `work`. */
async function peakOf<S extends States>({ gpu }: Bench<S>, work: () => Promise<unknown>): Promise<number> {
  let peak = allocatedBytes();
  const allocate = gpu.buffer;
  gpu.buffer = (label, content) => {
    const buffer = allocate.call(gpu, label, content);
    peak = Math.max(peak, allocatedBytes());
    return buffer;
  };
  try {
    await work();
  } finally {
    Reflect.deleteProperty(gpu, "buffer");
  }
  return peak;
}

const leaks: Statute = {
  id: "leaks",
  title: "every verb gives back the device memory that it takes, also where a watch throws",
  async check(bench) {
    const { system, unit, subject } = bench;
    const { side, time } = subject;
    const states = await bench.states(2 * unit);
    const words = await system.pack(states);
    const patches = bench.some(2 * unit);
    const thrower = () => Promise.reject(new Error("thrown by the watch"));
    const freed = async (made: S | Promise<S>) => (await made).destroy();
    type S = typeof states;
    const verbs: Record<string, () => unknown> = {
      initial: () => freed(system.initial(unit, side, bench.fresh())),
      unpack: () => freed(system.unpack(words, side)),
      upsample: () => freed(system.upsample(states, 2, bench.fresh())),
      pack: () => system.pack(states),
      observe: () => system.observe(states),
      observePatches: () => system.observePatches(states),
      evolve: () => system.evolve(states, time, bench.fresh()),
      evolvePatches: () => system.evolvePatches(states, patches, time, bench.fresh()),
      "evolvePatches with a watch that throws": () =>
        system.evolvePatches(states, patches, time, bench.fresh(), thrower).catch(() => {}),
      generator: () => system.generator?.(states, patches, bench.fresh()),
      "generator with a watch that throws": () =>
        system.generator?.(states, patches, bench.fresh(), thrower).catch(() => {}),
      relax: () => system.relax?.(states, time, bench.fresh()),
    };
    for (const [verb, run] of Object.entries(verbs)) {
      // What a system keeps for later calls, such as tables, is there after the first.
      await run();
      const before = allocatedBytes();
      await run();
      const left = allocatedBytes() - before;
      ensure(left === 0, `${verb} leaves ${left} bytes behind`);
    }
  },
};

export const MEMORY: readonly Statute[] = [memory, leaks];
