// How many replicas are worked on at a time.
import { describe, expect, test } from "bun:test";
import { batchThatFits } from "../../lib/method/batch.ts";
import { FreeSpins } from "../systems/free-spins.ts";

describe("batches", () => {
  test.each([1, 32])(
    "a batch is whole words of %p replicas, at least one, and takes no more than 64 MiB if it can",
    (lanes) => {
      const free = new FreeSpins();
      free.lanes = lanes;
      for (const siteBytes of [1, 3, 100, 2 ** 14, 2 ** 20, 2 ** 30]) {
        free.siteBytes = siteBytes;
        for (const side of [4, 12, 48, 100]) {
          const batch = batchThatFits(free, side);
          expect(batch % lanes).toBe(0);
          expect(batch).toBeGreaterThanOrEqual(lanes);
          if (batch > lanes) expect(batch * free.bytes(side)).toBeLessThanOrEqual(2 ** 26);
          expect((batch + lanes) * free.bytes(side)).toBeGreaterThan(2 ** 26);
        }
      }
    },
  );
});
