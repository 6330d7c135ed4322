// Drift and diffusion by polynomials, solved (solve.ts): f_j, and the upper triangle of σσᵀ, are each one polynomial on the chart.
import { InputError } from "../../../errors.ts";
import type { Tensors } from "../../../io/safetensors.ts";
import type { DiffusionKind, DriftKind } from "../field.ts";
import { diffusionValues, matricesOf, type PolynomialDiffusion } from "./diffusion.ts";
import { driftValues, type PolynomialDrift } from "./drift.ts";
import {
  atCondition,
  drawnCoefficients,
  groupsOf,
  type PolynomialField,
  polynomialErrors,
  polynomialOnDevice,
  readPolynomial,
  writePolynomial,
} from "./field.ts";

const setsOf = (field: PolynomialField, weights: Float64Array | null) =>
  weights ? drawnCoefficients(field, weights) : [field.coefficients];

export const POLYNOMIAL_DRIFT: DriftKind<never, PolynomialDrift> = {
  load: (field, units, weights) =>
    polynomialOnDevice("sde/polynomial_drift", field, units, field.slope, setsOf(field, weights)),
  groups: groupsOf,
  atCondition: (field, condition) => {
    const { d } = field.chart;
    return { ...atCondition(field, condition), slope: field.slope.slice(0, d * d) };
  },
  values: async (_, field, { z }) => driftValues(field, z),
  errors: polynomialErrors,
  write: ({ slope, ...field }) => withTensor(writePolynomial(field), "slope", slope, field.width),
  read(head, tensors, d) {
    const field = readPolynomial(head, tensors, d, d);
    return { ...field, slope: numbersOf(tensors, "slope", (d + field.chart.conditions) * d) };
  },
};

export const POLYNOMIAL_DIFFUSION: DiffusionKind<never, PolynomialDiffusion> = {
  load: (field, units, weights) =>
    polynomialOnDevice("sde/polynomial_diffusion", field, units, field.floor, setsOf(field, weights)),
  groups: groupsOf,
  atCondition: (field, condition) => ({ ...atCondition(field, condition), floor: field.floor }),
  values: async (_, field, { z }) => diffusionValues(field, z),
  errors: (field, z) => matricesOf(polynomialErrors(field, z), field.chart.d),
  write: ({ floor, ...field }) => withTensor(writePolynomial(field), "floor", floor),
  read: (head, tensors, d) => ({
    ...readPolynomial(head, tensors, d, (d * (d + 1)) / 2),
    floor: numbersOf(tensors, "floor", d),
  }),
  scaled: (field, factor) => ({
    ...field,
    coefficients: field.coefficients.map((c) => c * factor ** 2),
    replicates: field.replicates.map((c) => c * factor ** 2),
    ...(field.doubt && { doubt: field.doubt.map((c) => c * factor ** 2) }),
    floor: field.floor.map((c) => c * factor ** 2),
  }),
};

type Written = ReturnType<typeof writePolynomial>;

function withTensor({ head, tensors }: Written, name: string, data: Float64Array, width?: number) {
  const shape = width ? [data.length / width, width] : [data.length];
  return { head, tensors: { ...tensors, [name]: { shape, data } } };
}

/** Throws InputError where there are not so many. */
function numbersOf(tensors: Tensors, name: string, length: number): Float64Array {
  const data = tensors[name]?.data;
  if (!(data instanceof Float64Array && data.length === length)) {
    throw new InputError(`the file of the model lacks ${name}, ${length} numbers`);
  }
  return data;
}
