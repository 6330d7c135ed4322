// Estimates without a model, less what is learned.
import { expect, test } from "bun:test";
import { besideEstimates } from "../../../lib/report/figures/model-free.ts";
import { defined } from "../../fixtures.ts";

test("points and bars are differences from the learned function, whose size stands in the title", () => {
  const text = besideEstimates({ id: "f", title: "f", caption: "", alt: "" }, [
    {
      ...{ quantity: "drift of u", along: "u", unit: "1/time", x: [1, 2] },
      ...{ measured: [3, 4], corrected: [2.5, 4.5], low: [2, 4], high: [3, 5], learned: [2, -5] },
    },
  ]).toString();
  const [, json] = defined(text.match(/<script type="application\/json">(.*?)<\/script>/s));
  const { panels, columns } = JSON.parse(json);
  const [panel] = panels;
  expect(panel.title).toBe("drift of u along u, up to 5.0");
  const [finite, atZero] = panel.series;
  expect(columns[finite.y]).toEqual([1, 9]);
  expect([atZero.y, atZero.low, atZero.high].map((column) => columns[column])).toEqual([
    [0.5, 9.5],
    [0, 9],
    [1, 10],
  ]);
});
