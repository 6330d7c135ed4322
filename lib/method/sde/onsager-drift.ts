// Drift by a stochastic OnsagerNet: downhill in a potential, with a part that only turns and a small free one, of z and of conditions.
import { flatTensors, readArrays } from "../../io/format.ts";
import { energyLayout } from "../../nn/energy-mlp.ts";
import { layout } from "../../nn/mlp.ts";
import { concatenate, wholeVectors } from "../concatenate.ts";
import { conditionsIn, readConditions, requireClosed, writeConditions } from "./conditions.ts";
import type { DeviceField, DriftKind } from "./field.ts";
import { layerParameters, layerTensors, networkNumbers, outputsAt, requireNoDraws, widest } from "./network-field.ts";
import { ALPHA, BETA, type OnsagerDrift, type OnsagerDriftSpec, onsagerAt, onsagerShapes } from "./onsager-networks.ts";
import { trainableOnsager } from "./onsager-training.ts";
import { type Points, standardise } from "./points.ts";

export const ONSAGER_DRIFT: DriftKind<OnsagerDriftSpec, OnsagerDrift> = {
  trainable: trainableOnsager,

  // Nothing affine beside it; one rate for all variables, that of their mean-square drift in units of their spread. Conditions go from 0 to 1.
  scales(scales) {
    const { spread, driftScale, conditions } = scales;
    const { low, high } = conditions;
    const square = driftScale.reduce((sum, size, j) => sum + (size / spread[j]) ** 2, 0);
    const rate = Math.sqrt(square / spread.length);
    return {
      ...scales,
      conditions: { ...conditions, center: low, spread: high.map((value, k) => value - low[k] || 1) },
      offset: new Float32Array(scales.offset.length),
      slope: new Float32Array(scales.slope.length),
      driftScale: spread.map((s) => rate * s),
    };
  },

  load(field, _, weights): DeviceField {
    requireNoDraws(weights);
    requireClosed(conditionsIn(field));
    const d = field.scale.length;
    const { energy, coefficients } = onsagerShapes(field, d, 0);
    const one = { ...coefficients, groups: 1 };
    const { stride } = layout(one);
    const potential = networkNumbers(energy, field.energy);
    const [matrices, free] = [0, 1].map((g) =>
      networkNumbers(one, field.coefficients.subarray(g * stride, (g + 1) * stride)),
    );
    const first = 4 * Math.ceil((d + 2) / 4) + potential.length;
    const before = wholeVectors(Float32Array.of(...field.scale, first, first + matrices.length));
    const units = layout(energy).layers.reduce((sum, { outputs }) => sum + outputs, d);
    return {
      module: "sde/onsager_drift",
      constants: { ALPHA, BETA, UNITS: units, WIDE: Math.max(widest(energy), widest(one)) },
      numbers: concatenate([before, potential, matrices, free]),
    };
  },

  groups: () => 0,

  async values(gpu, field, points) {
    const { n, d } = points;
    const { module, constants, numbers } = ONSAGER_DRIFT.load(field, points, null);
    const kernel = await gpu.kernel("sde/drift_values.wgsl", {
      constants: { D: d, ...constants },
      modules: { "field/drift": module },
    });
    // As in a rollout, where the first numbers say where those of the diffusion are; whole vectors.
    const all = new Float32Array(4 * Math.ceil(numbers.length / 4) + 4);
    all.set(numbers, 4);
    const buffers = {
      numbers: gpu.buffer("onsager.numbers", all),
      standard: gpu.buffer("onsager.points", standardise(points, n)),
      values: gpu.buffer("onsager.values", 4 * n * d),
    };
    try {
      gpu.run(kernel.call({ params: { points: n }, ...buffers }, Math.ceil(n / 64)));
      return Float64Array.from(await gpu.read(buffers.values, Float32Array));
    } finally {
      for (const buffer of Object.values(buffers)) buffer.destroy();
    }
  },

  atCondition: onsagerAt,

  write({ kind, hidden, conditions, scale, energy, coefficients, embedding }) {
    const more = writeConditions({ conditions });
    const shapes = onsagerShapes({ kind, hidden }, scale.length, conditionsIn({ conditions }));
    const { beside, count } = energyLayout(shapes.energy);
    const gamma = energy.slice(beside.weights, count);
    return {
      head: { kind, hidden, alpha: ALPHA, beta: BETA, ...more.head },
      tensors: {
        ...flatTensors({ scale, gamma, ...more.arrays }, { gamma: [beside.inputs, beside.outputs] }),
        ...layerTensors("energy", shapes.energy, energy),
        ...layerTensors("coefficients", shapes.coefficients, coefficients),
        ...(embedding && layerTensors("embedding", shapes.embedding, embedding)),
      },
    };
  },

  read(head, tensors, d) {
    const { kind, hidden, conditions = 0 } = head as OnsagerDriftSpec & { conditions?: number };
    const shapes = onsagerShapes({ kind, hidden }, d, conditions);
    const { beside, count } = energyLayout(shapes.energy);
    const { scale, gamma } = readArrays(tensors, { scale: d, gamma: count - beside.weights }, "model");
    return {
      ...{ kind, hidden, scale },
      energy: concatenate([layerParameters("energy", shapes.energy, tensors), gamma]),
      coefficients: layerParameters("coefficients", shapes.coefficients, tensors),
      ...(conditions > 0 && { embedding: layerParameters("embedding", shapes.embedding, tensors) }),
      ...readConditions(conditions, tensors),
    };
  },
};

/** V at the points, `[n]`, without unit; see `OnsagerDrift`. Throws Error where a condition has to be put in first. */
export function onsagerPotential(field: OnsagerDrift, { n, d, z, center, spread }: Points): Float64Array {
  requireClosed(conditionsIn(field));
  const shape = onsagerShapes(field, d, 0).energy;
  const { beside } = energyLayout(shape);
  const { weights, outputs } = beside;
  return Float64Array.from({ length: n }, (_, p) => {
    const x = Float64Array.from({ length: d }, (_, j) => (z[p * d + j] - center[j]) / spread[j]);
    const y = outputsAt(shape, field.energy, x);
    for (let o = 0; o < outputs; o++) {
      for (let k = 0; k < d; k++) y[o] += field.energy[weights + k * outputs + o] * x[k];
    }
    const square = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);
    return square(y) / 2 + BETA * square(x);
  });
}
