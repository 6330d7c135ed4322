// The end of a run: what is written of its trainings, and what the report is told.
import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { endTable } from "../../lib/run/end-table.ts";
import { type Finished, publish } from "../../lib/run/publish.ts";
import { openRun } from "../../lib/run/run-folder.ts";
import type { Training } from "../../lib/run/trainings.ts";
import { temporaryFolder } from "../fixtures.ts";
import { options, placesIn } from "./folders.ts";

const place = placesIn(temporaryFolder("publish"));
const TRAININGS: Training[] = [
  {
    seed: 7,
    what: "a/increment",
    method: "increment",
    loss: "x",
    step: Uint32Array.of(2, 3),
    mean: Float64Array.of(1, -0.5),
  },
  { seed: 8, what: "encoder", method: null, loss: "y", step: Uint32Array.of(5), mean: Float64Array.of(0.25) },
];

test.each([[TRAININGS], [[]]])("trainings have their table and go to the report: %#", async (trainings) => {
  const out = place();
  const run = await openRun(options(out));
  for (const one of trainings) run.training(one);
  const told: Finished[] = [];
  await publish(run, {
    tables: {},
    metrics: () => ({}),
    verdict: { warnings: [], failed: false },
    endTable: () => endTable("errors, %", "method", ["8"], []),
    report(finished) {
      told.push(finished);
      return "";
    },
  });
  expect(told.map((one) => one.trainings)).toEqual([trainings]);
  const table = join(out, "tables/training.csv");
  expect(existsSync(table)).toBe(trainings.length > 0);
  if (trainings.length === 0) return;
  expect(readFileSync(table, "utf8").trim().split("\n")).toEqual([
    "seed,what,step,loss",
    "7,a/increment,2,1",
    "7,a/increment,3,-0.5",
    "8,encoder,5,0.25",
  ]);
});
