// The diagnostics of a report: the band of one law holds what it says, departures are listed, and tables stand the way they are read.
import { describe, expect, test } from "bun:test";
import { type Diagnostics, diagnosticsOf, trueRuns } from "../../../lib/analysis/diagnostics.ts";
import { ensemble } from "../../../lib/analysis/ensemble.ts";
import { type Closed, type Diagnosed, diagnostics } from "../../../lib/report/figures/diagnostics.ts";
import { html } from "../../../lib/report/html.ts";
import { closureTests } from "../../experiments/synthetic.ts";
import { defined, draws } from "../../fixtures.ts";
import { range } from "../../numbers.ts";

const TIMES = Float64Array.from(range(31, (t) => t));
const CASES = ["first", "second"];
const [PREDICTED, TRUE] = [150, 120];

/** Predicted and true runs of one law, but for what predictions are shifted by, in standard deviations. */
function compared(normal: () => number, shift = 0): Diagnostics {
  const runs = (count: number, by: number) =>
    ensemble(
      { times: TIMES, cases: CASES.length, runs: count, d: 1 },
      Float32Array.from({ length: TIMES.length * CASES.length * count }, () => by + normal()),
    );
  return diagnosticsOf(runs(PREDICTED, shift), trueRuns(runs(TRUE, 0), 1));
}

/** The section as text, and its figure `id` as the page's script finds it. */
function drawn(list: readonly Diagnosed[], closed: readonly Closed[] = [], cases = CASES) {
  const text = html`${diagnostics(list, closed, { variables: ["x"], cases }).body}`.toString();
  const figure = (id: string) => {
    const [, json] = defined(
      text.match(new RegExp(`id="${id}".*?<script type="application/json">(.*?)</script>`, "s")),
    );
    return JSON.parse(json);
  };
  return { text, figure };
}

describe("histograms of the probability integral transform", () => {
  test("have 95 % of their points in the band where both have one law", () => {
    const { normal } = draws(1)("pit band");
    const points = range(60, () => {
      const { panels, columns } = drawn([{ method: "compensator", patch: 1, diagnostics: compared(normal) }]).figure(
        "pit",
      );
      return panels.flatMap(({ series }: (typeof panels)[number]) => {
        const [band, one] = series;
        const [low, high, y] = [band.low, band.high, one.y].map((column: number) => columns[column] as number[]);
        return y.map((value, b) => value > low[b] && value < high[b]);
      }) as boolean[];
    }).flat();
    expect(points.length).toBe(60 * 3 * 12);
    // Four standard errors, and 0.005 that frequencies of so few runs are skewed.
    const share = points.filter(Boolean).length / points.length;
    expect(Math.abs(share - 0.95)).toBeLessThan(0.005 + 4 * Math.sqrt((0.95 * 0.05) / points.length));
  });

  test("of several patch sides stand open for the first alone", () => {
    const { normal } = draws(2)("sides");
    const one = (patch: number): Diagnosed => ({ method: "compensator", patch, diagnostics: compared(normal) });
    const { text, figure } = drawn([one(8), one(16)]);
    const titles = figure("pit").panels.map(({ title }: { title: string }) => title);
    expect(titles).toEqual([8, 16].flatMap((patch) => [1, 7, 30].map((t) => `x, t = ${t}, ℓ = ${patch}`)));
    expect(text).toContain("3 more panels");
  });
});

describe("what is off", () => {
  test("is listed, the worst first, with its number of rows; where nothing is, there is no list", () => {
    const { normal } = draws(3)("off");
    const off = drawn([{ method: "increment", patch: 1, diagnostics: compared(normal, 1) }]).text;
    const list = defined(off.match(/<details class="rows">.*?<\/details>/s))[0];
    // Two cases at three times, whose means are a standard deviation off.
    expect(list).toContain("by more than 4 standard errors, 6 rows");
    expect(list.match(/predicted too high/g)?.length).toBe(6);
    expect(off).toMatch(/6 of 12, the most \d/);
    const sizes = [...list.matchAll(/"whole"[^>]*>(\d+)<\/span><span class="rest"[^>]*>(\.\d)/g)].map(([, a, b]) =>
      Number(a + b),
    );
    expect(sizes.length).toBe(6);
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    const right = drawn([{ method: "increment", patch: 1, diagnostics: compared(normal) }]).text;
    expect(right).not.toContain('<details class="rows">');
    expect(right).toMatch(/0 of 12, the most [0-3]\.\d/);
  });

  test("is said down to what can be found", () => {
    const { normal } = draws(4)("least");
    const { text } = drawn([{ method: "increment", patch: 1, diagnostics: compared(normal) }]);
    const [, found] = defined(text.match(/4 standard errors of a mean are about (\d\.\d+) standard deviations/));
    // Of a difference of two means.
    expect(Number(found)).toBeCloseTo(4 * Math.sqrt(1 / PREDICTED + 1 / TRUE), 1);
    expect(text).toContain("first seed, t\u00a0=\u00a01, t\u00a0=\u00a07, t\u00a0=\u00a030.");
  });

  test("is told beside how far its start is from the training states, where any is far", () => {
    const { normal } = draws(4)("far");
    const said = (shift: number, distances?: number[]) => {
      const list: Diagnosed[] = [{ method: "increment", patch: 1, diagnostics: compared(normal, shift) }];
      return String(html`${diagnostics(list, [], { variables: ["x"], cases: CASES, distances }).body}`);
    };
    const far = said(1, [0.3, 2.5]);
    expect(far).toContain("1 of 2 starts is more than 2 standard deviations");
    expect(far).toContain("second (2.5)");
    expect(far).toContain("3 of the 6 tests that are off are of that start");
    expect(said(0, [0.3, 2.5])).toContain("no test is off all the same");
    for (const near of [undefined, [0.3, 1.9], [Number.NaN, 1]]) expect(said(1, near)).not.toContain("extrapolate");
  });
});

describe("closure tests", () => {
  const heads = (cases: number) => {
    const names = range(cases, (c) => `m = ${c}`);
    const { text } = drawn([], [closureTests("ours", cases, 1, 2), closureTests("theirs", cases, 1, 0)], names);
    return [...text.matchAll(/<th scope="(col|row)"[^>]*>(.*?)<\/th>/g)].map(([, , head]) => head);
  };

  test("tell the start of the largest χ², with all variables, not the one of the largest deviation of one variable", () => {
    const one = { error: Float64Array.of(1, 1), freedom: 2, chi2Error: 1, rare: 7 };
    const tests = [
      { ...one, mean: Float64Array.of(4, 0), chi2: 16 },
      { ...one, mean: Float64Array.of(2, -3), chi2: 40 },
      { ...one, mean: Float64Array.of(9, 9), chi2: Number.NaN },
    ];
    const { body } = diagnostics([], [{ name: "ours", from: 1, lag: 2, tests }], {
      variables: ["x", "y"],
      cases: ["a", "b", "c"],
    });
    expect(html`${body}`.toString()).toContain("b: x 2.0 ± 2, y −3.0 ± 2");
  });

  test("have a column for each of a few starts, and a row for each of many", () => {
    expect(heads(2).slice(0, 4)).toEqual([
      "Equation",
      "m = 0",
      "m = 1",
      "Where χ² is largest: true minus predicted, ± 95 %",
    ]);
    const many = heads(9);
    expect(many.slice(0, 3)).toEqual(["Start", "ours", "theirs"]);
    expect(many.slice(3, 12)).toEqual(range(9, (c) => `m\u00a0=\u00a0${c}`));
  });
});
