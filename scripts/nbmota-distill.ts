// Distils the published network of vacancy barriers into the compact model that the program ships (data/nbmota/): surroundings of vacancies from
// random alloys and from walks near equilibrium at many temperatures, a fit, and how far the result is from the network at temperatures between.
//
//   npm run nbmota-distill -- --barriers DIR --out data/nbmota/compact.safetensors --force     half an hour on two cores
//   npm run nbmota-distill -- --barriers DIR --rank 32 --out compact32.safetensors
//   npm run nbmota-distill -- --barriers DIR --sizes                                           also others, error against speed
//
// DIR is the authors' weights.npy or a folder of its arrays. Writes OUT, with what was measured beside it in OUT's name with .json.

import { InputError } from "../lib/errors.ts";
import { NETWORK, networkBarriers } from "../lib/experiments/nbmota/barrier-models.ts";
import {
  annealedExamples,
  disorderedExamples,
  distilled,
  type Examples,
  examplesJumps,
  joinedExamples,
  type ModelSize,
  meanAbsoluteError,
  walkSpeed,
} from "../lib/experiments/nbmota/distill.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { writeAtomically } from "../lib/io/atomic.ts";
import { writeSafetensors } from "../lib/io/safetensors.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { main } from "../lib/run/main.ts";
import { print } from "../lib/run/output.ts";
import { claimFiles, writeClaimed } from "../lib/run/overwrite.ts";
import { checkDistinct } from "../lib/run/parameters.ts";
import { progress } from "../lib/run/progress.ts";
import { COMPACT, CompactBarriers } from "../lib/systems/nbmota/compact-barriers.ts";
import { checkTemperature } from "../lib/systems/nbmota.ts";

const REPLICAS = 128;
/** Passes of the first model through alloys without order. */
const FIRST_PASSES = 12;
/** Models that are compared, and how many times fewer passes each gets. */
const SIZES: readonly ModelSize[] = [
  { rank: 16, hidden: 8 },
  { rank: 16, hidden: 16 },
  { rank: 32, hidden: 16 },
  { rank: 48, hidden: 16 },
  { rank: 48, hidden: 32 },
  { rank: 64, hidden: 32 },
  { rank: 96, hidden: 32 },
];
const FEWER = 4;
/** Replicas and looks at walks of the network at temperatures that are not fitted. */
const HELD = { replicas: 32, looks: 16 };

const logOf = (path: string) => path.replace(/(\.safetensors)?$/, ".json");

