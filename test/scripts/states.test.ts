// simulate --save, --start, --resume: states of every system are kept, gone on from and started from.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readSafetensors } from "../../lib/io/safetensors.ts";
import { temporaryFolder } from "../fixtures.ts";
import { expectRefusal, runScript, startScript } from "./command.ts";

setDefaultTimeout(120_000);

const folder = temporaryFolder("states");
const simulate = (line: string, ...more: string[]) => runScript("simulate", [...line.split(" "), ...more]);
const rows = (path: string) => readFileSync(path, "utf8").trim().split("\n");

/** `values`: the first column of the table of all replicas that is an observable. `changed`: an option that is another simulation. */
const SYSTEMS = [
  {
    name: "curie-weiss",
    line: "--L 16 --T 1.3",
    replicas: 70,
    times: "0,1,2,3",
    fewer: "0,1",
    values: 2,
    changed: "--T 1.4",
  },
  {
    name: "curie-weiss",
    along: "scheduled",
    line: "--L 16 --schedule T=1.3:0.7@0.5:2.5",
    replicas: 70,
    times: "0,1,2,3",
    fewer: "0,1",
    values: 2,
    changed: "--h 0.2",
  },
  {
    name: "ising",
    line: "--L 16 --T 2.4",
    replicas: 96,
    times: "0,1,2,3",
    fewer: "0,1",
    values: 2,
    changed: "--T 2.5",
  },
  {
    name: "predator-prey",
    line: "--N 40",
    replicas: 6,
    times: "0,1,2,3",
    fewer: "0,1",
    values: 2,
    changed: "--noise 0.03",
  },
  {
    name: "nbmota",
    line: "--T 2400",
    replicas: 4,
    times: "0,1e-9,2e-9",
    fewer: "0,1e-9",
    values: 3,
    changed: "--T 2300",
  },
];

describe.each(SYSTEMS)("$name $line", ({ name, along = "", line, replicas, times, fewer, values, changed }) => {
  const own = `${name} ${line} --replicas ${replicas} --seed 4`;
  const file = (what: string) => join(folder, `${name}${along}-${what}`);
  const named = (what: string) => ["--out", file(`${what}.csv`), "--per-replica", file(`${what}-each.csv`)];
  const [saved, all] = [file("kept.safetensors"), file("all.safetensors")];
  const observed = (list: readonly string[]) => list.map((row) => row.split(",").slice(values).join(","));

  test("more times later give what all at one go give, and the same states", async () => {
    expect((await simulate(own, "--times", times, ...named("all"), "--save", all)).code).toBe(0);
    expect((await simulate(own, "--times", fewer, ...named("parts"), "--save", saved)).code).toBe(0);
    expect(rows(file("parts.csv")).length).toBeLessThan(rows(file("all.csv")).length);
    const more = ["--times", times, ...named("parts"), "--save", saved, "--resume"];
    expect(await simulate(own, ...more)).toMatchObject({ code: 0 });
    expect(rows(file("parts.csv"))).toEqual(rows(file("all.csv")));
    expect(rows(file("parts-each.csv"))).toEqual(rows(file("all-each.csv")));
    expect(readSafetensors(saved).tensors).toEqual(readSafetensors(all).tensors);
  });

  test("other simulations start from them, in turn", async () => {
    const each = file("from-each.csv");
    const twice = `${name} ${line} --replicas ${2 * replicas} --seed 5 --times ${name === "nbmota" ? fewer : 0}`;
    expect(await simulate(twice, "--start", all, "--per-replica", each)).toMatchObject({ code: 0 });
    const last = observed(rows(file("all-each.csv")).slice(-replicas));
    expect(observed(rows(each).slice(1, 1 + 2 * replicas))).toEqual([...last, ...last]);
  });

  test("what is not theirs is refused, and nothing is lost", async () => {
    const before = readFileSync(saved);
    const resume = (more: string) =>
      simulate(`${own.replace(line, `${line} ${more}`)} --resume`, ...named("parts"), "--save", saved);
    const other = changed.split(" ")[0];
    const told = await simulate(
      `${own.replace(new RegExp(` ${other} \\S+`), "")} ${changed} --times ${times} --resume`,
      ...[...named("parts"), "--save", saved],
    );
    expectRefusal(told, new RegExp(`is of another simulation, whose ${other} was`));
    expectRefusal(await resume("--times 0,0.5"), /was seen at 0,.*: give these, and more behind them/);
    const foreign = name === "ising" ? "curie-weiss" : "ising";
    expectRefusal(
      await simulate(`${foreign} --L 16 --times 0`, "--start", saved),
      new RegExp(`holds states of ${name}`),
    );
    expect(readFileSync(saved).equals(before)).toBe(true);
  });
});

