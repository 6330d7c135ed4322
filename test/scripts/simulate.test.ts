// scripts/simulate.ts as a user starts it: tables against exact results, files that are kept, bad input.
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { magnetizationTrajectory } from "../../lib/analysis/curie-weiss-theory.ts";
import { criticalQuantities } from "../../lib/analysis/finite-size.ts";
import { boltzmannLaw, isingStates } from "../../lib/analysis/ising-exact.ts";
import { readArrow } from "../../lib/io/arrow.ts";
import { readCsv } from "../../lib/io/csv.ts";
import { temporaryFolder } from "../fixtures.ts";
import { range } from "../numbers.ts";
import { expectRefusal, runScript } from "./command.ts";

setDefaultTimeout(60_000);

const folder = temporaryFolder("simulate");

/** Runs a command line, spaces between its words. */
const simulate = (line: string, ...more: string[]) => runScript("simulate", [...line.split(" "), ...more]);

interface Row {
  /** Time and observable as they stand in the table. */
  readonly place: string;
  readonly time: number;
  readonly observable: string;
  readonly mean: number;
  readonly std: number;
  readonly error: number;
}

/** `clock`: what the first column counts. */
function rowsOf(text: string, clock = "time"): Row[] {
  const [head, ...lines] = text.trim().split("\n");
  expect(head).toBe(`${clock},observable,mean,std,se_mean,replicas`);
  return lines.map((line) => {
    const [time, observable, mean, std, error] = line.split(",");
    const place = `${time} ${observable}`;
    return { place, time: Number(time), observable, mean: Number(mean), std: Number(std), error: Number(error) };
  });
}

/** The table of a command line, which a second start does not overwrite. */
async function tableOf(line: string, name: string, clock?: string): Promise<Row[]> {
  const file = join(folder, name);
  expect((await simulate(line, "--out", file)).code).toBe(0);
  const text = readFileSync(file, "utf8");
  expect((await simulate(line, "--out", file)).code).toBe(2);
  expect(readFileSync(file, "utf8")).toBe(text);
  return rowsOf(text, clock);
}

const places = (rows: readonly Row[]) => rows.map(({ place }) => place);

/** Fails beyond four standard errors: a false alarm in 16,000 comparisons; seeds are fixed. */
function expectNear(found: number, exact: number, error: number, rounding = 1e-7): void {
  expect(Math.abs(found - exact)).toBeLessThanOrEqual(4 * error + rounding);
}

test("curie-weiss: mean and std agree with the master equation", async () => {
  const [replicas, times] = [2000, [0, 1, 2, 5]];
  const line = `curie-weiss --L 64 --T 1.1 --h 0.1 --m0 -0.5 --replicas ${replicas} --times ${times} --seed 3`;
  const rows = await tableOf(line, "m.csv");
  expect(places(rows)).toEqual(times.map((time) => `${time} m`));
  const exact = magnetizationTrajectory({ spins: 4096, temperature: 1.1, field: 0.1 }, -0.5, times);
  for (const [k, { mean, std, error }] of rows.entries()) {
    expectNear(mean, exact.mean[k], error, 1e-12);
    expectNear(std, exact.std[k], exact.std[k] / Math.sqrt(2 * replicas), 1e-12);
  }
});

test("predator-prey: the linear problem has its exact mean and spread", async () => {
  const [points, noise, replicas] = [20, 0.04, 2000];
  const line = `predator-prey --N ${points} --a 0 --noise ${noise} --amplitude 0 --replicas ${replicas}`;
  const rows = await tableOf(`${line} --times 0,0.5,2 --seed 3`, "uv.csv");
  expect(places(rows)).toEqual(["0 u", "0 v", "0.5 u", "0.5 v", "2 u", "2 v"]);
  for (const { time, observable, mean, std, error } of rows) {
    if (observable !== "v") continue;
    // Zero flux: the mean of the predators only sums noise, variance s² t/N.
    const exact = noise * Math.sqrt(time / points);
    expectNear(mean, 0.5, error);
    expectNear(std, exact, exact / Math.sqrt(2 * replicas));
  }
});

