// What the Ising experiment learns from what: equations, comparisons, relaxation times, closures.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { isingCommand } from "../../../lib/experiments/ising/parameters.ts";
import {
  closurePlan,
  durationOf,
  isingSources,
  isingSystem,
  laggedPlan,
  learnSide,
  measuresOf,
  pairPlan,
  relaxTimeOf,
  setOf,
  shownPatch,
} from "../../../lib/experiments/ising/plan.ts";
import { openDevice } from "../../../lib/gpu/device.ts";
import { stream } from "../../../lib/random/stream.ts";
import { parseExperiment } from "../../../lib/run/command-line.ts";
import { BOUNDARIES, Ising, UPSAMPLINGS } from "../../../lib/systems/ising.ts";
import { keeper } from "../../fixtures.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();
const keep = keeper();

/**
 * Options as the command line `line` gives them. Of 2,048 snapshots one in 16 leaves 128, one in 64 fewer than 64. Of all 16,384, which fill
 * 16 batches, one in 4 and in 16 leave a batch.
 */
const told = (line = "") =>
  parseExperiment(isingCommand, [
    ...["--trajectories", "512", "--records", "32", "--increment-time", "0.5"],
    ...(line.includes("--snapshots") ? [] : ["--snapshots", "2048"]),
    ...line.split(" ").filter(Boolean),
  ]).parameters;

/** A line per source: where its pairs come from, and "study method δt" of each training, "/n" on one snapshot in n. */
const sources = (line: string) =>
  isingSources(told(line)).map(({ patch, closure, boundary, trainings }) => {
    const all = trainings.map(
      ({ study, method, time, fewer }) => `${study} ${method} ${time}${fewer === 1 ? "" : `/${fewer}`}`,
    );
    return `${patch} ${closure} ${boundary}: ${all.join(", ")}`;
  });

describe("equations", () => {
  const MAIN = "main compensator 0, main increment 0.5, main naive 0.5, main small 0.5";
  // Of patches that are not the whole lattice.
  const PART = `${MAIN}, paper-time naive 6, paper-time small 6`;

  test("without comparisons are those of all methods at every patch side", () => {
    expect(sources("--patches 8,16")).toEqual([`8 blocks halo: ${PART}`, `16 blocks halo: ${PART}`]);
  });

  test("of the comparisons are ours, around the patch of the study; other boundaries at smaller patches too", () => {
    expect(sources("--patches 8,16,32,64 --studies all --study-patch 16")).toEqual([
      `8 blocks halo: ${PART}`,
      `16 blocks halo: ${[
        PART,
        ...["time compensator 0.2", "time compensator 0.5", "data compensator 0/4", "data compensator 0/16"],
        ...["time increment 0.1", "time increment 0.2", "data increment 0.5/4", "data increment 0.5/16"],
      ].join(", ")}`,
      `32 blocks halo: ${PART}`,
      `64 blocks halo: ${MAIN}`,
      "16 none halo: closure compensator 0, closure increment 0.5",
      "16 features halo: closure compensator 0, closure increment 0.5",
      // A learned closure has no rates.
      "16 autoencoder halo: closure compensator 0.5, closure increment 0.5",
      "16 dynamics halo: closure compensator 0.5, closure increment 0.5",
      "16 lagged halo: closure compensator 0.5, closure increment 0.5",
      "8 blocks periodic: boundary compensator 0, boundary increment 0.5",
      "16 blocks periodic: boundary compensator 0, boundary increment 0.5",
    ]);
  });

  test("of fewer data leave 64 snapshots to polynomials, and a batch to networks", () => {
    const fewer = (line: string) => {
      const [main] = isingSources(told(`--patches 16 --studies all --study-patch 16 ${line}`));
      return main.trainings.flatMap((one) => (one.study === "data" && one.method === "increment" ? [one.fewer] : []));
    };
    expect(fewer("--snapshots 4096")).toEqual([4, 16, 64]);
    expect(fewer("--snapshots 256")).toEqual([4]);
    expect(fewer("--drift network")).toEqual([]);
    expect(fewer("--drift network --snapshots 16384")).toEqual([4, 16]);
  });

  test("of the run's own duration are not learned twice, and a patch that is the lattice has no other boundary", () => {
    const line = "--L 32 --patches 8,32 --studies all --study-patch 32 --boundary periodic --compensator-time 0.5";
    const [, study, ...others] = sources(line);
    expect(study).toContain("main compensator 0.5, main increment 0.5");
    expect(study.match(/time compensator [\d.]+/g)).toEqual(["time compensator 0.2"]);
    expect(others.filter((source) => source.includes("compensator 0.5")).length).toBe(others.length);
    expect(others.filter((source) => source.includes("boundary"))).toEqual([
      "8 blocks halo: boundary compensator 0.5, boundary increment 0.5",
    ]);
  });

  test("of a run with a learned closure have increments' durations throughout", () => {
    const [main] = sources("--patches 16 --closure dynamics");
    expect(main).toBe(`16 dynamics halo: ${PART.replace("compensator 0,", "compensator 0.5,")}`);
  });

  test("of duration 0 are those of the generator", () => {
    expect([0, 0.2].map(durationOf)).toEqual(["generator", 0.2]);
  });
});

