import type { IsingObservable } from "./report.ts";

/** As axes and headings name them. */
export const LABELS: Record<IsingObservable, string> = { m: "magnetization m", rho: "domain-wall density ρ" };

export const SYMBOLS: Record<IsingObservable, string> = { m: "m", rho: "ρ" };
