import { expect, test } from "bun:test";
import { lateRatio } from "../../../lib/experiments/predator-prey/scores.ts";

test("fluctuations over the true ones are of the second half, whatever their size: geometric mean over species and cases", () => {
  // Two species over four times; what the first two have does not count.
  const law = (u: number, v: number) => ({ mean: new Float64Array(8), std: Float64Array.of(9, 9, 9, 9, u, v, u, v) });
  expect(lateRatio([law(2, 2)], [law(1, 4)])).toBeCloseTo(1, 12);
  expect(lateRatio([law(2, 8), law(1, 4)], [law(1, 4), law(1, 4)])).toBeCloseTo(2 ** 0.5, 12);
  const rising = { mean: new Float64Array(8), std: Float64Array.of(0, 0, 0, 0, 3, 1, 4, 1) };
  expect(lateRatio([rising], [law(1, 1)])).toBeCloseTo(((9 + 16) / 2) ** 0.25, 12);
});
