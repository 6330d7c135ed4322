import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../../lib/errors.ts";
import { type Command, HelpRequest } from "../../../lib/run/command-line.ts";
import type { Parameters } from "../../../lib/run/parameters.ts";
import { makePlan } from "../../../lib/run/sweep/make.ts";
import { halves, lineOf, readSweep, slurmOptions } from "../../../lib/run/sweep/options.ts";
import { argumentsOf, extended, type Plan, readPlan, writePlan } from "../../../lib/run/sweep/plan.ts";
import { defined, temporaryFolder } from "../../fixtures.ts";

const root = temporaryFolder("plan");
/** As many as there are numbers of seeds. */
const SEEDS = 2 ** 32;

const demo: Command<Parameters> = {
  name: "demo",
  about: "A demonstration.",
  parameters: {
    T: { kind: "number", default: 1, above: 0, unit: "K", meaning: "temperature" },
    h: { kind: "number", default: 0, min: -100, max: 100, meaning: "field" },
    patchSide: { kind: "integers", default: [8], min: 2, meaning: "sides of patches" },
    drift: { kind: "choice", choices: ["polynomial", "network"], default: "polynomial", meaning: "drift" },
    steps: { kind: "integer", default: 5, min: 1, meaning: "of training", onlyWith: [{ drift: ["network"] }] },
    seeds: { kind: "integer", default: 1, min: 1, meaning: "repetitions inside of a run" },
    note: { kind: "text", default: "none", meaning: "a text" },
  },
  check({ T, h }) {
    if (Number(h) > Number(T)) throw new InputError(`--h ${h} is more than --T ${T}: lower it`);
  },
};
const reader: Command<Parameters> = { ...demo, name: "reader", files: { name: "file", meaning: "data" } };

function plan(line: string, command = demo): Plan {
  const { before, fixed } = halves(line.split(" "));
  return makePlan(command, readSweep(command, before), fixed);
}
const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return "no refusal";
};

