// Fields on the host for tests of closures: a toy system in one or two dimensions, patches by their definition, and perceptrons in
// float64.
import { type Gpu, openDevice } from "../../../lib/gpu/device.ts";
import {
  type PerceptronModel,
  type PerceptronShape,
  perceptronNetwork,
} from "../../../lib/method/closure/perceptron.ts";
import { layout } from "../../../lib/nn/mlp.ts";
import { normalPair } from "../../../lib/random/normal.ts";
import type { Stream } from "../../../lib/random/stream.ts";
import { Xoshiro } from "../../../lib/random/xoshiro.ts";
import { antitheticChange, type DiffusiveSystem, type FieldStates, type Watch } from "../../../lib/systems/system.ts";
import { generators, normal, normals } from "../../fixtures.ts";
import { closeWithin, mean, range } from "../../numbers.ts";

export const SEED = 40;
/** Relative to the largest value of a comparison: float32 sums of tens of products, software tanh. */
export const TOLERANCE = 1e-5;

export const generator = generators(SEED);

/** Fails unless all of `found` is within `tolerance` times the largest of `exact`. */
export const expectClose = closeWithin(TOLERANCE);

type Sizes = Pick<PerceptronShape, "dimension" | "patchSide" | "parts">;

/** Patch `patch` `[part][site]`, sites row by row, of state `state` of fields `[state][part][site]` of lattices of `side`. */
export function patchOf(
  fields: ArrayLike<number>,
  { dimension, patchSide: l, parts }: Sizes,
  side: number,
  state: number,
  patch: number,
): number[] {
  const across = side / l;
  if (dimension === 1) {
    return range(parts, (p) => range(l, (i) => fields[(state * parts + p) * side + patch * l + i])).flat();
  }
  const [top, left] = [l * Math.floor(patch / across), l * (patch % across)];
  return range(parts, (p) =>
    range(l, (r) => range(l, (c) => fields[(state * parts + p) * side ** 2 + (top + r) * side + left + c])).flat(),
  ).flat();
}

/** Uploaded fields as states. */
export async function fieldStates(
  values: Float32Array,
  { dimension, parts }: Sizes,
  side: number,
): Promise<FieldStates> {
  const fields = (await openDevice()).buffer("test.fields", values);
  return { count: values.length / (parts * side ** dimension), side, fields, destroy: () => fields.destroy() };
}

/** As much of a system as an encoder asks for. */
export function systemOf({ dimension, patchSide, parts }: Sizes, noiseVariance = 0): DiffusiveSystem {
  const observables = range(parts, (p) => ({ name: `mean of part ${p}`, symbol: `m${p}`, unit: "1" }));
  return { name: "fields", dimension, patchSide, parts, noiseVariance, observables } as unknown as DiffusiveSystem;
}

const COMMON = { kind: "perceptron", dimension: 1, joint: false, activation: "tanh" } as const;
export const SPECIES: PerceptronShape = { ...COMMON, parts: 2, patchSide: 6, hidden: [16], variables: 4 };
export const JOINT: PerceptronShape = { ...COMMON, parts: 2, patchSide: 6, joint: true, hidden: [16, 8], variables: 3 };
const RELU: PerceptronShape = {
  ...COMMON,
  parts: 3,
  patchSide: 8,
  hidden: [8],
  activation: "relu",
  variables: 3,
};
const LINEAR: PerceptronShape = {
  ...COMMON,
  parts: 1,
  patchSide: 11,
  joint: true,
  hidden: [],
  activation: "relu",
  variables: 9,
};
export const PLANE: PerceptronShape = { ...COMMON, dimension: 2, parts: 2, patchSide: 3, hidden: [16], variables: 4 };
export const JOINT_PLANE: PerceptronShape = { ...PLANE, patchSide: 4, joint: true, variables: 3 };
export const SHAPES: Record<string, PerceptronShape> = {
  "one network per part": SPECIES,
  joint: JOINT,
  "three parts, relu": RELU,
  "one part, linear": LINEAR,
  "in the plane, one network per part": PLANE,
  "in the plane, joint": JOINT_PLANE,
};

