// Trainings of closures that are done again.
import { expect } from "bun:test";
import { type FitOptions, type FitProgress, type FitState, fitState, fitTensors } from "../../../lib/method/train.ts";
import { withClock } from "../../fixtures.ts";

/**
 * Fails unless a training of 16 steps gives the same a second time and after resuming from half of it, and other parameters for
 * another seed. Returns both models.
 */
export async function expectSameBytes<Model extends { readonly parameters: Float32Array }>(
  train: (options: Partial<FitOptions>, progress?: FitProgress) => Promise<Model>,
): Promise<{ model: Model; other: Model }> {
  const options = { steps: 16, weightDecay: 1e-2 };
  const states: FitState[] = [];
  // On a slow clock every submission has one step.
  const model = await withClock(1e6, () =>
    train(options, { checkpoint: { wanted: () => true, save: (state) => states.push(state) } }),
  );
  const half = states[7];
  expect(half.step).toBe(8);
  expect(await train(options)).toEqual(model);
  expect(await train(options, { resumeFrom: fitState(fitTensors(half)) })).toEqual(model);
  const other = await train({ ...options, seed: 1 });
  expect(other.parameters).not.toEqual(model.parameters);
  return { model, other };
}
