// How a value of some type is kept in a file: as named arrays and text.
import { InputError } from "../errors.ts";
import type { Metadata, Tensors } from "./safetensors.ts";

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
export function parsed<T>(text: string | undefined, what: string): T {
  try {
    return JSON.parse(text ?? "") as T;
  } catch {
    throw new InputError(`the file holds no ${what}`);
  }
}
