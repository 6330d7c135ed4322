// The equation that the page of a run integrates: of one side, at temperatures around the critical one, which its class densities all serve.
import type { SdeModel } from "../../method/sde/model.ts";
import { html } from "../../report/html.ts";
import { type LiveEquation, liveSection } from "../../report/live-equation.ts";
import { formatSetting } from "../../report/number.ts";
import type { CriticalReportData } from "./data.ts";
import { equationAt, restingRho } from "./laws.ts";
import type { CriticalOptions } from "./parameters.ts";
import type { Learned } from "./training.ts";

/** Temperatures, evenly between the least and the largest of the run. */
const TEMPERATURES = 5;
/** Steps of the runs, and correlation times that they go on for, at most. */
const STEPS = 1600;
const TIMES = 2;
/** Where runs start: parts of the largest |m| of the training data. */
const STARTS = [0, 0.8, -0.8];

/** What the page integrates: what a side has taught, and its correlation time at the temperature of the scaling, sweeps. */
export interface Shown {
  readonly learned: Learned;
  readonly tau: number;
}

export function criticalLive(
  { temperatures, T, dt }: Pick<CriticalOptions, "temperatures" | "T" | "dt">,
  { learned, tau }: Shown,
  seed: number,
): LiveEquation {
  const { side, reach, sample } = learned;
  const [low, high] = [Math.min(...temperatures, T), Math.max(...temperatures, T)];
  const even = Array.from({ length: TEMPERATURES }, (_, k) => low + ((high - low) * k) / (TEMPERATURES - 1));
  // The temperature of the scaling takes the place of the one next to it.
  const nearest = even.reduce((a, b) => (Math.abs(b - T) < Math.abs(a - T) ? b : a));
  const values = high > low ? even.map((value) => (value === nearest ? T : Number(value.toPrecision(4)))) : [T];
  const rho = Array.from(sample).filter((_, k) => k % 2 === 1);
  const [least, most] = [Math.min(...rho), Math.max(...rho)];
  const equations = values.map((value) => ({
    ...{ value, dt, scheme: "heun" as const },
    model: equationAt(learned, value, side) satisfies SdeModel,
  }));
  const own = equationAt(learned, T, side);
  return {
    equations,
    setting: { symbol: "T", unit: "J/k_B", at: T },
    variables: [
      { symbol: "m", name: "magnetization", low: -reach, high: reach },
      { symbol: "ρ", name: "domain-wall density", low: least, high: most },
    ],
    size: null,
    horizon: Math.min(STEPS * dt, Math.max(STEPS / 8, TIMES * tau || 0)),
    time: "time [sweeps]",
    starts: STARTS.map((part) => {
      const m = part * reach;
      return { title: `m₀ = ${formatSetting(Number(m.toPrecision(2)))}`, z: [m, restingRho(own, m, least, most)] };
    }),
    seed,
  };
}

/** The section of the report. */
export const liveEquation = ({ live, liveSide }: Pick<CriticalReportData, "live" | "liveSide">) =>
  liveSection(
    live,
    html`<p>Here your browser integrates the equation of lattices of ${formatSetting(liveSide)} × ${formatSetting(liveSide)} spins, 200 at once. Its drift and noise are sums over the classes of spins, whose learned densities serve all temperatures: move the temperature through the critical one and watch one cloud become two that hardly meet. The number of spins stays, as near the critical temperature an equation of one size is none of others. In time the equation is too fast, as the section on kinetics says.</p>`,
  );
