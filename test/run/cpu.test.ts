// A system on the CPU, whose verbs never wait for anything, stops as soon as others when it is asked to.
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, temporaryFolder } from "../fixtures.ts";
import { start } from "../processes.ts";

setDefaultTimeout(60_000);

const folder = temporaryFolder("cpu");

test.each([
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)("%s between two pieces of its work", async (signal, code) => {
  const program = join(folder, `${signal}.ts`);
  const from = (path: string) => JSON.stringify(join(ROOT, path));
  // Minutes of small steps, with nothing but resolved promises inside them.
  writeFileSync(
    program,
    `import { writeFileSync } from "node:fs";
import { evenTimes, smallTrajectories } from ${from("lib/method/snapshots.ts")};
import { main } from ${from("lib/run/main.ts")};
import { FreeSpins } from ${from("test/systems/free-spins.ts")};
class Endless extends FreeSpins {
  async pack(states) {
    writeFileSync(${JSON.stringify(join(folder, signal))}, "");
    return super.pack(states);
  }
}
await main(async () => {
  await smallTrajectories(new Endless(), { trajectories: 1, times: evenTimes(3e6, 0.1), smallSide: 4, seed: 1 });
});
`,
  );
  const child = start([program]);
  await child.until(() => existsSync(join(folder, signal)));
  child.kill(signal);
  const ended = await Promise.race([child.ended, Bun.sleep(20_000).then(() => null)]);
  expect(ended).toMatchObject({ code });
});