test("ising: without coupling m and ρ decay as they must, and the error of the mean knows about words", async () => {
  const [side, m0, replicas] = [16, 0.875, 2048];
  const n = side ** 2;
  const line = `ising --L ${side} --T 1e6 --h 0 --m0 ${m0} --replicas ${replicas} --times 0,0.5,1 --seed 3`;
  const rows = await tableOf(line, "m-rho.csv");
  expect(places(rows)).toEqual(["0 m", "0 ρ", "0.5 m", "0.5 ρ", "1 m", "1 ρ"]);
  for (const { time, observable, mean, std, error } of rows) {
    const kept = Math.exp(-time);
    // A fixed number of spins is up at first, at random places: ⟨s s'⟩ = (n m0² − 1)/(n − 1).
    const exact = observable === "m" ? m0 * kept : (1 - (kept ** 2 * (n * m0 ** 2 - 1)) / (n - 1)) / 2;
    expectNear(mean, exact, error);
    if (observable !== "m" || time === 0) continue;
    const variance = (1 - kept ** 2) / n;
    expect(Math.abs(std / Math.sqrt(variance) - 1)).toBeLessThanOrEqual(4 / Math.sqrt(2 * replicas) + 0.02);
    // Replicas of a word share which sites are left untouched: covariance m0² e^−t (1 − e^−t)/n. 64 words, 4 deviations.
    const covariance = (m0 ** 2 * kept * (1 - kept)) / n;
    const word = Math.sqrt((variance + 31 * covariance) / replicas);
    expect(Math.abs(error / word - 1)).toBeLessThanOrEqual(4 / Math.sqrt(2 * (replicas / 32 - 1)));
  }
});

test("ising: flips of clusters lead from order to the equilibrium of 4 × 4 spins", async () => {
  const T = 2.27;
  const line = `ising --L 4 --T ${T} --h 0 --m0 1 --algorithm wolff --clusters 60 --replicas 8192 --seed 3`;
  const rows = await tableOf(line, "wolff.csv", "clusters");
  const seen = ["m", "ρ", "|m|", "χ", "U"];
  expect(places(rows)).toEqual(range(11, (k) => seen.map((symbol) => `${6 * k} ${symbol}`)).flat());
  const { m, rho } = isingStates(4);
  const law = boltzmannLaw(4, T, 0);
  const mean = (g: (m: number, rho: number) => number) => law.reduce((sum, p, k) => sum + p * g(m[k], rho[k]), 0);
  const exact = criticalQuantities({ absM: mean(Math.abs), m2: mean((x) => x ** 2), m4: mean((x) => x ** 4) }, 16, T);
  const expected = [0, mean((_, y) => y), exact.abs_m, exact.chi, exact.binder];
  for (const [k, { mean, error }] of rows.slice(-seen.length).entries()) expectNear(mean, expected[k], error);
});

test("ising: of fewer than 64 replicas the error is std/√replicas; without a file the table is printed", async () => {
  const few = await simulate("ising --L 74 --replicas 40 --times 1");
  expect(few.code).toBe(0);
  const [{ std, error }] = rowsOf(few.out);
  expect(error).toBeCloseTo(std / Math.sqrt(40), 12);
});

test("predator-prey: a population that fails ends with one sentence, and the times before are written", async () => {
  const file = join(folder, "failed.csv");
  const line = "predator-prey --N 20 --noise 1 --replicas 5 --times 0,0.01,50 --seed 3";
  const { code, err } = await simulate(line, "--out", file);
  expect(code).toBe(2);
  expect(err).toMatch(/^(prey u|predators v) = -?\d\S* at point \d+ of replica \d, step \d+ \(time [\d.]+\): .*\n$/m);
  expect(err).not.toMatch(/\n {4}at /);
  expect(places(rowsOf(readFileSync(file, "utf8")))).toEqual(["0 u", "0 v", "0.01 u", "0.01 v"]);
});

