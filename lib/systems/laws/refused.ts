// Input that is to be refused.
import type { InputError } from "../../errors.ts";
import { allocatedBytes } from "../../gpu/buffer.ts";
import { ensure } from "./compare.ts";

/** Throws unless `run` is refused with one line that shows the bad value, and leaves no device memory behind. */
export async function expectRefused(
  label: string,
  run: () => unknown,
  value: string,
  kind: typeof Error | typeof InputError = Error,
): Promise<void> {
  const before = allocatedBytes();
  let refusal: unknown;
  try {
    await run();
  } catch (error) {
    refusal = error;
  }
  if (!(refusal instanceof kind)) throw new Error(`${label}: not refused as ${kind.name}: ${refusal ?? "done"}`);
  const { message } = refusal;
  ensure(/^[^\n]{10,250}$/.test(message), `${label}: not one sentence: ${message}`);
  ensure(message.toLowerCase().includes(value.toLowerCase()), `${label}: ${value} is not in the message: ${message}`);
  ensure(allocatedBytes() === before, `${label}: ${allocatedBytes() - before} bytes are not given back`);
}
