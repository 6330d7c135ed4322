// Storage buffers on the device: allocation within a budget, use after destroy made an error.
import { InputError } from "../errors.ts";
import { freeMemory, MEMORY_BUDGET, mebibytes } from "./memory.ts";

export type HostArray = Float32Array | Uint32Array | Int32Array;

/** From this size on a buffer has to fit into what is free, too. */
const LARGE = 64 * 2 ** 20;

let allocated = 0;

/** Bytes of the largest buffer that a kernel can be given. */
export const bufferLimit = ({ limits }: GPUDevice) =>
  Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize);

/** A storage buffer. Made by `Gpu.buffer`; the size is in bytes, a multiple of 4. */
export class GpuArray {
  readonly label: string;
  readonly bytes: number;
  #buffer: GPUBuffer | null;

  constructor(device: GPUDevice, label: string, bytes: number) {
    const limit = bufferLimit(device);
    if (!Number.isInteger(bytes) || bytes <= 0 || bytes % 4 !== 0) {
      throw new Error(`buffer ${label}: ${bytes} bytes is not a positive multiple of 4`);
    }
    if (bytes > limit) {
      throw new InputError(
        `${label} needs ${mebibytes(bytes)}, this adapter binds at most ${mebibytes(limit)}: use fewer or smaller systems`,
      );
    }
    if (allocated + bytes > MEMORY_BUDGET) {
      throw new InputError(
        `${label} needs ${mebibytes(bytes)} beside the ${mebibytes(allocated)} in use, the budget is ${mebibytes(MEMORY_BUDGET)}, half of the memory: use fewer or smaller systems`,
      );
    }
    if (bytes >= LARGE && bytes > freeMemory()) {
      throw new InputError(
        `${label} needs ${mebibytes(bytes)}, and ${mebibytes(freeMemory())} of memory are free: use fewer or smaller systems, or end other programs`,
      );
    }
    this.label = label;
    this.bytes = bytes;
    this.#buffer = device.createBuffer({
      label,
      size: bytes,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
    });
    allocated += bytes;
  }

  /** The WebGPU buffer. Throws after `destroy`: WebGPU itself would go on in silence. */
  get raw(): GPUBuffer {
    if (!this.#buffer) throw new Error(`buffer ${this.label} is used after it was destroyed`);
    return this.#buffer;
  }

  /** Frees the memory now. Idempotent. */
  destroy(): void {
    if (!this.#buffer) return;
    this.#buffer.destroy();
    this.#buffer = null;
    allocated -= this.bytes;
  }
}

/** Bytes held by live buffers, for leak tests. */
export function allocatedBytes(): number {
  return allocated;
}
