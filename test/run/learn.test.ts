// The kept steps of learning and predicting: done once, found again by a resumed run, gone on with inside a training.
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ENSEMBLES, ensemble } from "../../lib/analysis/ensemble.ts";
import { Stopped } from "../../lib/errors.ts";
import { type Gpu, openDevice } from "../../lib/gpu/device.ts";
import type { Format } from "../../lib/io/format.ts";
import { readSafetensors } from "../../lib/io/safetensors.ts";
import type { LossCurve } from "../../lib/method/loss-curve.ts";
import { regression } from "../../lib/method/pairs.ts";
import { aboutOf } from "../../lib/method/sde/about.ts";
import { fitSde, type SdeFitOptions, solveSde } from "../../lib/method/sde/fit.ts";
import { formula, written } from "../../lib/method/sde/formula.ts";
import { MODEL, type SdeModel } from "../../lib/method/sde/model.ts";
import { rollout } from "../../lib/method/sde/rollout.ts";
import type { FitProgress } from "../../lib/method/train.ts";
import { stream } from "../../lib/random/stream.ts";
import {
  evolvedPairs,
  learnedSde,
  once,
  predicted,
  predictedDraws,
  seedsFrom,
  simulatedTruth,
  trained,
} from "../../lib/run/learn.ts";
import { progress } from "../../lib/run/progress.ts";
import { openRun, type Run } from "../../lib/run/run-folder.ts";
import { requestStop } from "../../lib/run/stop.ts";
import { defined, temporaryFolder, withClock } from "../fixtures.ts";
import { OPTIONS, ornsteinUhlenbeck, plant, SHAPE, specOf } from "../method/sde/planted.ts";
import { contents, options, placesIn, refusal } from "./folders.ts";

setDefaultTimeout(120_000);

const gpu = await openDevice();
const place = placesIn(temporaryFolder("learn"));

const PLANTED = plant({ ...ornsteinUhlenbeck(2, false).plan, snapshots: 600 }, "learn");
const DATA = regression(PLANTED, "compensator");
const SPEC = specOf({ ...SHAPE, form: "triangular" });
const NAMED = { variables: [{ name: "first", symbol: "x", unit: "m" }] };
const FIT: SdeFitOptions = { ...OPTIONS, batch: 256, steps: 60, weightDecay: 1e-2 };
const CURVE: LossCurve = { loss: "wonder [1]", step: Uint32Array.of(2, 5), mean: Float64Array.of(3, Math.PI) };
const TRUTH = {
  observables: ensemble({ times: Float64Array.of(0, 0.5), cases: 1, runs: 2, d: 1 }, new Float32Array(4)),
};

/** Stands for an encoder: arrays, and a head as text. */
interface Encoder {
  readonly variables: number;
  readonly parameters: Float32Array;
}
const ENCODER: Format<Encoder> = {
  write: ({ variables, parameters }) => ({
    tensors: { parameters: { shape: [parameters.length], data: parameters } },
    text: { encoder: JSON.stringify({ variables }) },
  }),
  read: ({ tensors, text }) => ({
    ...(JSON.parse(text.encoder) as { variables: number }),
    parameters: tensors.parameters.data as Float32Array,
  }),
};

/** A device that must not be used. */
const idle = new Proxy({} as Gpu, {
  get: () => {
    throw new Error("worked again");
  },
});

const START = Float32Array.of(0.1, 0.2, -0.1, 0.3);
const PREDICTION = { times: Float64Array.of(0, 0.5, 1), dt: 0.1, seed: 4, purpose: "learn/predict" };

/** What a script does; `worked` counts the pieces of work, on which a device that is not ours fails. */
async function learn(run: Run, device: Gpu, worked: string[]) {
  const work =
    <T>(name: string, value: T) =>
    async (): Promise<T> => {
      if (device === idle) throw new Error("worked again");
      worked.push(name);
      return value;
    };
  const truth = await simulatedTruth(run, work("truth", TRUTH));
  const closed = await simulatedTruth(run, work("closed", TRUTH), "truth/closed", "encode");
  const pairs = await evolvedPairs(run, "patch16", work("pairs", [PLANTED, { ...PLANTED, time: 0.2 }]));
  const encoder: Encoder = { variables: 3, parameters: Float32Array.of(1, 2, 3, 4) };
  const encoding = async ({ onEnd }: FitProgress) => {
    onEnd?.(CURVE);
    return work("encoder", encoder)();
  };
  const psi = await trained(run, "seed4/patch16/encoder", ENCODER, { steps: 5, seed: 4 }, encoding, "train encoder");
  const equation = await learnedSde(run, device, "patch16/compensator", DATA, SPEC, { ...FIT, ...NAMED });
  const runs = await predicted(run, device, "patch16/compensator", equation, START, PREDICTION);
  return { truth, closed, pairs, psi, equation, runs };
}

