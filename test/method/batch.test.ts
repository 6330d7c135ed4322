// How many replicas are worked on at a time.
import { describe, expect, test } from "bun:test";
import { batchThatFits } from "../../lib/method/batch.ts";
import { FreeSpins } from "../systems/free-spins.ts";

describe("batches", () => {
  test.each([
    [1, 1, 1],
    [32, 32, 32],
    [32, 8, 32],
    [4, 6, 12],
    [1, 25, 25],
  ])(
    "a batch is whole words of %p replicas and whole cohorts of %p, and takes no more than 64 MiB if it can",
    (words, cohort, lanes) => {
      const free = new FreeSpins();
      free.lanes = words;
      free.cohort = cohort;
      for (const siteBytes of [1, 3, 100, 2 ** 14, 2 ** 20, 2 ** 30]) {
        free.siteBytes = siteBytes;
        for (const side of [4, 12, 48, 100]) {
          const batch = batchThatFits(free, side);
          expect(batch % lanes).toBe(0);
          expect(batch).toBeGreaterThanOrEqual(lanes);
          if (batch > lanes) expect(batch * free.bytes(side)).toBeLessThanOrEqual(2 ** 26);
          expect((batch + lanes) * free.bytes(side)).toBeGreaterThan(2 ** 26);
          // With a largest number: still whole units.
          const some = batchThatFits(free, side, 100);
          expect(some).toBe(Math.max(lanes, Math.min(batch, 100 - (100 % lanes))));
        }
      }
    },
  );
});
