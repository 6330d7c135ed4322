// The table at the end of a run: best marked, one notation for each column, no colour where none is wanted.
import { afterEach, describe, expect, test } from "bun:test";
import { drawEndTable, endRow, endTable } from "../../lib/run/end-table.ts";
import type { Metric } from "../../lib/run/result.ts";
import { rootPercent } from "../../lib/run/seeds.ts";
import { start } from "../processes.ts";

const metric = (value: number, paper: number | null = null): Metric => ({
  ...{ value, paper, ci95: null, exact: null, unit: "1" },
});
const METRICS = {
  "error.ours.patch8": metric(0.0001, 0.0009),
  "error.ours.patch16": metric(0.0004, 0.0001),
  "error.naive.patch8": metric(0.25),
  "error.naive.patch16": metric(0.000_225),
};
const keys = (method: string) => [8, 16].map((side) => `error.${method}.patch${side}`);
const of = ({ value }: Metric) => rootPercent(value);
const table = endTable(
  "Errors, %",
  "method, side",
  ["8", "16"],
  [
    endRow(METRICS, "Ours", keys("ours"), { of }),
    endRow(METRICS, "Naïve", keys("naive"), { of }),
    endRow(METRICS, "Small", keys("small"), { of }),
    { name: "Floor", kind: "beside", cells: [0.5, null] },
    endRow(METRICS, "Paper", keys("ours"), { kind: "beside", of: ({ paper }) => paper && rootPercent(paper) }),
  ],
);

describe("the table", () => {
  test("has a row for each method that there is, its best marked, numbers of a column alike and at the right", () => {
    expect(drawEndTable(table, 80).split("\n")).toEqual([
      "Errors, %; * best",
      "method, side      8    16",
      "Ours           1.00*  2.0",
      "Naïve         50.00   1.5*",
      "Floor          0.50     –",
      "Paper          3.00   1.0",
    ]);
  });

  test("marks nothing where there is nothing to choose from, and no quantities", () => {
    const one = endTable(
      "x",
      "",
      ["a"],
      [
        { name: "p", kind: "quantity", cells: [1] },
        { name: "q", kind: "quantity", cells: [2] },
        { name: "r", kind: "method", cells: [3] },
      ],
    );
    expect(drawEndTable(one, 80)).not.toContain("*");
  });

  test("writes numbers of very different size, or very small ones, with powers of ten", () => {
    const rows = [1e-9, 3, 0].map((value, k) => ({ name: `r${k}`, kind: "quantity" as const, cells: [value] }));
    expect(
      drawEndTable(endTable("x", "", ["a"], rows), 80)
        .split("\n")
        .slice(2),
    ).toEqual(["r0  1.0e-9", "r1  3.0e+0", "r2  0.0e+0"]);
    const tiny = [1e-7, 3e-6].map((value, k) => ({ name: `r${k}`, kind: "quantity" as const, cells: [value] }));
    expect(drawEndTable(endTable("x", "", ["a"], tiny), 80)).toContain("3.0e-6");
  });

  test("keeps the first and the last column on a narrow terminal, and says how many it leaves out", () => {
    const columns = Array.from({ length: 9 }, (_, k) => `${1000 + 200 * k}`);
    const rows = [{ name: "Increments", kind: "method" as const, cells: columns.map((_, k) => k + 1) }];
    const lines = drawEndTable(endTable("A title that is far too long for it", "T", columns, rows), 36).split("\n");
    for (const line of lines) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(36);
    expect(lines.slice(1)).toEqual([
      "T           1000   1800   2600",
      "Increments   1.0    5.0    9.0",
      "6 more columns in result.json",
    ]);
  });

  test("has what stands before and behind it, and may have no rows", () => {
    const bare = endTable("x", "", ["a"], [null], { above: ["dm = f dt"], below: ["β = 1"] });
    expect(drawEndTable(bare, 80)).toBe("dm = f dt\nx\nβ = 1");
  });
});

describe("colour", () => {
  const program = `const { drawEndTable } = await import("./lib/run/end-table.ts"); console.log(drawEndTable(${JSON.stringify(table)}));`;
  const printed = async (env: Record<string, string>) => {
    const none = { NO_COLOR: undefined, FORCE_COLOR: undefined, TERM: "xterm-256color" };
    const { out, err, code } = await start(["-e", program], { env: { ...none, ...env } }).ended;
    expect({ code, err }).toEqual({ code: 0, err: "" });
    return out;
  };
  test.each([
    ["none where standard output is no terminal", {}, false],
    ["where it is forced", { FORCE_COLOR: "1" }, true],
    ["none where none is wanted", { NO_COLOR: "1", FORCE_COLOR: "1" }, false],
  ] as const)("%s", async (_, env, has) => {
    const out = await printed(env);
    expect(out.includes("\x1b[")).toBe(has);
    // The same text with and without.
    expect(Bun.stripANSI(out)).toBe(`${drawEndTable(table, 80)}\n`);
  });

  const TERMINAL = Bun.which("script") !== null;
  const { TERM } = process.env;
  afterEach(() => {
    process.env.TERM = TERM;
  });
  test.skipIf(!TERMINAL).each([
    ["xterm-256color", true],
    ["dumb", false],
  ] as const)("on a terminal that is %s", async (term, has) => {
    const line = `TERM=${term} '${process.execPath}' -e '${program.replaceAll("'", `'\\''`)}'`;
    const running = Bun.spawn(["script", "-qec", line, "/dev/null"], {
      // Nothing else of the caller's: CI, NODE_DISABLE_COLORS and others say something of colours, too.
      env: { PATH: process.env.PATH, NODE_ENV: "production" },
      stdout: "pipe",
      stdin: "ignore",
    });
    const out = await new Response(running.stdout).text();
    expect(out).toContain("Floor");
    expect(out.includes("\x1b[1m")).toBe(has);
  });
});
