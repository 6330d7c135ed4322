// How much of the residuals of a drift rows of one kind have in common, of numbers made up.
import { setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../lib/gpu/device.ts";
import { driftBias } from "../../lib/method/drift-bias.ts";
import type { Regression } from "../../lib/method/pairs.ts";
import { solveSde } from "../../lib/method/sde/fit.ts";
import { normalPair } from "../../lib/random/normal.ts";
import { stream } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import { expectWithin } from "../statistics.ts";

setDefaultTimeout(60_000);

const [CELLS, EACH, TIME] = [256, 16, 0.5];
const ROWS = CELLS * EACH;

/** dz = −z dt in two variables with noise of unit variance, the change of the second shifted by `shift` in every cell. */
function data(seed: number, shift: (cell: number) => number): Regression {
  const rng = Xoshiro.open(stream(seed, "conditional"), 0, 0);
  const numbers = Float32Array.from({ length: 2 * ROWS }, () => 2 * rng.uniform() - 1);
  const change = new Float32Array(2 * ROWS);
  for (let p = 0; p < ROWS; p++) {
    const [x, y] = normalPair(rng.next(), rng.next());
    change[2 * p] = TIME * (x - numbers[2 * p]);
    change[2 * p + 1] = TIME * (y - numbers[2 * p + 1] + shift(Math.floor(p / EACH)));
  }
  return {
    method: "compensator",
    d: 2,
    state: numbers,
    change,
    variation: Float32Array.from({ length: 3 * ROWS }, (_, k) => (k % 3 === 1 ? 0 : 1)),
    time: TIME,
    instant: false,
    lambda: 1,
    cohort: Uint32Array.from({ length: ROWS }, (_, p) => p % 64),
    condition: new Float32Array(0),
  };
}

const cell = Uint32Array.from({ length: ROWS }, (_, p) => Math.floor(p / EACH));
// Variance of the mean square of 256 means of 16 numbers without its own noise: 2 / (256 · 16 · 15) of the variance squared.
const ERROR = Math.sqrt(2 / (CELLS * EACH * (EACH - 1)));

test("nothing where the law is the same, and the share of what cells have in common where it is not, variable by variable", async () => {
  const gpu = await openDevice();
  const model = solveSde(
    data(1, () => 0),
    { kind: "polynomial", degree: 1 },
  );
  const [first, second] = await driftBias(
    gpu,
    model,
    data(2, () => 0),
    cell,
  );
  expectWithin("first", first, 0, ERROR);
  expectWithin("second", second, 0, ERROR);
  // ±½: a quarter beside the variance 1 of the noise.
  const shifted = data(3, (k) => (k % 2 === 0 ? 0.5 : -0.5));
  const [same, other] = await driftBias(gpu, model, shifted, cell);
  expectWithin("first", same, 0, ERROR);
  expectWithin("second", other, 0.25 / 1.25, 3 * ERROR);
});
