// The experiments and tools as a user starts them: whole runs in child processes, interrupted runs, bad input.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { magnetizationTrajectory } from "../../lib/analysis/curie-weiss-theory.ts";
import { validateResult } from "../../lib/run/result.ts";
import { temporaryFolder } from "../fixtures.ts";
import { start as startBun } from "../processes.ts";

/** Child processes share two busy cores with whatever else runs. */
setDefaultTimeout(60_000);

const folder = temporaryFolder("smoke");

/** Small enough for seconds on the bundled adapter, large enough that every part does some work. */
const SMALL = "--patches 8,32 --trajectories 64 --records 8 --batch 256 --steps 40 --runs 8 --horizon 6 --seed 3".split(
  " ",
);

/** The same for the fields: K = 2 patches, both closures, one level of upsampling, and pairs enough for one in ten. */
const FIELDS = [
  "--N 80 --small 40 --trajectories 128 --records 20 --interval 0.05 --relax-time 0.02 --lambdas 1 --batch 256 --steps 20",
  "--closure-batch 256 --closure-snapshots 256 --closure-steps 10 --runs 8 --ensemble 4 --true-runs 10 --horizon 2",
  "--means 0.5 --amplitudes 0.1 --seed 3",
].flatMap((line) => line.split(" "));

/** The same for spins: all comparisons, so that every closure is learned, and one level of upsampling. */
const SPINS = [
  "--L 16 --patches 8 --trajectories 128 --records 8 --age 20 --relax-time 2 --batch 256 --steps 40 --hidden 16",
  "--studies all --study-patch 8 --channels 8 --variables 1 --copies 2 --closure-steps 8 --closure-snapshots 256",
  "--closure-hidden 16 --m0 0.5 --runs 16 --true-runs 64 --horizon 5 --lattices 64 --seed 3",
].flatMap((line) => line.split(" "));

const start = (script: string, args: readonly string[], env: Record<string, string> = {}) =>
  startBun([`scripts/${script}.ts`, ...args], { env });
const run = (script: string, args: readonly string[], env?: Record<string, string>) => start(script, args, env).ended;

/** Every file of a finished run by name, without what depends on the clock: seconds and the pages that show them. */
function bytesOf(path: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const name of readdirSync(path, { recursive: true }).map(String).sort()) {
    if (/\.(csv|safetensors)$/.test(name)) files[name] = Bun.hash(readFileSync(join(path, name))).toString(16);
  }
  const result = JSON.parse(readFileSync(join(path, "result.json"), "utf8"));
  delete result.seconds;
  delete result.metrics["seconds.total"];
  // A commit made while the tests run is no difference between the runs.
  delete result.versions.commit;
  files["result.json"] = JSON.stringify(result);
  return files;
}

/** Every file of a folder by name. */
function bytesBelow(path: string): Record<string, string> {
  const names = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    names.map(({ parentPath, name }) => [
      join(parentPath, name),
      Bun.hash(readFileSync(join(parentPath, name))).toString(16),
    ]),
  );
}