/** An encoder of which no number is zero or the same for two parts. */
export function randomEncoder(shape: PerceptronShape, purpose: string): PerceptronModel {
  const rng = generator(`encoder/${purpose}`);
  const { layers, stride } = layout(perceptronNetwork(shape).network);
  const parameters = normals(stride, rng);
  for (const { inputs, outputs, weights } of layers) {
    for (let k = 0; k < inputs * outputs; k++) parameters[weights + k] /= Math.sqrt(inputs);
  }
  const { parts } = shape;
  return {
    ...shape,
    center: Float32Array.from(range(parts, (p) => 0.4 - 0.7 * p)),
    scale: Float32Array.from(range(parts, (p) => 0.6 + 0.9 * p)),
    parameters,
  };
}

/** ψ of one patch `[part][site]` in float64. Parameters per layer: w `[inputs][outputs]`, then the biases. */
export function psi(model: PerceptronModel, patch: ArrayLike<number>): number[] {
  const { parts, joint, hidden, variables, activation, center, scale, parameters } = model;
  const size = model.patchSide ** model.dimension;
  const groups = joint ? 1 : parts;
  const inputs = joint ? parts * size : size;
  const widths = [8 * Math.ceil(inputs / 8), ...hidden, 8 * Math.ceil(variables / groups / 8)];
  return range(groups, (group) => {
    let x = range(widths[0], (i) => {
      const part = Math.floor((group * size + i) / size);
      return i < inputs ? (patch[group * size + i] - center[part]) * scale[part] : 0;
    });
    let at = 0;
    for (let l = 0; l + 1 < widths.length; l++) {
      const [inner, outer] = [widths[l], widths[l + 1]];
      const y = range(outer, (o) =>
        x.reduce((sum, value, i) => sum + value * parameters[at + i * outer + o], parameters[at + inner * outer + o]),
      );
      at += inner * outer + outer;
      const last = l + 2 === widths.length;
      x = last ? y : y.map((s) => (activation === "tanh" ? Math.tanh(s) : Math.max(0, s)));
    }
    return x.slice(0, variables / groups);
  }).flat();
}

/** Means of the parts of one patch `[part][site]`. */
export const partMeans = ({ parts }: Sizes, patch: ArrayLike<number>) => {
  const size = patch.length / parts;
  return range(parts, (p) => mean(Array.from(patch).slice(p * size, (p + 1) * size)));
};

/** z of one patch: the means of its parts, then ψ. */
export const phi = (model: PerceptronModel, patch: ArrayLike<number>) => [
  ...partMeans(model, patch),
  ...psi(model, patch),
];

/** Q of z over a noise of such variance, upper triangle: noise · J Jᵀ with the Jacobian by central differences of the float64 twin. */
export function variationOf(model: PerceptronModel, patch: number[], noise: number): number[] {
  const h = 1e-5;
  const columns = patch.map((_, i) => {
    const at = (shift: number) =>
      phi(
        model,
        patch.map((x, k) => (k === i ? x + shift : x)),
      );
    const [above, below] = [at(h), at(-h)];
    return above.map((z, j) => (z - below[j]) / (2 * h));
  });
  const d = columns[0].length;
  return range(d, (j) => range(d - j, (k) => noise * columns.reduce((sum, c) => sum + c[j] * c[j + k], 0))).flat();
}

export interface ToyStates extends FieldStates {
  /** Host copy of `fields`. */
  readonly values: Float32Array;
}

/** Drift of the two numbers of a site. */
export const toyDrift = (x: number, y: number) => [0.5 * y * y - x, 0.3 * x * x - y] as const;

/**
 * Two numbers per site of a line or a square lattice that move by `toyDrift` and noise, in one Euler–Maruyama step per call, in host
 * memory. Upsampling repeats the small system and adds normal numbers of deviation `spread`.
 */
