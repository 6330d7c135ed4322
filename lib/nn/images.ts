// Batches of square images on the device, `[channel][row][column][batch]` float32: the feature-major order of mlp.ts with a pixel
// of a channel as the feature. With the batch last, whatever a pixel does is done by whole vectors, and the weights are the
// same for all of them.
import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";

export interface Images {
  readonly data: GpuArray;
  readonly channels: number;
  /** Without the border. */
  readonly side: number;
  /** Width of a border of zeros, which no kernel writes: 1 where a convolution reads the images. */
  readonly border: 0 | 1;
}

export function allocateImages(
  gpu: Gpu,
  label: string,
  { channels, side, border }: Omit<Images, "data">,
  columns: number,
): Images {
  const data = gpu.buffer(label, 4 * channels * (side + 2 * border) ** 2 * columns);
  return { data, channels, side, border };
}

/** Pixels of a row and of a channel, and the first pixel inside the border. */
export function imagePlaces({ side, border }: Pick<Images, "side" | "border">) {
  const row = side + 2 * border;
  return { row, plane: row * row, start: border * (row + 1) };
}

/** The same numbers as features of images of one pixel: what a dense layer reads or writes. */
export function flattened({ data, channels, side, border }: Images): Images {
  if (border !== 0) throw new Error(`${data.label} has a border and cannot be flattened`);
  return { data, channels: channels * side * side, side: 1, border: 0 };
}
