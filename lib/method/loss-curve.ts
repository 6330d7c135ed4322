// The loss in the course of a training: its mean over equal parts of the steps. Summed on the device step by step, so that it depends on the data, the
// options and the adapter alone, not on when somebody looked.
import { InputError } from "../errors.ts";
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import type { Call } from "../gpu/kernel.ts";
import type { Format } from "../io/format.ts";

/** Parts of a training, fewer where there are fewer steps. */
const PARTS = 64;
/** Sums of a part on the device (kernels/nn/sum_losses.wgsl). */
const LANES = 64;

/** Mean training loss of every part. */
export interface LossCurve {
  /** Which loss, with its unit. */
  readonly loss: string;
  /** Steps done at the end of each part, `[parts]`. */
  readonly step: Uint32Array;
  /** Mean over the batches of the part, `[parts]`. */
  readonly mean: Float64Array;
}

/** As arrays and a word beside those of what was trained. */
export const LOSS_CURVE: Format<LossCurve> = {
  write: ({ loss, step, mean }) => ({
    tensors: { step: { shape: [step.length], data: step }, mean: { shape: [mean.length], data: mean } },
    text: { loss },
  }),
  read({ tensors: { step, mean }, text: { loss } }) {
    if (!(step?.data instanceof Uint32Array && mean?.data instanceof Float64Array && loss !== undefined))
      throw new InputError("the file holds no losses of a training");
    return { loss, step: step.data, mean: mean.data };
  },
};

const partsOf = (steps: number) => Math.min(PARTS, steps);

/** Numbers of the sums of a training of so many steps. */
export const sumCount = (steps: number) => partsOf(steps) * LANES;

/** The sums of a training on the device, which go on from `sums`. `step`: counts the steps done; the call stands behind what raises it. */
export async function lossSums(
  gpu: Gpu,
  losses: GpuArray,
  step: GpuArray,
  steps: number,
  sums: Float32Array = new Float32Array(sumCount(steps)),
): Promise<{ readonly call: Call; read(): Promise<Float32Array>; destroy(): void }> {
  const kernel = await gpu.kernel("nn/sum_losses.wgsl");
  const buffer = gpu.buffer("train.sums", sums);
  const params = { count: losses.bytes / 4, steps, parts: partsOf(steps) };
  return {
    call: kernel.call({ params, step, losses, sums: buffer }, 1),
    read: () => gpu.read(buffer, Float32Array),
    destroy: () => buffer.destroy(),
  };
}

/** The curve of the sums of a whole training, with so many losses a step. */
export function lossCurve(loss: string, sums: Float32Array, steps: number, count: number): LossCurve {
  const parts = partsOf(steps);
  // Step t is in part ⌊t · parts / steps⌋.
  const step = Uint32Array.from({ length: parts }, (_, p) => Math.ceil(((p + 1) * steps) / parts));
  const mean = Float64Array.from({ length: parts }, (_, p) => {
    const sum = sums.subarray(p * LANES, (p + 1) * LANES).reduce((total, one) => total + one, 0);
    return sum / (count * (step[p] - (p > 0 ? step[p - 1] : 0)));
  });
  return { loss, step, mean };
}
