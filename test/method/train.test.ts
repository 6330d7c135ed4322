// The training loop: submissions and checkpoints do not change its bytes.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { InputError } from "../../lib/errors.ts";
import { openDevice } from "../../lib/gpu/device.ts";
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
    const expected = await withClock(1e6, () =>
      train({ checkpoint: { wanted: () => true, save: (state) => states.push(state) } }),
    );
    expect(states.map(({ step }) => step)).toEqual(Array.from({ length: 59 }, (_, k) => k + 1));
    for (const k of [0, 20, 58]) {
      const resumeFrom = fitState(fitTensors(states[k]));
      expect(await train({ resumeFrom })).toEqual(expected);
    }
    // What another training has kept is no state of this one.
    const [{ parameters, moments, step }] = states;
    for (const foreign of [
      { parameters: parameters.slice(8), moments: moments.slice(16), step },
      { parameters, moments: moments.slice(16), step },
    ]) {
      await expect(train({ resumeFrom: foreign })).rejects.toThrow(InputError);
    }
  });
});
