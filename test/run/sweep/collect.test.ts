// Collecting a sweep: tables of what is there, failures kept in them, the same bytes whoever made the runs.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { readArrow } from "../../../lib/io/arrow.ts";
import type { TypedTable } from "../../../lib/io/typed-table.ts";
import { attemptTable, collectSweep, metricTable, TABLES, writeCollected } from "../../../lib/run/sweep/collect.ts";
import { argumentsOf, type Plan, pointsOf, runFolder } from "../../../lib/run/sweep/plan.ts";
import { defined, ROOT, temporaryFolder } from "../../fixtures.ts";
import { run } from "../../processes.ts";
import { MAGNET, type MadeUp, madeUpSweep, metric } from "./made-up.ts";

setDefaultTimeout(120_000);

const root = temporaryFolder("collect");
let made = 0;
const place = () => join(root, `sweep-${made++}`);

function rowsOf({ rows, columns }: TypedTable): Record<string, unknown>[] {
  return Array.from({ length: rows }, (_, row) => Object.fromEntries(columns.map(({ name, at }) => [name, at(row)])));
}

const SMALL: MadeUp = {
  axes: { T: ["10", "9"], closure: ["none", "blocks"] },
  repetitions: 2,
  metrics: ({ values }) => ({
    "error.ours": metric(Number(values.T) / 100, { ci95: [0.05, 0.2], paper: 0.3 }),
    "degree.ours": metric(3, { exact: 3, unit: "terms" }),
  }),
};

test("a row per run and metric, axes with their type, in the order of their values", () => {
  const folder = place();
  const { plan, statuses } = madeUpSweep(folder, SMALL);
  const collected = collectSweep(folder, plan, statuses);
  const rows = rowsOf(metricTable(collected));
  expect(rows).toHaveLength(2 * 2 * 2 * 2);
  expect(rows.map(({ T, closure, repetition, metric }) => [T, closure, repetition, metric].join(" "))).toEqual(
    ["9 blocks", "9 none", "10 blocks", "10 none"].flatMap((setting) =>
      ["1 degree.ours", "1 error.ours", "2 degree.ours", "2 error.ours"].map((rest) => `${setting} ${rest}`),
    ),
  );
  const [point] = plan.points.filter(
    ({ values, repetition }) => values.T === "10" && values.closure === "none" && repetition === 2,
  );
  expect(rows.at(-1)).toEqual({
    ...{ point: point.name, T: 10, closure: "none", repetition: 2, seed: point.seed, state: "finished" },
    ...{ metric: "error.ours", value: 0.1, low: 0.05, high: 0.2, paper: 0.3, exact: null, unit: "1", why: null },
    report: `runs/${point.name}/index.html`,
  });
  // What depends on the machine stands in the other table alone.
  expect(collected.names.filter((name) => name.startsWith("seconds"))).toEqual([]);
  const attempts = rowsOf(attemptTable(collected));
  expect(attempts).toHaveLength(8);
  expect(attempts[0]).toMatchObject({
    host: "node7",
    exit: 0,
    seconds: 12.5,
    memory: 3e8,
    total: 12,
    adapter: "synthetic adapter",
  });
});

test("runs without a result stay in it as rows without metric, and say why", () => {
  const folder = place();
  const states: Record<string, { state: "failed" | "waiting" | "unreliable"; why?: string }> = {
    "9 none 1": { state: "failed", why: "--T 9 is not possible" },
    "9 none 2": { state: "waiting" },
    "9 blocks 1": { state: "unreliable" },
  };
  const { plan, statuses } = madeUpSweep(folder, {
    ...SMALL,
    state: ({ values, repetition }) => states[`${values.T} ${values.closure} ${repetition}`],
    warnings: ({ values }) => (values.T === "9" ? ["it left its data", "and its senses"] : []),
  });
  const rows = rowsOf(metricTable(collectSweep(folder, plan, statuses)));
  expect(rows).toHaveLength(6 * 2 + 2);
  const of = (state: string) => rows.filter((row) => row.state === state);
  expect(of("failed")).toMatchObject([{ T: 9, why: "--T 9 is not possible", metric: null, value: null, report: null }]);
  expect(of("waiting")).toMatchObject([{ T: 9, why: null, metric: null }]);
  expect(of("unreliable").map(({ why }) => why)).toEqual(Array(2).fill("it left its data; and its senses"));
});

test("a result that is cut off, newer, of another run or gone is one row with why; the rest stays", () => {
  const folder = place();
  const newer = '{"schema":"patchwise result 2"}';
  const texts: Record<string, string> = { "9 1": "", "9 2": '{"schema": "patch', "10 1": newer };
  const { plan, statuses } = madeUpSweep(folder, {
    ...{ ...SMALL, axes: { T: ["9", "10", "11"] } },
    corrupt: ({ values, repetition }) => texts[`${values.T} ${repetition}`],
  });
  const [lost, whole, other] = [defined(plan.points[3]), defined(plan.points[4]), defined(plan.points[5])];
  rmSync(join(runFolder(folder, lost), "result.json"));
  writeFileSync(
    join(runFolder(folder, other), "result.json"),
    readFileSync(join(runFolder(folder, whole), "result.json")),
  );
  const rows = rowsOf(metricTable(collectSweep(folder, plan, statuses)));
  expect(rows.filter(({ state }) => state === "failed").map(({ why }) => why)).toEqual([
    "its result.json is not JSON: it is cut off, or was changed",
    "its result.json is not JSON: it is cut off, or was changed",
    'result.json is a "patchwise result 2", this version of patchwise reads "patchwise result 1": read it with the version that wrote it, or run the experiment again, which the sweep does where you delete that file',
    "its result.json is missing",
    `its result.json is of another run (seed ${whole.seed}, the plan has ${other.seed}): move its folder away`,
  ]);
  expect(rows.filter(({ state }) => state === "finished").map(({ point, metric }) => [point, metric])).toEqual([
    [whole.name, "degree.ours"],
    [whole.name, "error.ours"],
  ]);
});