test("replicas of one state count as one, and one state alone is taken as given", async () => {
  const file = (name: string) => join(folder, `few-${name}`);
  const line = (seed: number, replicas: number, times: string) =>
    `ising --L 16 --T 2.4 --replicas ${replicas} --seed ${seed} --times ${times}`;
  expect((await simulate(line(7, 3, "0,5"), "--save", file("a.safetensors"), "--out", file("a.csv"))).code).toBe(0);
  const two = ["--out", file("b.csv"), "--save", file("b.safetensors")];
  const { code, err } = await simulate(line(8, 96, "0"), "--start", file("a.safetensors"), ...two);
  expect({ code, err }).toMatchObject({
    code: 0,
    err: expect.stringContaining("96 replicas start from 3 states: those of one state are not independent"),
  });
  const field = (path: string, row: number, column: string) => {
    const [head, ...all] = rows(path).map((one) => one.split(","));
    return Number((row < 0 ? all.slice(row)[0] : all[row])[head.indexOf(column)]);
  };
  // 32 copies of three states: their mean is as well known as that of the three.
  const three = field(file("a.csv"), -2, "std") / Math.sqrt(3);
  expect(three).toBeGreaterThan(0);
  expect(field(file("b.csv"), 0, "se_mean")).toBeCloseTo(three, 6);
  // Where it goes on they are still of three.
  const more = await simulate(line(8, 96, "0,1e-6"), "--start", file("a.safetensors"), ...two, "--resume");
  expect(more.code).toBe(0);
  expect(field(file("b.csv"), -2, "se_mean")).toBeCloseTo(three, 2);
  expect((await simulate(line(9, 2, "0"), "--save", file("c.safetensors"), "--out", file("c.csv"))).code).toBe(0);
});

test("what says what systems are, or go along, is refused where something else does", async () => {
  const start = ["--start", join(folder, "ising-all.safetensors")];
  expectRefusal(await simulate("ising --L 16 --m0 0.5 --seed 5", ...start), /--start .* leave out --m0/);
  expectRefusal(await simulate("predator-prey --mean 0.4", ...start), /leave out --mean/);
  expectRefusal(await simulate("nbmota --cells 8 --start a.dump"), /--start a\.dump .* leave out --cells/);
  expectRefusal(await simulate("nbmota --jumps 10 --times 0,1e-9"), /in place of --jumps 10/);
  expectRefusal(await simulate("ising --clusters 10"), /by --algorithm wolff only/);
  expectRefusal(await simulate("ising --algorithm wolff --h 0 --times 0,1"), /knows no time/);
});

test("the seed that made states is refused behind them", async () => {
  const same = simulate(
    "ising --L 16 --T 2.4 --replicas 96 --seed 4 --times 0",
    "--start",
    join(folder, "ising-all.safetensors"),
  );
  expectRefusal(await same, /--seed 4 made the states to start from/);
});

test("alloys of any number of vacancies are kept, along their jumps", async () => {
  const file = (name: string) => join(folder, `many-${name}`);
  const line = (seed: number, start = "") =>
    `nbmota --cells 10 --vacancies 3 --replicas 2 --jumps 400 --seed ${seed}${start}`;
  expect((await simulate(line(3), "--save", file("a.safetensors"), "--out", file("a.csv"))).code).toBe(0);
  const start = ` --start ${file("a.safetensors")}`;
  expect((await simulate(line(4, start), "--out", file("b.csv"))).code).toBe(0);
  // The first look is the last one before; the clock begins anew.
  const order = (row: string) => row.split(",").slice(2).join(",");
  expect(rows(file("b.csv")).slice(1, 7).map(order)).toEqual(rows(file("a.csv")).slice(-6).map(order));
  const fewer = line(4, start).replace("vacancies 3", "vacancies 2");
  expectRefusal(await simulate(fewer), /a\.safetensors holds states of another size/);
});

test("a simulation that goes on overwrites its own files only", async () => {
  const other = join(folder, "other.csv");
  writeFileSync(other, "precious");
  const saved = join(folder, "ising-kept.safetensors");
  const line = "ising --L 16 --T 2.4 --replicas 96 --seed 4 --times 0,1,2,3,4 --resume";
  const each = join(folder, "ising-parts-each.csv");
  const told = await simulate(line, "--save", saved, "--per-replica", each, "--out", other);
  expectRefusal(told, /other\.csv exists already/);
  expect(readFileSync(other, "utf8")).toBe("precious");
});

test("a simulation that is stopped between two looks goes on from there, its clocks too", async () => {
  const file = (name: string) => join(folder, `stopped-${name}`);
  // Jumps one after the other: slow on any device.
  const line = "nbmota --replicas 2 --seed 6 --jumps 30000";
  expect((await simulate(line, "--out", file("whole.csv"))).code).toBe(0);
  const named = ["--out", file("part.csv"), "--save", file("part.safetensors")];
  const child = startScript("simulate", [...line.split(" "), ...named]);
  await child.until(() => existsSync(file("part.csv")) && rows(file("part.csv")).length > 1);
  child.kill("SIGINT");
  const { code, err } = await child.ended;
  expect(code).toBe(130);
  expect(err).toContain("--resume");
  const seen = readFileSync(file("part.csv"), "utf8");
  const whole = readFileSync(file("whole.csv"), "utf8");
  expect(whole.startsWith(seen) && whole.length > seen.length).toBe(true);
  expect((await simulate(line, ...named, "--resume")).code).toBe(0);
  expect(readFileSync(file("part.csv"), "utf8")).toBe(whole);
});