describe("a plan", () => {
  test("has every combination of values and repetitions, each in a folder that says them", () => {
    const { points, axes, command } = plan("demo --h -1,0.5 --T 1:2:1 --seeds 1:2 --out x");
    expect({ command, axes }).toEqual({ command: "demo", axes: ["T", "h"] });
    expect(points.map(({ name }) => name)).toEqual(
      ["T=1_h=-1", "T=1_h=0.5", "T=2_h=-1", "T=2_h=0.5"].flatMap((name) => [`${name}_seed=1`, `${name}_seed=2`]),
    );
  });

  test("gives each run what all are given, its values and its seed", () => {
    const made = plan(
      "reader a.csv --patch-side 8,16;32 --out x -- --note hello".replace("a.csv", import.meta.path),
      reader,
    );
    expect(made.points.map((point) => argumentsOf(made, point))).toEqual(
      ["8,16", "32"].map((sides, k) => [
        import.meta.path,
        "--note",
        "hello",
        `--patch-side=${sides}`,
        `--seed=${made.points[k].seed}`,
      ]),
    );
    expect(made.points.map(({ name }) => name)).toEqual(["patch-side=8,16_seed=1", "patch-side=32_seed=1"]);
  });

  test("does not hang on how the line is written", () => {
    expect(plan("demo --T 1,2 --h 0:1 --out x").points).toEqual(plan("demo --out=y --h 0,1 --T=1:2").points);
  });

  test("has random numbers of their own for all points, or common ones for a repetition, never those of its neighbour", () => {
    const own = plan("demo --T 1:30 --seeds 1:30 --out x").points.map(({ seed }) => seed);
    expect(new Set(own).size).toBe(900);
    const common = plan("demo --T 1:30 --seeds 1:30 --streams common --out x").points;
    const byRepetition = Map.groupBy(common, ({ repetition }) => repetition);
    const seeds = [...byRepetition.values()].map((points) => [...new Set(points.map(({ seed }) => seed))]);
    expect(seeds.map(({ length }) => length)).toEqual(Array(30).fill(1));
    const sorted = seeds.flat().sort((a, b) => a - b);
    // A run takes seed, seed + 1, … for its own repetitions: gaps of a few would share them.
    expect(Math.min(...sorted.slice(1).map((seed, k) => seed - sorted[k]))).toBeGreaterThan(1000);
    for (const seed of [...own, ...sorted]) {
      expect(seed).toBeGreaterThanOrEqual(0);
      expect(seed).toBeLessThan(SEEDS);
    }
  });

  test("keeps points and seeds where it grows", () => {
    const small = plan("demo --T 1,2 --out x");
    const large = plan("demo --T 1:4 --seeds 1:2 --out x");
    const both = extended("x", small, large);
    expect(both.points.slice(0, 2)).toEqual([...small.points]);
    expect(both.points.length).toBe(8);
    expect(extended("x", both, small)).toEqual(both);
  });

  test("is another one where the same words are other files", () => {
    const small = { ...plan("demo --T 1,2 --out x"), words: ["data.csv"], from: "/here" };
    expect(refusal(() => extended("x", small, { ...small, from: "/there" }))).toBe(
      "x holds another sweep (files: /here/data.csv, now /there/data.csv): take another --out",
    );
    // The same file, named from another folder.
    expect(extended("x", small, { ...small, words: ["../here/data.csv"], from: "/there" })).toEqual(small);
  });

  test("names long and odd values by a hash, differently", () => {
    const names = plan(
      `demo --patch-side ${Array.from({ length: 3 }, (_, k) =>
        Array(60)
          .fill(8 + k)
          .join(","),
      ).join(";")} --out x`,
    ).points.map(({ name }) => name);
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(120);
  });

  test("goes on by a line with one of its points, whatever its values are", () => {
    for (const line of [
      "demo --T 1,2 --h -0.5,1 --seeds 3,4 --streams common --out x -- --note hello",
      "demo --patch-side 8;16 --drift network --out x",
      "demo --out x",
    ]) {
      const made = plan(line);
      const again = defined(lineOf(made, "x"));
      expect(again.length).toBeLessThan(11);
      expect(extended("x", made, plan(again.join(" ")))).toEqual(made);
    }
  });

  test("is read back as it was written", () => {
    const folder = join(root, "written");
    const made = plan("demo --T 1,2 --out x -- --note hello");
    writePlan(folder, made);
    expect(readPlan(folder)).toEqual(made);
    expect(readdirSync(folder)).toEqual(["sweep.json"]);
    expect(readPlan(join(root, "nothing"))).toBeNull();
  });

  test.each([
    ["{", /sweep\.json is not JSON/],
    ["{}", /is no plan of a sweep/],
    [
      '{"format": "patchwise sweep 99"}',
      /is "patchwise sweep 99", this version of patchwise reads "patchwise sweep 1"/,
    ],
  ])("is refused where it is %s", (text, message) => {
    const folder = join(root, "broken");
    writePlan(folder, plan("demo --T 1 --out x"));
    writeFileSync(join(folder, "sweep.json"), text);
    expect(refusal(() => readPlan(folder))).toMatch(message);
  });

  test.each([
    ["another command", "reader FILE --T 1 --out x", /holds another sweep \(command: demo, now reader\)/],
    ["other axes", "demo --T 1 --h 0 --out x", /what is varied: T, now T, h/],
    ["other options of all runs", "demo --T 1 --out x -- --note b", /options of all runs: none, now --note b/],
    ["other streams", "demo --T 1 --streams common --out x", /streams: own, now common/],
  ])("of %s does not extend it", (_, line, message) => {
    const other = plan(line.replace("FILE", import.meta.path), line.startsWith("reader") ? reader : demo);
    expect(refusal(() => extended("x", plan("demo --T 1 --out x"), other))).toMatch(message);
  });
});

