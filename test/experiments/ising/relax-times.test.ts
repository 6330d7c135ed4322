// How long LocalRelax has to be: found on lattices that are small enough for a test.
import { expect, setDefaultTimeout, test } from "bun:test";
import { isingCommand } from "../../../lib/experiments/ising/parameters.ts";
import { studyRelaxTimes } from "../../../lib/experiments/ising/relax-times.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { parseExperiment } from "../../../lib/run/command-line.ts";
import { defined } from "../../fixtures.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();
const told = (line: string) => parseExperiment(isingCommand, line.split(" ")).parameters;

test("seams of tiles bias the drift where LocalRelax is short, and no more where it is long", async () => {
  const p = told("--L 32 --patches 8 --study-patch 8 --age 10 --relax-time 2");
  const { patch, side, symbols, times, biases, ofTrue } = defined(await studyRelaxTimes(gpu, p, 3));
  expect({ patch, side, symbols }).toEqual({ patch: 8, side: 32, symbols: ["m", "ρ", "c", "b"] });
  expect(times).toEqual([0.25, 0.5, 1, 2, 4, 8]);
  const largest = biases.map((row) => Math.max(...row));
  // 0.22, 0.12 and 0.03, beside 0.02 of true lattices.
  expect(largest[0]).toBeGreaterThan(0.1);
  expect(largest[1]).toBeGreaterThan(0.05);
  expect(largest[2]).toBeLessThan(0.05);
  for (const bias of ofTrue) expect(Math.abs(bias)).toBeLessThan(0.05);
});

test("nothing to find where the patch is the lattice, or where nothing is relaxed", async () => {
  expect(await studyRelaxTimes(gpu, told("--L 16 --patches 16"), 3)).toBeNull();
  expect(await studyRelaxTimes(gpu, told("--patches 16 --relax-time 0"), 3)).toBeNull();
});
