// Equations as people read, cite and run them: what is written has the values of the fields.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../../../lib/gpu/device.ts";
import { regression } from "../../../lib/method/pairs.ts";
import { solveSde } from "../../../lib/method/sde/fit.ts";
import { formula, STYLES, type Written, written } from "../../../lib/method/sde/formula.ts";
import { evaluate, type SdeModel } from "../../../lib/method/sde/model.ts";
import type { Xoshiro } from "../../../lib/random/xoshiro.ts";
import { defined, generators, normal } from "../../fixtures.ts";
import { hasNumpy, needsNumpy, pythonSays } from "../../io/pickles.ts";
import { identity } from "../../matrices.ts";
import { closeWithin, range } from "../../numbers.ts";
import { plant } from "./planted.ts";
import { randomModel } from "./reference.ts";

const SEED = 72;
setDefaultTimeout(120_000);

const gpu = await openDevice();
const generator = generators(SEED);

const NAMES = [
  { name: "mean of x", symbol: "ρ", unit: "1" },
  { name: "y", unit: "K" },
];

/** Two variables, the second far from 0: powers are counted from a value near it on. */
const pairs = plant(
  {
    ...{ d: 2, snapshots: 2000, patches: 4, time: 0.1 },
    state: (rng: Xoshiro) => [normal(rng), 300 + normal(rng)],
    drift: ([x, y]) => [x - x ** 3, 0.3 * x * (y - 300) - (y - 300)],
    sigma: () => identity(2).map((one) => 0.3 * one + 0.1),
  },
  "formula",
);
const model: SdeModel = solveSde(regression(pairs, "compensator"), { kind: "polynomial", degree: 3 });
const one = defined(written(model, NAMES));
const points = range(20, (p) => [Math.sin(p), 300 + Math.cos(2 * p)]);

const exact = await evaluate(gpu, model, points.flat());
/** f of both, D of xx, xy, yy at every point. */
const values = points.map((_, p) => [
  ...[exact.drift[2 * p], exact.drift[2 * p + 1]],
  ...[exact.diffusion[4 * p], exact.diffusion[4 * p + 1], exact.diffusion[4 * p + 3]],
]);
const LABELS = ["f_ρ", "f_y", "D_ρ_ρ", "D_ρ_y", "D_y_y"];

describe("code", () => {
  const close = closeWithin(1e-5);

  test("in TypeScript has the values of the fields", () => {
    const text = formula(one, NAMES, "typescript");
    const run = new Function("ρ", "y", `${text}\nreturn [${LABELS.join(", ")}];`);
    close(
      points.flatMap(([x, y]) => run(x, y)),
      values.flat(),
    );
  });

  test.skipIf(!hasNumpy)(`in Python has the values of the fields${needsNumpy}`, () => {
    const body = formula(one, NAMES, "python").replace(/^/gm, "    ");
    const said = pythonSays(`
def fields(ρ, y):
${body}
    return [${LABELS.join(", ")}]
say([fields(*z) for z in ${JSON.stringify(points)}])`);
    close((said as number[][]).flat(), values.flat());
  });

  test("has words of its own for those of the languages, and for names that become the same", () => {
    const named = (names: string[]) =>
      formula(
        one,
        names.map((name) => ({ name, unit: "1" })),
        "python",
      );
    expect(named(["lambda", "class"])).toMatch(/^f_lambda_ = .*lambda_ \*\* 3.*\nf_class_ = /);
    expect(named(["a b", "a_b"])).toMatch(/^f_a_b = .*\nf_a_b_2 = .*a_b \* \(a_b_2 - 300\)/);
  });

  test("takes names instead of symbols that are no words, or the same", () => {
    for (const symbols of [
      ["2x", "y"],
      ["x", "x"],
      ["x y", "z"],
    ]) {
      const names = NAMES.map((own, j) => ({ ...own, symbol: symbols[j] }));
      expect(formula(one, names, "python")).toMatch(/^f_mean_of_x = .* mean_of_x \*\* 3/);
    }
  });
});

