// Which panels stand open, whatever they show.
import { expect, test } from "bun:test";
import { ENDS_AND_MIDDLE, LAST_TWO, opened, startsNote } from "../../../lib/report/figures/folded.ts";
import { range } from "../../numbers.ts";

const panels = (count: number) => range(count, (k) => ({ title: String(k), series: [] }));
const standing = (count: number, open: typeof LAST_TWO) =>
  opened(panels(count), open).flatMap(({ title, folded }) => (folded ? [] : [Number(title)]));

test("of starts the lowest, the middle and the highest; all of up to three", () => {
  expect(standing(7, ENDS_AND_MIDDLE)).toEqual([0, 3, 6]);
  expect(standing(4, ENDS_AND_MIDDLE)).toEqual([0, 1, 3]);
  for (const count of [0, 1, 2, 3]) expect(standing(count, ENDS_AND_MIDDLE)).toEqual(range(count, (k) => k));
});

test("of patch sides the last two", () => {
  expect(standing(4, LAST_TWO)).toEqual([2, 3]);
  expect(standing(1, LAST_TWO)).toEqual([0]);
});

test("panels keep their order, and readers are told only where some are folded", () => {
  expect(opened(panels(5), LAST_TWO).map(({ title }) => title)).toEqual(["0", "1", "2", "3", "4"]);
  expect(startsNote(7)).toContain("the lowest, the middle and the highest");
  expect(startsNote(3)).toBe("");
});
