// Magnetization in equilibrium: of lattices against enumeration, of an equation against its known law; what is said of those that do not come to one.
import { describe, expect, setDefaultTimeout, spyOn, test } from "bun:test";
import { enumerateIsing } from "../../../lib/analysis/ising-exact.ts";
import { MEAN_ABSOLUTE } from "../../../lib/analysis/mean.ts";
import { learnedEquilibrium, trueEquilibrium } from "../../../lib/experiments/ising/equilibrium.ts";
import { isingVerdict, type Outcome } from "../../../lib/experiments/ising/metrics.ts";
import { isingCommand } from "../../../lib/experiments/ising/parameters.ts";
import { isingSystem } from "../../../lib/experiments/ising/plan.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import type { Coordinates } from "../../../lib/method/coordinates.ts";
import { regression } from "../../../lib/method/pairs.ts";
import { solveSde } from "../../../lib/method/sde/fit.ts";
import { parseExperiment } from "../../../lib/run/command-line.ts";
import { openRun } from "../../../lib/run/run-folder.ts";
import { Ising, type IsingStates } from "../../../lib/systems/ising.ts";
import { defined, temporaryFolder } from "../../fixtures.ts";
import { plant } from "../../method/sde/planted.ts";
import { options, placesIn } from "../../run/folders.ts";
import { expectWithin } from "../../statistics.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();
const place = placesIn(temporaryFolder("equilibrium"));
const told = (line: string) =>
  parseExperiment(isingCommand, ["--equilibrium", "--patches", "4", "--L", "4", ...line.split(" ").filter(Boolean)])
    .parameters;

describe("lattices of 4 × 4 spins in equilibrium", () => {
  test.each([
    [2.5, 0],
    [5, 0],
    // The phase against the field has a weight of 1e-6.
    [1.8, 0.8],
    [2.5, -0.2],
    [3, 0.05],
  ])("at T = %d, h = %d have the mean of enumeration", async (T, h) => {
    const run = await openRun(options(place()));
    const { direct } = await trueEquilibrium(gpu, run, told(`--T ${T} --h ${h}`), 3);
    run.close();
    const { m, absM } = enumerateIsing(4, T, h);
    expect(direct.settled).toBe(true);
    expect(direct.error).toBeLessThan(0.02);
    expectWithin("m", direct.value, h === 0 ? absM : m, direct.error);
  });

  test("are followed once, and found again", async () => {
    const [out, p] = [place(), told("--T 3 --h 0.1")];
    const run = await openRun(options(out));
    const first = await trueEquilibrium(gpu, run, p, 3);
    run.close();
    const sweeps = spyOn(Ising.prototype, "sweep");
    try {
      const again = await openRun(options(out, { resume: true }));
      expect(await trueEquilibrium(gpu, again, p, 3)).toEqual(first);
      expect(sweeps).not.toHaveBeenCalled();
      again.close();
    } finally {
      sweeps.mockRestore();
    }
  });
});

describe("an equation in equilibrium", () => {
  /** dm = −rate (m − rest) dt + noise dW, and a second variable like it: m is normal about `rest`, of variance noise² / (2 rate). */
  const noise = 0.05;
  const modelOf = (rate: number, rest: number) => {
    const plan = {
      ...{ d: 2, snapshots: 2000, patches: 4, time: 0.1 },
      state: (rng: { uniform(): number }) => [2 * rng.uniform() - 1, rng.uniform()],
      drift: ([m, rho]: number[]) => [-rate * (m - rest), 0.3 - rho],
      sigma: () => [noise, 0, 0, noise],
    };
    return solveSde(regression(plant(plan, `equilibrium ${rate} ${rest}`), "compensator"), {
      kind: "polynomial",
      degree: 1,
    });
  };
  const predict = async (rate: number, rest: number, h: number, alone = true) => {
    const p = told(`--T 2.5 --h ${h}`);
    const system = isingSystem(gpu, p, { patch: 4, closure: "none" });
    const starts: number[] = [];
    const coordinates = {
      d: 2,
      whole: async (states: IsingStates) => {
        const z = await system.observe(states);
        starts.push(z[0]);
        return z;
      },
    } as unknown as Coordinates<IsingStates>;
    const run = await openRun(options(place()));
    const step = { dt: 0.1, scheme: "heun" } as const;
    const from = { system, coordinates, p, step, seed: 5, alone };
    const found = await learnedEquilibrium(run, gpu, "one", modelOf(rate, rest), from);
    run.close();
    return { found: defined(found), starts };
  };

  test("has the mean of its law, with errors that hold what the training data leave open", async () => {
    const { found, starts } = await predict(0.5, 0.4, 0.1);
    expect(starts).toEqual([0.875]);
    expect(found.settled).toBe(true);
    // The drift at rest comes from 2,000 noisy changes, each with a noise of 0.05 · 2 / √0.1 / 3 = 0.1 on it.
    expect(found.training).toBeWithin(0.002, 0.02);
    expectWithin("m", found.value, 0.4, Math.hypot(found.error, found.training));
    expect(found.guards).toEqual({ outside: 0, unphysical: 0 });
  });

  test("without a field has that of |m|; in one downwards starts in its phase", async () => {
    const { found } = await predict(0.5, 0, 0);
    expectWithin("|m|", found.value, MEAN_ABSOLUTE * noise, Math.hypot(found.error, found.training));
    const { starts } = await predict(0.5, -0.4, -0.1);
    expect(starts).toEqual([-0.875]);
  });

  test("does not know what training leaves open where that is not asked for, and no mean where it takes too long", async () => {
    const { found } = await predict(2e-4, 0.4, 0.1, false);
    expect(found.training).toBeNaN();
    expect(found.settled).toBe(false);
    const outcome = { study: "main", method: "compensator", patch: 4, scores: null, equilibrium: found };
    const study = { truth: null, outcomes: [outcome as unknown as Outcome], options: told("") };
    expect(isingVerdict(study as unknown as Parameters<typeof isingVerdict>[0], null).warnings.at(-1)).toBe(
      "the equation of the compensator from patches of 4 × 4 does not come to equilibrium in 12800 sweeps: it has no magnetization there",
    );
  });
});
