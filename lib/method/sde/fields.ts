// The kinds of drift and diffusion that there are: a new one is one file, one module under kernels/sde and one line here.
import { NETWORK_DIFFUSION, type NetworkDiffusion, type NetworkDiffusionSpec } from "./network-diffusion.ts";
import { NETWORK_DRIFT, type NetworkDrift, type NetworkDriftSpec } from "./network-drift.ts";

export type DriftSpec = NetworkDriftSpec;
export type Drift = NetworkDrift;
export const DRIFTS = { network: NETWORK_DRIFT } as const;

export type DiffusionSpec = NetworkDiffusionSpec;
export type Diffusion = NetworkDiffusion;
export const DIFFUSIONS = { network: NETWORK_DIFFUSION } as const;

/** What kinds of fields an equation is to have. */
export interface SdeSpec {
  readonly drift: DriftSpec;
  readonly diffusion: DiffusionSpec;
}