describe("refused in one sentence, and nothing is written:", () => {
  test.each([
    [
      "values of all axes",
      "demo --T 0,1,-1 --h 200 --seeds 1,1 --out x",
      /^--T "0", "-1" are not possible: .*; --h "200" is not possible: .*; --seeds has 1 twice/,
    ],
    [
      "points that do not go together, with some of them",
      "demo --T 1:3 --h 2,3 --out x",
      /^3 of 6 points are not possible: --h 2 is more than --T 1: lower it \(at T=1 h=2\); --h 3 is more than --T 1: lower it \(at T=1 h=3\); --h 3 is more than --T 2/,
    ],
    [
      "many of them, cut short",
      "demo --T 1 --h 2:20 --out x",
      /^19 of 19 points are not possible: [^;]*; [^;]*; [^;]*; and 16 other reasons$/,
    ],
    [
      "what is wrong with all alike, once",
      "demo --T 1,2 --steps 3 --out x",
      /^--steps has no effect with --drift polynomial/,
    ],
    ["what all are given", "demo --T 1,2 --out x -- --h 200", /^--h "200" is too large/],
    ["an axis behind -- as well", "demo --T 1,2 --out x -- --T 3", /^--T is given twice/],
    ["too many runs", "demo --T 1:101 --h -98:1 --out x", /^these are 10,100 runs: give --yes/],
    ["a seed behind --", "demo --T 1 --out x -- --seed 3", /^--seed behind the second --: .* --seeds$/],
    ["a folder behind --", "demo --T 1 -- --out=x", /^--out behind the second --: /],
    ["--resume", "demo --T 1 --resume --out x", /^--resume: a sweep goes on by itself/],
    [
      "a profile before --",
      "demo --T 1 --profile quick --out x",
      /^--profile is the same for all runs: give it behind a second --/,
    ],
    ["a text before --", "demo --note a --out x", /^--note is the same for all runs/],
    ["an option of Slurm without it", "demo --T 1 --gres gpu:1 --out x", /^--gres has no effect with --executor local/],
    ["an unknown option with a value", "demo --TT 1 --out x", /^there is no option "--TT"/],
    ["a file of a command that reads none", "demo a.csv --T 1 --out x", /^"a\.csv" does not belong to an option/],
    [
      "values that are several words",
      "demo --T 1 1.5 2 --out x",
      /^"1\.5" does not belong to an option: write all values of a parameter in one word, as 1,1\.5,2 or/,
    ],
  ])("%s", (_, line, message) => {
    expect(refusal(() => plan(line))).toMatch(message);
    expect(existsSync("x")).toBe(false);
  });

  test("but more than 10,000 runs are made with --yes", () => {
    expect(plan("demo --T 1:101 --h -98:1 --yes --out x").points.length).toBe(10_100);
  });
});

describe("a command line", () => {
  test("takes values below zero, and words of sbatch as they are", () => {
    const { axes, options } = readSweep(demo, [
      "demo",
      "--h",
      "-0.1:0.1:0.1",
      "--executor",
      "slurm",
      "--mem",
      "4G",
      "--sbatch",
      '--qos=long --comment "a b"',
    ]);
    expect(axes).toEqual([{ key: "h", values: ["-0.1", "0", "0.1"] }]);
    expect(slurmOptions(options)).toMatchObject({
      memory: "4G",
      others: ["--qos=long", "--comment", "a b"],
      throttle: 0,
    });
    expect(slurmOptions(options)).not.toHaveProperty("time");
  });

  test.each([
    ...["--array=1-3", "--array 1-3", "-a1-3", "--qos=x -a 1", "-o x", "--output=/dev/null", "--wrap=ls", "-W"],
    ...["--time=10", "-t 10", "--mem 4G", "--gres=gpu:2", "-p long", "--account=x", "--signal=TERM@10"],
  ])("does not take %s for sbatch, which would lose the runs or has an option of its own", (text) => {
    const { options } = readSweep(demo, ["demo", "--executor", "slurm", "--sbatch", text]);
    expect(refusal(() => slurmOptions(options))).toMatch(/^--sbatch ".*" is what the sweep says itself: /);
  });

  test("lists with --help what can be varied, but not what the sweep calls by the same name, nor texts", () => {
    let help = "";
    try {
      readSweep(demo, ["demo", "--help"]);
    } catch (error) {
      if (!(error instanceof HelpRequest)) throw error;
      help = error.message;
    }
    expect(help).toMatch(/^usage: .*sweep(\.ts)? (-- )?demo \[options\]$/m);
    expect(help).not.toContain("FILE");
    expect(help).toMatch(/--T TEXT +K +1\n +temperature: a decimal number above 0/);
    const titles = help.match(/^(What can be varied|The sweep|On a cluster)(?= )/gm);
    expect(titles).toEqual(["What can be varied", "The sweep", "On a cluster"]);
    const under = (title: string) => help.split(new RegExp(`^${title} .*$`, "m"))[1].split("\n\n")[0];
    expect(under("What can be varied")).toContain("--drift TEXT");
    expect(under("The sweep")).toContain("--processes N");
    expect(under("On a cluster")).toContain("--partition TEXT");
    expect(help.match(/--seeds TEXT/g)?.length).toBe(1);
    expect(help).not.toContain("--note");
  });
});

