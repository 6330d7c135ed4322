// Continuous-time Glauber dynamics of whole Ising lattices in which all sites move in parallel (kernels/ising/glauber_sites.wgsl).

import type { Gpu } from "../gpu/device.ts";
import type { Call } from "../gpu/kernel.ts";
import { aliasTable } from "../random/alias.ts";
import { type Stream, streamUniform } from "../random/stream.ts";
import { LANES, type Lattices } from "./ising-sums.ts";
import type { ThresholdTable } from "./schedule.ts";

/** Time between two counts of all clocks anew at the most, in sweeps. */
const WINDOW = 8;
/**
 * Cells of a window, and of a gap between attempts at the most (kernels/ising/clocks.wgsl). Of windows of time 8 this cuts off e⁻²⁴, less than 2⁻³²; a
 * shorter one is the only one, and what is cut off lies behind its end.
 */
const CELLS = 256;
const MOST_CELLS = 768;
/** Rows that are visited together, and passes of each colour in one visit: what they touch stays in a processor's cache. */
const ROWS = 256;
const VISIT = 4;
/** Visits in one window at the most: large lattices need about a dozen. */
const MOST_VISITS = 1024;

/** Of the 2³² words, how many stand for each number of cells that are passed over: geometric, (1 − e^−δ) e^(−δ k). */
function gapCounts(delta: number): number[] {
  const upTo = (cells: number) =>
    cells === MOST_CELLS ? 2 ** 32 : Math.round(-(2 ** 32) * Math.expm1(-delta * cells));
  return Array.from({ length: MOST_CELLS }, (_, k) => upTo(k + 1) - upTo(k));
}

/** 2³² P(at most 1, … 4 attempts in a cell that has some), rounded, at most 2³² − 1. Poisson of mean δ ≤ 1/32: more than 5 are rarer than 2⁻³². */
function numberThresholds(delta: number): number[] {
  let mass = delta / Math.expm1(delta);
  let below = 0;
  return Array.from({ length: 4 }, (_, k) => {
    below += mass;
    mass *= delta / (k + 2);
    return Math.min(2 ** 32 - 1, Math.round(2 ** 32 * below));
  });
}

/** The laws of clocks of windows of time `length` ≤ 8, as kernels/ising/clocks.wgsl wants them: cells that are passed over, attempts in a cell. */
export function clockLaws(length: number): { gaps: Uint32Array; numbers: number[] } {
  return { gaps: aliasTable(gapCounts(length / CELLS)), numbers: numberThresholds(length / CELLS) };
}

/**
 * Attempts at rate 1 at every site for a `time` > 0, with the heat-bath thresholds T0 … T4 in units of 2⁻³², or with those of a table, which are
 * spread over the time. The side is even, the lattices closed periodically: not checked.
 */
export async function evolveSites(
  gpu: Gpu,
  { count, side, spins }: Pick<Lattices, "count" | "side" | "spins">,
  time: number,
  stream: Stream,
  law: Record<string, number> | ThresholdTable,
): Promise<void> {
  const groups = Math.ceil(count / LANES);
  const strips = groups * side * Math.ceil(side / 64);
  const length = Math.min(time, WINDOW);
  const windows = time / length;
  const { numbers, gaps: gapTable } = clockLaws(length);
  const table = "steps" in law ? (law as ThresholdTable) : undefined;
  const [start, order, pass] = await Promise.all([
    gpu.kernel("ising/clocks.wgsl"),
    gpu.kernel("ising/order.wgsl"),
    gpu.kernel(
      "ising/glauber_sites.wgsl",
      table
        ? { conditions: { MOVING: true } }
        : { conditions: { MOVING: false }, constants: law as Record<string, number> },
    ),
  ]);
  const buffers = {
    clocks: gpu.buffer("ising.clocks", 4 * groups * side ** 2),
    pending: gpu.buffer("ising.pending", 4 * 2 * strips),
    first: gpu.buffer("ising.first", 4 * 5 * strips),
    streams: gpu.buffer("ising.streams", 16 * strips),
    gaps: gpu.buffer("ising.gaps", gapTable),
    unfinished: gpu.buffer("ising.unfinished", 4),
    ...(table && { thresholds: gpu.buffer("ising.thresholds", table.thresholds) }),
  };
  const { clocks, pending, first, streams, gaps, unfinished } = buffers;
  const workgroups = (rows: number): [number, number, number] => [Math.ceil(side / 256), Math.ceil(rows / 16), groups];
  const blocks = Array.from({ length: Math.ceil(side / ROWS) }, (_, k) => ROWS * k);
  try {
    for (let window = 0; window < windows; window++) {
      const horizon = Math.round(2 ** 30 * Math.min(1, windows - window));
      const opening = { side, opens: window === 0 ? 1 : 0, numbers, stream: streamUniform(stream) };
      const calls: Call[] = [
        start.call({ params: opening, clocks, streams, gaps }, workgroups(side)),
        order.call({ params: { strips, side, horizon }, clocks, pending, first }, workgroups(side)),
      ];
      const along: Record<string, number> = table ? { window, windows, steps: table.steps } : {};
      // A pass of each colour.
      const passes = (row: number, report: number) =>
        [0, 1].map((colour) => {
          const rows = Math.min(ROWS, side - row);
          const params = { strips, side, row, rows, colour, horizon, report, numbers, ...along };
          return pass.call({ params, spins, ...buffers }, workgroups(rows));
        });
      const visits = blocks.map((row) => {
        const [silent, reporting] = [passes(row, 0), passes(row, 1)];
        const before = Array.from({ length: VISIT - 1 }, () => silent).flat();
        return { all: [...before, ...silent], last: [...before, ...reporting] };
      });
      // About as many as large lattices need, and then as many as are left.
      let number = Math.ceil((6 + 4.5 * length) / VISIT);
      for (let done = 0; ; number = 1) {
        gpu.write(unfinished, Uint32Array.of(0));
        for (let k = 1; k <= number; k++) for (const { all, last } of visits) calls.push(...(k < number ? all : last));
        gpu.run(calls.splice(0));
        if ((await gpu.read(unfinished, Uint32Array))[0] === 0) break;
        done += number;
        if (done > MOST_VISITS) throw new Error(`a window of time took more than ${MOST_VISITS} visits`);
      }
    }
  } finally {
    for (const buffer of Object.values(buffers)) buffer.destroy();
  }
}