describe("kept steps", () => {
  test("a second opening of the run finds pairs, encoder, equation and ensembles, and does not work again", async () => {
    const out = place();
    const first = await openRun(options(out));
    const worked: string[] = [];
    const made = await learn(first, gpu, worked);
    expect(worked).toEqual(["truth", "closed", "pairs", "encoder"]);
    expect(made.equation).toEqual({ ...(await fitSde(gpu, DATA, SPEC, FIT)), about: aboutOf(DATA, NAMED.variables) });
    first.close();
    const learned = ["patch16/pairs", "seed4/patch16/encoder", "patch16/compensator", "patch16/compensator/predicted"];
    const checkpoints = ["truth", "truth/closed", ...learned];
    for (const name of checkpoints) expect(existsSync(join(out, `checkpoints/${name}.safetensors`))).toBe(true);

    const second = await openRun(options(out, { resume: true }));
    const found = await learn(second, idle, worked);
    expect(worked.length).toBe(4);
    // The losses are found again with what was trained.
    expect(second.trainings).toEqual(first.trainings);
    const [psi, equation] = second.trainings;
    expect(psi).toEqual({ seed: 4, what: "patch16/encoder", method: null, ...CURVE });
    const { step, mean, ...about } = equation;
    expect(about).toEqual({
      ...{ seed: FIT.seed, what: "patch16/compensator", method: "compensator" },
      loss: "|r|² + tr C⁻¹Q + ln det C per row",
    });
    expect(Array.from(step)).toEqual(Array.from({ length: FIT.steps }, (_, k) => k + 1));
    expect(mean.every(Number.isFinite)).toBe(true);
    expect(found).toEqual(made);
    expect(found.truth).toEqual(TRUTH);
    expect(found.pairs).toEqual([PLANTED, { ...PLANTED, time: 0.2 }]);
    const { seed, purpose, ...rest } = PREDICTION;
    expect(found.runs).toEqual(await rollout(gpu, made.equation, START, { ...rest, stream: stream(seed, purpose) }));
    const { seconds } = second.result({});
    for (const phase of ["direct simulation", "encode", "partial evolution", "train encoder", "learn", "predict"]) {
      expect(seconds[phase]).toBeGreaterThanOrEqual(0);
    }
    expect(seconds.learn).toBeGreaterThan(0);
    await second.finish({}, "<p>done</p>");

    // What stays with the results, each with its own kind of head.
    expect(Object.keys(contents(out)).filter((file) => file.endsWith(".safetensors"))).toEqual([
      "models/patch16/compensator.safetensors",
      "models/seed4/patch16/encoder.safetensors",
    ]);
    const model = readSafetensors(join(out, "models/patch16/compensator.safetensors"), "");
    expect(Object.keys(model.tensors).filter((name) => name.startsWith("training"))).toEqual([]);
    expect(MODEL.read({ tensors: model.tensors, text: model.metadata })).toEqual(made.equation);
    const net = readSafetensors(join(out, "models/seed4/patch16/encoder.safetensors"), "");
    expect(ENCODER.read({ tensors: net.tensors, text: net.metadata })).toEqual(made.psi);
  });

  test("an equation that is solved is kept like one that is trained, and so are draws of its parameters", async () => {
    const spec = { kind: "polynomial", degree: 1 } as const;
    const at = { ...PREDICTION, cases: 2 };
    const starts = Float32Array.from({ length: 2 * 2 * 5 }, (_, k) => Math.sin(k));
    const work = async (run: Run, device: Gpu) => {
      const equation = await learnedSde(run, device, "solved", DATA, spec, { ...FIT, ...NAMED });
      const draws = await predictedDraws(run, device, "solved", equation, starts, at, true);
      return { equation, draws: defined(draws) };
    };
    const out = place();
    const first = await openRun(options(out));
    const made = await work(first, gpu);
    expect(made.equation).toEqual({ ...solveSde(DATA, spec), about: aboutOf(DATA, NAMED.variables) });
    // result.json has its formula.
    const { variables } = aboutOf(DATA, NAMED.variables);
    const lines = formula(defined(written(made.equation, variables)), variables, "text").split("\n");
    expect(lines.length).toBe(5);
    expect(first.result({}).equations).toEqual({ solved: { at: {}, formula: lines } });
    // The best parameters and eight draws of them, from the first four starts of either case.
    const used = starts.filter((_, k) => Math.floor(k / 2) % 5 < 4);
    const { seed, purpose, ...rest } = at;
    const drawn = { ...rest, draws: { count: 8, seed }, stream: stream(seed, purpose) };
    expect(made.draws).toEqual(await rollout(gpu, made.equation, used, drawn));
    expect([made.draws.cases, made.draws.runs]).toEqual([9 * 2, 4]);
    // Not wanted, or not known: an equation by networks has no draws.
    expect(await predictedDraws(first, gpu, "other", made.equation, starts, at, false)).toBeNull();
    const network = await fitSde(gpu, DATA, SPEC, { ...FIT, steps: 1 });
    expect(await predictedDraws(first, gpu, "other", network, starts, at, true)).toBeNull();
    first.close();
    const second = await openRun(options(out, { resume: true }));
    expect(await work(second, idle)).toEqual(made);
    second.close();
    expect(existsSync(join(out, "models/solved.safetensors"))).toBe(true);
    const { tensors, metadata } = readSafetensors(join(out, "models/solved.safetensors"), "");
    expect(MODEL.read({ tensors, text: metadata })).toEqual(made.equation);
  });

  test("a formula that nobody could read is left to its model", async () => {
    const run = await openRun(options(place()));
    const at = async (degree: number) => {
      const name = `degree${degree}`;
      await learnedSde(run, idle, name, DATA, { kind: "polynomial", degree }, { ...FIT, ...NAMED });
      return defined(run.result({}).equations?.[name]).formula;
    };
    const long = await at(8);
    const heads = (await at(1)).map((line) => line.split(" = ")[0]);
    run.close();
    expect(heads.length).toBe(5);
    expect(long.slice(0, 2)).toEqual(heads.slice(0, 2).map((head) => `${head} = … (models/degree8.safetensors)`));
    expect(long.map((line) => line.split(" = ")[0])).toEqual(heads);
  });

  test("an equation that is solved was not trained, and a training that tells no losses is none", async () => {
    const run = await openRun(options(place()));
    const spec = { kind: "polynomial", degree: 1 } as const;
    await learnedSde(run, gpu, "solved", DATA, spec, { ...FIT, ...NAMED });
    expect(run.trainings).toEqual([]);
    const work = async () => TRUTH;
    await expect(trained(run, "silent", ENSEMBLES, FIT, work, "train")).rejects.toThrow("told no losses");
    run.close();
  });

  test("a model that was kept without its losses is refused", async () => {
    const out = place();
    const first = await openRun(options(out));
    await first.keep("net", MODEL, async () => solveSde(DATA, { kind: "polynomial", degree: 1 }));
    first.close();
    const second = await openRun(options(out, { resume: true }));
    const again = () => trained(second, "net", MODEL, FIT, () => Promise.reject(new Error("worked again")), "train");
    expect(await refusal(again)).toBe(
      `${join(out, "checkpoints/net.safetensors")}: the file holds no losses of a training; delete that file to recompute it, then --resume`,
    );
    second.close();
  });

  test("a checkpoint of another kind is refused, and what it holds is not taken for the value", async () => {
    const out = place();
    const first = await openRun(options(out));
    await first.keep("truth", ENSEMBLES, async () => TRUTH);
    first.close();
    const second = await openRun(options(out, { resume: true }));
    expect(await refusal(() => second.keep("truth", MODEL, () => Promise.reject(new Error("worked again"))))).toBe(
      `${join(out, "checkpoints/truth.safetensors")}: the file holds no equation; delete that file to recompute it, then --resume`,
    );
    second.close();
  });
});

