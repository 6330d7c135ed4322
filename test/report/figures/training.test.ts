// Losses in the course of trainings: how they are drawn, and what is said of their end.
import { describe, expect, test } from "bun:test";
import { formatChange, lateChange, training } from "../../../lib/report/figures/training.ts";
import type { Training } from "../../../lib/run/trainings.ts";
import { defined, draws } from "../../fixtures.ts";
import { range } from "../../numbers.ts";

const PARTS = 64;
/** Falls from 1 to 0 in a straight line. */
const FALLING = range(PARTS, (k) => 1 - k / (PARTS - 1));
/** Falls from 1 to 0 in the first half. */
const DONE = range(PARTS, (k) => Math.max(0, 1 - k / (PARTS / 2)));
/** Mean of its last quarter, 55.5 steps of 63, and what it falls there of the fall until there, %. */
const END = 1 - 55.5 / 63;
const LATE = (-100 * (16 / 63)) / (1 - END);
const one = (what: string, mean: readonly number[], more: Partial<Training> = {}): Training => ({
  ...{ seed: 1, what, method: null, loss: "loss [1]" },
  step: Uint32Array.from(mean, (_, k) => 10 * (k + 1)),
  mean: Float64Array.from(mean),
  ...more,
});

/** The panels as the page's script finds them, and the caption. */
function drawn(list: readonly Training[]) {
  const text = String(training(list));
  const [, json] = defined(text.match(/<script type="application\/json">(.*?)<\/script>/s));
  const { panels, columns } = JSON.parse(json);
  const [, caption] = defined(text.match(/<figcaption>(.*?)<\/figcaption>/s));
  return { panels, columns, caption };
}

describe("the change over the last quarter", () => {
  test("of a loss that falls evenly is a quarter of its fall, of one that is done nothing", () => {
    const { value, reach } = defined(lateChange(FALLING));
    expect(value).toBeCloseTo(LATE, 9);
    expect(reach).toBeLessThan(1e-6);
    expect(lateChange(DONE)).toEqual({ value: 0, reach: 0 });
    // In units of itself: 16 steps of 63 over what is left.
    expect(defined(lateChange(FALLING, "mean")).value).toBeCloseTo((-100 * (16 / 63)) / END, 9);
    // Neither unit nor level matter, nor what was before.
    expect(defined(lateChange(FALLING.map((x) => 7 * x - 30))).value).toBeCloseTo(value, 9);
    expect(formatChange({ value, reach })).toBe("−28.8 ± 0.0 %");
  });

  test("of one that did not fall, or by less than batches differ, or had too few steps, is not told", () => {
    // Scatter s by turns: the line over 16 parts is known to 2.14 · 16 s / √340, beside a fall of 1: to 100 · 1.9 s %.
    const rough = (s: number) => DONE.map((x, k) => x + (k > 0 ? s * (-1) ** k : 0));
    expect(lateChange(rough(0.02))).not.toBeNull();
    expect(lateChange(rough(0.1))).toBeNull();
    expect(lateChange(FALLING.toReversed())).toBeNull();
    expect(lateChange(range(PARTS, () => 1))).toBeNull();
    expect(lateChange(FALLING.slice(0, 11))).toBeNull();
    expect(lateChange(FALLING.slice(0, 12))).not.toBeNull();
    expect(lateChange([])).toBeNull();
    expect(lateChange(range(PARTS, () => Number.NaN))).toBeNull();
  });

  test("is in its 95 % interval in 95 % of the cases where batches differ", () => {
    const { normal } = draws(1)("late");
    const cases = 1000;
    // A tenth in the last quarter, of a fall that is not changed by the noise.
    const level = range(PARTS, (k) => (k === 0 ? 100 : 1 - (0.1 * k) / 16));
    const fall = level[0] - level[PARTS - 1];
    const covered = range(cases, () => {
      const { value, reach } = defined(lateChange(level.map((x) => x + 0.02 * normal())));
      return Math.abs(value + 10 / fall) < reach;
    }).filter(Boolean).length;
    // Four standard errors: one false alarm in 16,000.
    expect(Math.abs(covered / cases - 0.95)).toBeLessThan(4 * Math.sqrt((0.95 * 0.05) / cases));
  });
});

