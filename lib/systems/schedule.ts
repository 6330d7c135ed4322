// Temperature and field that change with time, as in annealing and hysteresis.
import { requireChunks } from "./checks.ts";
import { heatBath } from "./ising-classes.ts";

/** Linear between the times, constant before the first and behind the last; two equal times are a jump. */
export interface Ramp {
  /** Ascending, at least one. */
  readonly times: readonly number[];
  /** At these. */
  readonly values: readonly number[];
}

/** What spins feel; each a ramp, or constant. */
export interface Schedule {
  /** T in units of J/k_B, > 0. */
  readonly temperature: Ramp;
  /** h in units of J. */
  readonly field: Ramp;
}

/** A stretch of time in which temperature and field are linear: their values at its ends. */
export interface Piece {
  readonly time: number;
  readonly temperature: readonly [number, number];
  readonly field: readonly [number, number];
}

/** A ramp that stays where it is. */
export const constantRamp = (value: number): Ramp => ({ times: [0], values: [value] });

/** The value at a time; at a jump the one behind it, or with `before` the one before it. */
export function rampAt({ times, values }: Ramp, time: number, before = false): number {
  const next = times.findIndex((t) => (before ? t >= time : t > time));
  if (next === 0) return values[0];
  if (next < 0) return values[values.length - 1];
  const share = (time - times[next - 1]) / (times[next] - times[next - 1]);
  return (1 - share) * values[next - 1] + share * values[next];
}

/** The pieces of a schedule between two times. */
export function piecesOf({ temperature, field }: Schedule, from: number, to: number): Piece[] {
  const inside = [...temperature.times, ...field.times].filter((time) => time > from && time < to);
  const ends = [...new Set([from, ...inside.sort((a, b) => a - b), to])];
  return ends.slice(1).map((end, k) => {
    const at = (ramp: Ramp) => [rampAt(ramp, ends[k]), rampAt(ramp, end, true)] as const;
    return { time: end - ends[k], temperature: at(temperature), field: at(field) };
  });
}

/** Attempts on a system that have one random stream, about. */
const CHUNK = 256;

/** How a number of attempts is cut into chunks, each with its own random stream, and how many each has on average. */
export function attemptChunks(attempts: number): { chunks: number; attempts: number } {
  const chunks = requireChunks(Math.max(1, Math.ceil(attempts / CHUNK)));
  return { chunks, attempts: attempts / chunks };
}

/** Heat-bath thresholds along a piece of time. */
export interface ThresholdTable {
  readonly piece: Piece;
  readonly steps: number;
  /** `[steps + 1][5]`: 2³² p_u at equal distances of time, rounded, at most 2³² − 1. */
  readonly thresholds: Uint32Array;
}

/** Probabilities between the rows of a table are linear to within this. */
const RESOLUTION = 2 ** -26;
const MOST_STEPS = 4096;
/** Halvings of a piece behind which what is left is too short to matter. */
const MOST_HALVINGS = 24;

/**
 * The tables of a piece: one, or those of its parts where probabilities change so steeply that one would be too coarse. Linear interpolation in
 * them is the heat-bath probability to within 2⁻²⁶.
 */
export function thresholdTables(piece: Piece, halvings = 0): ThresholdTable[] {
  for (let steps = 1; steps <= MOST_STEPS; steps *= 4) {
    if (!isFine(piece, steps) && !(steps === MOST_STEPS && halvings === MOST_HALVINGS)) continue;
    const thresholds = new Uint32Array(5 * (steps + 1));
    for (let k = 0; k < thresholds.length; k++) {
      const p = probability(piece, k % 5, Math.floor(k / 5) / steps);
      thresholds[k] = Math.min(2 ** 32 - 1, Math.round(p * 2 ** 32));
    }
    return [{ piece, steps, thresholds }];
  }
  return halves(piece).flatMap((half) => thresholdTables(half, halvings + 1));
}

const between = ([from, to]: readonly [number, number], share: number) => from + share * (to - from);

/** Heat-bath probability with `up` neighbours up, behind a share of the piece. */
function probability({ temperature, field }: Piece, up: number, share: number): number {
  return heatBath(up, between(temperature, share), between(field, share));
}

/** Whether the probabilities in the middle of every step are the means of those at its ends, and these so near that float32 holds what lies between. */
function isFine(piece: Piece, steps: number): boolean {
  for (let k = 0; k < 5 * steps; k++) {
    const [up, step] = [k % 5, Math.floor(k / 5)];
    const [left, middle, right] = [step, step + 0.5, step + 1].map((at) => probability(piece, up, at / steps));
    if (Math.abs(left + right - 2 * middle) > 2 * RESOLUTION || Math.abs(right - left) > 2 ** -8) return false;
  }
  return true;
}

function halves({ time, temperature, field }: Piece): [Piece, Piece] {
  const middle = { temperature: between(temperature, 0.5), field: between(field, 0.5) };
  return [
    { time: time / 2, temperature: [temperature[0], middle.temperature], field: [field[0], middle.field] },
    { time: time / 2, temperature: [middle.temperature, temperature[1]], field: [middle.field, field[1]] },
  ];
}
