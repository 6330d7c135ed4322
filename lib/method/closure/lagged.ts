// Closure variables that tell the future: of all linear combinations of an encoder's features those from which the observables at several
// later times are best predicted, beyond what a polynomial of the observables themselves predicts. One step of partial evolution hardly
// sees a slow variable, as it has moved nothing yet; many steps later the observables show it.
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { stream } from "../../random/stream.ts";
import type { States, System } from "../../systems/system.ts";
import { concatenate } from "../concatenate.ts";
import { pickedRows } from "../rows.ts";
import { madeOf, type Snapshots, type UpsampleOptions, upsampled } from "../snapshots.ts";
import { patchMeans } from "./coordinates.ts";
import { type EncoderShape, encoderOf, kindOf, type ModelOf } from "./kinds.ts";
import { type Lagged, predictive } from "./reduced-rank.ts";

export interface LaggedOptions extends UpsampleOptions {
  /** Times after which the observables are seen again, ascending, above 0. */
  readonly lags: readonly number[];
}

/** Closure variables of a shape, solved for systems that are followed for a while (`followed`, `predictive`). */
export async function solveClosure<S extends States, Shape extends EncoderShape>(
  gpu: Gpu,
  system: System<S>,
  snapshots: Snapshots,
  shape: Shape,
  options: LaggedOptions,
): Promise<ModelOf<Shape>> {
  const linear = linearOf(shape);
  const data = await followed(gpu, system, snapshots, shape, options);
  const { weights, constants } = predictive(data, shape.variables);
  return linear.model(shape, weights, constants) as ModelOf<Shape>;
}

/**
 * Follows the snapshots, made larger to `side` unless they have it, under the true dynamics to the last of the lags. Systems of one patch's
 * side do, as a mean over patches is linear in what each of them shows. Throws InputError for lags that do not ascend, and for a shape that
 * is not linear in features or does not suit the system.
 */
export async function followed<S extends States>(
  gpu: Gpu,
  system: System<S>,
  snapshots: Snapshots,
  shape: EncoderShape,
  options: LaggedOptions,
): Promise<Lagged> {
  const { lags, seed } = options;
  if (lags.length === 0 || !lags.every((lag, k) => lag > (lags[k - 1] ?? 0))) {
    throw new InputError(`lags of ${lags.join(", ")} do not ascend from above 0`);
  }
  const linear = linearOf(shape);
  const count = linear.features(shape);
  const identity = Float64Array.from({ length: count * count }, (_, k) => (k % (count + 1) === 0 ? 1 : 0));
  const encoder = encoderOf(gpu, system as System, linear.model({ ...shape, variables: count }, identity, []));
  const d = system.observables.length;
  const now: Float32Array[] = [];
  const later: Float32Array[] = [];
  const features: Float32Array[] = [];
  await upsampled(system, snapshots, options, async (states, from, to) => {
    now.push(await system.observe(states));
    features.push(patchMeans(await encoder.encode(states), to - from, count));
    const rows = new Float32Array((to - from) * lags.length * d);
    for (const [k, lag] of lags.entries()) {
      await system.evolve(states, lag - (lags[k - 1] ?? 0), stream(seed, "closure/lagged", k, from));
      const values = await system.observe(states);
      for (let at = 0; at < to - from; at++) {
        rows.set(values.subarray(at * d, (at + 1) * d), (at * lags.length + k) * d);
      }
    }
    later.push(rows);
  });
  return {
    d,
    now: concatenate(now),
    later: concatenate(later),
    features: concatenate(features),
    cohort: pickedRows(snapshots.cohort, 1, madeOf(snapshots)),
  };
}

/** Throws InputError for a kind that is trained. */
function linearOf(shape: EncoderShape) {
  const { linear } = kindOf(shape);
  if (!linear) {
    throw new InputError(`an encoder of the kind ${shape.kind} is trained: it has no features to be solved for`);
  }
  return linear;
}
