// Distils the published network of vacancy barriers into the compact model that the program ships (data/nbmota/): surroundings of vacancies from
// random alloys and from walks at many temperatures, a fit, and how far the result is from the network at temperatures between.
//
//   npm run nbmota-distill -- --barriers DIR --out data/nbmota/compact.safetensors --force     half an hour on two cores
//   npm run nbmota-distill -- --barriers DIR --rank 32 --out compact32.safetensors
//
// DIR is the authors' weights.npy or a folder of its arrays. Writes OUT, with what was measured beside it in OUT's name with .json.

import { existsSync } from "node:fs";
import { InputError } from "../lib/errors.ts";
import {
  distilled,
  type Examples,
  joinedExamples,
  meanAbsoluteError,
  sampled,
} from "../lib/experiments/nbmota/distill.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { writeAtomically } from "../lib/io/atomic.ts";
import { writeSafetensors } from "../lib/io/safetensors.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { main } from "../lib/run/main.ts";
import { progress } from "../lib/run/progress.ts";
import { COMPACT, CompactBarriers } from "../lib/systems/nbmota/compact-barriers.ts";
import { NetworkBarriers } from "../lib/systems/nbmota/network-barriers.ts";
import { readNetworkWeights } from "../lib/systems/nbmota/weights.ts";

const REPLICAS = 128;
/** Looks at walks of the network that the first model is made of, jumps between them, and passes through them. */
const FIRST_LOOKS = 8;
const FIRST_JUMPS = 100;
const FIRST_PASSES = 8;
/** Looks at walks of the network at temperatures that are not fitted. */
const HELD_LOOKS = 8;

const logOf = (path: string) => path.replace(/(\.safetensors)?$/, ".json");

await main(async () => {
  const { parameters: p } = parseTool({
    name: "nbmota-distill",
    about: "Distils the published network of vacancy barriers into the compact model, and measures how well.",
    parameters: {
      barriers: {
        kind: "text",
        default: "weights.npy",
        meaning: "the published network: its authors' file, or a folder",
      },
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
      looks: { kind: "integer", default: 64, min: 1, max: 10_000, meaning: `at ${REPLICAS} walks of each temperature` },
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
      force: { kind: "flag", default: false, meaning: "overwrite these files" },
    },
    check({ rank, hidden, seed, out, force }) {
      for (const [name, width] of Object.entries({ rank, hidden })) {
        if (width % 8 !== 0)
          throw new InputError(`--${name} ${width} is not a multiple of 8: use ${8 * Math.ceil(width / 8)}`);
      }
      if (seed > 2 ** 32 - 3)
        throw new InputError(`--seed ${seed}: use one below ${2 ** 32 - 2}, the next two are taken too`);
      const there = [out, logOf(out)].find((path) => existsSync(path));
      if (there && !force)
        throw new InputError(`${there} exists already: choose another --out, or --force to overwrite it`);
    },
  });
  const network = new NetworkBarriers(readNetworkWeights(p.barriers));
  const gpu = await openDevice();
  const batch = 2048;
  const { rank, hidden, learningRate, seed } = p;
  const losses: { step: number; loss: number }[] = [];
  const fit = async (name: string, examples: Examples, passes: number) => {
    const steps = Math.round((passes * examples.barriers.length) / batch);
    const bar = progress(name, steps);
    let done = 0;
    const options = { rank, hidden, batch, steps, learningRate, weightDecay: 0, seed };
    const weights = await distilled(gpu, examples, options, {
      onSteps(step, loss) {
        bar.add(step - done);
        done = step;
        losses.push({ step, loss });
      },
    });
    bar.done();
    return weights;
  };

  // A first model from alloys that have hardly moved walks on, fast and almost where the network would; the network says what it meets.
  const common = { replicas: REPLICAS, seed };
  const parts: Examples[] = [
    await sampled(gpu, network, network, { ...common, temperature: null, looks: p.looks, jumps: 0 }),
  ];
  for (const temperature of p.temperatures) {
    parts.push(
      await sampled(gpu, network, network, { ...common, temperature, looks: FIRST_LOOKS, jumps: FIRST_JUMPS }),
    );
  }
  const first = new CompactBarriers(await fit("first fit", joinedExamples(parts), FIRST_PASSES));
  const bar = progress("walks", p.temperatures.length + p.unseen.length);
  for (const temperature of p.temperatures) {
    const { looks, jumps } = p;
    parts.push(await sampled(gpu, first, network, { replicas: REPLICAS, seed: seed + 1, temperature, looks, jumps }));
    bar.add(1);
  }
  // What it is judged by are walks of the network itself.
  const held: Examples[] = [];
  for (const temperature of p.unseen) {
    const options = { replicas: REPLICAS / 4, seed: seed + 2, temperature, looks: HELD_LOOKS, jumps: p.jumps };
    held.push(await sampled(gpu, network, network, options));
    bar.add(1);
  }
  bar.done();

  const examples = joinedExamples(parts);
  losses.splice(0);
  const began = performance.now();
  const weights = await fit("fit", examples, p.passes);
  const seconds = (performance.now() - began) / 1000;
  const compact = new CompactBarriers(weights);
  const errors: Record<string, number> = {};
  errors.random = await meanAbsoluteError(gpu, compact, parts[0]);
  for (const [k, temperature] of p.temperatures.entries()) {
    errors[`T${temperature}`] = await meanAbsoluteError(gpu, compact, parts[1 + p.temperatures.length + k]);
  }
  const unseen: Record<string, number> = {};
  for (const [k, temperature] of p.unseen.entries()) {
    unseen[`T${temperature}`] = await meanAbsoluteError(gpu, compact, held[k]);
  }
  const { tensors, text } = COMPACT.write(weights);
  writeSafetensors(p.out, tensors, text);
  const every = Math.max(1, Math.floor(losses.length / 50));
  const log = {
    settings: { ...p, barriers: "the published network", out: undefined },
    examples: examples.barriers.length,
    seconds,
    meanAbsoluteError_eV: { trained: errors, unseen },
    losses: losses.filter((_, k) => k % every === 0 || k === losses.length - 1),
  };
  writeAtomically(logOf(p.out), `${JSON.stringify(log, null, 1)}\n`);
  for (const [name, error] of Object.entries({ ...errors, ...unseen })) {
    console.log(`${name.padEnd(8)} ${(1000 * error).toFixed(2)} meV${name in unseen ? "  unseen" : ""}`);
  }
});