test("the report shows the patch of the study where it is one of the run's, else the first", () => {
  expect(shownPatch(told("--patches 32,8,16 --study-patch 8"))).toBe(8);
  expect(shownPatch(told("--patches 32,8"))).toBe(32);
});

describe("the lattice of a source", () => {
  const physics = { temperature: 2.2, field: -0.3 };
  const line = (upsampling: string) => `--T ${physics.temperature} --h ${physics.field} --upsampling ${upsampling}`;

  test.each([
    ["none", ["m", "ρ"]],
    ["features", ["m", "ρ", "c", "p"]],
    ["blocks", ["m", "ρ", "c", "b"]],
    // Their variables come from an encoder.
    ["autoencoder", ["m", "ρ"]],
    ["dynamics", ["m", "ρ"]],
    ["lagged", ["m", "ρ"]],
  ] as const)("has the observables of the closure %s", (closure, symbols) => {
    for (const system of [
      isingSystem(gpu, told(), { patch: 16, closure }),
      isingSystem(gpu, told(`--closure ${closure}`), { patch: 16 }),
    ]) {
      expect([system.patchSide, ...system.observables.map(({ symbol }) => symbol)]).toEqual([16, ...symbols]);
    }
  });

  test("has its own boundary, else the run's; physics and upsampling are always the run's", async () => {
    const at = (purpose: string) => stream(5, `test/plan/${purpose}`);
    /** Bytes that depend on temperature, field, boundary and upsampling. */
    const bytes = async (system: Ising) => {
      const states = await keep(system.prepared(32, 16, 0.2, at("states")));
      const patches = Uint32Array.from({ length: 32 }, (_, k) => k % 4);
      const { delta } = await system.evolvePatches(states, patches, 1, at("patches"));
      const large = await keep(system.upsample(states, 2, at("upsample")));
      return `${delta} ${await system.pack(large)}`;
    };
    const found = new Set<string>();
    for (const boundary of BOUNDARIES) {
      for (const upsampling of UPSAMPLINGS) {
        const own = new Ising(gpu, { ...physics, boundary, upsampling, patchSide: 8, closure: "blocks" });
        const expected = await bytes(own);
        expect(await bytes(isingSystem(gpu, told(line(upsampling)), { patch: 8, boundary }))).toBe(expected);
        const run = told(`${line(upsampling)} --boundary ${boundary}`);
        expect(await bytes(isingSystem(gpu, run, { patch: 8 }))).toBe(expected);
        found.add(expected);
      }
    }
    expect(found.size).toBe(4);
    expect(found).not.toContain(await bytes(isingSystem(gpu, told(), { patch: 8 })));
  });
});

test("relaxation time: the same at every level, no longer than the age", () => {
  expect(relaxTimeOf(0.5, 100)).toBe(0.5);
  expect(relaxTimeOf(0.5, 0.3)).toBe(0.3);
  expect(relaxTimeOf(0.5, 0)).toBe(0);
  expect(relaxTimeOf(0, 5)).toBe(0);
});