test.each([
  ["predator-prey --N 8 --replicas 2 --times 0", "ising", ["0 u", "0 v"]],
  ["--L 8 --replicas 2 --times 0 ising", "predator-prey", ["0 m", "0 ρ"]],
])("%s into a file called %s: the file does not choose the system", async (line, name, rows) => {
  const file = join(folder, name);
  expect((await simulate(line, "--out", file)).code).toBe(0);
  expect(places(rowsOf(readFileSync(file, "utf8")))).toEqual(rows);
});

test("a file called like a system, without a system: it is missing", async () => {
  // As a word of its own, relative to the folder of the run.
  const { code, err } = await simulate("--out ising --replicas 2");
  expect({ code, err }).toEqual({
    code: 2,
    err: "the system is missing: give curie-weiss, ising, nbmota or predator-prey\n",
  });
});

test("ising --help", async () => {
  const { code, out, err } = await simulate("ising --help");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/--L N.*--T X.*--h X.*--m0 X.*--replicas N/s);
});

test.each([
  ["predator-prey --times 0,0.015", /time 0\.015 is not a multiple of the time step 0\.01/],
  ["predator-prey --times 1,0.5", /ascend/],
  ["predator-prey --N 1", /--N.*2/],
  ["predator-prey --dt 0.6", /0\.6.*0\.5/],
  ["predator-prey --mean 0.95", /0\.95.*0\.1/],
  ["predator-prey --L 64", /--L/],
  ["ising --L 65", /--L 65 is odd/],
  ["ising --L 2", /--L "2".*4/],
  ["ising --L 65536", /lattice side 65536 is above \d+, the largest/],
  ["ising --L 512 --replicas 1000000", /1000000 replicas, of which \d+ fit, take \d+ MiB.*lower --replicas/],
  ["ising --T 0", /--T "0".*above 0/],
  ["ising --h 1000", /--h "1000".*100/],
  ["ising --m0 2", /--m0 "2".*1/],
  ["ising --times 1,0.5", /ascend/],
  ["ising --replicas 1", /--replicas "1".*2/],
  ["ising --N 64", /--N/],
  ["ising --algorithm wolff --h 0.1", /wolff flips clusters without a field only: use --h 0 in place of 0\.1/],
  ["ising --save last.dump", /--save last\.dump: \.dump is no file of states, use \.safetensors/],
  ["ising --resume", /--resume goes on from the file of --save: none was named/],
  ["ising --resume --save nothing.safetensors", /there is no nothing\.safetensors/],
  ["ising --start nothing.safetensors", /cannot read nothing\.safetensors/],
  ["ising --algorithm metropolis", /--algorithm "metropolis".*glauber or wolff/],
])("%s: refused before anything is written", async (line, message) => {
  const file = join(folder, "refused.csv");
  expectRefusal(await simulate(line, "--out", file), message);
  expect(existsSync(file)).toBe(false);
});

test("curie-weiss --schedule: the table says what temperature and field were, and spins follow them", async () => {
  const line = "curie-weiss --L 64 --T 1000 --schedule h=-100:100@0:2 --times 0,1,2,40";
  const { code, out } = await simulate(line);
  expect(code).toBe(0);
  const [head, ...rows] = out.trim().split("\n");
  expect(head).toBe("time,T,h,observable,mean,std,se_mean,replicas");
  const found = rows.map((row) => row.split(",").map(Number));
  expect(found.map(([time, T, h]) => [time, T, h])).toEqual([
    [0, 1000, -100],
    [1, 1000, 0],
    [2, 1000, 100],
    [40, 1000, 100],
  ]);
  // Nearly free spins: m → tanh((h + m)/T).
  expectNear(found[3][4], Math.tanh(0.1001), found[3][6]);
});

