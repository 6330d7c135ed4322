import { expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { headOf, lastLines, openLog } from "../../../lib/run/sweep/log.ts";
import { defined, ROOT, temporaryFolder } from "../../fixtures.ts";

setDefaultTimeout(30_000);

/** So often a log is opened while another process looks at it all the time. */
const OPENED = 500;

const root = temporaryFolder("log");

test("a log is had by one process at a time; one that only looks does not have it", async () => {
  const path = join(root, "looked-at.log");
  const log = defined(openLog(path));
  expect(openLog(path)).toBeNull();
  closeSync(log);

  const looks = `import { isHeld } from ${JSON.stringify(join(ROOT, "lib/run/sweep/log.ts"))};
    for (let k = 0; k < 1000; k++) isHeld(${JSON.stringify(path)});
    console.log("looks");
    for (;;) isHeld(${JSON.stringify(path)});`;
  const child = Bun.spawn([process.execPath, "-e", looks], { stdout: "pipe", stderr: "inherit" });
  try {
    await child.stdout.getReader().read();
    for (let k = 0; k < OPENED; k++) {
      const again = openLog(path);
      expect(again).not.toBeNull();
      closeSync(defined(again));
    }
  } finally {
    child.kill("SIGKILL");
    await child.exited;
  }
});

test("the last lines are what a run said, without heads of attempts, frames of a stack and colours", () => {
  const path = join(root, "said.log");
  const before = "an earlier attempt\n";
  const head = headOf({ began: "2026-11-28T10:03Z", host: "node7", job: "7_1" }, "demo --T 1");
  const frames =
    "      at fit (/home/me/lib/run/learn.ts:7:3)\n      at async /home/me/x.ts:1:2\n      at map (native)\n";
  writeFileSync(path, `${before}${head}fit 50 %\rfit 100 %\n\u001b[31mat T = 2.2 the fit ends\u001b[0m\n${frames}`);
  expect(lastLines(path, before.length)).toEqual(["fit 50 %", "fit 100 %", "at T = 2.2 the fit ends"]);
});
