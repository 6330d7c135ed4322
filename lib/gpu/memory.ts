// What memory there is on the machine for this process.
import { freemem, totalmem } from "node:os";

/** Bytes that this process may use in all: the machine's, or what a container leaves it. */
export function machineMemory(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Bytes that buffers may take together: software adapters let a process allocate more than the machine has. */
export const MEMORY_BUDGET = 0.5 * machineMemory();

/** Bytes that are free now, within that. */
export function freeMemory(): number {
  return Math.min(freemem(), Math.max(0, machineMemory() - process.memoryUsage.rss()));
}

export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}
