// What upsampling does to the fields: spectra of upsampled, relaxed and true systems, and pictures of them.
import { bandRatio, powerSpectrum, type Spectrum } from "../../analysis/spectrum.ts";
import type { Gpu } from "../../gpu/device.ts";
import { upsampleTo, upsamplingFactors, upsamplingSides } from "../../method/upsample.ts";
import { stream } from "../../random/stream.ts";
import {
  INTERPOLATIONS,
  PredatorPrey,
  type PredatorPreyParameters,
  type PredatorPreyStates,
} from "../../systems/predator-prey.ts";
import { EVERY } from "./parameters.ts";

const REPLICAS = 256;
/** How long small systems evolve before they are upsampled and relaxed. */
const AGE = 2;
/** LocalRelax for a time moves points inside for so many times as long, as they lie in two patches. */
const TURNS = 2;
/** LocalRelax times that are compared, beside none. */
const RELAX_TIMES = [0, 0.5];
/** Larger systems are compared at this size: the transform costs points². */
const MOST_POINTS = 800;
/** The initial wave, 10 half waves, and its harmonics lie between these modes; what lies below and beyond is noise. */
const WAVE_MODES = { from: 10, to: 30 };

const SPECIES = ["u", "v"] as const;

interface Fields {
  readonly name: string;
  /** `[replicas][points]` of each species. */
  readonly u: Float32Array;
  readonly v: Float32Array;
}

/**
 * Small systems, upsampled with every interpolation, with and without LocalRelax, beside true systems from the same initial waves, all of one age: what is not relaxed has
 * evolved as a small system for as long as the relaxation moves the others. Powers are variances over replicas per mode (mean profiles taken off).
 */
export async function measureFields(
  gpu: Gpu,
  physics: PredatorPreyParameters,
  small: number,
  side: number,
  seed: number,
) {
  const { points, relaxTimes } = comparedSize(small, side, physics.patchPoints);
  const levels = upsamplingSides({}, small, points).length;
  const relaxing = (time: number) => TURNS * time * levels;
  const age = AGE + relaxing(Math.max(...relaxTimes));
  const all: Fields[] = [];
  for (const interpolation of INTERPOLATIONS) {
    const system = new PredatorPrey(gpu, { ...physics, interpolation });
    for (const relaxTime of relaxTimes) {
      const states = await aged(system, small, age - relaxing(relaxTime), seed, "small");
      const at = stream(seed, "fields/upsample");
      const large = await upsampleTo(system, states, { side: points, relaxTime, stream: at });
      const name = `${interpolation}${relaxTime > 0 ? `, relaxed for ${relaxTime}` : ""}`;
      all.push(await read(gpu, name, large));
      large.destroy();
    }
    system.destroy();
  }
  const system = new PredatorPrey(gpu, physics);
  // The same numbers as what was upsampled and not relaxed.
  const source = await aged(system, small, age, seed, "small");
  const smallFields = await read(gpu, "small system", source);
  source.destroy();
  const large = await aged(system, points, age, seed, "large");
  const truth = await read(gpu, "true", large);
  large.destroy();
  const spectrum = (fields: Float32Array) => powerSpectrum(fields, points, { fluctuations: true });
  const exact = { u: spectrum(truth.u), v: spectrum(truth.v) };
  const learned = all.map((fields) => ({ name: fields.name, u: spectrum(fields.u), v: spectrum(fields.v) }));
  const borders = [1, WAVE_MODES.from, WAVE_MODES.to + 1, Math.round(small / 2), small].filter((edge) => edge < points);
  const edges = [...new Set([...borders.sort((x, y) => x - y), points])];
  const curve = (name: string, species: "u" | "v", { power, standardError }: Spectrum) => ({
    name,
    species,
    mode: Array.from(power.subarray(1), (_, k) => k + 1),
    power: Array.from(power.subarray(1)),
    low: Array.from(power.subarray(1), (value, k) => value - 1.96 * standardError[k + 1]),
    high: Array.from(power.subarray(1), (value, k) => value + 1.96 * standardError[k + 1]),
  });
  const spectra = SPECIES.flatMap((species) => [
    ...learned.map((one) => curve(one.name, species, one[species])),
    curve("true", species, exact[species]),
  ]);
  const spectrumRatios = SPECIES.flatMap((species) =>
    learned.flatMap((one) =>
      bandRatio(one[species], exact[species], edges).map(({ from, to, value, low, high }) => ({
        name: one.name,
        species,
        band: `modes ${from} to ${to - 1}`,
        ratio: value,
        low,
        high,
      })),
    ),
  );
  const spaceTime = await record(gpu, system, points, seed);
  system.destroy();
  const relaxed = all.find(({ name }) => name.includes("relaxed"));
  const shown = [
    { title: "Small system", fields: smallFields },
    { title: `Upsampled, ${all[0].name}`, fields: all[0] },
    ...(relaxed ? [{ title: `Upsampled, ${relaxed.name}`, fields: relaxed }] : []),
    { title: "True system", fields: truth },
  ];
  const profiles = shown.map(({ title, fields }) => {
    const own = fields.u.length / REPLICAS;
    return {
      title,
      x: Array.from({ length: own }, (_, i) => ((i + 0.5) * points) / own - 0.5),
      u: Array.from(fields.u.subarray(0, own)),
      v: Array.from(fields.v.subarray(0, own)),
    };
  });
  return { fieldPoints: points, spectra, spectrumRatios, profiles, spaceTime };
}

/** Systems from the training law at an age; they have the same waves at any size. */
async function aged(
  system: PredatorPrey,
  side: number,
  age: number,
  seed: number,
  what: "small" | "large",
): Promise<PredatorPreyStates> {
  const states = await system.initial(REPLICAS, side, stream(seed, "fields/waves"));
  await system.evolve(states, age, stream(seed, `fields/${what}`));
  return states;
}

/** The size at which fields are compared, that of the study where it is small enough, and the relax times that its levels allow. */
function comparedSize(small: number, side: number, patch: number) {
  const tiled = [2, 3, 4, 5, 6, 8, 10].map((factor) => factor * small).find((size) => size % patch === 0);
  const points = side <= MOST_POINTS ? side : (tiled ?? 2 * small);
  let level = small;
  const allTiled = upsamplingFactors(small, points).every((factor) => {
    level *= factor;
    return level % patch === 0;
  });
  return { points, relaxTimes: allTiled ? RELAX_TIMES : RELAX_TIMES.slice(0, 1) };
}

async function read(gpu: Gpu, name: string, { fields, side }: PredatorPreyStates): Promise<Fields> {
  const values = await gpu.read(fields, Float32Array);
  const species = (part: number) =>
    Float32Array.from(
      { length: values.length / 2 },
      (_, k) => values[(Math.floor(k / side) * 2 + part) * side + (k % side)],
    );
  return { name, u: species(0), v: species(1) };
}

/** One true run as rows over time. */
async function record(gpu: Gpu, system: PredatorPrey, points: number, seed: number) {
  const rows = 61;
  const states = system.prepared([{ mean: 0.5, amplitude: 0.1 }], points);
  const field = { u: new Float32Array(rows * points), v: new Float32Array(rows * points) };
  for (let row = 0; row < rows; row++) {
    if (row > 0) await system.evolve(states, EVERY, stream(seed, "fields/record", row));
    const values = await gpu.read(states.fields, Float32Array);
    field.u.set(values.subarray(0, points), row * points);
    field.v.set(values.subarray(points), row * points);
  }
  states.destroy();
  return { times: Array.from({ length: rows }, (_, row) => row * EVERY), points, field };
}
