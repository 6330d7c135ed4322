// Small runs of every experiment, and what is left of them: seconds on the bundled adapter, every part does some work.
import { expect } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** A run of an experiment and what to expect of it. */
export interface Small {
  readonly name: string;
  /** Of a run that is not the only one of its experiment. */
  readonly label: string;
  /** Small enough for seconds on the bundled adapter, large enough that every part does some work. */
  readonly words: readonly string[];
  /** Metrics that are numbers. */
  readonly finite: readonly string[];
  /** Fails where the metrics do not tell the methods apart. */
  compare(value: (metric: string) => number): void;
  readonly tables: readonly string[];
  /** In the report. */
  readonly title: string;
  /** Its progress has bars for these beside its own. */
  readonly bars?: readonly string[];
  /** The run is killed when this checkpoint is there. */
  readonly kill: string;
  /** An option that the run was not started with, another value than its default, and what is said of both. */
  readonly changed: readonly [option: string, value: string, message: RegExp];
  /** What a run this small may have to say; nothing by default. */
  readonly warned?: RegExp;
}

export const split = (...lines: string[]) => lines.flatMap((line) => line.split(" "));
/** All names with one part from each list. */
function joined(first: readonly string[], ...rest: (readonly string[])[]): string[] {
  return rest.reduce<string[]>(
    (names, parts) => names.flatMap((name) => parts.map((part) => `${name}.${part}`)),
    [...first],
  );
}

const METHODS = ["compensator", "increment", "naive", "small"];
const OURS = METHODS.slice(0, 2);

const CURIE_WEISS = {
  name: "curie-weiss",
  words: split("--patches 8,32 --trajectories 64 --records 8 --runs 8 --horizon 6 --seed 3"),
  finite: joined(
    [
      "error",
      "std_ratio",
      "w1_stationary",
      "drift_max_error",
      "diffusion_rel_error",
      "outside",
      "pit_chi2",
      "coverage",
      "rms_percent",
    ],
    METHODS,
    ["patch8", "patch32"],
  ),
  tables: ["functions.csv", "scores.csv", "trajectories.csv"],
  title: "Curie–Weiss",
  // The second model is being learned, pairs and one model are on disk.
  kill: "patch8/compensator",
  changed: ["--T", "1.2", /1\.1.*1\.2|1\.2.*1\.1/],
} as const;

