// Drift by a network: an affine map, found by least squares, and a multilayer perceptron that corrects it, of z and of conditions.
import { flatTensors, readArrays } from "../../io/format.ts";
import {
  conditioned,
  conditionsIn,
  readConditions,
  requireClosed,
  standardCondition,
  writeConditions,
} from "./conditions.ts";
import type { DriftKind } from "./field.ts";
import { solveLastLayer } from "./last-layer.ts";
import {
  type AffineNetwork,
  layerParameters,
  layerTensors,
  networkOnDevice,
  networkOutputs,
  type Perceptron,
  perceptron,
  trainableNetwork,
  withInputs,
} from "./network-field.ts";

export interface NetworkDriftSpec extends Perceptron {
  readonly kind: "network";
}

/** f(z) = offset + slope x + scale ∘ g(x), x = (z̃, c̃). */
export interface NetworkDrift extends NetworkDriftSpec, AffineNetwork {}

const network = (field: NetworkDriftSpec, d: number, inputs = d) => perceptron(field, inputs, d);

export const NETWORK_DRIFT: DriftKind<NetworkDriftSpec, NetworkDrift> = {
  trainable: (gpu, spec, d, options) =>
    trainableNetwork(gpu, network(spec, d, options.inputs), options, 0, (parameters, scales) => ({
      ...spec,
      ...conditioned(scales.conditions),
      offset: scales.offset,
      slope: scales.slope,
      scale: scales.driftScale,
      parameters,
    })),

  load(field, _, weights) {
    const { offset, slope, scale, parameters } = field;
    const d = offset.length;
    requireClosed(conditionsIn(field));
    const before = Float32Array.of(...offset, ...scale, ...slope);
    return networkOnDevice("sde/network_drift", network(field, d), parameters, before, {}, weights);
  },

  groups: () => 0,

  async values(gpu, field, points) {
    const { offset, slope, scale, parameters } = field;
    const { n, d, z, center, spread } = points;
    requireClosed(conditionsIn(field));
    const outputs = await networkOutputs(gpu, network(field, d), parameters, points);
    return Float64Array.from({ length: n * d }, (_, at) => {
      const p = Math.floor(at / d);
      const j = at % d;
      let f = offset[j] + scale[j] * outputs(j, p);
      for (let k = 0; k < d; k++) f += (slope[j * d + k] * (z[p * d + k] - center[k])) / spread[k];
      return f;
    });
  },

  finish: solveLastLayer,

  atCondition(field, condition) {
    const at = standardCondition(field, condition);
    if (at.length === 0) return field;
    const { conditions: _, ...rest } = field;
    const { offset, slope, parameters } = field;
    const d = offset.length;
    const inputs = d + at.length;
    return {
      ...rest,
      offset: offset.map((value, j) => at.reduce((sum, x, k) => sum + slope[j * inputs + d + k] * x, value)),
      slope: slope.filter((_, k) => k % inputs < d),
      parameters: withInputs(network(field, d, inputs), parameters, at),
    };
  },

  write: ({ kind, hidden, activation, conditions, parameters, ...arrays }) => {
    const more = writeConditions({ conditions });
    const d = arrays.offset.length;
    const inputs = d + conditionsIn({ conditions });
    return {
      head: { kind, hidden, activation, ...more.head },
      tensors: {
        ...flatTensors({ ...arrays, ...more.arrays }, { slope: [d, inputs] }),
        ...layerTensors("", network({ kind, hidden, activation }, d, inputs), parameters),
      },
    };
  },

  read: (head, tensors, d) => {
    const { conditions = 0, ...spec } = head as NetworkDriftSpec & { conditions?: number };
    const inputs = d + conditions;
    return {
      ...spec,
      ...readArrays(tensors, { offset: d, slope: d * inputs, scale: d }, "model"),
      parameters: layerParameters("", network(spec, d, inputs), tensors),
      ...readConditions(conditions, tensors),
    };
  },
};
