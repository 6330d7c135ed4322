// The experiments as a user starts them: whole runs in child processes, interrupted runs, bad input.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { validateResult } from "../../lib/run/result.ts";
import { temporaryFolder } from "../fixtures.ts";
import type { Ended } from "../processes.ts";
import { expectRefusal, runScript, startScript } from "./command.ts";
import { killed, uniformFrom } from "./kills.ts";
import { bytesBelow, bytesOf, SMALL, type Small, split } from "./small.ts";

/** Child processes share two busy cores with whatever else runs. */
setDefaultTimeout(240_000);

const folder = temporaryFolder("smoke");

/** Runs into a folder of this name. */
const into = (name: string) => join(folder, name);
const checkpoint = (out: string, name: string) => join(out, "checkpoints", "seed3", `${name}.safetensors`);

/** Starts a run and ends it as soon as a checkpoint is there. */
async function interrupted({ name, words }: Small, out: string, at: string, signal?: "SIGINT"): Promise<Ended> {
  const child = startScript(name, [...words, "--out", out]);
  await child.until(() => existsSync(checkpoint(out, at)));
  child.kill(signal);
  return child.ended;
}

const resume = ({ name, words }: Small, out: string, ...more: string[]) =>
  runScript(name, [...words, "--out", out, "--resume", ...more]);

describe.each(SMALL)("$label", (small) => {
  const { name, label, words, finite, compare, tables, title, bars = [], kill, changed, warned = /^$/ } = small;
  const reference = into(label);

  test("a whole run ends with tables, a valid result and a report", async () => {
    const { out, err, code } = await runScript(name, [...words, "--out", reference]);
    const progress = new RegExp(`^(${[name, ...bars].join("|")}) \\d+ %.*\\n`, "gm");
    // What has to be known of the parameters is said at once, and again behind the numbers.
    const rest = err
      .replace(progress, "")
      .replace(/^! (.*)\n/gm, (line, warning) => (warned.test(warning) ? "" : line));
    expect({ code, err: rest }).toEqual({ code: 0, err: "" });
    expect(out).toContain("index.html");
    const { metrics, warnings } = validateResult(JSON.parse(readFileSync(join(reference, "result.json"), "utf8")));
    const value = (metric: string) => metrics[metric]?.value;
    expect(finite.filter((metric) => !Number.isFinite(value(metric)))).toEqual([]);
    compare(value);
    expect(warnings?.filter((warning) => !warned.test(warning))).toEqual([]);
    expect(value("seconds.total")).toBeGreaterThan(0);
    expect(existsSync(join(reference, "checkpoints"))).toBe(false);
    expect(readdirSync(join(reference, "tables")).sort()).toEqual([...tables]);
    expect(readFileSync(join(reference, "index.html"), "utf8")).toContain(title);
  });

  test("kill −9 in the middle, then --resume: the same bytes as without", async () => {
    const out = into(`${label}-killed`);
    await interrupted(small, out, kill);
    expect(existsSync(join(out, "result.json"))).toBe(false);
    const kept = bytesBelow(out);
    expectRefusal(await runScript(name, [...words, "--out", out]), /--resume/);
    const [option, value, message] = changed;
    expectRefusal(await resume(small, out, option, value), message);
    expect(bytesBelow(out)).toEqual(kept);
    expect((await resume(small, out)).code).toBe(0);
    expect(bytesOf(out)).toEqual(bytesOf(reference));
  });
});

test.each(SMALL)("$label, killed twice at random times: the same bytes", async (small) => {
  const whole = into(small.label);
  const { seconds } = JSON.parse(readFileSync(join(whole, "result.json"), "utf8"));
  const out = into(`${small.label}-killed-at-random`);
  const found = await killed(small, out, whole, seconds.total, 2, uniformFrom(SMALL.indexOf(small)));
  expect(found).toMatchObject({ same: true, problem: null });
});

