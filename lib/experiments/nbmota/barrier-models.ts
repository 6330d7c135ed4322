// The barrier model that a command line names.
import compact from "../../../data/nbmota/compact.json";
import type { BarrierModel } from "../../systems/nbmota/barriers.ts";
import { CompactBarriers } from "../../systems/nbmota/compact-barriers.ts";
import { NetworkBarriers } from "../../systems/nbmota/network-barriers.ts";
import { PUBLISHED_DIGEST, readNetworkWeights } from "../../systems/nbmota/weights.ts";

export const BARRIERS = {
  barriers: {
    kind: "text",
    default: "compact",
    meaning:
      "compact: the model shipped here; else the published network, its authors' weights.npy or a folder of its arrays",
  },
} as const;

/** Where tools find the published network. */
export const NETWORK = {
  barriers: { kind: "text", default: "weights.npy", meaning: "the published network: its authors' file, or a folder" },
} as const;

/** Throws InputError for a file that is no network. */
export const networkBarriers = (path: string) => new NetworkBarriers(readNetworkWeights(path));

/** Throws InputError for a file that is no network. */
export function barrierModel(name: string): BarrierModel {
  return name === "compact" ? CompactBarriers.shipped() : networkBarriers(name);
}

/** What a report calls the barriers of a run. */
export function barriersName({ name, digest }: Pick<BarrierModel, "name" | "digest">): string {
  if (name === "compact") return "of the compact model";
  return digest === PUBLISHED_DIGEST ? "of the published network" : "of a network that is not the published one";
}

/** What has to be said of temperatures (K) that the compact model was not made for; nothing of others, and of the network. */
export function rangeWarnings(name: string, temperatures: readonly number[]): string[] {
  const { temperatures: fitted } = compact.settings;
  const [low, high] = [Math.min(...fitted), Math.max(...fitted)];
  const outside = temperatures.filter((temperature) => temperature < low || temperature > high);
  if (name !== "compact" || outside.length === 0) return [];
  const those = outside.length === 1 ? "is" : "are";
  return [
    `${outside.join(", ")} K ${those} outside ${low} to ${high} K, the range that the compact barriers were fitted in: they are less accurate there`,
  ];
}
