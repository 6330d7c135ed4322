// A kind of encoder: linear combinations of the two-point correlations inside square patches of sites with two states. It is solved
// (lagged.ts), not trained.
import { InputError } from "../../errors.ts";
import type { Gpu } from "../../gpu/device.ts";
import { layout, Mlp, type MlpShape, roundUpBatch } from "../../nn/mlp.ts";
import type { States, System } from "../../systems/system.ts";
import { bitWords, isBinary } from "./convolution.ts";
import type { Encoder } from "./coordinates.ts";
import { type EncoderKind, linearParameters, passes, patchCount } from "./encoder.ts";

/** Columns of one evaluation at the most. */
const MAX_COLUMNS = 16_384;

export interface CorrelationsShape {
  readonly kind: "correlations";
  /** Sites per side of a patch. */
  readonly patchSide: number;
  /** Largest distance along an axis, below the side of a patch; all pairs (a, b) with b ≤ a up to it are seen, apart from a = 0. */
  readonly reach: number;
  /** Closure variables. */
  readonly variables: number;
}

export interface CorrelationsModel extends CorrelationsShape {
  /** Of one linear layer (nn/mlp.ts). */
  readonly parameters: Float32Array;
}

export const correlations: EncoderKind<CorrelationsShape, CorrelationsModel> = {
  arrays: (shape) => ({ parameters: layout(linearLayer(shape)).stride }),
  words: ({ patchSide }) => bitWords(patchSide),
  linear: {
    features: featureCount,
    model: (shape, weights, constants) => ({
      ...shape,
      parameters: linearParameters(linearLayer(shape), weights, constants),
    }),
  },
  encoder,
};

/** Pairs of distances (a, b), 0 ≤ b ≤ a ≤ reach, without (0, 0). Throws InputError for a reach that a patch does not have. */
function featureCount({ patchSide, reach }: CorrelationsShape): number {
  if (!(Number.isInteger(reach) && reach >= 1 && reach < patchSide)) {
    throw new InputError(
      `correlations up to a distance of ${reach} in patches of ${patchSide}: use 1 to ${patchSide - 1}`,
    );
  }
  return distances(reach);
}

/** How many distances there are up to a reach. */
export function distances(reach: number): number {
  return ((reach + 1) * (reach + 2)) / 2 - 1;
}

function linearLayer(shape: CorrelationsShape): MlpShape {
  const { variables } = shape;
  if (!(Number.isInteger(variables) && variables >= 1)) {
    throw new InputError(`${variables} closure variables: use 1 or more`);
  }
  const inputs = Math.ceil(featureCount(shape) / 8) * 8;
  return { groups: 1, inputs, hidden: [], outputs: variables, activation: "tanh" };
}

function encoder(gpu: Gpu, system: System, model: CorrelationsModel): Encoder<States> {
  if (!isBinary(system)) {
    throw new InputError(
      `${system.name} has no sites with two states, which this encoder reads: use one of another kind`,
    );
  }
  const { patchSide, variables, parameters } = model;
  return {
    variables,
    async encode(states) {
      const { side } = states;
      const total = states.count * patchCount(side, patchSide, 2);
      const network = linearLayer(model);
      const columns = roundUpBatch(Math.min(total, MAX_COLUMNS));
      const kernel = await gpu.kernel("closure/correlations.wgsl");
      const values = new Float32Array(total * variables);
      const bits = await system.bits(states);
      const mlp = await Mlp.create(gpu, network, columns);
      try {
        gpu.write(mlp.parameters, parameters);
        const tiling = { side, patch_side: patchSide, dimension: 2 };
        const uniform = { tiling, total, features: featureCount(model), columns };
        for (const { first, count } of passes(total, columns)) {
          const call = kernel.call({ params: { ...uniform, first }, bits, x: mlp.input }, [
            Math.ceil(columns / 64),
            network.inputs,
          ]);
          gpu.run([call, ...mlp.forward()]);
          const rows = await gpu.read(mlp.output, Float32Array, variables * columns);
          for (let k = 0; k < count; k++) {
            for (let v = 0; v < variables; v++) values[(first + k) * variables + v] = rows[v * columns + k];
          }
        }
      } finally {
        mlp.destroy();
        bits.destroy();
      }
      return values;
    },
  };
}
