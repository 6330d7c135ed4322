// Typed arrays joined into one.

/** Arrays one after another; none give no numbers. */
export function concatenate<T extends Float32Array | Uint32Array | Uint8Array>(parts: readonly T[]): T {
  if (parts.length === 0) return new Float32Array(0) as unknown as T;
  const joined = new (parts[0].constructor as new (length: number) => T)(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Numbers with zeros behind them, up to a multiple of four. */
export function wholeVectors(numbers: Float32Array): Float32Array {
  return concatenate([numbers, new Float32Array((4 - (numbers.length % 4)) % 4)]);
}