describe("a run that was stopped", () => {
  const [small] = SMALL;
  const pairs = "patch8/pairs";

  test("by Ctrl-C can be resumed and says how", async () => {
    const out = into("stopped");
    const { code, err } = await interrupted(small, out, pairs, "SIGINT");
    expect(code).toBe(130);
    expect(err).toContain("--resume");
    expect((await resume(small, out)).code).toBe(0);
    expect(bytesOf(out)).toEqual(bytesOf(into(small.label)));
  });

  test("with a truncated checkpoint is refused by name, nothing is lost", async () => {
    const out = into("truncated");
    await interrupted(small, out, pairs);
    const [file, kept] = [checkpoint(out, pairs), into("kept.safetensors")];
    cpSync(file, kept);
    truncateSync(file, 1000);
    const { code, err } = await resume(small, out);
    expect(code).toBe(2);
    expect(err).toContain("pairs.safetensors");
    expect(err).not.toMatch(/\n {4}at /);
    cpSync(kept, file);
    expect((await resume(small, out)).code).toBe(0);
  });
});

test("a run whose equations leave their training data is finished, says so and ends with exit code 1", async () => {
  const out = into("outside");
  // Predicted twice as long as the small systems were looked at.
  const words = split(
    "--N 80 --small 40 --trajectories 128 --records 20 --interval 0.05 --relax-time 0.02 --lambdas 1",
    "--closure-batch 256 --closure-snapshots 256 --closure-steps 10 --runs 8 --ensemble 4 --true-runs 10 --horizon 2",
    "--means 0.5 --amplitudes 0.1 --seed 3",
  );
  const ended = await runScript("predator-prey", [...words, "--out", out]);
  expect(ended.code).toBe(1);
  const { warnings = [] } = validateResult(JSON.parse(readFileSync(join(out, "result.json"), "utf8")));
  expect(warnings.length).toBeGreaterThan(0);
  for (const warning of warnings) {
    expect(warning).toMatch(/^the equation of the .* spends .* % of its time outside its training data$/);
    expect(ended.out).toContain(`! ${warning}\n`);
  }
  expect(ended.err).toContain(`not to be relied on: ${warnings[0]}\n`);
  expect(ended.err).not.toMatch(/\n {4}at /);
  expect(readFileSync(join(out, "index.html"), "utf8")).toContain(warnings[0]);
  expect(existsSync(join(out, "checkpoints"))).toBe(false);
});

describe("what cannot be measured is left out, and the run ends well", () => {
  const small = split("--L 16 --patches 8 --trajectories 64 --records 16 --runs 8 --horizon 2");
  const scores = async (label: string, words: string[], codes: number[]) => {
    const out = join(folder, `degenerate-${label}`);
    const { code, err } = await runScript("curie-weiss", [...small, ...words, "--out", out]);
    expect(codes).toContain(code as number);
    expect(err).not.toMatch(/^ +at /m);
    const report = readFileSync(join(out, "index.html"), "utf8");
    return { report, metrics: validateResult(JSON.parse(readFileSync(join(out, "result.json"), "utf8"))).metrics };
  };

  test("a truth that is zero by symmetry is measured by the spread of runs, and the report says so", async () => {
    const { metrics, report } = await scores("zero", split("--h 0 --m0=-0.5,0,0.0001"), [0]);
    // 8 runs of a perfect model score up to 1/8 of the spread.
    expect(metrics["error.compensator.patch8"].value).toBeLessThan(2);
    expect(report).toContain("m₀ = 0, m₀ = 0.0001, where runs spread farther about the true mean than it is from zero");
  });

  test("a system that never moves has no ratio of fluctuations", async () => {
    // Full order: the true law is one value. Equations leave it to the outside, which the run says.
    const { metrics } = await scores("frozen", split("--T 0.05 --m0 1"), [0, 1]);
    expect(Object.keys(metrics)).toContain("error.compensator.patch8");
    expect(Object.keys(metrics)).not.toContain("std_ratio.small.patch8");
  });

  test("rates that underflow do not matter", async () => {
    const { metrics } = await scores("cold", split("--T 0.001"), [0, 1]);
    expect(metrics["error.compensator.patch8"].value).toBeLessThan(0.1);
  });
});