describe("the figure", () => {
  test("is none where nothing was trained", () => {
    expect(training([])).toBe(false);
  });

  test("has a panel for each folder and loss, other seeds thin, and methods as they look everywhere", () => {
    const { panels } = drawn([
      one("patch8/increment", FALLING, { method: "increment" }),
      one("patch8/increment-late", FALLING, { method: "increment" }),
      one("patch8/compensator", DONE, { method: "compensator", loss: "other" }),
      one("patch8/increment", DONE, { method: "increment", seed: 2 }),
      one("encoder", FALLING),
    ]);
    const told = panels.map(({ title, x, series }: (typeof panels)[number]) => ({
      title,
      x: x.label,
      series: series.map(({ name, detail, width }: (typeof series)[number]) => [name, detail, width]),
    }));
    expect(told).toEqual([
      {
        ...{ title: "patch8: loss [1]", x: "step of 640" },
        series: [
          ["Increments, λ = K", "increment, seed 1, to 0.1190", 2],
          ["increment-late", "increment-late, seed 1, to 0.1190", 2],
          ["Increments, λ = K", "increment, seed 2, to 0", 0.75],
        ],
      },
      {
        ...{ title: "patch8: other", x: "step of 640" },
        series: [["Ours (compensator)", "compensator, seed 1, to 0", 2]],
      },
      { ...{ title: "loss [1]", x: "step of 640" }, series: [["encoder", "encoder, seed 1, to 0.1190", 2]] },
    ]);
  });

  test("shows what comes behind the first eighth in full, above its end", () => {
    const { panels, columns } = drawn([one("net", [...range(8, (k) => 1000 - 100 * k), ...FALLING.slice(8)])]);
    const [low, high] = panels[0].range;
    const [series] = panels[0].series;
    const y: number[] = columns[series.y];
    for (const [k, value] of y.slice(8).entries()) expect(value).toBeCloseTo(FALLING[8 + k] - END, 5);
    expect(series.detail).toBe("net, to 0.1190");
    expect(low).toBeLessThan(-END);
    expect(high).toBeGreaterThan(FALLING[8] - END);
    expect(high).toBeLessThan(1.1);
  });

  test("shows positive losses that fall far as they are, on a logarithmic axis", () => {
    const deep = range(PARTS, (k) => 100 * 0.9 ** k);
    const shallow = range(PARTS, (k) => 1 + 8 * 0.9 ** k);
    for (const [mean, log] of [
      [deep, 10],
      [shallow, undefined],
      [deep.map((x) => x - 1), undefined],
    ] as const) {
      const { panels, columns, caption } = drawn([one("net", mean)]);
      expect(panels[0].y.log).toBe(log);
      const [first] = columns[panels[0].series[0].y];
      if (log) expect(first).toBe(100);
      else expect(first).not.toBe(mean[0]);
      // Only what there is is described.
      expect(caption.includes("on a logarithmic axis")).toBe(log === 10);
      expect(caption.includes("From each its mean")).toBe(log !== 10);
    }
  });

  test("folds panels beyond the fourth", () => {
    const text = String(training(range(6, (k) => one(`net${k}/encoder`, FALLING))));
    expect(text).toContain("2 more panels");
  });

  test("says how many still fell, and by how much", () => {
    const { caption } = drawn([one("a", FALLING), one("b", DONE)]);
    expect(caption).toContain("changed by −28.8 ± 0.0 % (a), 0.0 ± 0.0 % (b) of its whole fall; 1 of 2 still fell");
    expect(caption).not.toContain("likelihood");
    const many = drawn([
      ...range(5, (k) => one(`n${k}`, DONE)),
      one("a", FALLING),
      one(
        "flat",
        range(PARTS, () => 1),
      ),
    ]);
    expect(many.caption).toContain("changed by −28.8 ± 0.0 % (a) to 0.0 ± 0.0 % (n");
    expect(many.caption).toContain(
      "1 of 6 still fell by more than 1 %. For 1 more no change is told: the steps are too few",
    );
    // Falls by 1.1 %, to 5.6 %.
    const rough = drawn([
      one(
        "a",
        DONE.map((x, k) => x + (k > 0 ? 0.03 * (-1) ** k : 0)),
      ),
    ]);
    expect(rough.caption).toMatch(/changed by −1\.1 ± 5\.\d % \(a\) of its whole fall; 0 of 1 still fell/);
    const short = drawn([one("a", [3, 2])]);
    expect(short.caption).toContain(
      "For this training no change is told: the steps are too few, or the loss fell by too little beside its scatter from batch to batch.",
    );
    expect(short.caption).not.toContain("Over the last quarter");
  });
});
