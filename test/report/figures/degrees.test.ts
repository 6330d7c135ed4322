// What is said of the choice of the degree: which is used, and whether it is the highest that was tried.
import { describe, expect, test } from "bun:test";
import { degrees } from "../../../lib/report/figures/degrees.ts";
import { degreeChoice } from "../../experiments/synthetic.ts";

/** The choice of degree `best` of those up to `tried`. */
function choice(best: number, tried: number, patch = 8, method: "compensator" | "naive" = "compensator") {
  const one = degreeChoice(method, patch, best);
  return { ...one, curve: one.curve.slice(0, tried) };
}
const said = (...list: ReturnType<typeof choice>[]) => String(degrees(list));

describe("the best degree", () => {
  test("inside the scan is used, and no more is said", () => {
    expect(said(choice(3, 6))).toContain("is drawn at 10⁻⁶ and is used. The first seed");
  });

  test("that is the highest tried is said, with what its last step was worth", () => {
    // At one degree lower the residual is 1 + 0.2 · 8^(1 − degree) times as large.
    const text = said(choice(3, 3, 8), choice(3, 3, 16), choice(3, 3, 8, "naive"));
    expect(text).toContain("a higher one may be better still: Ours (compensator), degree 3 (2 patch sides, 2.4 % less");
    expect(text).not.toContain("Naive, degree");
    expect(said(choice(3, 3), choice(4, 4, 16))).toContain(
      "degree 3 (2.4 % less than one degree lower); Ours (compensator), degree 4 (0.31 % less than one degree lower)",
    );
    expect(said(choice(1, 1))).not.toContain("better still"); // there was no other to try
  });

  test("that is not used is said, with the one that is", () => {
    expect(said({ ...choice(4, 6), degree: 2 })).toContain(
      "at most 1 % larger (Ours (compensator), patches of 8 × 8, degree 2).",
    );
  });
});