describe("curie-weiss", () => {
  const reference = join(folder, "reference");

  test("a whole run ends with a table, a valid result and a report", async () => {
    const { out, err, code } = await run("curie-weiss", [...SMALL, "--out", reference]);
    expect({ code, err: err.replace(/^curie-weiss \d+ %.*\n/gm, "") }).toEqual({ code: 0, err: "" });
    expect(out).toContain("index.html");
    const result = validateResult(JSON.parse(readFileSync(join(reference, "result.json"), "utf8")));
    for (const patch of [8, 32]) {
      for (const method of ["compensator", "increment", "naive", "small"]) {
        for (const quantity of ["error", "std_ratio", "w1_stationary", "drift_max_error", "diffusion_rel_error"]) {
          expect(Number.isFinite(result.metrics[`${quantity}.${method}.patch${patch}`]?.value)).toBe(true);
        }
      }
      // Even forty steps tell the methods apart: naive takes the scatter between patches for noise of the whole.
      const error = (name: string) => result.metrics[`${name}.patch${patch}`].value;
      expect(error("diffusion_rel_error.compensator")).toBeLessThan(0.5);
      expect(error("diffusion_rel_error.naive")).toBeGreaterThan(10);
    }
    expect(result.metrics["seconds.total"].value).toBeGreaterThan(0);
    expect(existsSync(join(reference, "checkpoints"))).toBe(false);
    expect(readFileSync(join(reference, "index.html"), "utf8")).toContain("Curie–Weiss");
  }, 120_000);

  test("kill −9 in the middle, then --resume: the same bytes as without", async () => {
    const out = join(folder, "killed");
    // Killed as soon as the second model is being trained, when pairs and one model are on disk.
    const child = start("curie-weiss", [...SMALL, "--out", out]);
    const models = join(out, "checkpoints", "seed3", "patch8");
    await child.until(() => existsSync(join(models, "compensator.safetensors")));
    child.kill();
    await child.ended;
    expect(existsSync(join(out, "result.json"))).toBe(false);
    const again = await run("curie-weiss", [...SMALL, "--out", out]);
    expect(again.code).toBe(2);
    expect(again.err).toContain("--resume");
    const other = await run("curie-weiss", [...SMALL, "--out", out, "--resume", "--T", "1.2"]);
    expect(other.code).toBe(2);
    expect(other.err).toMatch(/1\.1.*1\.2|1\.2.*1\.1/);
    const resumed = await run("curie-weiss", [...SMALL, "--out", out, "--resume"]);
    expect(resumed.code).toBe(0);
    expect(bytesOf(out)).toEqual(bytesOf(reference));
  }, 240_000);

  test("Ctrl-C leaves a run that can be resumed and says how", async () => {
    const out = join(folder, "stopped");
    const child = start("curie-weiss", [...SMALL, "--out", out]);
    await child.until(() => existsSync(join(out, "checkpoints", "seed3", "patch8", "pairs.safetensors")));
    child.kill("SIGINT");
    const { code, err } = await child.ended;
    expect(code).toBe(130);
    expect(err).toContain("--resume");
    expect((await run("curie-weiss", [...SMALL, "--out", out, "--resume"])).code).toBe(0);
    expect(bytesOf(out)).toEqual(bytesOf(reference));
  }, 240_000);

  test("a truncated checkpoint is refused by name, nothing is lost", async () => {
    const out = join(folder, "truncated");
    const child = start("curie-weiss", [...SMALL, "--out", out]);
    const file = join(out, "checkpoints", "seed3", "patch8", "pairs.safetensors");
    await child.until(() => existsSync(file));
    child.kill();
    await child.ended;
    const kept = join(folder, "kept.safetensors");
    cpSync(file, kept);
    truncateSync(file, 1000);
    const { code, err } = await run("curie-weiss", [...SMALL, "--out", out, "--resume"]);
    expect(code).toBe(2);
    expect(err).toContain("pairs.safetensors");
    expect(err).not.toMatch(/\n {4}at /);
    cpSync(kept, file);
    expect((await run("curie-weiss", [...SMALL, "--out", out, "--resume"])).code).toBe(0);
  }, 240_000);
});

