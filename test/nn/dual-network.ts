// Multilayer perceptrons in float64 with derivatives along directions of their inputs, by forward differentiation: nothing goes back.
import type { Activation } from "../../lib/nn/mlp.ts";

/** A number and its derivatives along some directions. */
export interface Dual {
  readonly value: number;
  readonly along: readonly number[];
}

/** Σ w_k x_k + bias; no x give a constant without directions. */
function combined(weights: readonly number[], x: readonly Dual[], bias = 0): Dual {
  const along = (x[0]?.along ?? []).map(() => 0);
  let value = bias;
  for (const [k, w] of weights.entries()) {
    value += w * x[k].value;
    for (let j = 0; j < along.length; j++) along[j] += w * x[k].along[j];
  }
  return { value, along };
}

const chain = ({ along }: Dual, value: number, slope: number): Dual => ({ value, along: along.map((x) => slope * x) });

function activated(activation: Activation, x: Dual): Dual {
  const above = (from: number) => Math.max(0, x.value - from);
  switch (activation) {
    case "tanh":
      return chain(x, Math.tanh(x.value), 1 - Math.tanh(x.value) ** 2);
    case "relu":
      return chain(x, above(0), x.value > 0 ? 1 : 0);
    case "requr":
      return chain(x, above(0) ** 2 - above(0.5) ** 2, 2 * (above(0) - above(0.5)));
  }
}

/**
 * Outputs, with padding to a multiple of 8, of the network whose parameters begin at `at`: w `[input][output]` of a layer, then its biases;
 * `end`: where they end.
 */
export function dualNetwork(
  parameters: ArrayLike<number>,
  at: number,
  hidden: readonly number[],
  outputs: number,
  input: readonly Dual[],
  activation: Activation,
): { outputs: Dual[]; end: number } {
  let x = [...input];
  let from = at;
  for (const [l, width] of [...hidden, 8 * Math.ceil(outputs / 8)].entries()) {
    const before = x;
    const bias = from + before.length * width;
    x = Array.from({ length: width }, (_, o) => {
      const weights = before.map((_, k) => parameters[from + k * width + o]);
      const sum = combined(weights, before, parameters[bias + o]);
      return l < hidden.length ? activated(activation, sum) : sum;
    });
    from = bias + width;
  }
  return { outputs: x, end: from };
}

/** E = ½ |y|² with y = network(x) + Γ x, Γ `[input][output]` behind the network's parameters. */
export function dualEnergy(
  parameters: ArrayLike<number>,
  hidden: readonly number[],
  outputs: number,
  x: readonly Dual[],
  activation: Activation,
): Dual {
  const own = dualNetwork(parameters, 0, hidden, outputs, x, activation);
  const width = own.outputs.length;
  const y = own.outputs.map((one, o) => {
    const gamma = x.map((_, k) => parameters[own.end + k * width + o]);
    return combined([1, ...gamma], [one, ...x]);
  });
  return {
    value: y.reduce((sum, { value }) => sum + value ** 2 / 2, 0),
    along: x[0].along.map((_, j) => y.reduce((sum, one) => sum + one.value * one.along[j], 0)),
  };
}
