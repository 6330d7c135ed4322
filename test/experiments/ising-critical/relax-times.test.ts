// How long LocalRelax has to be near the critical temperature: structure at equal (m, ρ), and what lattices teach.
import { expect, setDefaultTimeout, spyOn, test } from "bun:test";
import { type CriticalOptions, criticalCommand } from "../../../lib/experiments/ising-critical/parameters.ts";
import { studyRelaxTimes } from "../../../lib/experiments/ising-critical/relax-times.ts";
import { countedLattices, learnedFrom } from "../../../lib/experiments/ising-critical/training.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { defaults } from "../../../lib/run/parameters.ts";
import { openRun } from "../../../lib/run/run-folder.ts";
import { Ising } from "../../../lib/systems/ising.ts";
import { STRUCTURES } from "../../../lib/systems/ising-classes.ts";
import { defined, temporaryFolder } from "../../fixtures.ts";
import { options, placesIn } from "../../run/folders.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();
const place = placesIn(temporaryFolder("relax-times"));
const p: CriticalOptions = {
  ...(defaults(criticalCommand.parameters, "quick") as CriticalOptions),
  temperatures: [2.25],
  T: 2.25,
  sizes: [16],
  largeSizes: [],
  lattices: 16_384,
  looks: 8,
  degree: 4,
  relaxTime: 2,
};
const learned = learnedFrom(await countedLattices(gpu, p, 16, 5), p.degree);

test("copies have another structure at equal (m, ρ), which LocalRelax mends; kept in the run, made once", async () => {
  const out = place();
  const run = await openRun(options(out));
  const study = defined(await studyRelaxTimes(run, gpu, p, learned, 5));
  expect(study.side).toBe(16);
  expect(study.times).toEqual([0.0625, 0.125, 0.25, 0.5, 1, 2, 4]);
  expect(study.structures.every((row) => row.length === STRUCTURES.length)).toBe(true);
  // In units of the spread that lattices have, with errors of 0.02: 0.25 at first, 0.05 at the end.
  const off = study.structures.map((row) => Math.max(...row.map(({ mean }) => Math.abs(mean))));
  expect(off[0]).toBeGreaterThan(0.15);
  expect(off[1]).toBeGreaterThan(0.08);
  for (const { mean, error } of study.structures[6]) {
    expect(error).toBeLessThan(0.025);
    expect(Math.abs(mean)).toBeLessThan(0.08);
  }
  expect(study.truth.abs_m).toBeGreaterThan(0.7);
  expect(Math.abs(study.laws[6].abs_m - study.truth.abs_m)).toBeLessThan(0.03);

  run.close();
  const relaxed = spyOn(Ising.prototype, "relax");
  try {
    const again = await openRun({ ...options(out), resume: true });
    // Only what tells where the truth lies is simulated again, by small lattices as they are.
    expect(await studyRelaxTimes(again, gpu, p, learned, 5)).toEqual(study);
    expect(relaxed.mock.calls.every(([{ side }]) => side === 16)).toBe(true);
    expect(relaxed.mock.calls.length).toBe(3);
    again.close();
  } finally {
    relaxed.mockRestore();
  }
});

test("nothing to find where half a patch is none, or where nothing is relaxed", async () => {
  const run = await openRun(options(place()));
  expect(await studyRelaxTimes(run, gpu, { ...p, patch: 6 }, learned, 3)).toBeNull();
  expect(await studyRelaxTimes(run, gpu, { ...p, relaxTime: 0 }, learned, 3)).toBeNull();
  run.close();
});