describe("predator-prey", () => {
  const reference = join(folder, "fields");

  test("a whole run ends with tables, a valid result and a report", async () => {
    const { out, err, code } = await run("predator-prey", [...FIELDS, "--out", reference]);
    expect({ code, err: err.replace(/^predator-prey \d+ %.*\n/gm, "") }).toEqual({ code: 0, err: "" });
    expect(out).toContain("index.html");
    const result = validateResult(JSON.parse(readFileSync(join(reference, "result.json"), "utf8")));
    const value = (name: string) => result.metrics[name]?.value;
    for (const quantity of ["mean_error", "std_error"]) {
      for (const method of [
        "compensator",
        "increment",
        "naive",
        "small",
        "compensator.dynamics",
        "increment.dynamics",
      ]) {
        expect(Number.isFinite(value(`${quantity}.${method}`))).toBe(true);
      }
    }
    for (const prediction of ["floor", "compensator.lambda1", "compensator.lambda2", "increment.lambda2.dynamics"]) {
      expect(Number.isFinite(value(`mmd.${prediction}`))).toBe(true);
    }
    expect(value("pairs.compensator")).toBe(2560);
    expect(value("pairs.compensator.one-in-10")).toBe(256);
    // Even twenty steps tell the methods apart: naive takes the scatter between patches for noise of the whole.
    expect(value("std_error.compensator")).toBeLessThan(1);
    expect(value("std_error.naive")).toBeGreaterThan(3);
    expect(value("seconds.total")).toBeGreaterThan(0);
    expect(existsSync(join(reference, "checkpoints"))).toBe(false);
    expect(readdirSync(join(reference, "tables")).sort()).toEqual(["mmd.csv", "moments.csv", "scores.csv"]);
    expect(readFileSync(join(reference, "index.html"), "utf8")).toContain("redator");
  }, 120_000);

  test("kill −9 in the middle, then --resume: the same bytes as without", async () => {
    const out = join(folder, "fields-killed");
    // Killed when the first closure, its pairs and one equation are on disk.
    const child = start("predator-prey", [...FIELDS, "--out", out]);
    await child.until(() => existsSync(join(out, "checkpoints", "seed3", "autoencoder", "compensator.safetensors")));
    child.kill();
    await child.ended;
    expect(existsSync(join(out, "result.json"))).toBe(false);
    const other = await run("predator-prey", [...FIELDS, "--out", out, "--resume", "--noise", "0.03"]);
    expect(other.code).toBe(2);
    expect(other.err).toMatch(/0\.02.*0\.03|0\.03.*0\.02/);
    const resumed = await run("predator-prey", [...FIELDS, "--out", out, "--resume"]);
    expect(resumed.code).toBe(0);
    expect(bytesOf(out)).toEqual(bytesOf(reference));
  }, 240_000);
});

describe("ising", () => {
  const reference = join(folder, "spins");

  test("a whole run with all comparisons ends with tables, a valid result and a report", async () => {
    const { out, err, code } = await run("ising", [...SPINS, "--out", reference]);
    const bars = /^(ising|direct simulation) \d+ %.*\n/gm;
    expect({ code, err: err.replace(bars, "") }).toEqual({ code: 0, err: "" });
    expect(out).toContain("index.html");
    const result = validateResult(JSON.parse(readFileSync(join(reference, "result.json"), "utf8")));
    const value = (name: string) => result.metrics[name]?.value;
    const closures = ["none", "features", "blocks", "autoencoder", "dynamics"].flatMap((closure) => [
      `compensator.patch8.${closure}`,
      `increment.patch8.${closure}`,
    ]);
    const own = ["compensator.patch8", "increment.patch8", "naive.patch8", "small.patch8"];
    const others = ["increment.patch8.dt0_05", "compensator.patch8.dt0_2", "compensator.patch8.periodic"];
    for (const name of [...own, ...closures, ...others, "increment.patch8.periodic", "compensator.patch8.pairs1024"]) {
      for (const quantity of ["error", "std_ratio"]) {
        expect([quantity, name, Number.isFinite(value(`${quantity}.${name}`))]).toEqual([quantity, name, true]);
      }
    }
    for (const name of ["upsample_w1.m.level1", "upsample_w1.rho.level1"]) {
      expect(value(name)).toBeGreaterThan(0);
    }
    // Even forty steps tell the methods apart: naive takes the scatter between patches for noise of the whole.
    expect(value("error.compensator.patch8")).toBeLessThan(0.01);
    expect(value("std_ratio.compensator.patch8")).toBeLessThan(1.5);
    expect(value("std_ratio.naive.patch8")).toBeGreaterThan(3);
    expect(value("seconds.total")).toBeGreaterThan(0);
    expect(existsSync(join(reference, "checkpoints"))).toBe(false);
    expect(readdirSync(join(reference, "tables")).sort()).toEqual(["moments.csv", "scores.csv", "truth.csv"]);
    expect(readFileSync(join(reference, "index.html"), "utf8")).toContain("Ising");
  }, 180_000);

  test("kill −9 in the middle, then --resume: the same bytes as without", async () => {
    const out = join(folder, "spins-killed");
    // Killed when a learned closure, its pairs and one equation are on disk.
    const child = start("ising", [...SPINS, "--out", out]);
    await child.until(() =>
      existsSync(join(out, "checkpoints", "seed3", "patch8-autoencoder-halo", "compensator-0.2.safetensors")),
    );
    child.kill();
    await child.ended;
    expect(existsSync(join(out, "result.json"))).toBe(false);
    const kept = bytesBelow(out);
    const again = await run("ising", [...SPINS, "--out", out]);
    expect(again.code).toBe(2);
    expect(again.err).toContain("--resume");
    const other = await run("ising", [...SPINS, "--out", out, "--resume", "--T", "2.6"]);
    expect(other.code).toBe(2);
    expect(other.err).toMatch(/2\.5.*2\.6|2\.6.*2\.5/);
    expect(other.err.trim().split("\n").length).toBe(1);
    expect(bytesBelow(out)).toEqual(kept);
    const resumed = await run("ising", [...SPINS, "--out", out, "--resume"]);
    expect(resumed.code).toBe(0);
    expect(bytesOf(out)).toEqual(bytesOf(reference));
  }, 240_000);
});

