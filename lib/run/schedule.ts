// What `--schedule` reads: temperature and field along time, for systems of spins.
import { InputError } from "../errors.ts";
import type { Stream } from "../random/stream.ts";
import { constantRamp, type Ramp, rampAt, type Schedule } from "../systems/schedule.ts";
import type { States } from "../systems/system.ts";
import { type Parameters, quoted, readValue } from "./parameters.ts";
import type { Course } from "./simulation.ts";

const NONE = "none";
const EXAMPLE = "T=2.5:1.5@0:200,h=0.1:-0.1@0:100";

export const SCHEDULE = {
  schedule: {
    kind: "text",
    default: NONE,
    meaning: `temperature and field that change linearly between times, before and behind them constant, in place of --T and --h: ${EXAMPLE}; a time given twice is a jump`,
  },
} as const satisfies Parameters;

/** What values may be: kernels take them as float32. */
const RANGES: Record<"T" | "h" | "time", Parameters[string]> = {
  T: { kind: "number", default: 1, min: 1e-6, max: 1e6, meaning: "" },
  h: { kind: "number", default: 0, min: -100, max: 100, meaning: "" },
  time: { kind: "number", default: 0, min: 0, max: 1e9, meaning: "" },
};

/**
 * The schedule of a command line; null for none. `given`: options that stand on it. Throws InputError for a text that is none, for values that cannot be, and for
 * --T or --h beside a schedule of theirs.
 */
export function readSchedule(
  { schedule, T, h }: { readonly schedule: string; readonly T: number; readonly h: number },
  given: ReadonlySet<string> = new Set(),
): Schedule | null {
  if (schedule === NONE) return null;
  const ramps = new Map<string, Ramp>();
  for (const part of schedule.split(",")) {
    const { name, values, times } = /^\s*(?<name>[^=]*)=(?<values>[^@]*)@(?<times>[^@]*)$/.exec(part)?.groups ?? {};
    if (name !== "T" && name !== "h") {
      throw new InputError(
        `--schedule ${quoted(part)} names no values of T or h at times: write them as in ${EXAMPLE}`,
      );
    }
    if (ramps.has(name))
      throw new InputError(`--schedule names ${name} twice: give all its values at once, as in ${name}=1:2:1@0:50:100`);
    if (given.has(name)) throw new InputError(`--schedule says what ${name} is at all times: leave out --${name}`);
    ramps.set(name, rampOf(name, numbers(name, name, values), numbers(name, "time", times)));
  }
  return { temperature: ramps.get("T") ?? constantRamp(T), field: ramps.get("h") ?? constantRamp(h) };
}

const numbers = (name: string, what: keyof typeof RANGES, text: string) =>
  text
    .split(":")
    .map((one) => Number(readValue(`--schedule ${name}: the ${what === "time" ? what : "value"}`, RANGES[what], one)));

function rampOf(name: string, values: number[], times: number[]): Ramp {
  if (values.length !== times.length) {
    const counts = `${values.length} values at ${times.length} times`;
    throw new InputError(`--schedule ${name}: ${counts}, give one time for each, as in ${EXAMPLE}`);
  }
  if (
    times.some((time, k) => k > 0 && time < times[k - 1]) ||
    times.some((time, k) => k > 1 && time === times[k - 2])
  ) {
    throw new InputError(
      `--schedule ${name}: the times ${quoted(times.join(":"))} do not ascend, a jump has one twice`,
    );
  }
  return { times, values };
}

/** Spins along a schedule, seen at times, with what temperature and field were up to there. */
export function alongSchedule<S extends States>(
  system: { evolveAlong(states: S, schedule: Schedule, from: number, to: number, stream: Stream): Promise<void> },
  schedule: Schedule,
  times: readonly number[],
): Course<S> {
  return {
    name: "time",
    points: times,
    advance: (states, from, to, at) => system.evolveAlong(states, schedule, from, to, at),
    beside: (time) => ({ T: rampAt(schedule.temperature, time, true), h: rampAt(schedule.field, time, true) }),
  };
}