describe("a training that is interrupted", () => {
  /** The training as `learnedSde` does it; `interrupt` sees every step after it has been told. */
  function train(run: Run, resumed: number[], interrupt: (step: number) => void = () => {}): Promise<SdeModel> {
    const work = async (progress: FitProgress) => {
      resumed.push(progress.resumeFrom?.step ?? 0);
      const onSteps = (step: number, loss: number) => {
        progress.onSteps?.(step, loss);
        interrupt(step);
      };
      return {
        ...(await fitSde(gpu, DATA, SPEC, FIT, { ...progress, onSteps })),
        about: aboutOf(DATA, NAMED.variables),
      };
    };
    return trained(run, "net", MODEL, { ...FIT, method: "compensator" }, work, "train");
  }

  // The signal that was sent is taken back.
  afterEach(() => requestStop(undefined as unknown as NodeJS.Signals));

  const cases = [
    // Every look at the clock is 16 minutes after the one before: a checkpoint is due at every step.
    [
      "by a fault",
      1e6,
      20,
      (step: number) => {
        if (step === 20) throw new Error("the power is gone");
      },
      "the power is gone",
    ],
    // A second after the one before: nothing is due yet; steps 8, 10, 11, … are seen.
    [
      "by Ctrl-C",
      1000,
      9,
      (step: number) => {
        if (step === 8) requestStop("SIGINT");
      },
      "stopped by SIGINT",
    ],
  ] as const;
  test.each(cases)(
    "%s goes on where its last checkpoint is, to the same bytes",
    async (_, clock, at, interrupt, message) => {
      const [whole, out] = [place(), place()];
      const reference = await openRun(options(whole));
      const expected = await learnedSde(reference, gpu, "net", DATA, SPEC, { ...FIT, ...NAMED });
      reference.close();

      const resumed: number[] = [];
      const failed = await withClock(clock, async () => {
        const first = await openRun(options(out));
        const error = await train(first, resumed, interrupt).catch((error: Error) => error);
        first.close();
        return error;
      });
      requestStop(undefined as unknown as NodeJS.Signals);
      expect(failed).toBeInstanceOf(Error);
      expect((failed as Error).message).toBe(message);
      if (clock === 1000) expect(failed).toBeInstanceOf(Stopped);
      // Its bar has ended with it: it would hide those that come after.
      const shown: string[] = [];
      const bar = progress("next", 1, 0, {
        write: (text) => shown.push(text),
        terminal: false,
        columns: 80,
        now: () => 0,
      });
      bar.add();
      bar.done();
      expect(shown.length).toBe(1);
      expect(Object.keys(contents(join(out, "checkpoints")))).toEqual(["net.partial.safetensors"]);

      const second = await openRun(options(out, { resume: true }));
      expect(await train(second, resumed)).toEqual(expected);
      expect(resumed).toEqual([0, at]);
      expect(second.trainings).toEqual(reference.trainings);
      expect(second.trainings.length).toBe(1);
      second.close();
      const files = ["checkpoints/net.safetensors", "models/net.safetensors"];
      for (const file of files) expect(contents(out)[file]).toBe(contents(whole)[file]);
      expect(Object.keys(contents(join(out, "checkpoints")))).toEqual(["net.safetensors"]);
    },
  );
});

describe("small words of scripts", () => {
  test("seeds of repetitions follow each other and stay below 2³²", () => {
    expect(seedsFrom(7, 3)).toEqual([7, 8, 9]);
    expect(seedsFrom(2 ** 32 - 2, 3)).toEqual([2 ** 32 - 2, 2 ** 32 - 1, 0]);
    expect(seedsFrom(1, 0)).toEqual([]);
  });

  test("once: the work begins when it is first asked for, and is shared", async () => {
    let count = 0;
    const work = once(async () => {
      await Bun.sleep(1);
      return ++count;
    });
    expect(count).toBe(0);
    expect(await Promise.all([work(), work()])).toEqual([1, 1]);
    expect(await work()).toBe(1);
    expect(count).toBe(1);
  });
});
