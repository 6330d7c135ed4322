// scripts/fit.ts as a user starts it: own data to an equation, tables, predictions and a report; bad input.
import { beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readColumns } from "../../lib/io/columns.ts";
import { validateResult } from "../../lib/run/result.ts";
import { generators, normal, temporaryFolder } from "../fixtures.ts";
import { expectRefusal, runScript } from "./command.ts";

setDefaultTimeout(120_000);

const folder = temporaryFolder("fit");
const file = (name: string) => join(folder, name);
const fit = (...words: string[]) => runScript("fit", words);
const generator = generators(7_201);

/** dx = −x dt + 0.8 dW exactly, and dy = −2 (y − x) dt + 0.5 dW by small steps: a path at irregular times. */
function path(rows: number): string {
  const rng = generator("path");
  let [x, y, t] = [0, 0, 0];
  const lines = ["t [s],x [um],y [um],operator"];
  for (let k = 0; k < rows; k++) {
    lines.push(`${t},${x},${y},A`);
    const steps = 10 + rng.below(10);
    for (let s = 0; s < steps; s++) {
      const [a, b] = [normal(rng), normal(rng)];
      [x, y] = [x - 0.002 * x + 0.8 * Math.sqrt(0.002) * a, y - 0.004 * (y - x) + 0.5 * Math.sqrt(0.002) * b];
    }
    t += 0.002 * steps;
  }
  return `${lines.join("\n")}\n`;
}

/** Changes of one of 9 patches at temperatures 1 and 2: dz = −T z dt, noise T per time of the whole. */
function pairs(rows: number): string {
  const rng = generator("pairs");
  const lines = ["z0_z,dz_z,T,dt"];
  for (let k = 0; k < rows; k++) {
    const T = 1 + (k % 2);
    const z = normal(rng);
    lines.push(`${z},${-T * z * 0.1 + Math.sqrt(9 * T * 0.1) * normal(rng)},${T},0.1`);
  }
  return `${lines.join("\n")}\n`;
}

beforeAll(() => {
  writeFileSync(file("path.csv"), path(20_000));
  writeFileSync(file("pairs.csv"), pairs(20_000));
  writeFileSync(file("starts.csv"), "y,x\n1,0.5\n-1,0\n");
  writeFileSync(file("points.csv"), "x,y\n0,0\n0.5,0.25\n50,0\n");
});

const metricsOf = (out: string) => validateResult(JSON.parse(readFileSync(join(out, "result.json"), "utf8"))).metrics;

test("a path at irregular times: the equation with intervals, its tests, fields at points, predictions from starts", async () => {
  const out = file("run/of path");
  const own = ["--starts", file("starts.csv"), "--horizon", "12.5", "--at", file("points.csv"), "--out", out];
  const { code, out: printed, err } = await fit(file("path.csv"), "--degree", "1", ...own);
  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining("! columns that are not used: operator\n") });
  expect(printed).toMatch(/f_x = .*\nf_y = .*\nD_x_x = .*\nD_x_y = .*\nD_y_y = /);
  expect(printed).toMatch(/^start, time +mean x +std x +mean y +std y\n1, 12\.5( +-?[\d.e-]+){4}\n2, 12\.5 /m);
  const metrics = metricsOf(out);
  const within = (name: string, exact: number) => {
    const [low, high] = metrics[name].ci95 ?? [Number.NaN, Number.NaN];
    // Twice as wide as 95 %.
    expect({ name, exact: exact >= 1.5 * low - 0.5 * high && exact <= 1.5 * high - 0.5 * low }).toEqual({
      name,
      exact: true,
    });
  };
  within("f_x.x", -1);
  within("f_x.y", 0);
  within("f_y.x", 2);
  within("f_y.y", -2);
  within("D_x_x.1", 0.64);
  within("D_x_y.1", 0);
  within("D_y_y.1", 0.25);
  expect(metrics["residual-variance.equation.x"].value).toBeCloseTo(1, 1);
  expect(Math.abs(metrics["residual-correlation.equation.x"].value)).toBeLessThan(0.05);
  expect(metrics["gain.held-out.all"].value).toBeGreaterThan(0.01);
  const fields = readColumns(join(out, "tables/fields.csv"));
  expect(fields.columns.map(({ name }) => name)).toEqual([
    "x",
    "y",
    "inside",
    ...["f_x", "f_y", "D_x_x", "D_x_y", "D_y_y"].flatMap((name) => [name, `${name}_low`, `${name}_high`]),
  ]);
  expect(fields.rows).toBe(3);
  expect(Array.from(fields.columns[0].values)).toEqual([0, 0.5, 50]);
  expect(Array.from(fields.columns[2].values)).toEqual([1, 1, 0]);
  const [low, value, high] = ["f_y_low", "f_y", "f_y_high"].map(
    (one) => fields.columns.find(({ name }) => name === one)?.values[1] ?? Number.NaN,
  );
  expect(low < value && value < high).toBe(true);
  expect(value).toBeCloseTo(0.5, 0);
  const ahead = readColumns(join(out, "tables/predictions.csv"));
  const mean = ahead.columns.find(({ name }) => name === "mean")?.values ?? [];
  // The first start: x = 0.5, y = 1.
  expect([mean[0], mean[1]]).toEqual([0.5, 1]);
  expect(readFileSync(join(out, "index.html"), "utf8")).toContain("An equation of x, y");
  expect(existsSync(join(out, "models/equation.safetensors"))).toBe(true);
});

