// Solved equations as pages carry them.
import { momentsOf } from "../../lib/analysis/ensemble.ts";
import { evenGrid } from "../../lib/analysis/function-error.ts";
import type { Gpu } from "../../lib/gpu/device.ts";
import { regression } from "../../lib/method/pairs.ts";
import { solveSde } from "../../lib/method/sde/fit.ts";
import type { SdeModel } from "../../lib/method/sde/model.ts";
import { rollout } from "../../lib/method/sde/rollout.ts";
import { stream } from "../../lib/random/stream.ts";
import type { LiveEquation } from "../../lib/report/live-equation.ts";
import { identity } from "../matrices.ts";
import { plant } from "../method/sde/planted.ts";
import { range } from "../numbers.ts";

export const HORIZON = 4;
const DT = 0.05;
/** How large the system of the equations is said to be. */
export const SIZE = 1024;

/** A process in d dimensions that relaxes to about 10 j, nonlinear, with correlated noise that depends on z. */
export function solved(d: number, degree = 3): SdeModel {
  const x = (z: number[], j: number) => z[j % d] - 10 * (j % d);
  const plan = {
    ...{ d, snapshots: 1500, patches: 4, time: 0.1 },
    state: (rng: { uniform(): number }) => range(d, (j) => 10 * j + 2 * rng.uniform() - 1),
    drift: (z: number[]) => range(d, (j) => 0.4 * Math.sin(3 * x(z, j + 1)) - 1.5 * x(z, j)),
    sigma: (z: number[]) => identity(d).map((one, k) => (0.02 + 0.08 * one) * (1 + 0.5 * Math.cos(x(z, k) + k))),
  };
  return solveSde(regression(plant(plan, `live/${d}`), "compensator"), { kind: "polynomial", degree });
}

/** A section of `shown` variables of it, from one start of a test. */
export function liveOf(model: SdeModel, shown: number, scheme: "heun" | "euler" = "heun", dt = DT): LiveEquation {
  return {
    equations: [{ model, dt, scheme }],
    variables: range(shown, (j) => ({
      symbol: `z${j + 1}`,
      name: `variable ${j + 1}`,
      low: 10 * j - 1,
      high: 10 * j + 1,
    })),
    size: { value: SIZE, what: "sites" },
    horizon: HORIZON,
    time: "time [sweeps]",
    starts: [{ title: "the middle", z: range(model.d, (j) => 10 * j + 0.4) }],
    seed: 3,
  };
}

/** What the project's own rollout says from a start: moments over so many runs, at the times of a page. */
export async function rolledOut(
  gpu: Gpu,
  model: SdeModel,
  start: readonly number[],
  runs: number,
  { dt, scheme }: { readonly dt: number; readonly scheme: "heun" | "euler" },
) {
  const steps = Math.round(HORIZON / dt);
  const times = evenGrid(0, HORIZON, steps + 1);
  const starts = Float32Array.from({ length: runs * model.d }, (_, k) => start[k % model.d]);
  return momentsOf(await rollout(gpu, model, starts, { times, dt, scheme, stream: stream(5, "live/rollout") }))[0];
}
