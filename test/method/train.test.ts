// The training loop: submissions and checkpoints do not change its bytes.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../lib/errors.ts";
import { openDevice } from "../../lib/gpu/device.ts";
import type { LossCurve } from "../../lib/method/loss-curve.ts";
import { regression } from "../../lib/method/pairs.ts";
import { fitSde, type SdeFitOptions } from "../../lib/method/sde/fit.ts";
import { type FitProgress, type FitState, fitState, fitTensors } from "../../lib/method/train.ts";
import { withClock } from "../fixtures.ts";
import { OPTIONS, ornsteinUhlenbeck, plant, SHAPE, specOf } from "./sde/planted.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();

describe("bytes of a training", () => {
  const pairs = plant({ ...ornsteinUhlenbeck(2, false).plan, snapshots: 1000 }, "fit/bytes");
  const data = regression(pairs, "increment");
  const options: SdeFitOptions = { ...OPTIONS, batch: 256, steps: 60, weightDecay: 1e-2 };
  const train = (progress: FitProgress = {}, seed = options.seed) =>
    fitSde(gpu, data, specOf({ ...SHAPE, form: "full" }), { ...options, seed }, progress);

  test("do not depend on how the steps are cut into submissions, but on the seed", async () => {
    const expected = await train();
    for (const milliseconds of [1e6, 1e-3]) {
      const done: number[] = [];
      await withClock(milliseconds, async () => {
        const model = await train({ onSteps: (step) => done.push(step) });
        expect(model).toEqual(expected);
      });
      // The first submission has one step; then single ones on a slow clock, all the rest at once on a fast one.
      expect(done.length).toBe(milliseconds > 1 ? options.steps : 2);
    }
    expect(await train({}, 1)).not.toEqual(expected);
  });

  test("are the same after resuming from any checkpoint", async () => {
    const states: FitState[] = [];
    const curves: LossCurve[] = [];
    const onEnd = (curve: LossCurve) => curves.push(curve);
    const expected = await withClock(1e6, () =>
      train({ checkpoint: { wanted: () => true, save: (state) => states.push(state) }, onEnd }),
    );
    expect(states.map(({ step }) => step)).toEqual(Array.from({ length: 59 }, (_, k) => k + 1));
    for (const k of [0, 20, 58]) {
      const resumeFrom = fitState(fitTensors(states[k]));
      expect(await train({ resumeFrom, onEnd })).toEqual(expected);
      expect(curves.at(-1)).toEqual(curves[0]);
    }
    // What another training has kept is no state of this one.
    const [{ parameters, moments, sums, step }] = states;
    for (const foreign of [
      { parameters: parameters.slice(8), moments: moments.slice(16), sums, step },
      { parameters, moments: moments.slice(16), sums, step },
      { parameters, moments, sums: sums.slice(64), step },
      // Kept before there were sums.
      fitState({ parameters: { data: parameters }, moments: { data: moments }, step: { data: [step] } }),
    ]) {
      await expect(train({ resumeFrom: foreign })).rejects.toThrow(InputError);
    }
  });
});

describe("losses of a training", () => {
  const pairs = plant({ ...ornsteinUhlenbeck(2, true).plan, snapshots: 1000 }, "fit/losses");

  test.each([
    // Parts of two steps and of one; every step a part.
    ["increment", 100, "rᵀC⁻¹r + ln det C per row"],
    ["compensator", 40, "|r|² + tr C⁻¹Q + ln det C per row"],
  ] as const)("of the %s in %i steps are means of those of its batches", async (method, steps, name) => {
    const losses: number[] = [];
    const curves: LossCurve[] = [];
    const data = regression(pairs, method);
    const options = { ...OPTIONS, batch: 256, steps };
    const train = (progress: FitProgress) => fitSde(gpu, data, specOf({ ...SHAPE, form: "full" }), options, progress);
    const onEnd = (curve: LossCurve) => curves.push(curve);
    // On a slow clock every batch is seen, on a fast one the last.
    await withClock(1e6, () => train({ onSteps: (_, loss) => losses.push(loss), onEnd }));
    await withClock(1e-3, () => train({ onEnd }));
    expect(curves[1]).toEqual(curves[0]);
    expect(losses.length).toBe(steps);
    const [{ loss, step, mean }] = curves;
    expect(loss).toBe(name);
    const parts = Math.min(64, steps);
    const ends = Array.from({ length: parts }, (_, p) => losses.findIndex((_, t) => t * parts >= (p + 1) * steps));
    expect(Array.from(step)).toEqual(ends.map((end) => (end < 0 ? steps : end)));
    for (const [p, end] of step.entries()) {
      const own = losses.slice(p > 0 ? step[p - 1] : 0, end);
      const exact = own.reduce((sum, one) => sum + one, 0) / own.length;
      // Sums are of 32 bits.
      expect(Math.abs(mean[p] - exact)).toBeLessThan(1e-6 * Math.max(1, ...own.map(Math.abs)));
    }
    // It has learned something: by far more than batches differ.
    expect(mean[0] - mean[parts - 1]).toBeGreaterThan(0.05);
  });
});