test("more replicas than a batch holds: each moves as in any other batch, none as another", async () => {
  // Four alloys of 48 cells are a batch.
  const valuesOf = async (replicas: number) => {
    const file = join(folder, `batches-${replicas}.csv`);
    const line = `nbmota --cells 48 --jumps 200 --replicas ${replicas} --seed 5 --per-replica ${file}`;
    const { code, out } = await simulate(line);
    expect(code).toBe(0);
    const rows = readFileSync(file, "utf8").trim().split("\n").slice(1);
    // Jumps, time and order of every replica at the end.
    const last = rows.filter((row) => row.startsWith("200,")).map((row) => row.split(",").slice(2).join());
    return { last, rows: rowsOf(out.replace(/^jumps,time_s/, "jumps").replace(/^(\d+),[^,]+,/gm, "$1,"), "jumps") };
  };
  const [some, more] = [await valuesOf(3), await valuesOf(10)];
  expect(more.last.slice(0, 3)).toEqual(some.last);
  expect(new Set(more.last).size).toBe(10);
  // The mean is over all of them.
  const first = more.last.map((row) => Number(row.split(",")[1]));
  const mean = more.rows.find((row) => row.time === 200)?.mean ?? Number.NaN;
  expect(Math.abs(mean - first.reduce((sum, x) => sum + x, 0) / 10)).toBeLessThan(1e-7);
});

test("quantiles and the values of every replica are those that mean and std are of; --out - is standard output", async () => {
  for (const name of ["each.csv", "each.arrow"]) {
    const path = join(folder, name);
    const line = `ising --L 16 --m0 0.25 --replicas 101 --times 0,3 --quantiles 0,0.5,1 --per-replica ${path} --out -`;
    const { code, out } = await simulate(line);
    expect(code).toBe(0);
    const [head, ...lines] = out.trim().split("\n");
    expect(head).toBe("time,observable,mean,std,se_mean,q0,q0.5,q1,replicas");
    const table = name.endsWith(".csv") ? readCsv(path) : readArrow(path);
    expect(table.columnNames()).toEqual(["time", "replica", "m", "rho"]);
    expect(table.numRows()).toBe(2 * 101);
    const last = [...range(101, (r) => Number(table.get("m", 101 + r)))].sort((a, b) => a - b);
    const [, , mean, , , ...quantiles] = (lines.find((one) => one.startsWith("3,m,")) ?? "").split(",").map(Number);
    expect(mean).toBeCloseTo(last.reduce((sum, m) => sum + m, 0) / 101, 6);
    expect(quantiles.slice(0, 3)).toEqual([last[0], last[50], last[100]]);
    expect(new Set(range(101, (r) => table.get("replica", r))).size).toBe(101);
  }
});

for (const [line, message] of [
  ["ising --quantiles 0.5,0.5", /--quantiles 0\.5,0\.5 names a share twice/],
  ["ising --quantiles 1.5", /--quantiles "1\.5" is too large/],
  ["ising --schedule T=3", /"T=3" names no values of T or h at times/],
  ["ising --schedule beta=1@0", /"beta=1@0" names no values of T or h/],
  ["ising --schedule T=3:1@0", /2 values at 1 times/],
  ["ising --schedule T=3:1@5:1", /the times "5:1" do not ascend/],
  ["ising --schedule T=3:0@0:5", /T: the value "0" is too small/],
  ["ising --schedule T=3@0,T=2@1", /names T twice/],
  ["curie-weiss --T 2 --schedule T=3:2@0:1", /--schedule says what T is at all times: leave out --T/],
  ["ising --h 0 --algorithm wolff --schedule T=3:2@0:1", /wolff knows no time, and no --schedule/],
  ["nbmota --schedule T=3:2@0:1", /there is no option "--schedule"/],
  ["ising --per-replica -", /--per-replica -: name a \.csv or \.arrow file/],
  ["ising --per-replica each.txt", /--per-replica each\.txt: name a \.csv or \.arrow file/],
  ["ising --per-replica a.csv --out ./a.csv", /--out and --per-replica name the same file/],
] as const) {
  test(`${line}: refused before anything is written`, async () => expectRefusal(await simulate(line), message));
}
