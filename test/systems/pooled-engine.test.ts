// A simulator on several cores: the bytes of one core, mistakes of its verbs, Ctrl-C.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { metIn } from "../../lib/experiments/own/module.ts";
import { openDevice } from "../../lib/gpu/device.ts";
import { stream } from "../../lib/random/stream.ts";
import { PooledEngine } from "../../lib/systems/pooled-engine.ts";
import type { Engine, Sites } from "../../lib/systems/simulator.ts";
import { defined, ROOT, temporaryFolder } from "../fixtures.ts";
import { range } from "../numbers.ts";
import { startScript } from "../scripts/command.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();
const EXAMPLE = join(ROOT, "data/own/contact.ts");
const SIDE = 64;
const COUNT = 48;
const open: Engine[] = [];
afterAll(() => {
  for (const engine of open) engine.close?.();
});

async function engineOf(
  path: string,
  processes: number,
  values: Record<string, number> = { lambda: 2.5 },
): Promise<Engine> {
  const how = { patch: 16, processes, execSeconds: 1 };
  const owned = await (await metIn([path]))?.source.open(gpu, values, how);
  const engine = defined(owned?.engine);
  open.push(engine);
  return engine;
}

describe("three workers", () => {
  test("give the bytes of one: starts, changes in regions and as a whole, observables", async () => {
    let handed = 0;
    const all = await Promise.all(
      [1, 3].map(async (processes) => {
        const engine = await engineOf(EXAMPLE, processes);
        const cohorts = Uint32Array.from({ length: COUNT }, (_, r) => r >> 3);
        const systems = await engine.initial(SIDE, stream(1, "initial", 0, 5), cohorts, stream(1, "common"));
        const starts = await engine.start(0, COUNT, SIDE, stream(1, "start"));
        await engine.evolve(starts, SIDE, null, 6, stream(1, "whole"), 3);
        const regions = range(COUNT, (r) => ({ corner: [16 * (r % 4), 56], side: 16 }));
        await engine.evolve(systems, SIDE, regions, 40, stream(1, "region", 0, 7), 2);
        if (engine instanceof PooledEngine) handed = engine.handed;
        return { systems, starts, z: await engine.observe([...systems, ...starts], SIDE) };
      }),
    );
    expect(all[1]).toEqual(all[0]);
    expect(handed).toBeGreaterThan(2);
    const moved = (systems: readonly Sites[]) => new Set(systems.map((sites) => sites.join("")));
    expect(moved(all[1].systems).size).toBe(COUNT);
  });

  test("throw what a verb throws", async () => {
    const path = join(temporaryFolder("pool"), "moody.ts");
    writeFileSync(
      path,
      `export default { name: "moody", simulator: () => ({
  dimension: 1, observables: [{ name: "x", symbol: "x", unit: "1" }],
  initial: (x) => x.fill(1),
  evolve: (x, side, region, time, random) => {
    for (const end = performance.now() + 3; performance.now() < end; );
    if (random.uniform() < 0.05) throw new RangeError("not today");
  },
  observe: (x) => [x[0]] }) };\n`,
    );
    const engine = await engineOf(path, 3, {});
    const systems = await engine.initial(16, stream(1, "initial"), new Uint32Array(200), stream(1, "common"));
    const evolved = () => engine.evolve(systems, 16, null, 1, stream(1, "evolve"));
    for (let turn = 0; turn < 3; turn++) {
      await expect(evolved()).rejects.toThrow(/^evolve throws RangeError: not today \(.*moody\.ts:\d+\)$/);
      // The next call gets its own answers.
      const marked = systems.map((_, r) => Uint8Array.of(r, ...new Array(15).fill(0)));
      expect(await engine.observe(marked, 16)).toEqual(marked.map(([first]) => [first]));
    }
    // Calls at once follow each other.
    const calm = await engineOf(EXAMPLE, 3);
    const moving = async (purpose: string) => {
      const own = await calm.start(0, COUNT, SIDE, stream(2, "start"));
      await calm.evolve(own, SIDE, null, 6, stream(2, purpose));
      return own;
    };
    const [a, b] = [await moving("a"), await moving("b")];
    expect(await Promise.all([moving("a"), moving("b")])).toEqual([a, b]);
  });

  test("that end are told", async () => {
    const path = join(temporaryFolder("pool"), "ends.ts");
    writeFileSync(
      path,
      `import { isMainThread } from "node:worker_threads";
export default { name: "ends", simulator: () => ({
  dimension: 1, observables: [{ name: "x", symbol: "x", unit: "1" }],
  initial: (x) => x.fill(1),
  evolve: () => {
    for (const end = performance.now() + 3; performance.now() < end; );
    if (!isMainThread) process.exit(7);
  },
  observe: (x) => [x[0]] }) };\n`,
    );
    const engine = await engineOf(path, 2, {});
    const systems = await engine.initial(16, stream(1, "initial"), new Uint32Array(50), stream(1, "common"));
    const evolved = () => engine.evolve(systems, 16, null, 1, stream(1, "evolve"));
    await expect(evolved()).rejects.toThrow("a worker of the module ended with exit code 7");
  });
});

test("Ctrl-C ends a system that takes long to move: the run can be resumed", async () => {
  const path = join(temporaryFolder("slow"), "slow.ts");
  writeFileSync(
    path,
    `export default { name: "slow", simulator: () => ({
  dimension: 1, observables: [{ name: "x", symbol: "x", unit: "1" }],
  initial: (x, side, random) => x.set(Array.from(x, () => Number(random.uniform() < 0.5))),
  evolve: (x, side, region, time, random) => {
    for (const end = performance.now() + 2000; performance.now() < end; );
    x[region.corner[0]] ^= 1;
  },
  observe: (x) => [x.reduce((a, b) => a + b, 0) / x.length] }) };\n`,
  );
  const out = join(temporaryFolder("slow"), "out");
  const child = startScript("learn", [path, "--L", "32", "--patch", "8", "--processes", "2", "--out", out]);
  // One call for all runs would take two minutes and more.
  await child.until(() => existsSync(join(out, "run.json")));
  await Bun.sleep(500);
  child.kill("SIGINT");
  const { code, err } = await child.ended;
  expect(code).toBe(130);
  expect(err).toMatch(/--resume/);
});
