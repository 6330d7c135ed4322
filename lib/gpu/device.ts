// The device: opened once per process, runs calls, splits long work, reads back, turns WebGPU's silence into errors.
import { type FoundAdapter, openGpu } from "./adapter.ts";
import { GpuArray, type HostArray } from "./buffer.ts";
import { type Call, Kernel, type KernelOptions } from "./kernel.ts";
import { Pace, pause } from "./pace.ts";

/** A dispatch of split work is sized to take about this long (seconds); drivers kill dispatches of several seconds. */
const SLICE_SECONDS = 0.25;
/** Units of one slice at the most, so that one unit may be one invocation of a workgroup of 32. */
const MAX_SLICE = 65_535 * 32;
/** Repeats of recorded calls in one submission at the most; the first, whose speed is not known, is alone. */
const MAX_REPEATS = 1024;

/** Objects that must not be garbage collected while the process lives: Dawn's callbacks refer to them. */
const pinned: unknown[] = [];

let opened: Promise<Gpu> | undefined;

/** The process's device, opened at the first call on the best adapter (or the one that PATCHWISE_ADAPTER names). */
export function openDevice(): Promise<Gpu> {
  opened ??= Gpu.open();
  return opened;
}

export class Gpu {
  readonly adapter: FoundAdapter;
  readonly device: GPUDevice;
  readonly #kernels = new Map<string, Promise<Kernel>>();
  readonly #rates = new Map<string, number>();
  #scopes: Promise<void>[] = [];
  #failure: Error | undefined;

  private constructor(device: GPUDevice, adapter: FoundAdapter) {
    this.device = device;
    this.adapter = adapter;
    device.lost.then(({ message }) => {
      this.#failure ??= new Error(`the GPU device was lost: ${message}; run again with --resume`);
    });
    device.onuncapturederror = ({ error }) => {
      this.#failure ??= new Error(`WebGPU: ${error.message}`);
    };
  }

  static async open(): Promise<Gpu> {
    const { adapter, used } = await openGpu();
    const { limits } = adapter;
    const device = await adapter.requestDevice({
      label: "patchwise",
      requiredLimits: {
        maxBufferSize: limits.maxBufferSize,
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
        maxStorageBuffersPerShaderStage: Math.min(limits.maxStorageBuffersPerShaderStage, 16),
      },
    });
    pinned.push(adapter, device);
    return new Gpu(device, used);
  }

  /** The kernel `file` under `kernels/`, or at an absolute path (`Kernel.compile`), compiled once per set of options. Throws with file and line on errors. */
  kernel(file: string, options: KernelOptions = {}): Promise<Kernel> {
    const key = JSON.stringify([file, options]);
    let kernel = this.#kernels.get(key);
    if (!kernel) {
      kernel = Kernel.compile(this.device, file, options);
      this.#kernels.set(key, kernel);
    }
    return kernel;
  }

  /** A storage buffer of `content` (bytes, zeroed; or host data to upload). Throws InputError beyond the limits. */
  buffer(label: string, content: number | HostArray): GpuArray {
    this.#check();
    this.device.pushErrorScope("out-of-memory");
    const buffer = new GpuArray(this.device, label, typeof content === "number" ? content : content.byteLength);
    this.#watch(`allocating ${label}`);
    if (typeof content !== "number") this.write(buffer, content);
    return buffer;
  }

  /** Copies host data into a buffer at `offset` bytes. */
  write(buffer: GpuArray, data: HostArray, offset = 0): void {
    if (offset + data.byteLength > buffer.bytes) {
      throw new Error(
        `writing ${data.byteLength} bytes at ${offset} overruns ${buffer.label} of ${buffer.bytes} bytes`,
      );
    }
    this.device.queue.writeBuffer(buffer.raw, offset, data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  }

  /** Copies a whole buffer into another of the same size. */
  copy(from: GpuArray, to: GpuArray): void {
    if (from.bytes !== to.bytes) throw new Error(`${from.label} has ${from.bytes} bytes, ${to.label} ${to.bytes}`);
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(from.raw, 0, to.raw, 0, from.bytes);
    this.device.queue.submit([encoder.finish()]);
  }

  /** Enqueues calls in order in one pass. Errors appear at the next `read` or `idle`, with the calls' labels. */
  run(calls: Call | readonly Call[], repeat = 1): void {
    this.#check();
    const list = Array.isArray(calls) ? (calls as readonly Call[]) : [calls as Call];
    this.device.pushErrorScope("validation");
    const encoder = this.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let k = 0; k < repeat; k++) {
      for (const call of list) {
        pass.setPipeline(call.pipeline);
        pass.setBindGroup(0, call.group);
        pass.dispatchWorkgroups(...call.workgroups);
      }
    }
    pass.end();
    this.device.queue.submit([encoder.finish()]);
    this.#watch([...new Set(list.map((call) => call.label))].join(", "));
  }

