// What experiments show at their end, of the results that are committed: errors in %, a dozen lines.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { curieWeissEnd } from "../../lib/experiments/curie-weiss/metrics.ts";
import { curieWeissCommand } from "../../lib/experiments/curie-weiss/parameters.ts";
import { isingEnd } from "../../lib/experiments/ising/metrics.ts";
import { isingCommand } from "../../lib/experiments/ising/parameters.ts";
import { criticalEnd } from "../../lib/experiments/ising-critical/metrics.ts";
import { criticalCommand } from "../../lib/experiments/ising-critical/parameters.ts";
import { nbmotaEnd } from "../../lib/experiments/nbmota/metrics.ts";
import { predatorPreyEnd } from "../../lib/experiments/predator-prey/metrics.ts";
import { parseExperiment } from "../../lib/run/command-line.ts";
import { drawEndTable, type EndTable } from "../../lib/run/end-table.ts";
import type { Metric } from "../../lib/run/result.ts";
import { ROOT } from "../fixtures.ts";

/** Lines and columns of a terminal that the table of a standard run fits. */
const [LINES, COLUMNS] = [12, 100];

const metricsOf = (experiment: string): Record<string, Metric> =>
  JSON.parse(readFileSync(join(ROOT, "reports/gallery", experiment, "result.json"), "utf8")).metrics;
const standard = ["--profile", "standard"];

const lineOf = (table: EndTable, name: string) => table.rows.find((row) => row.name === name)?.cells;
function expectFit(table: EndTable): void {
  const lines = drawEndTable(table, COLUMNS).split("\n");
  expect(lines.length).toBeLessThanOrEqual(LINES);
  for (const line of lines) expect(Bun.stringWidth(Bun.stripANSI(line))).toBeLessThanOrEqual(COLUMNS);
}

test.each([
  ["curie-weiss", (metrics) => curieWeissEnd(metrics, parseExperiment(curieWeissCommand, standard).parameters)],
  ["ising", (metrics) => isingEnd(metrics, parseExperiment(isingCommand, standard).parameters)],
] as [string, (metrics: Record<string, Metric>) => EndTable][])("%s: methods by patch sides", (name, made) => {
  const metrics = metricsOf(name);
  const table = made(metrics);
  expectFit(table);
  expect(table.columns).toEqual(["8", "16", "32", "64"]);
  for (const [row, method] of [
    ["Ours (compensator)", "compensator"],
    ["Increments, λ = K", "increment"],
    ["Naive", "naive"],
    ["Small system", "small"],
  ]) {
    const squares = [8, 16, 32, 64].map((side) => metrics[`error.${method}.patch${side}`].value);
    expect(lineOf(table, row)).toEqual(squares.map((square) => 100 * Math.sqrt(square)));
  }
  expect(lineOf(table, "Paper, its method")).toEqual(
    [8, 16, 32, 64].map((side) => 100 * Math.sqrt(metrics[`error.increment.patch${side}`].paper ?? Number.NaN)),
  );
  const floor = metrics["error.floor"]?.value;
  expect(lineOf(table, "Floor")).toEqual(floor === undefined ? undefined : new Array(4).fill(100 * Math.sqrt(floor)));
  // Which method is the best is for the run to tell; what it is compared with is never marked.
  const beside = table.rows.filter(({ kind }) => kind === "beside").map((row) => row.name);
  expect(beside.filter((name) => !/^(Floor|Paper)/.test(name))).toEqual([]);
  expect(beside).toContain("Paper, its method");
  expect(drawEndTable(table, COLUMNS)).not.toMatch(/^(Floor|Paper).*\*/m);
});

test("predator-prey: methods and closures by what is compared", () => {
  const metrics = metricsOf("predator-prey");
  const outcomes = [{ closure: "autoencoder" }, { closure: "dynamics" }, { closure: "autoencoder" }];
  const table = predatorPreyEnd(metrics, { closure: "autoencoder", points: 200, patch: 40, outcomes });
  expectFit(table);
  expect(lineOf(table, "Ours (compensator)")).toEqual(
    [
      "mean_error.compensator",
      "mean_error.compensator.worst",
      "std_error.compensator",
      "std_error.compensator.worst",
    ].map((name) => 100 * metrics[name].value),
  );
  expect(lineOf(table, "Ours (compensator), dynamics")?.[0]).toBe(
    100 * metrics["mean_error.compensator.dynamics"].value,
  );
  expect(lineOf(table, "Floor")).toEqual([
    100 * metrics["mean_error.floor"].value,
    null,
    100 * metrics["std_error.floor"].value,
    null,
  ]);
});

test("ising-critical: quantities by sides, and the exponents", () => {
  const metrics = metricsOf("ising-critical");
  const { parameters: p } = parseExperiment(criticalCommand, standard);
  const truth = [{ side: 32, temperature: 2.27, quantities: { abs_m: { value: 0.5, error: 0.01 } } }];
  const table = criticalEnd(metrics, { p, truth: truth as never });
  expectFit(table);
  expect(table.columns).toEqual(["16", "32", "48", "64", "128", "256"]);
  const { value, exact } = metrics["abs_m.learned.L32.T2_27"];
  expect(lineOf(table, "⟨|m|⟩")?.[1]).toBe(100 * Math.abs(value / (exact ?? Number.NaN) - 1));
  // The mean of |x| of a normal law whose standard deviation is 2 % of the value.
  expect(lineOf(table, "Floor of ⟨|m|⟩")?.[1]).toBeCloseTo(2 * Math.sqrt(2 / Math.PI), 10);
  expect(table.below[0]).toMatch(/^β\/ν = 0\.\d{3} \(exact 0\.125, paper 0\.12\); γ\/ν = /);
  // Quantities are no rivals.
  expect(drawEndTable(table, COLUMNS)).not.toContain("*");
});

test("nbmota: equations by temperatures", () => {
  const metrics = metricsOf("nbmota");
  const temperatures = [2000, 800, 3000];
  const table = nbmotaEnd(metrics, { methods: ["increment", "network"], temperatures });
  expectFit(table);
  expect(table.columns).toEqual(["800", "2000", "3000"]);
  expect(lineOf(table, "Increments")?.[0]).toBe(100 * metrics["sro_error.increment.T800"].value);
  expect(lineOf(table, "Floor")?.[2]).toBe(100 * metrics["sro_error.floor.T3000"].value);
});
