// Direct kinetic Monte Carlo of the alloy by hand: order parameters along the jumps of its vacancies or over time, and configurations.
import { extname } from "node:path";
import { average } from "../../analysis/mean.ts";
import { InputError } from "../../errors.ts";
import type { Configuration } from "../../io/configuration.ts";
import { readExtxyz, writeExtxyz } from "../../io/extxyz.ts";
import { readDump, writeDump } from "../../io/lammps-dump.ts";
import { stream } from "../../random/stream.ts";
import { Xoshiro } from "../../random/xoshiro.ts";
import { say } from "../../run/output.ts";
import { writeClaimed } from "../../run/overwrite.ts";
import { COMMON, type Course, simulation } from "../../run/simulation.ts";
import { fromConfiguration, toConfiguration } from "../../systems/nbmota/crystal.ts";
import { ELEMENTS } from "../../systems/nbmota/environment.ts";
import { randomLattice } from "../../systems/nbmota/random-alloy.ts";
import { type AlloyStates, siteCount } from "../../systems/nbmota/states.ts";
import { COLDEST, checkCells, NbMoTa } from "../../systems/nbmota.ts";
import { BARRIERS, barrierModel, rangeWarnings } from "./barrier-models.ts";

/** Observations along the jumps. */
const LOOKS = 20;

/** Configurations by the ending of a file's name. */
const FORMATS: Record<
  string,
  { read(path: string): Configuration[]; write(path: string, frames: Configuration[]): void } | undefined
> = {
  ".dump": { read: (path) => readDump(path, ELEMENTS), write: (path, frames) => writeDump(path, frames, ELEMENTS) },
  ".xyz": { read: readExtxyz, write: writeExtxyz },
};
const ENDINGS: Record<string, string> = { ".lammpstrj": ".dump", ".extxyz": ".xyz" };

function formatOf(path: string) {
  const ending = extname(path);
  return FORMATS[ENDINGS[ending] ?? ending];
}

const isAlongJumps = (times: readonly number[]) => String(times) === "0";

/** Whether a file is one of configurations, not of states. */
const isConfiguration = (path: string) => formatOf(path) !== undefined;

/** Lattices of types out of the last frame of a file. */
function latticeOf(path: string) {
  const frames = formatOf(path)?.read(path) ?? [];
  const last = frames[frames.length - 1];
  if (!last) throw new InputError(`${path} holds no configuration`);
  return fromConfiguration(last, path);
}

export const NBMOTA = simulation({
  name: "nbmota",
  parameters: {
    cells: { kind: "integer", default: 8, min: 6, max: 128, unit: "cells", meaning: "along a side, even; 2 C³ sites" },
    replicas: { kind: "integer", default: 8, min: 2, max: 1e6, meaning: "independent systems" },
    vacancies: { kind: "integer", default: 1, min: 1, max: 4096, meaning: "at random sites" },
    T: { kind: "number", default: 1600, min: COLDEST, max: 1e5, unit: "K", meaning: "temperature" },
    jumps: {
      kind: "integer",
      default: 20_000,
      min: 1,
      max: 4e9,
      meaning: `of each system, seen at ${LOOKS + 1} equal distances: states right behind a jump, whose law is that of jumps, not of time`,
    },
    times: {
      kind: "numbers",
      default: [0],
      min: 0,
      max: 1e9,
      unit: "s",
      meaning: "when to observe, ascending, in place of --jumps (0 alone: along these); they have the law in time",
    },
    ...BARRIERS,
    start: {
      ...COMMON.start,
      meaning:
        "configuration to start all systems from, the last of a .dump or .xyz, in place of --cells and --vacancies; or states of a file of --save, in turn",
    },
    save: {
      ...COMMON.save,
      meaning:
        "file for the last configurations, .dump or .xyz, one frame a system; or .safetensors, which a stopped simulation goes on from with --resume",
    },
  },
  initial: [],
  endings: [...Object.keys(FORMATS), ...Object.keys(ENDINGS)],
  check({ cells, vacancies, start, times, jumps }, given) {
    const [ignored] = ["cells", "vacancies"].filter((key) => given.has(key) && isConfiguration(start));
    if (ignored) throw new InputError(`--start ${start} says what the systems are: leave out --${ignored}`);
    if (given.has("jumps") && !isAlongJumps(times))
      throw new InputError(`--times ${times} are in place of --jumps ${jumps}: leave out one of them`);
    checkCells(cells, "cells");
    if (2 * vacancies > siteCount(cells))
      throw new InputError(`--vacancies ${vacancies} leave less than half the atoms`);
  },
  async simulate(gpu, p, observe) {
    for (const warning of rangeWarnings(p.barriers, [p.T])) say(`! ${warning}`);
    const given = isConfiguration(p.start) ? latticeOf(p.start) : null;
    const vacancies = given ? given.types.filter((type) => type === 0).length : p.vacancies;
    const physics = { temperature: p.T, barriers: barrierModel(p.barriers), coordinates: "six", vacancies } as const;
    const system = new NbMoTa(gpu, physics);
    const cells = given?.cells ?? p.cells;
    const start = stream(p.seed, "simulate/start");
    const prepare = (from: number, to: number) =>
      system.fromTypes(
        Array.from(
          { length: to - from },
          (_, r) => given?.types ?? randomLattice(p.cells, p.vacancies, Xoshiro.open(start, from + r, 0)),
        ),
        cells,
      );
    const alongJumps = isAlongJumps(p.times);
    const points = alongJumps
      ? Array.from({ length: LOOKS + 1 }, (_, k) => Math.round((k * p.jumps) / LOOKS))
      : p.times;
    const clock = new Float64Array(p.replicas);
    const course: Course<AlloyStates> = {
      name: alongJumps ? "jumps" : "time",
      points: [...new Set(points)],
      async advance(states, from, to, at, first) {
        if (!alongJumps) {
          await system.evolve(states, to - from, at);
          clock.fill(to);
        } else if (to > from) {
          const { time } = await system.evolveJumps(states, to - from, at);
          for (const [r, passed] of time.entries()) clock[first + r] += passed;
        }
      },
      beside: (): Record<string, number> => (alongJumps ? { time_s: average(clock) } : {}),
      besideEach: () => ({ time_s: clock }),
      carried: clock,
      async onPoint(batches, point) {
        if (point !== points[points.length - 1] || !isConfiguration(p.save)) return;
        const sites = siteCount(cells);
        const frames: Configuration[] = [];
        for (const states of batches) {
          const types = await system.types(states);
          for (let r = 0; r < states.count; r++) {
            const place = { step: alongJumps ? p.jumps : 0, time: clock[frames.length] };
            frames.push(toConfiguration(types.subarray(r * sites, (r + 1) * sites), cells, place));
          }
        }
        writeClaimed(p.save, (place) => formatOf(p.save)?.write(place, frames));
      },
    };
    await observe(system, cells, prepare, course);
  },
});
