import type { Series } from "../chart.ts";

/** A way to train the stochastic equation: ours, the paper's with λ = K, and the two baselines. */
export type Method = "compensator" | "increment" | "naive" | "small";

/** What tells one curve from another. */
export type Look = Pick<Series, "name" | "ink" | "dash" | "marker" | "hollow">;

/** How each source of numbers looks everywhere: colour, dash and marker say the same thing three times. */
export const LOOKS: Record<Method | "paper" | "paper-naive", Look> = {
  compensator: { name: "Ours (compensator)", ink: "compensator", dash: "solid", marker: "circle" },
  increment: { name: "Increments, λ = K", ink: "increment", dash: "dashed", marker: "square" },
  naive: { name: "Naive", ink: "naive", dash: "dotted", marker: "triangle" },
  small: { name: "Small system", ink: "small", dash: "dashed", marker: "square", hollow: true },
  paper: { name: "Paper", ink: "paper", dash: "solid", marker: "diamond" },
  "paper-naive": { name: "Paper, naive", ink: "paper", dash: "dotted", marker: "diamond", hollow: true },
};

/** In the order of drawing: the last is on top. */
export const METHODS: readonly Method[] = ["small", "naive", "increment", "compensator"];

/** What a method is compared with, drawn as a wide line under it. */
export const TRUTH = { ink: "exact", width: 5 } as const;

/** The item of a method, from `closure` where the method has several; undefined if it has none. */
export function ofMethod<T extends { method: Method; closure?: string }>(
  items: readonly T[],
  method: Method,
  closure: string,
): T | undefined {
  const own = items.filter((item) => item.method === method);
  return own.find((item) => item.closure === closure) ?? own[0];
}