export class Toy implements DiffusiveSystem<ToyStates> {
  readonly name = "toy";
  readonly dimension: number;
  readonly lanes = 1;
  readonly cohort = 1;
  readonly observables = ["x", "y"].map((symbol) => ({ name: symbol, symbol, unit: "1" }));
  readonly parts = 2;
  readonly noiseVariance = 0.09;
  readonly patchSide: number;
  readonly #gpu: Gpu;
  readonly #spread: number;
  readonly #bytes: number;

  constructor(gpu: Gpu, patchSide: number, { dimension = 1, spread = 0, bytes = 4096 } = {}) {
    this.#gpu = gpu;
    this.patchSide = patchSide;
    this.dimension = dimension;
    this.#spread = spread;
    this.#bytes = bytes;
  }

  #states(values: Float32Array, side: number): ToyStates {
    const fields = this.#gpu.buffer("toy.fields", values);
    return { count: values.length / this.words(side), side, fields, values, destroy: () => fields.destroy() };
  }

  async initial(count: number, side: number, at: Stream) {
    return this.#states(normals(count * this.words(side), Xoshiro.open(at, 0, 0)), side);
  }

  async evolve({ count, side, values, fields }: ToyStates, time: number, at: Stream, reversed = false) {
    const scale = (reversed ? -1 : 1) * Math.sqrt(this.noiseVariance * time);
    const sites = side ** this.dimension;
    for (let r = 0; r < count; r++) {
      const rng = Xoshiro.open(at, r, 0);
      for (let i = 2 * r * sites; i < (2 * r + 1) * sites; i++) {
        const f = toyDrift(values[i], values[i + sites]);
        const noise = normalPair(rng.next(), rng.next());
        values[i] += f[0] * time + scale * noise[0];
        values[i + sites] += f[1] * time + scale * noise[1];
      }
    }
    this.#gpu.write(fields, values);
  }

  async evolvePatches(states: ToyStates, patches: Uint32Array, time: number, at: Stream, watch?: Watch<ToyStates>) {
    const change = await antitheticChange(
      () => this.cut(states, patches),
      (cut, reversed) => this.evolve(cut, time, at, reversed),
      (cut) => this.observe(cut),
      watch,
    );
    const q = (this.noiseVariance * time) / this.patchSide ** this.dimension;
    return { ...change, variation: Float32Array.from({ length: 3 * patches.length }, (_, k) => (k % 3 === 1 ? 0 : q)) };
  }

  async cut({ count, side, values }: ToyStates, patches: Uint32Array) {
    const all = Array.from(patches, (patch, pair) =>
      patchOf(values, this, side, Math.floor((pair * count) / patches.length), patch),
    );
    return this.#states(Float32Array.from(all.flat()), this.patchSide);
  }

  async upsample({ count, side, values }: ToyStates, factor: number, at: Stream) {
    const rng = Xoshiro.open(at, 0, 0);
    const [sites, large] = [side ** this.dimension, factor * side];
    const out = range(2 * count, (row) =>
      range(large ** this.dimension, (i) => {
        const from = side * (Math.floor(i / large) % side) + ((i % large) % side);
        return values[row * sites + from] + this.#spread * normal(rng);
      }),
    );
    return this.#states(Float32Array.from(out.flat()), large);
  }

  async observe({ count, side, values }: ToyStates) {
    const sites = side ** this.dimension;
    return Float32Array.from(range(2 * count, (row) => mean(values.subarray(row * sites, (row + 1) * sites))));
  }

  async observePatches(): Promise<Float32Array> {
    throw new Error("not needed here");
  }

  async relax(): Promise<void> {
    throw new Error("not needed here");
  }

  bytes() {
    return this.#bytes;
  }

  words(side: number) {
    return 2 * side ** this.dimension;
  }

  async pack({ values }: ToyStates) {
    return new Uint32Array(values.slice().buffer);
  }

  unpack(words: Uint32Array, side: number) {
    return this.#states(new Float32Array(words.slice().buffer), side);
  }
}
