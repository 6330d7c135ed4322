// What a file of an equation says of itself, so that others can use it without this program: its variables, where its data lay, how it is stepped, and how
// its fields are evaluated.
import { type Regression, stepOf } from "../pairs.ts";
import { conditionCount, conditionRange } from "./conditions.ts";

/** A variable or a condition as people call it. */
export interface Named {
  readonly name: string;
  readonly symbol?: string;
  readonly unit: string;
}

export interface About {
  readonly variables: readonly Named[];
  readonly conditions: readonly Named[];
  /** Least and largest value of every variable, and of every condition, in the training data. */
  readonly range: readonly (readonly [number, number])[];
  readonly conditionRange: readonly (readonly [number, number])[];
  /** Estimator or baseline. */
  readonly method: string;
  /** λ of the loss: the covariance of the changes was λ σσᵀ δt. */
  readonly lambda: number;
  /** δt of the changes. */
  readonly time: number;
  /** heun: f is the rate at an instant. euler: f is the mean change per time over δt, and steps are δt. */
  readonly scheme: "heun" | "euler";
}

/** Of an equation that a regression gave. `instant`: whether its fields are rates at an instant. Variables beyond the names are closure variables. */
export function aboutOf(
  data: Regression,
  variables: readonly Named[],
  conditions: readonly Named[] = [],
  instant = data.instant,
): About {
  const { d, method, lambda, time } = data;
  const c = conditionCount(data);
  const pairs = (values: ArrayLike<number>, count: number) => {
    const { low, high } = conditionRange(values, count);
    return Array.from(low, (value, j) => [value, high[j]] as const);
  };
  const plain = ({ name, symbol = name, unit }: Named): Named => ({ name, symbol, unit });
  const named = (k: number): Named =>
    variables[k] ? plain(variables[k]) : closure(`closure variable ${k - variables.length + 1}`, k);
  return {
    variables: Array.from({ length: d }, (_, k) => named(k)),
    conditions: Array.from({ length: c }, (_, k) =>
      conditions[k] ? plain(conditions[k]) : closure(`condition ${k + 1}`, k),
    ),
    range: pairs(data.state, d),
    conditionRange: pairs(data.condition, c),
    ...{ method, lambda, time, scheme: stepOf({ instant, time }, time).scheme },
  };
}

/** The middle of its conditions; empty without any. */
export const middleCondition = ({ conditionRange }: About): number[] =>
  conditionRange.map(([low, high]) => (low + high) / 2);

const closure = (name: string, k: number): Named => ({ name, symbol: `z${k + 1}`, unit: "1" });

/** How the fields of each kind are evaluated, with the names of the tensors of a file. */
export const EVALUATION: Record<string, string> = {
  "drift polynomial":
    "y = (z, conditions); x = shift + frame y; x' = x cut to -1 ... 1; f_j = sum over terms t of coefficients[t, j] times the product over a of T_k(x'_a), k = exponents[t, a], T_k the Chebyshev polynomials; plus, for every axis a of z, slope[a, j] times (x_a - x'_a cut to -0.25 ... 0.25)",
  "diffusion polynomial":
    "the upper triangle of sigma sigma^T, row by row, as a drift of that kind without slope; its lower Cholesky factor is sigma, column by column: pivots below floor are lifted to it, and entries are cut to what their row has left of its variance",
  "drift network":
    "x = ((z - center) / spread, (conditions - condition center) / condition spread); f = offset + slope x + scale * g(x), g the first outputs of the layers: x weight + bias, then the activation but behind the last",
  "diffusion network":
    "sigma = diag(scale) frame s, of the outputs of the layers on x as in the drift: constant and diagonal: s = diag(exp o); full: s = 1 + o as a matrix row by row; triangular: o below the diagonal, exp o on it; exponents cut to -12 ... 12",
  "drift onsager":
    "x = ((z - center) / spread, e), e the outputs of the embedding of the conditions; V = |U(x) + x gamma|^2 / 2 + beta |z'|^2 with z' = (z - center) / spread and the layers of U; f = scale * (-(B B^T + W + alpha) dV/dz' + g); B: on and below the diagonal of the first coefficients, W: above it, and with the other sign below; g: the first d outputs of the second; activation requr: max(0, x)^2 - max(0, x - 1/2)^2",
};
