// What reads z = (observables, closure variables) of a mini-batch and learns beside the encoder.
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { Call } from "../../gpu/kernel.ts";
import type { Trainable, TrainingStep } from "../train.ts";

/** Its calls go from `drawn` and z to losses, gradient and one step of its networks. */
export interface Head extends TrainingStep {
  /** Numbers by snapshot, `[fields][snapshots]`; the first are the standardised observables. */
  readonly data: Float32Array;
  readonly fields: number;
  /** Those of the mini-batch, `[fields][batch]`. */
  readonly drawn: GpuArray;
  /** z, `[rows][batch]`, with padding. */
  readonly input: GpuArray;
  /** dL/dz, `[rows][batch]`. */
  readonly gradient: GpuArray;
  readonly networks: readonly { readonly network: Trainable; readonly initial: Float32Array }[];
  destroy(): void;
}

/** A network that rebuilds what the encoder reads, for `batch` columns. */
interface Decoder extends Trainable {
  readonly batch: number;
  /** z `[rows][batch]`, and its gradient. */
  readonly input: GpuArray;
  readonly inputGradient: GpuArray;
  forward(): Call[];
  backward(): Call[];
  destroy(): void;
}

/** `observables`: standardised, `[d][snapshots]`. `compare`: from the network's output to its gradient and `losses` `[batch]`; `loss`: their name. */
export function decoderHead(
  gpu: Gpu,
  decoder: Decoder,
  initial: Float32Array,
  observables: Float32Array,
  d: number,
  loss: string,
  compare: (losses: GpuArray) => Call,
): Head {
  const { batch, input, inputGradient: gradient } = decoder;
  const drawn = gpu.buffer("closure.drawn", 4 * d * batch);
  const losses = gpu.buffer("closure.losses", 4 * batch);
  return {
    data: observables,
    fields: d,
    drawn,
    input,
    calls: [...decoder.forward(), compare(losses), ...decoder.backward()],
    losses,
    loss,
    gradient,
    networks: [{ network: decoder, initial }],
    destroy() {
      for (const one of [drawn, losses, decoder]) one.destroy();
    },
  };
}
