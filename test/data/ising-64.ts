// Magnetization m and density ρ of unlike bonds of 64 × 64 Ising spins at T = 2.5, h = 0.1 over time, from independent runs of
// one lattice at a time, spin by spin: the dynamics by its definition, without any of the kernels' ways.
// `bun test/data/ising-64.ts` writes ising-64.csv (some minutes).
import { table } from "arquero";
import { writeCsv } from "../../lib/io/csv.ts";
import { stream } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";

const SEED = 1_944;
const SIDE = 64;
const TEMPERATURE = 2.5;
const FIELD = 0.1;
const TIMES = [0, 1, 2, 5, 10, 20, 50];
const RUNS = 4000;

/** Rows are `mag0`, `time`, `n_runs`, and of m and dw (ρ) the mean and std over the runs with their standard errors `se_…`. */
export const ISING_64 = `${import.meta.dir}/ising-64.csv`;

/**
 * One run from a fixed number of up spins at random places: (m, ρ) at each of `times`. Every site is drawn anew at rate 1: up with
 * probability 1/(1 + exp(−2 (Σ neighbours + h)/T)).
 */
export function isingRun(m0: number, times: readonly number[], rng: Xoshiro): [number, number][] {
  const sites = SIDE ** 2;
  const spins = Int8Array.from({ length: sites }, (_, k) => (k < ((1 + m0) / 2) * sites ? 1 : -1));
  for (let k = sites - 1; k > 0; k--) {
    const other = rng.below(k + 1);
    [spins[k], spins[other]] = [spins[other], spins[k]];
  }
  const up = [-4, -2, 0, 2, 4].map((sum) => 1 / (1 + Math.exp((-2 * (sum + FIELD)) / TEMPERATURE)));
  const pause = () => -Math.log(rng.uniform()) / sites;
  let next = pause();
  return times.map((time) => {
    for (; next < time; next += pause()) {
      const k = rng.below(sites);
      const row = k & -SIDE;
      const column = k % SIDE;
      const sum =
        spins[(k + SIDE) % sites] +
        spins[(k + sites - SIDE) % sites] +
        spins[row + ((column + 1) % SIDE)] +
        spins[row + ((column + SIDE - 1) % SIDE)];
      spins[k] = rng.uniform() <= up[(sum + 4) / 2] ? 1 : -1;
    }
    let [m, products] = [0, 0];
    for (let k = 0; k < sites; k++) {
      m += spins[k];
      products += spins[k] * (spins[(k + SIDE) % sites] + spins[(k & -SIDE) + ((k + 1) % SIDE)]);
    }
    return [m / sites, (1 - products / (2 * sites)) / 2];
  });
}

/** The generator of a run of the table. */
export const runGenerator = (m0: number, run: number) => Xoshiro.open(stream(SEED, `test/ising-64/${m0}`), run, 0);

/** Mean and std of independent numbers with standard errors, that of the std from the fourth moment. */
function spreadOf(values: readonly number[], name: string) {
  const n = values.length;
  const average = (f: (x: number) => number) => values.reduce((sum, x) => sum + f(x), 0) / n;
  const mean = average((x) => x);
  const variance = (average((x) => (x - mean) ** 2) * n) / (n - 1);
  const std = Math.sqrt(variance);
  const fourth = average((x) => (x - mean) ** 4);
  const error = std > 0 ? Math.sqrt(Math.max(0, fourth - variance ** 2) / n) / (2 * std) : 0;
  return {
    [`mean_${name}`]: mean,
    [`se_mean_${name}`]: std / Math.sqrt(n),
    [`std_${name}`]: std,
    [`se_std_${name}`]: error,
  };
}

if (import.meta.main) {
  const rows: Record<string, number>[] = [];
  for (const m0 of [0.5, -0.5]) {
    const runs = Array.from({ length: RUNS }, (_, run) => isingRun(m0, TIMES, runGenerator(m0, run)));
    for (const [t, time] of TIMES.entries()) {
      const [m, dw] = [0, 1].map((j) => runs.map((run) => run[t][j]));
      rows.push({ mag0: m0, time, n_runs: RUNS, ...spreadOf(m, "m"), ...spreadOf(dw, "dw") });
    }
  }
  const columns = Object.keys(rows[0]).map((name) => [name, rows.map((row) => Number(row[name].toFixed(7)))]);
  writeCsv(ISING_64, table(Object.fromEntries(columns)));
}
