// The benchmark as a user starts and stops it.
import { expect, setDefaultTimeout, test } from "bun:test";
import { ROOT } from "../fixtures.ts";

setDefaultTimeout(120_000);

const NODE = Bun.which("node");
const SETSID = Bun.which("setsid");

test.skipIf(!NODE || !SETSID)(
  "Ctrl-C ends it at once, with all that it started, and nothing more is measured",
  async () => {
    // A group of processes of its own, which a terminal sends its signal to.
    const running = Bun.spawn(["setsid", "node", "scripts/start.mjs", "scripts/bench.ts"], {
      cwd: ROOT,
      env: { ...process.env, NODE_ENV: "production" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    let out = "";
    const decoder = new TextDecoder();
    for await (const chunk of running.stdout) {
      out += decoder.decode(chunk, { stream: true });
      // The first adapter is being measured, by a program of its own.
      if (/1 thread of TypeScript +\d/.test(out)) process.kill(-running.pid, "SIGINT");
    }
    // The output has ended: nobody is left to write.
    expect(await running.exited).toBe(130);
    expect(await new Response(running.stderr).text()).toBe("");
    expect(out.match(/1 thread of TypeScript/g)).toHaveLength(1);
  },
);
