// Trainings of closures that are done again.
import { expect } from "bun:test";
import type { LossCurve } from "../../../lib/method/loss-curve.ts";
import { type FitOptions, type FitProgress, type FitState, fitState, fitTensors } from "../../../lib/method/train.ts";
import { withClock } from "../../fixtures.ts";

/**
 * Fails unless a training of 16 steps gives the same a second time and after resuming from half of it, and other parameters for
 * another seed, and unless its curve has the losses of all steps. Returns both models.
 */
export async function expectSameBytes<Model extends { readonly parameters: Float32Array }>(
  train: (options: Partial<FitOptions>, progress?: FitProgress) => Promise<Model>,
): Promise<{ model: Model; other: Model }> {
  const options = { steps: 16, weightDecay: 1e-2 };
  const states: FitState[] = [];
  const losses: number[] = [];
  const curves: LossCurve[] = [];
  const onEnd = (curve: LossCurve) => curves.push(curve);
  const onSteps = (_: number, loss: number) => losses.push(loss);
  // On a slow clock every submission has one step.
  const model = await withClock(1e6, () =>
    train(options, { checkpoint: { wanted: () => true, save: (state) => states.push(state) }, onSteps, onEnd }),
  );
  const half = states[7];
  expect(half.step).toBe(8);
  expect(await train(options)).toEqual(model);
  expect(await train(options, { resumeFrom: fitState(fitTensors(half)), onEnd })).toEqual(model);
  expect(curves[1]).toEqual(curves[0]);
  const [{ step, mean }] = curves;
  expect(Array.from(step)).toEqual(Array.from(losses, (_, k) => k + 1));
  for (const [k, loss] of losses.entries())
    expect(Math.abs(mean[k] - loss)).toBeLessThan(1e-6 * Math.max(1, Math.abs(loss)));
  const other = await train({ ...options, seed: 1 });
  expect(other.parameters).not.toEqual(model.parameters);
  return { model, other };
}
