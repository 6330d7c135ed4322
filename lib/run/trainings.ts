// Trainings of a run and the course of their losses.
import type { ColumnTable } from "arquero";
import type { Format } from "../io/format.ts";
import { prefixed, unprefixed } from "../io/safetensors.ts";
import { LOSS_CURVE, type LossCurve } from "../method/loss-curve.ts";
import type { Method } from "../method/pairs.ts";
import { tableOfRows } from "./text-table.ts";

/** A training that is done. */
export interface Training extends LossCurve {
  readonly seed: number;
  /** What was trained, as its file in models/ is called within the seed: `patch16/compensator`. */
  readonly what: string;
  /** Of an equation. */
  readonly method: Method | null;
}

/** A value with the losses of its training. */
export interface Trained<T> {
  readonly value: T;
  readonly curve: LossCurve;
}

/** As the value alone is kept, with the losses beside it. */
export function withCurve<T>(format: Format<T>): Format<Trained<T>> {
  const prefix = "training ";
  return {
    write({ value, curve }) {
      const [own, losses] = [format.write(value), LOSS_CURVE.write(curve)];
      return {
        tensors: { ...own.tensors, ...prefixed(prefix, losses.tensors) },
        text: { ...own.text, ...losses.text },
      };
    },
    read: (stored) => ({
      value: format.read(stored),
      curve: LOSS_CURVE.read({ tensors: unprefixed(prefix, stored.tensors), text: stored.text }),
    }),
  };
}

/** A row per part of every training: steps done at its end, mean loss. */
export function trainingTable(trainings: readonly Training[]): ColumnTable {
  return tableOfRows(
    trainings.flatMap(({ seed, what, step, mean }) =>
      Array.from(step, (done, k) => ({ seed, what, step: done, loss: mean[k] })),
    ),
  );
}