  /**
   * Runs work of `total` units in consecutive slices [from, to), each sized by the measured rate of kernel `label` to
   * take about a quarter of a second. The kernel must give the same result however the range is cut.
   */
  async runSplit(
    label: string,
    total: number,
    first: number,
    make: (from: number, to: number) => Call | readonly Call[],
  ): Promise<void> {
    const pace = new Pace(total);
    for (let from = 0; from < total; ) {
      const rate = this.#rates.get(label);
      const size = Math.max(1, Math.floor(rate ? rate * SLICE_SECONDS : first));
      const to = Math.min(total, from + Math.min(size, MAX_SLICE));
      const start = performance.now();
      this.run(make(from, to));
      if (to < total || rate === undefined) {
        await this.idle();
        this.#rates.set(label, (to - from) / Math.max(1e-4, (performance.now() - start) / 1000));
      }
      pace.at(to);
      from = to;
    }
  }

  /**
   * Runs calls in order, the whole list `total` times, in submissions sized to take about a quarter of a second.
   * `after` is awaited behind each submission, when its work is done, with the count so far.
   */
  async runRepeated(calls: readonly Call[], total: number, after?: (done: number) => void | Promise<void>) {
    const pace = new Pace(total);
    let slice = 1;
    for (let done = 0; done < total; ) {
      const count = Math.min(slice, total - done);
      const start = performance.now();
      this.run(calls, count);
      await this.idle();
      const seconds = Math.max(1e-4, (performance.now() - start) / 1000);
      slice = Math.max(1, Math.min(MAX_REPEATS, Math.round((count * SLICE_SECONDS) / seconds)));
      done += count;
      pace.at(done);
      await after?.(done);
    }
  }

  /** Waits until all enqueued work is done; throws the first error that it met. A pause. */
  async idle(): Promise<void> {
    await this.device.queue.onSubmittedWorkDone();
    await this.#settle();
    pause();
  }

  /** Reads `count` elements of a buffer from element `first` on, as the given typed array. A pause. */
  async read<T extends HostArray>(
    buffer: GpuArray,
    type: { new (buffer: ArrayBuffer): T; BYTES_PER_ELEMENT: number },
    count = buffer.bytes / type.BYTES_PER_ELEMENT,
    first = 0,
  ): Promise<T> {
    this.#check();
    const bytes = count * type.BYTES_PER_ELEMENT;
    const staging = this.device.createBuffer({
      label: `${buffer.label}.read`,
      size: bytes,
      usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
    });
    this.device.pushErrorScope("validation");
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer.raw, first * type.BYTES_PER_ELEMENT, staging, 0, bytes);
    this.device.queue.submit([encoder.finish()]);
    this.#watch(`reading ${buffer.label}`);
    await this.#settle();
    await staging.mapAsync(GPUMapMode.READ).catch((error) => {
      this.#check();
      throw error;
    });
    const data = new type(staging.getMappedRange().slice(0));
    staging.destroy();
    pause();
    return data;
  }

  #watch(what: string): void {
    this.#scopes.push(
      this.device.popErrorScope().then((error) => {
        if (error) this.#failure ??= new Error(`${what}: ${error.message}`);
      }),
    );
  }

  async #settle(): Promise<void> {
    const scopes = this.#scopes;
    this.#scopes = [];
    await Promise.all(scopes);
    this.#check();
  }

  /** A failure poisons the device for good: what was computed after it cannot be trusted. */
  #check(): void {
    if (this.#failure) throw this.#failure;
  }
}