await main(async () => {
  const { parameters: p } = parseTool({
    name: "nbmota-distill",
    about: "Distils the published network of vacancy barriers into the compact model, and measures how well.",
    parameters: {
      ...NETWORK,
      temperatures: {
        kind: "numbers",
        default: [700, 850, 1000, 1300, 1600, 2000, 3000],
        above: 0,
        unit: "K",
        meaning: "of the walks that examples come from",
      },
      unseen: {
        kind: "numbers",
        default: [800, 1150, 1800, 2400],
        above: 0,
        unit: "K",
        meaning: "of those it is judged by",
      },
      looks: {
        kind: "integer",
        default: 192,
        min: 1,
        max: 10_000,
        meaning: `at ${REPLICAS} walks of each temperature`,
      },
      jumps: { kind: "integer", default: 400, min: 1, max: 1e6, meaning: "between two looks" },
      rank: { kind: "integer", default: 48, min: 8, max: 128, meaning: "sums of the model, a multiple of 8" },
      hidden: { kind: "integer", default: 32, min: 8, max: 64, meaning: "hidden units, a multiple of 8" },
      passes: { kind: "number", default: 20, above: 0, max: 1000, meaning: "through the examples" },
      learningRate: { kind: "number", default: 4e-3, above: 0, max: 1, meaning: "of AdamW, at its highest" },
      seed: { kind: "integer", default: 1, min: 0, max: 0xffff_ffff, meaning: "of all random numbers" },
      out: {
        kind: "text",
        default: "compact.safetensors",
        meaning: "file of the model, with its log beside it as .json",
      },
      sizes: {
        kind: "flag",
        default: false,
        meaning: "also fit models of other sizes, with a quarter of the passes, and measure their speed",
      },
      force: { kind: "flag", default: false, meaning: "overwrite these files" },
    },
    check({ rank, hidden, seed, temperatures, unseen }) {
      for (const temperature of [...temperatures, ...unseen]) checkTemperature(temperature);
      checkDistinct("temperatures", [...temperatures, ...unseen], "a temperature, fitted or unseen,");
      for (const [name, width] of Object.entries({ rank, hidden })) {
        if (width % 8 !== 0)
          throw new InputError(`--${name} ${width} is not a multiple of 8: use ${8 * Math.ceil(width / 8)}`);
      }
      if (seed > 2 ** 32 - 3)
        throw new InputError(`--seed ${seed}: use one below ${2 ** 32 - 2}, the next two are taken too`);
    },
  });
  claimFiles([p.out, logOf(p.out)], p.force);
  const network = networkBarriers(p.barriers);
  const gpu = await openDevice();
  const batch = 2048;
  const { rank, hidden, learningRate, seed } = p;
  const fit = async (name: string, examples: Examples, passes: number, size: ModelSize = { rank, hidden }) => {
    const steps = Math.round((passes * examples.barriers.length) / batch);
    const bar = progress(name, steps);
    let done = 0;
    let losses: { step: number; loss: number }[] = [];
    const options = { ...size, batch, steps, learningRate, weightDecay: 0, seed };
    const weights = await distilled(gpu, examples, options, {
      onSteps(step) {
        bar.add(step - done);
        done = step;
      },
      onEnd({ step, mean }) {
        losses = Array.from(step, (at, k) => ({ step: at, loss: mean[k] }));
      },
    });
    bar.done();
    return { weights, losses, compact: new CompactBarriers(weights) };
  };

  // A model from alloys without order anneals lattices, fast; the network says what barriers it meets there.
  const { looks, jumps } = p;
  const parts = [await disorderedExamples(gpu, network, { replicas: REPLICAS, seed, looks: 64 })];
  const { compact: first } = await fit("first fit", parts[0], FIRST_PASSES);
  const walks = { replicas: REPLICAS, looks, jumps };
  const bar = progress("walks", examplesJumps(p.temperatures, walks));
  const onJumps = (count: number) => bar.add(count);
  const models = { guide: first, walker: first, teacher: network };
  parts.push(...(await annealedExamples(gpu, models, p.temperatures, { ...walks, seed: seed + 1 }, { onJumps })));
  bar.done();

  const examples = joinedExamples(parts);
  const began = performance.now();
  const { weights, losses, compact } = await fit("fit", examples, p.passes);
  const seconds = (performance.now() - began) / 1000;
  const { tensors, text } = COMPACT.write(weights);
  writeClaimed(p.out, (place) => writeSafetensors(place, tensors, text));
  const errors: Record<string, number> = {};
  errors.random = await meanAbsoluteError(gpu, compact, parts[0]);
  for (const [k, temperature] of p.temperatures.entries()) {
    errors[`T${temperature}`] = await meanAbsoluteError(gpu, compact, parts[1 + k]);
  }
  // What it is judged by are walks of the network itself, ten jumps an atom in lattices that the new model has brought near equilibrium: the
  // network alone would take hours to get there.
  const judged = { guide: compact, walker: network, teacher: network };
  const held = await annealedExamples(gpu, judged, p.unseen, { ...HELD, jumps, seed: seed + 2 });
  const unseen: Record<string, number> = {};
  for (const [k, temperature] of p.unseen.entries()) {
    unseen[`T${temperature}`] = await meanAbsoluteError(gpu, compact, held[k]);
  }
  // Accuracy against speed: at equal passes, in one run.
  const sizes = [];
  const others = joinedExamples(held);
  const passes = p.passes / FEWER;
  for (const size of p.sizes ? SIZES : []) {
    const { compact: model } = await fit(`rank ${size.rank}, hidden ${size.hidden}`, examples, passes, size);
    const meanAbsoluteError_eV = await meanAbsoluteError(gpu, model, others);
    sizes.push({ ...size, passes, meanAbsoluteError_eV, jumpsPerSecond: await walkSpeed(gpu, model) });
  }
  const jumpsPerSecond = { compact: await walkSpeed(gpu, compact), network: await walkSpeed(gpu, network) };
  const log = {
    settings: { ...p, barriers: undefined, out: undefined },
    // Which models these numbers are of.
    digests: { network: network.digest, compact: compact.digest },
    examples: examples.barriers.length,
    seconds,
    meanAbsoluteError_eV: { trained: errors, unseen },
    jumpsPerSecond,
    sizes,
    lossesOf: "all batches since the point before",
    losses,
  };
  writeClaimed(logOf(p.out), (place) => writeAtomically(place, `${JSON.stringify(log, null, 1)}\n`));
  for (const [name, error] of Object.entries({ ...errors, ...unseen })) {
    print(`${name.padEnd(8)} ${(1000 * error).toFixed(2)} meV${name in unseen ? "  unseen" : ""}`);
  }
});
