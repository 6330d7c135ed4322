// xoshiro128++ (Blackman & Vigna, 2021) on streams seeded by Philox. Twin of kernels/random/xoshiro.wgsl, bit for bit.
import { mulHigh, philox4x32 } from "./philox.ts";
import type { Stream } from "./stream.ts";

export class Xoshiro {
  #x: number;
  #y: number;
  #z: number;
  #w: number;

  constructor(state: readonly [number, number, number, number]) {
    [this.#x, this.#y, this.#z, this.#w] = state;
  }

  /** The generator at address (stream, replica, chunk); see `Stream`. */
  static open(stream: Stream, replica: number, chunk: number): Xoshiro {
    const counter = [chunk, (stream.replica + replica) >>> 0, stream.step, 0] as const;
    return new Xoshiro(philox4x32(counter, [stream.seed, stream.purpose]));
  }

  /** An unsigned 32-bit integer. */
  next(): number {
    const sum = (this.#x + this.#w) >>> 0;
    const result = (rotateLeft(sum, 7) + this.#x) >>> 0;
    const z = this.#z ^ this.#x;
    const w = this.#w ^ this.#y;
    const shifted = this.#y << 9;
    this.#y = (this.#y ^ z) >>> 0;
    this.#x = (this.#x ^ w) >>> 0;
    this.#z = (z ^ shifted) >>> 0;
    this.#w = rotateLeft(w, 11);
    return result;
  }

  /** Uniform in (0, 1], a multiple of 2⁻²⁴, never 0. */
  uniform(): number {
    return ((this.next() >>> 8) + 1) * 2 ** -24;
  }

  /** Integer uniform on 0 … n − 1, exactly (Lemire 2019). `n` in 1 … 2³² − 1, not checked. */
  below(n: number): number {
    const excess = 2 ** 32 % n;
    let r = this.next();
    while (Math.imul(r, n) >>> 0 < excess) r = this.next();
    return mulHigh(r, n);
  }
}

function rotateLeft(x: number, k: number): number {
  return ((x << k) | (x >>> (32 - k))) >>> 0;
}
