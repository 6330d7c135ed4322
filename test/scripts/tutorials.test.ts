// The tutorials as they are written: every command of theirs, in their order, in an empty folder.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, temporaryFolder } from "../fixtures.ts";
import { start } from "../processes.ts";

setDefaultTimeout(300_000);

const folder = temporaryFolder("tutorials");

/** Commands in the shell blocks of a page, without `npm run` and `--`. */
const commandsOf = (page: string) =>
  [...readFileSync(join(ROOT, page), "utf8").matchAll(/```sh\n([\s\S]+?)```/g)].flatMap(([, block]) =>
    block.trim().split("\n"),
  );

describe.each([
  ["lib/systems/README.md", 2, "my/report/index.html"],
  ["lib/experiments/own/README.md", 2, "equation/index.html"],
])("%s", (page, count, report) => {
  test("runs as written, to its report", async () => {
    const commands = commandsOf(page);
    expect(commands.length).toBe(count);
    for (const command of commands) {
      const { script, rest } = /^npm run (?<script>[\w-]+) -- (?<rest>.*)$/.exec(command)?.groups ?? {};
      const { code, err } = await start([join(ROOT, `scripts/${script}.ts`), ...rest.split(" ")], { cwd: folder })
        .ended;
      expect({ command, code, err: code === 0 ? "" : err }).toEqual({ command, code: 0, err: "" });
    }
    expect(existsSync(join(folder, report))).toBe(true);
  });
});
