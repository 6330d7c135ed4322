// A point of a phase diagram as a user asks for it: the magnetization of the learned equation beside that of lattices and the exact one.
import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fromCSV } from "arquero";
import { enumerateIsing } from "../../lib/analysis/ising-exact.ts";
import { isingLimit } from "../../lib/analysis/ising-strip.ts";
import type { RunResult } from "../../lib/run/result.ts";
import { defined, temporaryFolder } from "../fixtures.ts";
import { expectWithin } from "../statistics.ts";
import { runScript } from "./command.ts";

setDefaultTimeout(120_000);

const LINE =
  "--L 16 --patches 8 --T 3 --h 0.3 --trajectories 1024 --snapshots 2048 --age 50 --m0 0.5 --runs 16 --true-runs 32 --horizon 10 --lattices 64 --seed 3";

test("ising --equilibrium", async () => {
  const out = join(temporaryFolder("ising"), "point");
  const { code } = await runScript("ising", [...LINE.split(" "), "--equilibrium", "--out", out]);
  expect(code).toBe(0);
  const { metrics } = JSON.parse(readFileSync(join(out, "result.json"), "utf8")) as RunResult;
  // 16 × 16 spins have that of the infinite lattice, which 4 × 4 have not.
  const exact = defined(isingLimit(3, 0.3)).magnetization;
  expect(enumerateIsing(4, 3, 0.3).m).toBeLessThan(exact - 0.005);
  for (const name of ["magnetization.compensator.patch8", "magnetization.direct"]) {
    const metric = metrics[name];
    expect(metric.exact).toBeCloseTo(exact, 9);
    const [low, high] = defined(metric.ci95);
    expectWithin(name, metric.value, exact, (high - low) / 2 / 1.96);
    expect(high - low).toBeLessThan(0.02);
  }
  expect(metrics["outside_equilibrium.compensator.patch8"].value).toBeLessThan(0.01);
  const [row] = fromCSV(readFileSync(join(out, "tables/equilibrium.csv"), "utf8")).objects() as { m: number }[];
  expect(row.m).toBeCloseTo(metrics["magnetization.compensator.patch8"].value, 9);
  expect(readFileSync(join(out, "index.html"), "utf8")).toContain('id="equilibrium-m"');
});