test("patches at two temperatures: one equation of both, with σσᵀ of the whole", async () => {
  const out = file("patches");
  const { code } = await fit(
    file("pairs.csv"),
    "--K",
    "9",
    "--conditions",
    "T",
    "--zero-time",
    "raw",
    "--degree",
    "1",
    "--out",
    out,
  );
  expect(code).toBe(0);
  const metrics = metricsOf(out);
  for (const T of [1, 2]) {
    expect(metrics[`f_z.z.at${T}`].value).toBeCloseTo(-T, 0);
    expect(Math.abs(metrics[`D_z_z.1.at${T}`].value / T - 1)).toBeLessThan(0.08);
  }
  const equation = readFileSync(join(out, "tables/equation.csv"), "utf8");
  expect(equation).toMatch(/^T,of,power_z,origin_z,value,low,high\n/);
});

test("what it cannot use is refused in one sentence, and nothing is written", async () => {
  const out = file("refused");
  for (const [words, message] of [
    [[], /the file is missing/],
    [[file("none.csv")], /cannot read .*none\.csv/],
    [[file("path.csv"), "--K", "4"], /a trajectory is of a whole system/],
    [[file("pairs.csv"), "--lag", "2"], /--lag 2 is of trajectories, and .*pairs\.csv has pairs: leave it out/],
    [[file("pairs.csv"), "--longest", "3"], /--longest 3 is of trajectories/],
    [[file("path.csv"), "--columns", "t,x"], /--columns names those of \.npy files, and .*path\.csv has names/],
    [[file("path.csv"), "--steps", "9"], /--steps has no effect with --drift polynomial: it needs --drift network;/],
    [[file("path.csv"), "--odd", "q"], /--odd "q" is none of the variables x, y/],
    [[file("path.csv"), "--variables", "x,operator"], /line 2: operator is "A"/],
    [[file("path.csv"), "--starts", file("pairs.csv")], /pairs\.csv lacks column x: name its columns x, y/],
    [[file("path.csv"), "--profile", "quick"], /there is no option "--profile"/],
    [[file("path.csv"), "--degree", "20"], /--degree "20" is too large/],
    [[file("starts.csv")], /has neither z0_/],
  ] as const) {
    expectRefusal(await fit(...words, "--out", out), message);
    expect(existsSync(out)).toBe(false);
  }
});

test("after an edit of the data --resume says which file has changed", async () => {
  const out = file("edited");
  const data = file("edited.csv");
  writeFileSync(data, pairs(4000));
  expect((await fit(data, "--K", "9", "--variables", "z", "--out", out)).code).toBe(0);
  // Finished runs are not gone on with: it is made one that is not.
  const manifest = JSON.parse(readFileSync(join(out, "run.json"), "utf8"));
  writeFileSync(join(out, "run.json"), JSON.stringify({ ...manifest, finished: false }));
  writeFileSync(data, pairs(4000).replace("0.1\n", "0.11\n"));
  expectRefusal(
    await fit(data, "--K", "9", "--variables", "z", "--out", out, "--resume"),
    /cannot resume .*: file .*edited\.csv has changed\. Take the old file, or --force/,
  );
});
