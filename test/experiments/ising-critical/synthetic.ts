// A report of the critical Ising experiment about a run that never was: no number is from a simulation.
import type { CriticalReportData } from "../../../lib/experiments/ising-critical/data.ts";
import { diagnostics, rough, syntheticRun } from "../synthetic.ts";

const TEMPERATURES = [2.25, 2.26, 2.27, 2.28, 2.29];
const SIDES = [16, 32, 48, 64];

const other = (way: string, side: number, temperature: number, absM: number, absMOff: number, tau: number) => ({
  ...{ way, side, temperature, absM, absMOff, tau },
  ...{ chiOff: -4 * absMOff, binderOff: absMOff / 4 },
});

/** Another object at each call. */
export function syntheticData(): CriticalReportData {
  const estimate = (value: number, reach: number) => ({ value, low: value - reach, high: value + reach });
  const compared = (of: (x: number, side: number) => number) =>
    [
      ...SIDES.flatMap((side) => TEMPERATURES.map((temperature) => ({ side, temperature }))),
      { side: 128, temperature: 2.27 },
    ].map(({ side, temperature }, k) => {
      const value = of((temperature - 2.269) * side, side);
      return {
        side,
        temperature,
        learned: estimate(value * (1 + 0.01 * rough(k, side)), 0.02 * value),
        truth: estimate(value, 0.005 * value),
      };
    });
  return {
    ...syntheticRun("ising-critical", { sizes: SIDES }, {}),
    temperatures: TEMPERATURES,
    T: 2.27,
    patch: 16,
    seeds: 3,
    diagnostics: [{ method: "compensator", patch: 1, diagnostics: { ...diagnostics(2, 2, 0.1), memory: null } }],
    lawSides: ["16 × 16", "32 × 32"],
    quantities: {
      abs_m: compared((x, side) => side ** (-1 / 8) * Math.exp(-0.2 * x)),
      chi: compared((x, side) => 0.03 * side ** (7 / 4) * Math.exp(0.1 * x)),
      binder: compared((x) => 0.61 - 0.03 * x),
    },
    worst: [
      { scope: "paper" as const, from: 32, to: 128, absM: 0.012, chi: 0.05, binder: 0.004 },
      { scope: "beyond" as const, from: 256, to: 256, absM: 0.03, chi: 0.1, binder: 0.01 },
    ],
    slopes: {
      sides: SIDES,
      learned: SIDES.map((side) => estimate(0.034 * side, 0.002 * side)),
      truth: SIDES.map((side) => estimate(0.033 * side, 0.001 * side)),
      paper: [0.63, 1.28, 1.83, 2.84],
    },
    exponents: [
      { name: "β/ν", learned: estimate(0.127, 0.004), truth: estimate(0.128, 0.002), paper: 0.12, exact: 0.125 },
      { name: "γ/ν", learned: estimate(1.76, 0.02), truth: estimate(1.77, 0.01), paper: 1.792, exact: 1.75 },
      {
        name: "z, learned",
        learned: estimate(2.1, 0.1),
        truth: estimate(Number.NaN, Number.NaN),
        paper: null,
        exact: null,
      },
    ],
    kinetics: {
      sides: [16, 32, 64],
      learned: [1500, 5700, 2.5e4].map((value) => estimate(value, 0.05 * value)),
      direct: [1900, 8000, 3.4e4].map((value) => estimate(value, 0.06 * value)),
    },
    relaxTimes: {
      side: 16,
      rows: [2, 4, 8, 16].map((time) => ({
        ...{ time, absM: -0.1 / time, chi: 0.4 / time, binder: -0.02 / time },
        structures: [0.3, 0.1, -0.2].map((value) => estimate(value / time, 0.02)),
      })),
    },
    costs: SIDES.map((side) => ({
      ...{ side, K: (side / 16) ** 2, lambda: side === 48 ? null : side / 16 },
      ...{ small: 1e8, relax: 1e6 * side ** 2, looks: 5e5 * side ** 2, learn: 5e6 * side ** 2 },
      direct: side === 48 ? Number.NaN : 1e5 * side ** 4,
    })),
    others: [
      other("Lattices of this temperature", 32, 2.25, 0.69, -0.012, Number.NaN),
      other("Lattices of this temperature", 32, 2.27, 0.65, -0.003, 6100),
      other("Trajectories, step 0.25", 32, 2.27, 0.65, -0.004, 5800),
      other("From L = 64", 128, 2.27, 0.7, 0.26, 6e7),
      other("Trajectories with second neighbours and blocks", 16, 2.27, 0.71, -0.002, 1600),
    ],
    live: null,
    liveSide: Number.NaN,
  };
}
