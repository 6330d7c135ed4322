// The barrier model that a command line names.

import type { BarrierModel } from "../../systems/nbmota/barriers.ts";
import { CompactBarriers } from "../../systems/nbmota/compact-barriers.ts";
import { NetworkBarriers } from "../../systems/nbmota/network-barriers.ts";
import { readNetworkWeights } from "../../systems/nbmota/weights.ts";

export const BARRIERS = {
  barriers: {
    kind: "text",
    default: "compact",
    meaning:
      "compact: the model shipped here; else the published network, its authors' weights.npy or a folder of its arrays",
  },
} as const;

/** Throws InputError for a file that is no network. */
export function barrierModel(name: string): BarrierModel {
  return name === "compact" ? CompactBarriers.shipped() : new NetworkBarriers(readNetworkWeights(name));
}
