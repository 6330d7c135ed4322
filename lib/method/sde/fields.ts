// The kinds of drift and diffusion that there are: a new one is one file, one module under kernels/sde, and its lines here.
import { InputError } from "../../errors.ts";
import type { DiffusionKind, DriftKind } from "./field.ts";
import { NETWORK_DIFFUSION, type NetworkDiffusion, type NetworkDiffusionSpec } from "./network-diffusion.ts";
import { NETWORK_DRIFT, type NetworkDrift, type NetworkDriftSpec } from "./network-drift.ts";
import { ONSAGER_DRIFT } from "./onsager-drift.ts";
import type { OnsagerDrift, OnsagerDriftSpec } from "./onsager-networks.ts";
import type { PolynomialDiffusion } from "./polynomial/diffusion.ts";
import type { PolynomialDrift } from "./polynomial/drift.ts";
import { POLYNOMIAL_DIFFUSION, POLYNOMIAL_DRIFT } from "./polynomial/kinds.ts";
import type { PolynomialSpec } from "./polynomial/solve.ts";

export type DriftSpec = NetworkDriftSpec | OnsagerDriftSpec;
export type Drift = NetworkDrift | OnsagerDrift | PolynomialDrift;
const DRIFTS = { network: NETWORK_DRIFT, onsager: ONSAGER_DRIFT, polynomial: POLYNOMIAL_DRIFT };

/** The drift that a spec gives. */
export type DriftOf<S extends DriftSpec> = Extract<Drift, { kind: S["kind"] }>;

export type DiffusionSpec = NetworkDiffusionSpec;
export type Diffusion = NetworkDiffusion | PolynomialDiffusion;
const DIFFUSIONS = { network: NETWORK_DIFFUSION, polynomial: POLYNOMIAL_DIFFUSION };

/** What kinds of fields an equation that is trained is to have. */
export interface TrainedSpec<S extends DriftSpec = DriftSpec> {
  readonly drift: S;
  readonly diffusion: DiffusionSpec;
}

/** What an equation is to be: solved as a whole, or trained. */
export type SdeSpec = PolynomialSpec | TrainedSpec;

/** Whether it needs no training. */
export const isSolved = (spec: SdeSpec): spec is PolynomialSpec => "kind" in spec;

/** The kind of a drift. Throws InputError for one that there is not. */
export const driftKind = ({ kind }: { readonly kind: string }) =>
  // A kind takes the drifts that name it: that each table entry does is what TypeScript cannot see.
  found(DRIFTS, kind, "drift") as unknown as DriftKind<DriftSpec, Drift>;

/** The kind of a diffusion. Throws InputError for one that there is not. */
export const diffusionKind = ({ kind }: { readonly kind: string }) =>
  found(DIFFUSIONS, kind, "diffusion") as unknown as DiffusionKind<DiffusionSpec, Diffusion>;

function found(table: Record<string, unknown>, kind: string, what: string): unknown {
  if (!Object.hasOwn(table, kind)) {
    throw new InputError(`${kind} is no kind of ${what}: there is ${Object.keys(table).join(", ")}`);
  }
  return table[kind];
}
