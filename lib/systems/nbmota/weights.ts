// The published network for the barriers of vacancy jumps (Xing et al., Nat. Commun. 15, 3879 (2024); UCICaoLab/NKK): read from
// its authors' file or from a folder of plain arrays, with batch normalization folded into the layers.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../../errors.ts";
import { fileError } from "../../io/file-error.ts";
import { type NpyArray, readNpy } from "../../io/npy.ts";
import { readPickledArrays } from "../../io/numpy-pickle.ts";
import { digestOf } from "./barriers.ts";

/** A layer takes x to x · weights + bias, `weights` as [inputs][outputs]; ReLU stands between layers, none behind the last. */
interface DenseLayer {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly inputs: number;
  readonly outputs: number;
}
export interface NetworkWeights {
  readonly layers: readonly DenseLayer[];
}

/** A cube of 9 × 9 × 9 voxels, four hidden layers, one barrier in eV. */
const WIDTHS = [729, 128, 128, 128, 128, 1];
const HIDDEN = WIDTHS.length - 2;
/** Added to a variance under its root. The golden barriers of this project use it; the network was trained with 1e-3. */
const EPSILON = 1e-5;

const BESIDE_LAYER = ["b", "gamma", "beta", "mean", "var"] as const;
const REMEDY = "give the authors' weights.npy, or a folder of the 26 arrays W1.npy … var4.npy made from it";

/** The shape of each array by its clean name, in the order of the authors' file: layer by layer W, b, gamma, beta, mean, var. */
const SHAPES: ReadonlyMap<string, readonly number[]> = new Map(
  WIDTHS.slice(1).flatMap((outputs, index) => {
    const names = index < HIDDEN ? BESIDE_LAYER : (["b"] as const);
    const layer = index + 1;
    const beside = names.map((name): [string, number[]] => [`${name}${layer}`, [outputs]]);
    return [[`W${layer}`, [WIDTHS[index], outputs]] as [string, number[]], ...beside];
  }),
);

/** `weightsDigest` of the published network. */
export const PUBLISHED_DIGEST = "cb90f44d1b9897ba24e9e8177335a8293d2adaa1cfcdfc508bca4c45da8348b8";

/** SHA-256 of the folded numbers, layer by layer weights and bias: the same from whatever file they come. */
export const weightsDigest = ({ layers }: NetworkWeights): string =>
  digestOf(layers.flatMap(({ weights, bias }) => [weights, bias]));

type Named = ReadonlyMap<string, { readonly array: NpyArray; readonly where: string }>;

/**
 * The network in `path`: the authors' pickled file, or a folder of 26 .npy files (float32 or float64). Nothing of a pickle is
 * executed. Everything is checked: names, shapes, finite numbers, variances not negative. Throws InputError with the file.
 * The folded numbers are computed in float64 and rounded once.
 */
export function readNetworkWeights(path: string): NetworkWeights {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    throw fileError(error, "read", path);
  }
  const found = isFolder ? readFolder(path) : namedWeights(readPickledArrays(path, REMEDY), path);
  for (const [name, { array, where }] of found) check(name, array, where);
  return { layers: WIDTHS.slice(1).map((_, index) => folded(found, index, path)) };
}

function readFolder(path: string): Named {
  const names = [...SHAPES.keys()];
  return new Map(
    names.map((name) => {
      const where = join(path, `${name}.npy`);
      if (!existsSync(where)) throw new InputError(`${path} has no file ${name}.npy; ${REMEDY}`);
      return [name, { array: readNpy(where, REMEDY), where }];
    }),
  );
}

/** The arrays of the authors' file by their clean names. Its order is that of their own `predict` and of Keras' get_weights. */
function namedWeights(arrays: readonly NpyArray[], path: string): Named {
  if (arrays.length !== SHAPES.size) {
    throw new InputError(`${path} holds ${arrays.length} arrays, the network has ${SHAPES.size}; ${REMEDY}`);
  }
  return new Map([...SHAPES.keys()].map((name, at) => [name, { array: arrays[at], where: `${path}, array ${at}` }]));
}

function check(name: string, { shape, data }: NpyArray, where: string): void {
  const fail = (problem: string): never => {
    throw new InputError(`${where}: ${name} ${problem}; ${REMEDY}`);
  };
  const expected = SHAPES.get(name);
  if (String(shape) !== String(expected)) fail(`has shape [${shape}], the network's has [${expected}]`);
  if (!(data instanceof Float32Array || data instanceof Float64Array)) fail("does not hold float32 or float64 numbers");
  const infinite = data.findIndex((x) => !Number.isFinite(x));
  if (infinite >= 0) fail(`has ${data[infinite]} at place ${infinite}, and weights are finite`);
  const negative = name.startsWith("var") ? data.findIndex((x) => x < 0) : -1;
  if (negative >= 0) fail(`has ${data[negative]} at place ${negative}, and a variance is not negative`);
}

/** A layer with the batch normalization behind it: ((x W + b) − mean) / √(var + ε) · gamma + beta = x W′ + b′. */
function folded(found: Named, index: number, path: string): DenseLayer {
  const [inputs, outputs] = WIDTHS.slice(index);
  const data = (name: string) => found.get(`${name}${index + 1}`)?.array.data ?? new Float32Array();
  const [W, b, gamma, beta, mean, variance] = ["W", ...BESIDE_LAYER].map(data);
  const isHidden = index < HIDDEN;
  const scale = Float64Array.from(b, (_, j) => (isHidden ? gamma[j] / Math.sqrt(variance[j] + EPSILON) : 1));
  const bias = Float32Array.from(b, (x, j) => (isHidden ? (x - mean[j]) * scale[j] + beta[j] : x));
  const weights = Float32Array.from(W, (w, at) => w * scale[at % outputs]);
  if (![...weights, ...bias].every(Number.isFinite)) {
    throw new InputError(`${path}: layer ${index + 1} has numbers beyond float32 after normalization; ${REMEDY}`);
  }
  return { weights, bias, inputs, outputs };
}
