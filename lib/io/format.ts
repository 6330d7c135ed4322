// How a value of some type is kept in a file: as named arrays and text.
import { InputError } from "../errors.ts";
import type { Metadata, TensorData, Tensors } from "./safetensors.ts";

/** What a safetensors file holds. */
export interface Stored {
  readonly tensors: Tensors;
  readonly text: Metadata;
}

/** The two directions; `read(write(value))` equals the value. `read` throws InputError for what is no such value. */
export interface Format<T> {
  write(value: T): Stored;
  read(stored: Stored): T;
}

/** What `text` says as JSON. Throws InputError where it is missing or something else: `the file holds no <what>`. */
export function parsed<T>(
  text: string | undefined,
  what: string,
  revive?: (key: string, value: unknown) => unknown,
): T {
  try {
    return JSON.parse(text ?? "", revive) as T;
  } catch {
    throw new InputError(`the file holds no ${what}`);
  }
}

/** As JSON text under the name of what it is. Numbers that JSON has not, NaN, are kept; `null` is none of the values. */
export function jsonFormat<T>(what: string): Format<T> {
  return {
    write: (value) => ({ tensors: {}, text: { [what]: JSON.stringify(value) } }),
    read: ({ text }) => parsed<T>(text[what], what, (_, value) => (value === null ? Number.NaN : value)),
  };
}

/** Arrays by name, for a file: flat, but for those that have a shape. */
export function flatTensors(
  arrays: Record<string, TensorData>,
  shapes: Record<string, readonly number[]> = {},
): Tensors {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, data]) => [name, { shape: shapes[name] ?? [data.length], data }]),
  );
}

/** Arrays of given lengths out of a file of `what`. Throws InputError when one is missing or has another length. */
export function readArrays<N extends string>(
  tensors: Tensors,
  lengths: Record<N, number>,
  what: string,
): Record<N, Float32Array> {
  const entries = Object.entries<number>(lengths).map(([name, length]) => {
    const data = tensors[name]?.data;
    if (data?.length !== length) {
      throw new InputError(`the ${what} file has ${data?.length ?? 0} numbers for ${name}, not ${length}`);
    }
    return [name, Float32Array.from(data)];
  });
  return Object.fromEntries(entries) as Record<N, Float32Array>;
}
