// Arrows of a drift field: their scale, and which of a crowd are drawn.
import { describe, expect, test } from "bun:test";
import { readChart } from "../../../lib/report/chart-data.ts";
import type { Series } from "../../../lib/report/chart-spec.ts";
import { arrowScale, driftField, spreadOut } from "../../../lib/report/figures/drift-field.ts";
import { LOOKS } from "../../../lib/report/figures/methods.ts";
import { defined } from "../../fixtures.ts";

describe("arrows", () => {
  // A square lattice of spacing 0.1 with arrows of length 2 to the right: drawn at 0.9 of the spacing.
  const bases = Array.from({ length: 81 }, (_, i) => [0.1 * (i % 9), 0.1 * Math.floor(i / 9)] as const);
  const [x, y] = [bases.map(([at]) => at), bases.map(([, at]) => at)];
  const field = (size: number): Series => ({ name: "", ink: "naive", x, y, dx: x.map(() => size), dy: x.map(() => 0) });

  test("of a lattice nearly reach their neighbours, whatever the unit of the vectors", () => {
    expect(2 * arrowScale([field(2)])).toBeCloseTo(0.09, 10);
    expect(arrowScale([field(20)])).toBeCloseTo(arrowScale([field(2)]) / 10, 10);
  });

  test("of two series share one scale, set by the longer", () => {
    expect(arrowScale([field(2), field(0.01)])).toBeCloseTo(arrowScale([field(2)]), 10);
  });

  test("in a crowd are set apart, and all kept on a lattice", () => {
    expect(spreadOut(x, y)).toHaveLength(x.length);
    // A cluster of 400 points in a hundredth of the frame leaves one, beside the two corners that make the frame.
    const crowd = Array.from({ length: 400 }, (_, i) => 0.5 + 0.01 * Math.sin(i));
    expect(spreadOut([0, 1, ...crowd, Number.NaN], [0, 1, ...crowd, 0.5])).toEqual([0, 1, 2]);
  });

  test("that cannot be drawn have scale 1", () => {
    expect(arrowScale([])).toBe(1);
    expect(arrowScale([field(0)])).toBe(1);
    expect(arrowScale([field(Number.NaN)])).toBe(1);
  });
});

describe("slow drifts", () => {
  // Fast on the left, a hundredth of it on the right.
  const at = Array.from({ length: 64 }, (_, i) => [0.1 * (i % 8), 0.1 * Math.floor(i / 8)] as const);
  const [across, y] = [at.map(([one]) => one), at.map(([, one]) => one)];
  const frame = { id: "f", title: "", alt: "", x: { label: "x" }, y: { label: "y" } };
  const drawn = (dx: number[], x: number[] = across) => {
    const caption = () => "";
    const drifts = [{ look: LOOKS.compensator, dx, dy: dx.map(() => 0) }];
    const markup = String(driftField({ ...frame, caption }, { dx: "", dy: "" }, { x, y }, drifts));
    const data = readChart(defined(/<script[^>]*>(.*)<\/script>/s.exec(markup))[1]);
    return { markup, data, series: data.panels[0].series };
  };

  test("are drawn longer by one round factor that their name says, every arrow once", () => {
    const { markup, data, series } = drawn(across.map((left) => (left < 0.35 ? 1 : 0.01)));
    expect(series.map(({ name, magnify }) => [name, magnify])).toEqual([
      [LOOKS.compensator.name, 1],
      [`${LOOKS.compensator.name}, 100 times as long`, 100],
    ]);
    expect(series.map((one) => data.columns[one.x].length)).toEqual([32, 32]);
    expect(new Set(data.columns[series[1].dx])).toEqual(new Set([0.01])); // what is read is the drift itself
    expect(markup).toContain("drawn 100 times as long");
  });

  test("of several speeds are drawn as long as the fastest of them can be, few of which are in the way of others", () => {
    // Of 32 slow ones three are twenty times as fast, and reach the next foot, 0.04 away, when they are drawn 20 times as long; at the most that an arrow
    // may go, 0.15 of the frame of 0.7, they are 0.15 · 0.7 / (0.02 · 0.09) = 58 times as long.
    const slow = (i: number) => (i % 8 === 4 && i < 24 ? 0.02 : 0.001);
    const near = across.map((left, i) => (i % 8 === 5 && i < 24 ? 0.44 : left));
    const { series } = drawn(
      across.map((left, i) => (left < 0.35 ? 1 : slow(i))),
      near,
    );
    expect(series.map(({ magnify }) => magnify)).toEqual([1, 50]);
  });

  test("are left as they are where they are few, or hardly slower", () => {
    expect(drawn(across.map((left) => (left > 0.65 ? 0.01 : 1))).series).toHaveLength(1);
    expect(drawn(across.map((left) => (left < 0.35 ? 1 : 0.6))).series).toHaveLength(1);
  });
});
