// Layers of convolutional networks in one flat parameter array: places, the second copy of the weights, first values.
import { normalPair } from "../random/normal.ts";
import { stream } from "../random/stream.ts";
import { Xoshiro } from "../random/xoshiro.ts";
import { RULE } from "./adamw.ts";

/**
 * conv: 3 × 3, zero padding 1, w `[inputs][9][outputs]`. up: transposed 4 × 4, stride 2, padding 1, w `[outputs][16][inputs]`.
 * dense: w `[inputs][outputs]`, then a bias `[outputs]`.
 */
type LayerKind = "conv" | "up" | "dense";

interface LayerShape {
  readonly kind: LayerKind;
  readonly inputs: number;
  readonly outputs: number;
  /** Outputs that count, where the others are padding and start as zeros. */
  readonly used?: number;
  /** Whether batch normalisation follows, with γ, β, running mean and running variance, `[outputs]` each. */
  readonly normalised: boolean;
}

export interface ConvLayer extends LayerShape {
  /** Places in the parameter array, float32. */
  readonly weights: number;
  readonly bias: number;
  readonly norm: number;
}

const TAPS = { conv: 9, up: 16, dense: 1 } as const;
/** Products in the sum of one output, per input. */
const FAN_IN = { conv: 9, up: 4, dense: 1 } as const;

/** Lays the layers out one behind another; `count`: float32 of all. */
export function placeLayers(shapes: readonly LayerShape[]): { layers: ConvLayer[]; count: number } {
  let count = 0;
  const layers = shapes.map((shape) => {
    const { kind, inputs, outputs, normalised } = shape;
    const weights = count;
    const bias = weights + TAPS[kind] * inputs * outputs;
    const norm = bias + (kind === "dense" ? outputs : 0);
    count = norm + (normalised ? 4 * outputs : 0);
    return { ...shape, weights, bias, norm };
  });
  return { layers, count };
}

/**
 * Index of each parameter in the second copy: w by output, taps of a convolution reversed, `[outputs][8 − t][inputs]`; of a
 * transposed one by parity of the output pixel, `[parity][inputs][4][outputs]`, to a single output `[inputs][parity][4]`;
 * all else in place.
 */
export function transposition(layers: readonly ConvLayer[], count: number): Uint32Array {
  const index = Uint32Array.from({ length: count }, (_, p) => p);
  for (const { kind, inputs, outputs, weights } of layers) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) {
        for (let t = 0; t < TAPS[kind]; t++) {
          const primary = kind === "up" ? (o * 16 + t) * inputs + i : (i * TAPS[kind] + t) * outputs + o;
          index[weights + primary] = weights + secondary(kind, inputs, outputs, i, o, t);
        }
      }
    }
  }
  return index;
}

function secondary(kind: LayerKind, inputs: number, outputs: number, i: number, o: number, t: number): number {
  if (kind === "dense") return o * inputs + i;
  if (kind === "conv") return (o * 9 + 8 - t) * inputs + i;
  // In each direction output 2m + p takes tap k = 3 − p − 2j from input m − 1 + p + j: k is odd where p is even.
  const [ky, kx] = [Math.floor(t / 4), t % 4];
  const parity = 2 * (1 - (ky % 2)) + (1 - (kx % 2));
  const tap = 2 * (ky < 2 ? 1 : 0) + (kx < 2 ? 1 : 0);
  if (outputs === 1) return (i * 4 + parity) * 4 + tap;
  return ((parity * inputs + i) * 4 + tap) * outputs + o;
}

/** What AdamW does with each parameter: running averages are fixed, biases, γ and β do not decay. */
export function layerRules(layers: readonly ConvLayer[], count: number): Uint8Array {
  const rules = new Uint8Array(count).fill(RULE.weight);
  for (const { kind, outputs, bias, norm, normalised } of layers) {
    if (kind === "dense") rules.fill(RULE.bias, bias, bias + outputs);
    if (!normalised) continue;
    rules.fill(RULE.bias, norm, norm + 2 * outputs);
    rules.fill(RULE.fixed, norm + 2 * outputs, norm + 4 * outputs);
  }
  return rules;
}

/** First parameters: normal weights of variance 1/(products in a sum), biases 0, γ and running variance 1, β and running mean 0. */
export function initialLayers(
  layers: readonly ConvLayer[],
  count: number,
  seed: number,
  purpose: string,
): Float32Array {
  const parameters = new Float32Array(count);
  layers.forEach(({ kind, inputs, outputs, used = outputs, weights, norm, normalised }, l) => {
    const rng = Xoshiro.open(stream(seed, purpose), 0, l);
    const scale = Math.sqrt(1 / (FAN_IN[kind] * inputs));
    for (let k = 0; k < TAPS[kind] * inputs * outputs; k += 2) {
      const [a, b] = normalPair(rng.next(), rng.next());
      parameters[weights + k] = scale * a;
      parameters[weights + k + 1] = scale * b;
    }
    for (let k = 0; kind === "dense" && k < inputs * outputs; k++) if (k % outputs >= used) parameters[weights + k] = 0;
    if (normalised) {
      parameters.fill(1, norm, norm + outputs);
      parameters.fill(1, norm + 3 * outputs, norm + 4 * outputs);
    }
  });
  return parameters;
}