describe("bad input: exit code 2, one or two sentences, nothing written", () => {
  const used = join(folder, "used");
  mkdirSync(used);
  writeFileSync(join(used, "mine.txt"), "keep me");
  const cases: [string, string[], RegExp][] = [
    ["patch that does not divide L", ["--patches", "12"], /12.*64/],
    ["odd patch", ["--L", "63", "--patches", "21"], /21/],
    ["T = 0", ["--T", "0"], /above 0/],
    ["T = NaN", ["--T", "NaN"], /NaN/],
    ["negative T", ["--T", "-1"], /-1/],
    ["unknown flag", ["--temprature", "1"], /--temprature/],
    ["seed too large", ["--seed", "4294967296"], /4294967295/],
    ["seed not whole", ["--seed", "1.5"], /1\.5/],
    ["unknown profile", ["--profile", "fast"], /quick/],
    ["width not a multiple of 8", ["--hidden", "20"], /24/],
    ["dt that misses the grid", ["--dt", "0.03"], /0\.03/],
    ["too few snapshots", ["--trajectories", "2"], /batch/],
    ["folder of somebody else's files", ["--out", used], /used/],
    ["folder below a file", ["--out", join(used, "mine.txt", "x")], /mine\.txt/],
    ["resume of nothing", ["--out", join(folder, "nothing"), "--resume"], /resume/],
    ["patch listed twice", ["--patches", "8,8"], /twice/],
  ];
  const fieldCases: [string, string[], RegExp][] = [
    ["N that patches do not tile", ["--N", "210"], /210.*40.*200 or 240/],
    ["N that factors 2, 3 and 5 do not reach", ["--N", "280", "--small", "40"], /280.*40.*2, 3 and 5/],
    ["unstable time step", ["--predator-diffusion", "50", "--dt", "0.02"], /0\.02.*0\.01/],
    ["δt between two steps", ["--increment-time", "0.015"], /0\.015.*0\.01/],
    ["horizon between comparisons", ["--horizon", "1.3"], /1\.3.*0\.5/],
    ["odd number of variables", ["--variables", "3"], /3.*4.*joint/],
    ["wave beyond 0 … 1", ["--means", "0.5,0.9", "--amplitudes", "0.2"], /0\.9.*0\.2/],
    ["too few true runs", ["--true-runs", "99"], /99.*50.*100/],
    ["fewer snapshots than a closure batch", ["--closure-snapshots", "256", "--closure-batch", "512"], /256.*512/],
  ];
  const spinCases: [string, string[], RegExp][] = [
    ["patch that does not divide L", ["--patches", "12"], /12.*64/],
    ["patch larger than L", ["--patches", "128"], /128.*larger.*64/],
    ["odd patch", ["--L", "63", "--patches", "21"], /21.*even/],
    ["patch below 4", ["--patches", "2"], /--patches "2".*4/],
    ["patch listed twice", ["--patches", "8,8"], /twice/],
    ["T = 0", ["--T", "0"], /above 0/],
    ["negative T", ["--T", "-1"], /-1.*above 0/],
    ["L above the adapter's limits", ["--L", "65536", "--patches", "16"], /65536 is above \d+, the largest/],
    ["large lattice above the limits", ["--large", "65536"], /65536 is above \d+, the largest/],
    ["large lattice that patches do not tile", ["--large", "100"], /--large 100.*16/],
    ["comparisons of a patch that is not run", ["--studies", "all", "--study-patch", "32"], /32.*8, 16/],
    ["broken cohort", ["--trajectories", "100"], /100.*32.*96/],
    [
      "δt of the compensator that misses the grid",
      ["--compensator-time", "0.3"],
      /--compensator-time 0\.3.*0\.2 or 0\.5/,
    ],
    ["more halvings than the patch has", ["--closure", "dynamics", "--channels", "8,8,8,8"], /4 --channels.*16/],
    ["channels that are no multiple of 8", ["--channels", "12"], /--channels 12.*8/],
    ["too few snapshots", ["--trajectories", "32", "--records", "2"], /batch/],
  ];
  test.each([
    ...spinCases.map(([name, ...rest]) => [`ising, ${name}`, "ising", ...rest] as const),
    ...cases.map(([name, ...rest]) => [`curie-weiss, ${name}`, "curie-weiss", ...rest] as const),
    ...fieldCases.map(([name, ...rest]) => [`predator-prey, ${name}`, "predator-prey", ...rest] as const),
  ])("%s", async (_, experiment, args, message) => {
    const out = args.includes("--out") ? [] : ["--out", join(folder, "never")];
    const { code, err, out: printed } = await run(experiment, [...args, ...out]);
    expect({ code, printed }).toEqual({ code: 2, printed: "" });
    expect(err).toMatch(message);
    expect(err.trim().split("\n").length).toBe(1);
    expect(existsSync(join(folder, "never"))).toBe(false);
    expect(readdirSync(used)).toEqual(["mine.txt"]);
  });

  test("an unknown adapter names the three choices", async () => {
    const { code, err } = await run("curie-weiss", ["--out", join(folder, "no")], { PATCHWISE_ADAPTER: "quantum" });
    expect(err).toMatch(/quantum.*hardware.*system.*bundled/s);
    expect(code).toBe(2);
  });

  test("fuzzed command lines of simulate never crash", async () => {
    const word = fc.oneof(
      fc.constantFrom("--L", "--T", "--m0", "--times", "--replicas", "--seed", "--out", "curie-weiss", "ising", "--"),
      fc.constantFrom("predator-prey", "--N", "--noise", "--dt", "--N=1", "--dt=0.6", "--mean=2", "--integrator=rk5"),
      fc.constantFrom("-1", "0", "NaN", "1e999", "0x10", "", " ", "3,2,1", "--L=7", "--T=0", "--m0=2", "--help=no"),
      fc.string({ maxLength: 12 }).filter((text) => !text.includes("\0")),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 5 }), async (words) => {
        // The last word makes every line impossible, so that none of them starts to simulate.
        const { code, err } = await run("simulate", [...words.filter((w) => w !== "--help" && w !== "-h"), "--L", "0"]);
        expect(code).toBe(2);
        expect(err).not.toMatch(/\n {4}at /);
        expect(err.trim().length).toBeGreaterThan(0);
      }),
      { numRuns: 25, seed: 1 },
    );
  }, 60_000);
});