const COMPONENTS = ["f_x", "f_a_in", "D_x_x", "D_x_a_in", "D_a_in_a_in"];
const coefficient = (of: string, powers: number[], value: number, half: number) => ({
  ...{ of, component: COMPONENTS.indexOf(of), powers, value },
  ...{ low: value - half, high: value + half },
});

/** By hand: the second variable is called a_in. */
const two: Written = {
  origin: Float64Array.of(0, 2.5),
  coefficients: [
    coefficient("f_x", [0, 0], -0.5034, 0.021),
    coefficient("f_x", [1, 2], 12.04, 0.34),
    coefficient("f_a_in", [0, 1], -1.25, 0),
    coefficient("D_x_x", [0, 0], 5.123e-7, 3.2e-8),
    coefficient("D_x_a_in", [1, 0], -2.5e8, 1e6),
  ],
};
const names = [
  { name: "x", unit: "1" },
  { name: "a_in", unit: "1" },
];

describe("text", () => {
  test("has values to the second digit of half their interval, small and large ones with a power of ten", () => {
    expect(formula(two, names, "text")).toBe(
      `f_x = −(0.503 ± 0.021) + (12.04 ± 0.34) x (a_in − 2.5)²
f_a_in = −1.25 (a_in − 2.5)
D_x_x = (5.12 ± 0.32)·10⁻⁷
D_x_a_in = −(2.500 ± 0.010)·10⁸ x
D_a_in_a_in = 0`,
    );
  });

  test("of LaTeX has indices, Greek letters and words upright", () => {
    expect(formula(two, names, "latex")).toBe(
      String.raw`\begin{aligned}
f_{x} &= -(0.503 \pm 0.021) + (12.04 \pm 0.34)\,x\,(a_{\mathrm{in}} - 2.5)^{2} \\
f_{a_{\mathrm{in}}} &= -1.25\,(a_{\mathrm{in}} - 2.5) \\
D_{x\,x} &= (5.12 \pm 0.32) \cdot 10^{-7} \\
D_{x\,a_{\mathrm{in}}} &= -(2.500 \pm 0.010) \cdot 10^{8}\,x \\
D_{a_{\mathrm{in}}\,a_{\mathrm{in}}} &= 0 \\
\end{aligned}`,
    );
    const greek = [
      { name: "wall density %", unit: "1" },
      { name: "a", symbol: "δ_1", unit: "1" },
    ];
    const renamed = two.coefficients.map((own) => ({ ...own, of: own.of === "f_x" ? "f_wall density %" : "f_a" }));
    expect(formula({ ...two, coefficients: renamed.slice(1, 3) }, greek, "latex")).toContain(
      String.raw`f_{\mathrm{wall\ density\ \%}} &= (12.04 \pm 0.34)\,\mathrm{wall\ density\ \%}\,(\delta_{1} - 2.5)^{2}`,
    );
  });

  test("of symbols of several words is not taken for a product", () => {
    const odd = [{ name: "x", symbol: "p / p₀", unit: "1" }, names[1]];
    expect(formula(two, odd, "text")).toContain("(12.04 ± 0.34) (p / p₀) (a_in − 2.5)²");
  });
});

test("what a symmetry forbids is no term, and networks have no formula", () => {
  const even = solveSde(regression(pairs, "compensator"), { kind: "polynomial", degree: 3, odd: [0] });
  const powers = defined(written(even, NAMES)).coefficients.filter(({ of }) => of === "f_mean of x");
  expect(powers.length).toBeGreaterThan(1);
  for (const { powers: own } of powers) expect(own[0] % 2).toBe(1);
  expect(written(randomModel(2, "full", generator("none")), NAMES)).toBeNull();
  expect(STYLES.map((style) => formula(one, NAMES, style)).every((text) => text.includes("="))).toBe(true);
});