export const SMALL: Small[] = [
  {
    ...CURIE_WEISS,
    label: "curie-weiss",
    finite: [
      ...CURIE_WEISS.finite,
      ...joined(["error", "std_ratio", "rms_percent"], ["naive_paper_dt", "small_paper_dt"], ["patch8", "patch32"]),
      ...joined(["degree"], METHODS, ["patch8", "patch32"]),
    ],
    compare(value) {
      // Naive takes the scatter between patches for noise of the whole; the generator leaves the polynomials' own error.
      for (const patch of ["patch8", "patch32"]) {
        expect(value(`diffusion_rel_error.compensator.${patch}`)).toBeLessThan(1e-3);
        expect(value(`diffusion_rel_error.naive.${patch}`)).toBeGreaterThan(10);
        expect(value(`outside.compensator.${patch}`)).toBe(0);
        expect(value(`pit_chi2.compensator.${patch}`)).toBeLessThan(2.5);
        expect(value(`coverage.naive.${patch}`)).toBeGreaterThan(0.98);
      }
    },
  },
  {
    ...CURIE_WEISS,
    label: "curie-weiss with networks",
    words: [...CURIE_WEISS.words, ...split("--drift network --batch 256 --steps 40")],
    tables: ["functions.csv", "scores.csv", "training.csv", "trajectories.csv"],
    compare(value) {
      // Even forty steps tell the methods apart.
      for (const patch of ["patch8", "patch32"]) {
        expect(value(`diffusion_rel_error.compensator.${patch}`)).toBeLessThan(0.5);
        expect(value(`diffusion_rel_error.naive.${patch}`)).toBeGreaterThan(10);
        expect(value(`degree.compensator.${patch}`)).toBeUndefined();
      }
    },
  },
  {
    name: "predator-prey",
    label: "predator-prey",
    // K = 2 patches, all closures, one level of upsampling, and pairs enough for one in ten; over as long as is predicted.
    words: split(
      "--N 80 --small 40 --trajectories 128 --records 20 --interval 0.12 --relax-time 0.02 --lambdas 1",
      "--closure-batch 256 --closure-snapshots 1024 --closure-steps 10 --runs 8 --ensemble 4 --true-runs 10 --horizon 2",
      "--means 0.5 --amplitudes 0.1 --seed 3",
    ),
    finite: [
      ...joined(["mean_error", "std_error"], [...METHODS, ...joined(OURS, ["dynamics", "lagged"])]),
      ...joined(["outside", "degree"], OURS, ["patch40"]),
      ...joined(["mmd"], ["floor", "compensator.lambda1", "compensator.lambda2", "increment.lambda2.dynamics"]),
    ],
    compare(value) {
      expect(value("pairs.compensator")).toBe(5120);
      expect(value("pairs.compensator.one-in-10")).toBe(512);
      // As above.
      expect(value("std_error.compensator")).toBeLessThan(1);
      expect(value("std_error.naive")).toBeGreaterThan(3);
    },
    tables: ["closure-test.csv", "mmd.csv", "moments.csv", "scores.csv", "training.csv"],
    title: "redator",
    // One look in forty.
    warned:
      /^the equation of the (compensator|increment) with the closure \w+ spends 2\.5 % of its time outside its training data$/,
    // The first closure, its pairs and one equation are on disk.
    kill: "autoencoder/compensator",
    changed: ["--noise", "0.03", /0\.02.*0\.03|0\.03.*0\.02/],
  },
  {
    name: "ising",
    label: "ising",
    // All comparisons, so that every closure is learned, and one level of upsampling.
    words: split(
      "--L 16 --patches 8 --trajectories 256 --records 4 --age 20 --relax-time 2",
      "--studies all --study-patch 8 --channels 8 --variables 1 --copies 2 --closure-steps 8 --closure-snapshots 256",
      "--closure-hidden 16 --m0 0.5 --runs 16 --true-runs 192 --horizon 12 --lattices 64 --seed 3",
    ),
    finite: [
      ...joined(
        ["error", "std_ratio"],
        [
          ...joined(METHODS, ["patch8"]),
          ...joined(OURS, ["patch8"], ["none", "features", "blocks", "autoencoder", "dynamics", "lagged", "periodic"]),
          ...["increment.patch8.dt0_1", "compensator.patch8.dt0_2", "compensator.patch8.pairs1024"],
        ],
      ),
      ...joined(["upsample_w1"], ["m", "rho"], ["level1"]),
      ...joined(["outside", "unphysical", "pit_chi2", "coverage", "rms_percent", "held_out"], METHODS, ["patch8"]),
      ...joined(["error", "std_ratio", "rms_percent"], ["naive_paper_dt", "small_paper_dt"], ["patch8"]),
      ...joined(["cost"], ["learn.total", "direct.mean", "direct.std"], ["patch8"]),
    ],
    compare(value) {
      // Less what sampling adds, a distance can be 0; that of lattices with seams is not.
      expect(value("upsample_w1.m.level1")).toBeGreaterThanOrEqual(0);
      expect(value("upsample_w1.rho.level1.before")).toBeGreaterThan(0);
      // As above.
      expect(value("error.compensator.patch8")).toBeLessThan(0.01);
      expect(value("std_ratio.compensator.patch8")).toBeLessThan(1.5);
      expect(value("std_ratio.naive.patch8")).toBeGreaterThan(3);
      expect(value("coverage.naive.patch8")).toBeGreaterThan(value("coverage.compensator.patch8"));
    },
    tables: ["closure-test.csv", "moments.csv", "scores.csv", "training.csv", "truth.csv"],
    title: "Ising",
    bars: ["direct simulation"],
    // A learned closure, its pairs and one equation are on disk.
    kill: "patch8-autoencoder-halo/compensator-0.5",
    changed: ["--T", "2.6", /2\.5.*2\.6|2\.6.*2\.5/],
  },
  {
    name: "ising-critical",
    label: "ising-critical",
    words: split(
      "--sizes 16,32 --large-sizes 64 --course-sizes 16 --temperatures 2.27,2.3,2.33 --lattices 3072 --looks 4 --seeds 1",
      "--true-lattices 128 --true-looks 4 --course-runs 64 --cells 60 --studies all --runs 32 --horizon 200 --relax-time 8",
      "--closure-sizes 16 --seed 3",
    ),
    finite: [
      ...joined(["abs_m", "chi", "binder"], ["learned", "wolff"], ["L16", "L32"], ["T2_27", "T2_3", "T2_33"]),
      ...joined(["abs_m"], ["learned", "wolff", "from-L32"], ["L64.T2_27"]),
      ...joined(["tau"], ["learned"], ["L16.T2_27", "L32.T2_27"]),
      ...joined(["beta_over_nu", "gamma_over_nu", "one_over_nu"], ["learned", "wolff"]),
      ...joined(["relax_deviation"], ["abs_m", "chi", "binder"], ["relax8"]),
      ...joined(["relax_structure"], ["second-neighbours", "third-neighbours", "plaquettes"], ["relax2"]),
      ...joined(["abs_m"], ["features", "blocks"], ["L16.T2_27"]),
      ...["abs_m.alone.L16.T2_33", "abs_m.rollout.L16.T2_27", "cost.learn.L64"],
    ],
    compare(value) {
      // Coarse bounds for few lattices, which a rate at a wrong class leaves far behind.
      for (const at of ["L16.T2_33", "L16.T2_27", "L32.T2_27"]) {
        expect(Math.abs(value(`abs_m.learned.${at}`) / value(`abs_m.wolff.${at}`) - 1)).toBeLessThan(0.1);
      }
    },
    tables: ["stationary.csv", "truth.csv"],
    title: "Critical 2D Ising model",
    bars: ["direct simulation, \\d+²"],
    // Few lattices do not reach where the laws end.
    warned:
      /^(the stationary law of \d+ × \d+ spins at T = .* (at the edge of the training data|use more --cells)|trajectories .* spend .* where no lattice can be|direct simulation .* too short .*)$/,
    kill: "side32",
    changed: ["--dt", "0.5", /0\.25.*0\.5|0\.5.*0\.25/],
  },
  {
    name: "nbmota",
    label: "nbmota",
    // All comparisons, and hot, so that there is little to wait for.
    words: split(
      "--temperatures 2400,3000 --T 2400 --replicas 24 --wait 0.2 --looks 1 --pause 0.15 --records 2 --age 1 --seeds 2",
      "--true-replicas 8 --course-runs 8 --course-time 1.5 --runs 16 --horizon 12",
      "--studies all --steps 20 --hidden 8 --batch 256 --seed 3",
    ),
    finite: [
      ...joined(["sro"], ["learned", "kmc"], ["NbNb", "NbMo", "NbTa", "MoMo", "MoTa", "TaTa"], ["T2400", "T3000"]),
      ...joined(["sro_error"], ["increment", "compensator", "network", "onsager", "tiles", "floor"], ["T2400"]),
      ...joined(["sum_rule_violation"], ["increment", "kmc"]),
      ...joined(["course_error"], ["relaxation", "floor"], ["n1024"]),
      ...joined(["distill_mae_meV"], ["T800", "T2400"]),
      ...["spread_exponent", "cost.learn.total", "held_out_lattices.onsager"],
      ...joined(["escape_shift"], ["supercell", "tiles", "vacancies-at-random-sites"], ["T2400"]),
    ],
    compare(value) {
      // Four looks, and the last one of the temperatures on either side, at both.
      expect(value("pairs.increment")).toBe(2 * 24 * (4 + 2));
      expect(value("sum_rule_violation.increment")).toBeLessThan(1e-6);
      // Copies of one lattice see what it sees.
      expect(value("escape_shift.supercell.T2400")).toBeCloseTo(0, 5);
      expect(Math.abs((value("spread_exponent") ?? 0) + 0.5)).toBeLessThan(0.15);
      // Coarse bounds for few lattices, which a variable without its scale, or noise without K, leaves far behind.
      expect(value("sro_error.increment.T2400")).toBeLessThan(0.12);
      expect(Math.abs(Math.log(value("std_ratio.increment.T2400") ?? 0))).toBeLessThan(Math.log(1.7));
      expect(value("course_error.relaxation.n1024")).toBeLessThan(0.5);
    },
    tables: ["equilibrium.csv", "relaxation.csv", "training.csv"],
    title: "NbMoTa",
    bars: ["small lattices", "partial evolution", "direct simulation, 8³ cells", "train \\S+"],
    // Few states, which its trajectories leave now and then, of lattices that hardly wait.
    warned:
      /^(the equation .*at (2400|3000) K spends [1-9](\.\d)? % of its time outside its training data|at 2400, 3000 K lattices are followed for less .*)$/,
    // Annealed lattices, direct simulation, pairs and one equation are on disk.
    kill: "increment",
    changed: ["--learning-rate", "0.1", /0\.003.*0\.1|0\.1.*0\.003/],
  },
];

/** Every file of a finished run by name, without what depends on the clock: date, seconds and the pages that show them. */
export function bytesOf(path: string): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [name, hash] of Object.entries(bytesBelow(path))) {
    if (/\.(csv|safetensors)$/.test(name)) files[name] = hash;
  }
  const result = JSON.parse(readFileSync(join(path, "result.json"), "utf8"));
  delete result.date;
  delete result.seconds;
  delete result.metrics["seconds.total"];
  // A commit made while the tests run is no difference between the runs.
  delete result.versions.commit;
  files["result.json"] = JSON.stringify(result);
  return files;
}

/** Every file below a folder by name. */
export function bytesBelow(path: string): Record<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return Object.fromEntries(paths.map((file) => [relative(path, file), Bun.hash(readFileSync(file)).toString(16)]));
}
