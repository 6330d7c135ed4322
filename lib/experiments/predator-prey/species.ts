/** The two species of the predator–prey system, named by their fields. */
export type Species = "u" | "v";

export const SPECIES: readonly Species[] = ["u", "v"];
export const SPECIES_NAMES: Record<Species, string> = { u: "u (prey)", v: "v (predator)" };