describe("pairs", () => {
  test("come from lattices of the run's side, or of one to learn on, relaxed as long as the run says or as they are old", () => {
    const p = told("--L 128 --patches 16 --T 2.2 --relax-time 10");
    const { side, relaxTime, ...rest } = pairPlan(p, { closure: "none" });
    expect(side).toBe(128);
    expect(rest).toEqual({ patchesPerSnapshot: p.patchesPerSnapshot });
    expect([relaxTime(100), relaxTime(1)]).toEqual([10, 1]);
    expect(learnSide(p)).toBe(128);
    const smaller = told("--L 128 --patches 16 --learn-side 64");
    expect([learnSide(smaller), pairPlan(smaller, { closure: "none" }).side]).toEqual([64, 64]);
  });

  test("of a trained closure are of four patches a snapshot at most", () => {
    const patches = (line: string, closure: "blocks" | "dynamics" | "lagged") =>
      pairPlan(told(line), { closure }).patchesPerSnapshot;
    expect(patches("--patches-per-snapshot 9", "blocks")).toBe(9);
    expect(patches("--patches-per-snapshot 9", "lagged")).toBe(9);
    expect(patches("--patches-per-snapshot 9", "dynamics")).toBe(4);
    expect(patches("--patches-per-snapshot 3", "dynamics")).toBe(3);
  });

  test("are measured once for each time, whatever is trained on them; every training finds its own", () => {
    const p = told("--patches 16 --studies all --study-patch 16 --copies 3");
    const [main, ...others] = isingSources(p);
    const measures = measuresOf(main, p);
    expect(measures).toEqual({
      compensatorTimes: [0, 0.2, 0.5],
      incrementTimes: [0.5, 0.1, 0.2],
      rawTimes: [6],
      copies: 3,
    });
    const order = [...measures.compensatorTimes, ...measures.incrementTimes, 6];
    for (const training of main.trainings) {
      const set = setOf(measures, training);
      expect(order[set]).toBe(training.time);
      expect(set < 3).toBe(training.method === "compensator");
      expect(set === 6).toBe(training.study === "paper-time");
    }
    for (const source of others) expect(measuresOf(source, p).incrementTimes).toEqual([0.5]);
  });
});

test("a closure learns all patches of its lattices, as the options of closures say", () => {
  const p = told(
    "--closure dynamics --channels 8,24 --variables 3 --closure-hidden 40 --closure-batch 48 --closure-steps 7 --closure-learning-rate 0.5 --weight-decay 0.25",
  );
  const { encoder, table } = closurePlan(p, { patch: 32, closure: "autoencoder" }, 11);
  expect(encoder).toEqual({
    shape: { kind: "convolution", patchSide: 32, channels: [8, 24], variables: 3 },
    hidden: [40],
    batch: 48,
    steps: 7,
    learningRate: 0.5,
    weightDecay: 0.25,
    seed: 11,
  });
  expect(table).toMatchObject({ side: 64, patchesPerSnapshot: Number.POSITIVE_INFINITY, seed: 11 });
  expect(table.relaxTime(100)).toBe(p.relaxTime);
});

test("the closure lagged is solved on small lattices with as many sites as trained closures see, if there are so many", () => {
  const plan = (line: string, patch: number) => laggedPlan(told(`--closure lagged ${line}`), { patch }, 11);
  const { shape, lattices, follow } = plan("--closure-snapshots 500 --lags 2,3", 16);
  expect(shape).toEqual({ kind: "correlations", patchSide: 16, reach: 8, variables: 2 });
  expect(lattices).toBe(500 * 16);
  expect(follow).toEqual({ side: 16, relaxTime: 0, lags: [2, 3], seed: 11 });
  expect(plan("--closure-snapshots 500 --learn-side 32", 16).lattices).toBe(500 * 4);
  // 512 · 32 small lattices are all that there are.
  expect(plan("--closure-snapshots 500", 8)).toMatchObject({ shape: { reach: 4 }, lattices: 512 * 32 });
});
