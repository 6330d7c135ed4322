// Where labels of lines stand.
import { expect, test } from "bun:test";
import { freePlace } from "../../lib/report/browser/label-place.ts";

const FRAME = { left: 0, top: 0, right: 100, bottom: 50 };
const box = (left: number, top: number) => ({ left, top, right: left + 30, bottom: top + 10 });

test("a label stands in the frame where the least is drawn, and first where nothing decides", () => {
  const places = [box(-1, 5), box(5, 5), box(60, 5), box(5, 30)];
  const at = (points: { x: number; y: number }[], taken = [box(200, 200)]) => freePlace(places, FRAME, points, taken);
  expect(at([])).toBe(places[1]);
  expect(at([{ x: 20, y: 10 }])).toBe(places[2]);
  expect(
    at([
      { x: 20, y: 10 },
      { x: 80, y: 10 },
      { x: 81, y: 10 },
      { x: 20, y: 35 },
      { x: 21, y: 35 },
    ]),
  ).toBe(places[1]);
  expect(at([{ x: 80, y: 10 }], [box(10, 0)])).toBe(places[3]); // never on another label
  expect(freePlace([box(-1, 5), box(5, 45)], FRAME, [], [])).toBeUndefined();
});
