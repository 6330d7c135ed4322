// Mean and standard deviation of m in the Curie–Weiss model of 4,096 spins at T = 1.1, h = 0.1, from the master equation of its
// 4,097 states, by ways that lib/analysis does not take: rates from energies, uniformisation on all states, Boltzmann weights.
// `bun test/data/curie-weiss-exact.ts` writes curie-weiss-exact.csv (five minutes).
import { table } from "arquero";
import { writeCsv } from "../../lib/io/csv.ts";

const SPINS = 4096;
const TEMPERATURE = 1.1;
const FIELD = 0.1;
const TIMES = [0.5, 1, 2, 5, 10, 20, 50, 100];

/** Rows are `start` (m(0), empty for the stationary law), `time`, `mean`, `std`. */
export const CURIE_WEISS_EXACT = `${import.meta.dir}/curie-weiss-exact.csv`;

interface Row {
  readonly start: number | null;
  readonly time: number | null;
  readonly mean: number;
  readonly std: number;
}

/** Rates u → u + 1 and u → u − 1 of a chain on 0 … top. */
interface Chain {
  readonly birth: ArrayLike<number>;
  readonly death: ArrayLike<number>;
}

/** exp(tA) p by uniformisation on all states: a sum of positive terms, no step, no window. */
export function uniformised({ birth, death }: Chain, p: Float64Array, time: number): Float64Array {
  const top = p.length - 1;
  let rate = 0;
  for (let u = 0; u <= top; u++) rate = Math.max(rate, 1.05 * (birth[u] + death[u]));
  const pieces = Math.ceil((rate * time) / 100);
  const x = (rate * time) / pieces;
  let law = p;
  for (let piece = 0; piece < pieces; piece++) {
    let weight = Math.exp(-x);
    let term = law;
    const sum = law.map((v) => v * weight);
    for (let k = 1; k < x || weight > 1e-18; k++) {
      const next = new Float64Array(top + 1);
      for (let u = 0; u <= top; u++) {
        next[u] = term[u] * (1 - (birth[u] + death[u]) / rate);
        if (u > 0) next[u] += (term[u - 1] * birth[u - 1]) / rate;
        if (u < top) next[u] += (term[u + 1] * death[u + 1]) / rate;
      }
      term = next;
      weight *= x / k;
      for (let u = 0; u <= top; u++) sum[u] += weight * term[u];
    }
    law = sum;
  }
  return law;
}

/** H of u spins up: −(1/n) Σ_{i<j} s_i s_j − h Σ s. */
function energy(u: number): number {
  const total = 2 * u - SPINS;
  return -(total ** 2 - SPINS) / (2 * SPINS) - FIELD * total;
}

/** Every spin is drawn anew at rate 1, by heat bath. */
function chain(): Chain {
  const flip = (from: number, to: number) => 1 / (1 + Math.exp((energy(to) - energy(from)) / TEMPERATURE));
  const states = Array.from({ length: SPINS + 1 }, (_, u) => u);
  return {
    birth: states.map((u) => (u < SPINS ? (SPINS - u) * flip(u, u + 1) : 0)),
    death: states.map((u) => (u > 0 ? u * flip(u, u - 1) : 0)),
  };
}

/** Mean and std of m under weights of u. */
function momentsOf(weights: ArrayLike<number>): { mean: number; std: number } {
  const m = (u: number) => (2 * u - SPINS) / SPINS;
  const sum = (f: (u: number) => number) => Array.from(weights).reduce((total, p, u) => total + p * f(u), 0);
  const all = sum(() => 1);
  const mean = sum(m) / all;
  return { mean, std: Math.sqrt(sum((u) => (m(u) - mean) ** 2) / all) };
}

/** Weights C(n, u) exp(−E/T). */
function boltzmann(): Float64Array {
  let choose = 0;
  const logs = Float64Array.from({ length: SPINS + 1 }, (_, u) => {
    if (u > 0) choose += Math.log((SPINS - u + 1) / u);
    return choose - energy(u) / TEMPERATURE;
  });
  const top = logs.reduce((most, x) => Math.max(most, x));
  return logs.map((x) => Math.exp(x - top));
}

if (import.meta.main) {
  const rates = chain();
  const rows: Row[] = [{ start: null, time: null, ...momentsOf(boltzmann()) }];
  for (const start of [-0.5, -0.25, 0, 0.25, 0.5]) {
    let law = new Float64Array(SPINS + 1);
    law[((1 + start) / 2) * SPINS] = 1;
    for (const [k, time] of TIMES.entries()) {
      law = Float64Array.from(uniformised(rates, law, time - (TIMES[k - 1] ?? 0)));
      rows.push({ start, time, ...momentsOf(law) });
    }
  }
  const rounded = (name: "mean" | "std") => rows.map((row) => Number(row[name].toFixed(12)));
  const starts = rows.map(({ start }) => start);
  const times = rows.map(({ time }) => time);
  writeCsv(CURIE_WEISS_EXACT, table({ start: starts, time: times, mean: rounded("mean"), std: rounded("std") }));
}
