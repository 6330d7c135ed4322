// Whether lattices order under the compact barriers as under those of the network that they are distilled from.
import { meanWithError } from "../../analysis/mean.ts";
import type { Gpu } from "../../gpu/device.ts";
import type { BarrierModel } from "../../systems/nbmota/barriers.ts";
import { type AnnealingOptions, annealed, relaxationsWaited } from "./annealing.ts";
import { equilibriumOf } from "./truth.ts";

/** A mean over independent lattices and its standard error. */
export interface Measured {
  readonly mean: number;
  readonly error: number;
}

/** What lattices do at a temperature (K) under one model of the barriers. */
export interface OrderAt {
  readonly temperature: number;
  /** The six order parameters, in the order of PAIR_NAMES. */
  readonly order: readonly Measured[];
  /** Seconds between two jumps of a vacancy. */
  readonly jumpTime: Measured;
}

/** The same under both. */
export interface Fidelity {
  readonly temperature: number;
  /** Relaxations (clock.ts) that lattices waited for. */
  readonly waited: number;
  readonly network: Omit<OrderAt, "temperature">;
  readonly compact: Omit<OrderAt, "temperature">;
  /** The largest difference of an order parameter, in standard errors of the difference. */
  readonly deviation: number;
}

/** Lattices that are annealed from hot to cold under a model, near equilibrium at every temperature. */
export async function orderUnder(gpu: Gpu, options: AnnealingOptions): Promise<OrderAt[]> {
  const stages = await annealed(gpu, options);
  return stages.map((stage) => {
    const { temperature, mean, error } = equilibriumOf(stage);
    const order = Array.from(mean, (value, j) => ({ mean: value, error: error[j] }));
    return { temperature, order, jumpTime: meanWithError(stage.jumpTimes) };
  });
}

/** Both annealed alike, by random numbers of their own: the network is no part of what the compact model does. */
export async function fidelityOf(
  gpu: Gpu,
  models: { readonly network: BarrierModel; readonly compact: BarrierModel },
  options: Omit<AnnealingOptions, "barriers" | "purpose">,
): Promise<Fidelity[]> {
  const of = (name: keyof typeof models) =>
    orderUnder(gpu, { ...options, barriers: models[name], purpose: `fidelity/${name}` });
  const [network, compact] = [await of("network"), await of("compact")];
  return network.map(({ temperature, ...one }, k) => {
    const { temperature: _, ...other } = compact[k];
    return {
      temperature,
      waited: relaxationsWaited(options, temperature),
      network: one,
      compact: other,
      deviation: largestDeviation(one.order, other.order),
    };
  });
}

/** The largest |a − b| over their standard error. */
export function largestDeviation(a: readonly Measured[], b: readonly Measured[]): number {
  return Math.max(...a.map((one, j) => Math.abs(one.mean - b[j].mean) / Math.hypot(one.error, b[j].error)));
}