describe("points of a file", () => {
  const file = (text: string, more = "", name = "points.csv") => {
    const path = join(root, name);
    writeFileSync(path, text);
    return `demo --points ${path}${more} --out x`;
  };

  test("are its rows: columns named as options or keys, an empty cell is the default", () => {
    const { points, axes } = plan(
      file('T,--patch-side,drift\n1,"8,16",polynomial\n\n2.50,,network\r\n', " --seeds 1:2"),
    );
    expect(axes).toEqual(["T", "patchSide", "drift"]);
    expect(points.map(({ values }) => values)).toEqual([
      ...Array(2).fill({ T: "1", patchSide: "8,16", drift: "polynomial" }),
      ...Array(2).fill({ T: "2.5", drift: "network" }),
    ]);
    expect(points.map(({ repetition }) => repetition)).toEqual([1, 2, 1, 2]);
  });

  test("may have their repetition beside them, and what options of the sweep are called like", () => {
    const { points } = plan(file("\ufeffseed,h,T,seeds\n3,0,1,4\n4,0,1,4\n"));
    expect(points.map(({ name }) => name)).toEqual(["T=1_h=0_seeds=4_seed=3", "T=1_h=0_seeds=4_seed=4"]);
    // As on a command line: the order of columns makes no other points.
    expect(lineOf(plan(file("seeds\n4\n")), "x")).toBeNull();
    expect(plan(file("T,h\n1,0\n")).points).toEqual(plan("demo --T 1 --h 0 --out x").points);
  });

  test.each([
    [
      "a column that is no parameter",
      "T,K\n1,2\n",
      /points\.csv, line 1: "K" is no parameter: name columns as options, such as --T, /,
    ],
    [
      "semicolons between columns",
      "T;h\n1,5;0\n",
      /points\.csv, line 1 has ";" or tabs between its columns: write commas/,
    ],
    ["a text", "T,note\n1,a\n", /points\.csv, line 1: --note is a text/],
    ["two columns of one parameter", "T,--T\n1,2\n", /points\.csv, line 1 has two columns for T/],
    [
      "all cells that are not possible",
      "T,h\n1,0\n\n0,0\n1,x\n",
      /points\.csv, line 4: --T "0" is too small: .*; .*line 5: --h "x" is not a number/,
    ],
    ["a range in a cell", "T\n1:2\n", /line 2: --T "1:2" is not a number/],
    ["a row that lacks a cell", "T,h\n1,0\n2\n", /line 3 has 1 cells where the first line has 2/],
    ["a row that is there twice", "T,h\n1,0\n2,0\n1.0,0\n", /line 4 is the same point as .*line 2/],
    ["an empty repetition", "T,seed\n1,\n", /line 2: seed "" lacks a number/],
    ["no rows", "T,h\n", /points\.csv has no points/],
    ["nothing", "", /points\.csv has no points/],
    ["points that do not go together", "T,h\n1,0\n1,2\n", /1 of 2 points are not possible: --h 2 is more than --T 1/],
  ])("refused: %s", (_, text, message) => {
    expect(refusal(() => plan(file(text)))).toMatch(message);
  });

  test("refused: axes or repetitions beside it, no file", () => {
    expect(refusal(() => plan(file("T\n1\n", " --h 1")))).toMatch(/^--points has the points: give h there/);
    expect(refusal(() => plan(file("T,seed\n1,1\n", " --seeds 1:2")))).toMatch(/has a column seed: leave out --seeds/);
    expect(refusal(() => plan("demo --points no.csv --out x"))).toMatch(/^cannot read no\.csv/);
  });

  test("are counted", () => {
    const rows = Array.from({ length: 2001 }, (_, k) => k + 1).join("\n");
    expect(refusal(() => plan(file(`T\n${rows}\n`, " --seeds 1:5")))).toMatch(/^these are 10,005 runs/);
    expect(readFileSync(join(root, "points.csv"), "utf8").length).toBeGreaterThan(2001);
  });
});
