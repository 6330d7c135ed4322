// Drift by a network: an affine map, found by least squares, and a multilayer perceptron that corrects it.
import { flatTensors, readArrays } from "../../io/format.ts";
import type { DriftKind } from "./field.ts";
import { solveLastLayer } from "./last-layer.ts";
import {
  type AffineNetwork,
  networkOnDevice,
  networkOutputs,
  type Perceptron,
  parameterCount,
  perceptron,
  trainableNetwork,
} from "./network-field.ts";

export interface NetworkDriftSpec extends Perceptron {
  readonly kind: "network";
}

/** f(z) = offset + slope z̃ + scale ∘ g(z̃). */
export interface NetworkDrift extends NetworkDriftSpec, AffineNetwork {}

export const NETWORK_DRIFT: DriftKind<NetworkDriftSpec, NetworkDrift> = {
  trainable: (gpu, spec, d, options) =>
    trainableNetwork(gpu, perceptron(spec, options.inputs ?? d, d), options, 0, (parameters, scales) => ({
      ...spec,
      offset: scales.offset,
      slope: scales.slope,
      scale: scales.driftScale,
      parameters,
    })),

  load(field, _, weights) {
    const { offset, slope, scale, parameters } = field;
    const d = offset.length;
    const before = Float32Array.of(...offset, ...scale, ...slope);
    return networkOnDevice("sde/network_drift", perceptron(field, d, d), parameters, before, {}, weights);
  },

  groups: () => 0,

  async values(gpu, field, points) {
    const { offset, slope, scale, parameters } = field;
    const { n, d, z, center, spread } = points;
    const outputs = await networkOutputs(gpu, perceptron(field, d, d), parameters, points);
    return Float64Array.from({ length: n * d }, (_, at) => {
      const p = Math.floor(at / d);
      const j = at % d;
      let f = offset[j] + scale[j] * outputs(j, p);
      for (let k = 0; k < d; k++) f += (slope[j * d + k] * (z[p * d + k] - center[k])) / spread[k];
      return f;
    });
  },

  finish: solveLastLayer,

  write: ({ kind, hidden, activation, ...arrays }) => ({
    head: { kind, hidden, activation },
    tensors: flatTensors(arrays),
  }),

  read: (head, tensors, d) => {
    const spec = head as NetworkDriftSpec;
    const parameters = parameterCount(perceptron(spec, d, d));
    return { ...spec, ...readArrays(tensors, { offset: d, slope: d * d, scale: d, parameters }, "model") };
  },
};