test("a result of other parameters than its folder says is not taken for one", () => {
  const folder = place();
  const { plan, statuses } = madeUpSweep(folder, { ...SMALL, axes: { T: ["9", "10"] }, repetitions: 1 });
  const file = join(runFolder(folder, plan.points[0]), "result.json");
  writeFileSync(file, readFileSync(file, "utf8").replace('"T": 9', '"T": 9.5'));
  const [row] = rowsOf(metricTable(collectSweep(folder, plan, statuses)));
  expect(row).toMatchObject({
    state: "failed",
    why: "its result.json is of another run (T 9.5, the plan has 9): move its folder away",
  });
});

describe("files", () => {
  const bytesOf = (folder: string) => TABLES.metrics.map((file) => readFileSync(join(folder, file)).toString("base64"));

  test("have the same bytes whoever made the runs, when, and in which order the plan grew", () => {
    const [one, other] = [place(), place()];
    for (const [folder, turn] of [
      [one, false],
      [other, true],
    ] as const) {
      const { plan, statuses } = madeUpSweep(folder, MAGNET);
      const points = turn ? plan.points.toReversed() : plan.points;
      writeCollected(folder, collectSweep(folder, { ...plan, points }, turn ? statuses.toReversed() : statuses));
    }
    expect(bytesOf(one)).toEqual(bytesOf(other));
    expect(readdirSync(join(one, "tables")).sort()).toEqual([
      "attempts.csv",
      "metrics.arrow",
      "metrics.csv",
      "metrics.parquet",
    ]);
  });

  test("hold the same table in every format, with numbers as numbers", async () => {
    const folder = place();
    const { plan, statuses } = madeUpSweep(folder, {
      ...MAGNET,
      state: ({ values }) => (values.T === "1" ? { state: "lost", why: 'gone, "all"' } : undefined),
    });
    const collected = collectSweep(folder, plan, statuses);
    writeCollected(folder, collected);
    const rows = rowsOf(metricTable(collected));
    const [csv, arrow, parquet] = TABLES.metrics.map((file) => join(folder, file));
    expect(readArrow(arrow).objects()).toEqual(rows);
    const read = await parquetReadObjects({ file: new Uint8Array(readFileSync(parquet)).buffer });
    expect(
      read.map(
        (one): Record<string, unknown> => ({ ...one, repetition: Number(one.repetition), seed: Number(one.seed) }),
      ),
    ).toEqual(rows);
    const lines = readFileSync(csv, "utf8").trimEnd().split("\n");
    expect(lines[0]).toBe("point,T,h,repetition,seed,state,metric,value,low,high,paper,exact,unit,why,report");
    expect(lines).toHaveLength(rows.length + 1);
    expect(lines.filter((line) => line.includes('lost,,,,,,,,"gone, ""all""",'))).toHaveLength(12);
  });
});

test("an axis that is called as another column has a name of its own", () => {
  const folder = place();
  const { plan, statuses } = madeUpSweep(folder, {
    ...SMALL,
    axes: { Value: ["1", "2"], state: ["a"], Host: ["b"] },
    metrics: () => ({ x: metric(1) }),
  });
  const [row] = rowsOf(metricTable(collectSweep(folder, plan, statuses)));
  expect(row).toMatchObject({ "parameter.Value": 1, "parameter.state": "a", state: "finished", value: 1 });
  // One name in both tables.
  expect(row).toHaveProperty(["parameter.Host"], "b");
});

test("runs of an experiment are collected as they lie there", async () => {
  const folder = place();
  const words = "--profile quick --patches 32 --trajectories 64 --records 8 --runs 8 --horizon 6".split(" ");
  const plan: Plan = {
    ...{ command: "curie-weiss", words: [], fixed: words, from: ROOT, axes: ["T"], streams: "own" },
    points: pointsOf([{ T: "1.1" }, { T: "1.2" }], [1], "own"),
  };
  for (const point of plan.points) {
    const { code, err } = await run([
      "scripts/curie-weiss.ts",
      ...argumentsOf(plan, point),
      "--out",
      runFolder(folder, point),
    ]);
    expect([code, err.includes("rror:")]).toEqual([code === 1 ? 1 : 0, false]);
  }
  const collected = collectSweep(
    folder,
    plan,
    plan.points.map((point) => ({ point, state: "finished" })),
  );
  const rows = rowsOf(metricTable(collected));
  for (const point of plan.points) {
    const { metrics } = JSON.parse(readFileSync(join(runFolder(folder, point), "result.json"), "utf8"));
    const own = rows.filter((row) => row.point === point.name);
    expect(own.map(({ T }) => T)).toEqual(Array(own.length).fill(Number(point.values.T)));
    expect(own.map(({ metric }) => metric)).toEqual(Object.keys(metrics).filter((name) => name !== "seconds.total"));
    const name = "std_ratio.compensator.patch32";
    const { value, exact, ci95 } = metrics[name];
    const [low, high] = ci95 ?? [null, null];
    expect(own.find(({ metric }) => metric === name)).toMatchObject({ value, low, high, exact, unit: "1" });
  }
});