describe("simulate", () => {
  test("mean and std agree with the master equation, and the file is not overwritten", async () => {
    const file = join(folder, "m.csv");
    const args = "curie-weiss --L 64 --T 1.1 --h 0.1 --m0 -0.5 --replicas 2000 --times 0,1,2,5 --seed 3 --out".split(
      " ",
    );
    expect((await run("simulate", [...args, file])).code).toBe(0);
    const rows = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    expect(rows[0]).toEqual(["time", "observable", "mean", "std", "se_mean", "replicas"]);
    expect(rows.slice(1).map(([time]) => time)).toEqual(["0", "1", "2", "5"]);
    const exact = magnetizationTrajectory({ spins: 4096, temperature: 1.1, field: 0.1 }, -0.5, [0, 1, 2, 5]);
    for (const [k, [, , mean, std, se]] of rows.slice(1).entries()) {
      // Four standard errors, six comparisons: a false alarm in 2,600 seeds; the seed is fixed.
      expect(Math.abs(Number(mean) - exact.mean[k])).toBeLessThanOrEqual(4 * Number(se) + 1e-12);
      expect(Math.abs(Number(std) - exact.std[k])).toBeLessThanOrEqual(
        (4 * exact.std[k]) / Math.sqrt(2 * 2000) + 1e-12,
      );
    }
    const before = readFileSync(file, "utf8");
    expect((await run("simulate", [...args, file])).code).toBe(2);
    expect(readFileSync(file, "utf8")).toBe(before);
  }, 60_000);

  test("a file that is called like another system does not choose the system", async () => {
    for (const [line, columns] of [
      ["predator-prey --N 8 --replicas 2 --times 0 --out", ["u", "v"]],
      ["--L 8 --replicas 2 --times 0 ising --out", ["m", "ρ"]],
    ] as const) {
      const file = join(folder, line.includes("prey") ? "ising" : "predator-prey");
      expect((await run("simulate", [...line.split(" "), file])).code).toBe(0);
      const [, ...rows] = readFileSync(file, "utf8").trim().split("\n");
      expect(rows.map((row) => row.split(",")[1])).toEqual([...columns]);
    }
    // As a word of its own, relative to the folder of the run.
    const { code, err } = await run("simulate", ["--out", "ising", "--replicas", "2"]);
    expect({ code, err }).toEqual({
      code: 2,
      err: "the system is missing: give curie-weiss, ising or predator-prey\n",
    });
  }, 60_000);

  test("fields: the linear problem has its exact mean and spread, and the file is not overwritten", async () => {
    const file = join(folder, "uv.csv");
    const line = "predator-prey --N 20 --a 0 --noise 0.04 --amplitude 0 --replicas 2000 --times 0,0.5,2 --seed 3 --out";
    const args = line.split(" ");
    expect((await run("simulate", [...args, file])).code).toBe(0);
    const text = readFileSync(file, "utf8");
    const rows = text
      .trim()
      .split("\n")
      .slice(1)
      .map((row) => row.split(","));
    expect(rows.map(([time, symbol]) => time + symbol)).toEqual(["0u", "0v", "0.5u", "0.5v", "2u", "2v"]);
    for (const [time, symbol, mean, std, se] of rows) {
      if (symbol !== "v") continue;
      // Zero flux: the mean of the predators only sums noise, variance s² t/N. Four standard errors, as above.
      const exact = 0.04 * Math.sqrt(Number(time) / 20);
      expect(Math.abs(Number(mean) - 0.5)).toBeLessThanOrEqual(4 * Number(se) + 1e-7);
      expect(Math.abs(Number(std) - exact)).toBeLessThanOrEqual((4 * exact) / Math.sqrt(2 * 2000) + 1e-7);
    }
    expect((await run("simulate", [...args, file])).code).toBe(2);
    expect(readFileSync(file, "utf8")).toBe(text);
  }, 60_000);

  test("fields: a population that fails ends with one sentence, and the times before are written", async () => {
    const file = join(folder, "failed.csv");
    const line = "predator-prey --N 20 --noise 1 --replicas 5 --times 0,0.01,50 --seed 3 --out";
    const { code, err } = await run("simulate", [...line.split(" "), file]);
    expect(code).toBe(2);
    expect(err).toMatch(/^(prey u|predators v) = -?\d\S* at point \d+ of replica \d, step \d+ \(time [\d.]+\): .*\n$/m);
    expect(err).not.toMatch(/\n {4}at /);
    const times = readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((row) => row.split(",")[0]);
    expect(times).toEqual(["time", "0", "0", "0.01", "0.01"]);
  }, 60_000);

  test("fields: bad input is refused before anything is written", async () => {
    const file = join(folder, "refused.csv");
    const refusals: [string, RegExp][] = [
      ["--times 0,0.015", /time 0\.015 is not a multiple of the time step 0\.01/],
      ["--times 1,0.5", /ascend/],
      ["--N 1", /--N.*2/],
      ["--dt 0.6", /0\.6.*0\.5/],
      ["--mean 0.95", /0\.95.*0\.1/],
      ["--L 64", /--L/],
    ];
    for (const [words, message] of refusals) {
      const { code, err, out } = await run("simulate", ["predator-prey", ...words.split(" "), "--out", file]);
      expect({ code, out }).toEqual({ code: 2, out: "" });
      expect(err).toMatch(message);
      expect(err.trim().split("\n").length).toBe(1);
      expect(existsSync(file)).toBe(false);
    }
  }, 60_000);

  test("spins: without coupling m and ρ decay as they must, and the error of the mean knows about words", async () => {
    const file = join(folder, "spins.csv");
    const [n, m0, replicas] = [16 ** 2, 0.875, 2048];
    const args = `ising --L 16 --T 1e6 --h 0 --m0 ${m0} --replicas ${replicas} --times 0,0.5,1 --seed 3 --out`.split(
      " ",
    );
    expect((await run("simulate", [...args, file])).code).toBe(0);
    const text = readFileSync(file, "utf8");
    const rows = text
      .trim()
      .split("\n")
      .slice(1)
      .map((row) => row.split(","));
    expect(rows.map(([time, symbol]) => time + symbol)).toEqual(["0m", "0ρ", "0.5m", "0.5ρ", "1m", "1ρ"]);
    for (const [at, symbol, ...numbers] of rows) {
      const [mean, std, se] = numbers.map(Number);
      const kept = Math.exp(-Number(at));
      // A fixed number of spins is up at first, at random places: ⟨s s'⟩ = (n m0² − 1)/(n − 1). Four standard errors.
      const exact = symbol === "m" ? m0 * kept : (1 - (kept ** 2 * (n * m0 ** 2 - 1)) / (n - 1)) / 2;
      expect(Math.abs(mean - exact)).toBeLessThanOrEqual(4 * se + 1e-7);
      if (symbol !== "m" || at === "0") continue;
      const variance = (1 - kept ** 2) / n;
      expect(Math.abs(std / Math.sqrt(variance) - 1)).toBeLessThanOrEqual(4 / Math.sqrt(2 * replicas) + 0.02);
      // Replicas of a word share which sites are left untouched: covariance m0² e^−t (1 − e^−t)/n. 64 words, 4 deviations.
      const covariance = (m0 ** 2 * kept * (1 - kept)) / n;
      const word = Math.sqrt((variance + 31 * covariance) / replicas);
      expect(Math.abs(se / word - 1)).toBeLessThanOrEqual(4 / Math.sqrt(2 * (replicas / 32 - 1)));
    }
    expect((await run("simulate", [...args, file])).code).toBe(2);
    expect(readFileSync(file, "utf8")).toBe(text);
    const few = await run("simulate", "ising --L 74 --replicas 40 --times 1".split(" "));
    expect(few.code).toBe(0);
    const [, , , std, se] = few.out.trim().split("\n")[1].split(",").map(Number);
    expect(se).toBeCloseTo(std / Math.sqrt(40), 12);
  }, 60_000);

  test("spins: help, and bad input is refused before anything is written", async () => {
    const help = await run("simulate", ["ising", "--help"]);
    expect({ code: help.code, err: help.err }).toEqual({ code: 0, err: "" });
    expect(help.out).toMatch(/--L N.*--T X.*--h X.*--m0 X.*--replicas N/s);
    const file = join(folder, "spins-refused.csv");
    const refusals: [string, RegExp][] = [
      ["--L 65", /--L 65 is odd/],
      ["--L 2", /--L "2".*4/],
      ["--L 65536", /lattice side 65536 is above \d+, the largest/],
      ["--L 512 --replicas 1000000", /ising\.\w+ needs \d+ MiB.*smaller/],
      ["--T 0", /--T "0".*above 0/],
      ["--h 1000", /--h "1000".*100/],
      ["--m0 2", /--m0 "2".*1/],
      ["--times 1,0.5", /ascend/],
      ["--replicas 1", /--replicas "1".*2/],
      ["--N 64", /--N/],
    ];
    for (const [words, message] of refusals) {
      const { code, err, out } = await run("simulate", ["ising", ...words.split(" "), "--out", file]);
      expect([words, code, out]).toEqual([words, 2, ""]);
      expect(err).toMatch(message);
      expect(err.trim().split("\n").length).toBe(1);
      expect(existsSync(file)).toBe(false);
    }
  }, 60_000);
});
