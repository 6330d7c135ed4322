// The stochastic OnsagerNet in float64, from its formula (OnsagerDrift); ∇V by derivatives along each axis, not by going back. Nets with
// random parameters to compare on.
import { openDevice } from "../../../lib/gpu/device.ts";
import type { Tensors } from "../../../lib/io/safetensors.ts";
import { ONSAGER_DRIFT } from "../../../lib/method/sde/onsager-drift.ts";
import type { OnsagerDrift } from "../../../lib/method/sde/onsager-networks.ts";
import { trainableOnsager } from "../../../lib/method/sde/onsager-training.ts";
import type { Xoshiro } from "../../../lib/random/xoshiro.ts";
import { normal, normals } from "../../fixtures.ts";
import { type Dual, dualEnergy, dualNetwork } from "../../nn/dual-network.ts";
import { range } from "../../numbers.ts";

const gpu = await openDevice();

export const BATCH = 256;
export const SPEC = { kind: "onsager", hidden: [16, 8] } as const;

/** Arrays of a field as plain numbers, so that they can be changed by less than float32 resolves. */
export interface Plain {
  readonly hidden: readonly number[];
  readonly energy: Float64Array;
  readonly coefficients: Float64Array;
  readonly embedding: Float64Array;
}

const [ALPHA, BETA] = [0.1, 0.1];
const EMBEDDED = 6;

export const plainly = ({ hidden, energy, coefficients, embedding }: OnsagerDrift): Plain => ({
  hidden,
  energy: Float64Array.from(energy),
  coefficients: Float64Array.from(coefficients),
  embedding: Float64Array.from(embedding ?? []),
});

/** V, ∇V, M `[d, d]`, and f without its scale, at z̃ and conditions from 0 to 1. */
export function onsagerAtPoint(field: Plain, standard: readonly number[], condition: readonly number[] = []) {
  const { hidden, energy, coefficients, embedding } = field;
  const d = standard.length;
  const z = standard.map((value, j): Dual => ({ value, along: standard.map((_, k) => (k === j ? 1 : 0)) }));
  const conditions = condition.map((value): Dual => ({ value, along: standard.map(() => 0) }));
  const embedded = conditions.length > 0 ? dualNetwork(embedding, 0, [32], EMBEDDED, conditions, "requr").outputs : [];
  const x = [...z, ...embedded.slice(0, EMBEDDED)];
  const bowl = dualEnergy(energy, hidden, d, x, "requr");
  const potential = bowl.value + BETA * standard.reduce((sum, value) => sum + value ** 2, 0);
  const gradient = standard.map((value, j) => bowl.along[j] + 2 * BETA * value);
  const first = dualNetwork(coefficients, 0, hidden, d * d, x, "requr");
  const second = dualNetwork(coefficients, first.end, hidden, d * d, x, "requr");
  const a = (j: number, k: number) => first.outputs[j * d + k].value;
  const matrix = standard.flatMap((_, j) =>
    standard.map((_, k) => standard.reduce((sum, _, l) => sum + (l <= Math.min(j, k) ? a(j, l) * a(k, l) : 0), 0)),
  );
  const f = standard.map((_, j) =>
    gradient.reduce((sum, q, k) => {
      const turn = j < k ? a(j, k) : j > k ? -a(k, j) : 0;
      return sum - (matrix[j * d + k] + turn + (j === k ? ALPHA : 0)) * q;
    }, second.outputs[j].value),
  );
  return { potential, gradient, matrix, f };
}

/** Conditions from 300 on, and from 500 on, … . */
export const conditionsOf = (c: number) => {
  const numbers = (f: (k: number) => number) => Float32Array.from({ length: c }, (_, k) => f(k));
  const low = numbers((k) => 300 + 200 * k);
  const high = numbers((k) => 2000 + 100 * k);
  return { center: low, spread: high.map((value, k) => value - low[k]), low, high };
};

/** A net with random parameters in training, on random states; the conditions of all of them are the same where `one` is given. */
export async function randomNet(d: number, c: number, rng: Xoshiro, one?: readonly number[]) {
  const options = { batch: BATCH, inputs: d + c, steps: 1, learningRate: 0, weightDecay: 0, seed: 1 };
  const net = await trainableOnsager(gpu, SPEC, d, options);
  const parameters = normals(net.initial.length, rng, 0.5);
  const input = new Float32Array(net.input.bytes / 4);
  const conditions = conditionsOf(c);
  for (let k = 0; k < (d + c) * BATCH; k++) {
    const own = Math.floor(k / BATCH) - d;
    const given = one && (one[own] - conditions.center[own]) / conditions.spread[own];
    input[k] = own < 0 ? normal(rng) : (given ?? rng.uniform());
  }
  net.load(parameters);
  gpu.write(net.input, input);
  const scale = Float32Array.from({ length: d }, (_, j) => 0.5 + 0.3 * j);
  const at = (row: number, b: number) => input[row * BATCH + b];
  return {
    net,
    /** The field of numbers in the order of the parameters. */
    fieldOf: (numbers: Float32Array): OnsagerDrift => net.field(numbers, { conditions, driftScale: scale } as never),
    parameters,
    point: (b: number) => range(d, (j) => at(j, b)),
    condition: (b: number) => range(c, (k) => at(d + k, b)),
  };
}

/** What a file keeps of a field, through text as a file has it. */
export function written(field: OnsagerDrift): [object, Tensors] {
  const { head, tensors } = ONSAGER_DRIFT.write(field);
  return [JSON.parse(JSON.stringify(head)), tensors];
}