describe("bad input: exit code 2, one or two sentences, nothing written", () => {
  const used = into("used");
  mkdirSync(used);
  writeFileSync(join(used, "mine.txt"), "keep me");
  const cases: Record<string, [string, string[], RegExp][]> = {
    ising: [
      ["patch that does not divide L", ["--patches", "12"], /12.*64/],
      ["patch larger than L", ["--patches", "128"], /128.*larger.*64/],
      ["odd patch", ["--L", "63", "--patches", "21"], /21.*even/],
      ["patch below 4", ["--patches", "2"], /--patches "2".*4/],
      ["patch listed twice", ["--patches", "8,8"], /twice/],
      ["T = 0", ["--T", "0"], /above 0/],
      ["negative T", ["--T", "-1"], /-1.*above 0/],
      [
        "L above the adapter's limits",
        ["--L", "65536", "--patches", "16", "--patches-per-snapshot", "1"],
        /65536 is above \d+, the largest/,
      ],
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
      [
        "more to tell than there is",
        ["--closure", "lagged", "--lags", "4", "--variables", "3"],
        /--variables 3.*1 --lags.*use 2/,
      ],
      ["lags that do not ascend", ["--closure", "lagged", "--lags", "4,2"], /--lags 4,2.*2 comes behind 4/],
      [
        "more variables than correlations",
        ["--closure", "lagged", "--patches", "16,4", "--variables", "6"],
        /--variables 6.*5 correlations.*patch of 4/,
      ],
      ["channels that are no multiple of 8", ["--closure", "dynamics", "--channels", "12"], /--channels 12.*8/],
      ["too few cohorts", ["--trajectories", "224"], /7 cohorts.*8 folds/],
      ["too few snapshots for networks", ["--drift", "network", "--trajectories", "32", "--records", "2"], /batch/],
      ["too many terms", ["--degree", "6"], /degree 6 has 210 terms in 4 variables.*128/],
      ["side to learn on that patches do not tile", ["--patches", "8", "--learn-side", "12"], /12.*8.*use 16/],
      ["side to learn on beyond L", ["--learn-side", "128"], /--learn-side 128.*64/],
    ],
    "ising-critical": [
      ["side that 2 and 3 do not lead to", ["--sizes", "16,40"], /--sizes 40.*use 32 or 48/],
      ["temperature of the scaling that is none", ["--T", "2.5"], /--T 2\.5.*2\.25, 2\.27, 2\.29/],
      ["few lattices", ["--lattices", "64"], /--lattices 64 .* side 16: 2 cohorts of training data are fewer/],
      ["odd patch", ["--patch", "15"], /--patch 15 is odd/],
      ["too few cohorts", ["--lattices", "384", "--degree", "4"], /15 terms.*9 cohorts/],
      ["course of a side that is not learned", ["--course-sizes", "48"], /--course-sizes 48/],
    ],
    nbmota: [
      ["temperature twice", ["--temperatures", "1000,1000"], /1000,1000.*twice/],
      ["too cold for rates", ["--temperatures", "50,1000"], /--temperatures "50".*150/],
      ["colder beyond them", ["--temperatures", "155,1000"], /0\.9 times the coldest; use 167 K/],
      ["nothing to compare with", ["--temperatures", "500,600"], /500,600.*--true-from 800/],
      ["size that patches do not tile", ["--sizes", "8,12"], /--sizes 12.*8.*use 16/],
      ["odd number of cells", ["--sizes", "8,15"], /15.*even/],
      ["sizes without the small lattices", ["--sizes", "16", "--direct-sizes", "16"], /--sizes 16 lack 8/],
      ["direct size that is not predicted", ["--direct-sizes", "8,32"], /32.*8,16/],
      ["tiles of few lattices", ["--upsampling", "tiles", "--replicas", "8"], /5 cohorts.*8 folds.*simulate more/],
      ["polynomials of singular noise", ["--coordinates", "six"], /six.*--drift network or onsager/],
      ["too little truth", ["--true-replicas", "4"], /--true-replicas "4".*8/],
      [
        "too few states for networks of the relaxation",
        ["--profile", "standard", "--drift", "network"],
        /174 snapshots.*256: the relaxation has those of one temperature alone, raise --replicas or --records/,
      ],
      ["tiles of a broken cohort", ["--upsampling", "tiles", "--replicas", "12"], /12.*8/],
      [
        "more terms than cohorts",
        ["--replicas", "4", "--degree", "5"],
        /degree 5 has 112 terms in 3 variables and 1 condition.*20/,
      ],
      ["barriers that are not there", ["--barriers", "no-such-folder"], /no-such-folder/],
      [
        "comparisons of networks on few snapshots",
        ["--studies", "all", "--replicas", "4"],
        /72 snapshots.*--batch of 256: raise --replicas or --looks/,
      ],
      ["six as a number", ["--coordinates", "6"], /three or six/],
    ],
    "curie-weiss": [
      ["patch that does not divide L", ["--patches", "12"], /12.*64/],
      ["odd patch", ["--L", "63", "--patches", "21"], /21/],
      ["T = 0", ["--T", "0"], /above 0/],
      ["T = NaN", ["--T", "NaN"], /NaN/],
      ["negative T", ["--T", "-1"], /-1/],
      ["unknown flag", ["--temprature", "1"], /--temprature/],
      ["seed too large", ["--seed", "4294967296"], /4294967295/],
      ["seed not whole", ["--seed", "1.5"], /1\.5/],
      ["unknown profile", ["--profile", "fast"], /quick/],
      ["width not a multiple of 8", ["--drift", "network", "--hidden", "20"], /24/],
      ["dt that misses the grid", ["--dt", "0.03"], /0\.03/],
      ["too few cohorts", ["--trajectories", "7"], /7 cohorts.*8 folds/],
      ["too few snapshots for networks", ["--drift", "network", "--trajectories", "2"], /batch/],
      ["more terms than cohorts", ["--trajectories", "10", "--degree", "10"], /11 terms.*10 cohorts/],
      ["δt of the increments that misses the grid", ["--increment-time", "0.03"], /--increment-time 0\.03/],
      ["folder of somebody else's files", ["--out", used], /used/],
      ["folder below a file", ["--out", join(used, "mine.txt", "x")], /mine\.txt/],
      ["resume of nothing", ["--out", join(folder, "nothing"), "--resume"], /resume/],
      ["patch listed twice", ["--patches", "8,8"], /twice/],
    ],
    "predator-prey": [
      ["N that patches do not tile", ["--N", "210"], /210.*40.*200 or 240/],
      ["N that factors 2, 3 and 5 do not reach", ["--N", "280", "--small", "40"], /280.*40.*2, 3 and 5/],
      ["unstable time step", ["--predator-diffusion", "50", "--dt", "0.02"], /0\.02.*0\.01/],
      ["δt between two steps", ["--increment-time", "0.015"], /0\.015.*0\.01/],
      ["lag between two steps", ["--lags", "0.5,1.015"], /--lags 1\.015.*0\.01/],
      ["horizon between comparisons", ["--horizon", "1.3"], /1\.3.*0\.5/],
      ["odd number of variables", ["--variables", "3"], /3.*4.*joint/],
      ["wave beyond 0 … 1", ["--means", "0.5,0.9", "--amplitudes", "0.2"], /0\.9.*0\.2/],
      ["too few true runs", ["--true-runs", "99"], /99.*50.*100/],
      ["fewer snapshots than a closure batch", ["--closure-snapshots", "256", "--closure-batch", "512"], /256.*512/],
    ],
  };
  const all = Object.entries(cases).flatMap(([experiment, list]) => list.map((one) => [experiment, ...one] as const));

  test.each(all)("%s, %s", async (experiment, _, args, message) => {
    const out = args.includes("--out") ? [] : ["--out", into("never")];
    expectRefusal(await runScript(experiment, [...args, ...out]), message);
    expect(existsSync(into("never"))).toBe(false);
    expect(readdirSync(used)).toEqual(["mine.txt"]);
  });

  test("an unknown adapter names the three choices", async () => {
    const { code, err } = await runScript("curie-weiss", ["--out", into("no")], { PATCHWISE_ADAPTER: "quantum" });
    expect(err).toMatch(/quantum.*hardware.*system.*bundled/s);
    expect(code).toBe(2);
  });
});
