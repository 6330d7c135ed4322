// Inks of curves against what they stand on.
import { expect, test } from "bun:test";
import { INKS, PAPER } from "../../lib/report/palette.ts";
import { STYLE } from "../../lib/report/style.ts";

/** WCAG 2.2, 1.4.11: least contrast of graphical objects. */
const LEAST = 3;
/** Contrast of a pale area that is still seen beside what it lies on: on a dark screen the light around takes some of it. */
const SEEN = { light: 1.15, dark: 1.35 };

/** Relative luminance of "#rrggbb" (WCAG 2.2). */
function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

test.each(["light", "dark"] as const)("every ink stands out from %s paper", (theme) => {
  expect(contrast("#000000", "#ffffff")).toBeCloseTo(21, 10);
  const pale = Object.entries(INKS).filter(([, ink]) => contrast(ink[theme], PAPER[theme]) < LEAST);
  expect(pale).toEqual([]);
});

test("species have inks of their own", () => {
  const { species1, species2, ...others } = INKS;
  for (const theme of ["light", "dark"] as const) {
    const taken = Object.values(others).map((ink) => ink[theme]);
    for (const ink of [species1, species2]) expect(taken).not.toContain(ink[theme]);
  }
});

test("bands of noise are seen in both themes", () => {
  const opacities = [...STYLE.matchAll(/--band:([\d.]+)/g)].map(([, opacity]) => Number(opacity));
  const mixed = (over: string, under: string, opacity: number) =>
    `#${[1, 3, 5]
      .map((at) => [over, under].map((hex) => Number.parseInt(hex.slice(at, at + 2), 16)))
      .map(([a, b]) =>
        Math.round(opacity * a + (1 - opacity) * b)
          .toString(16)
          .padStart(2, "0"),
      )
      .join("")}`;
  const [light, dark] = [opacities[0], Math.max(...opacities)];
  for (const [theme, opacity] of [
    ["light", light],
    ["dark", dark],
  ] as const) {
    const paper = PAPER[theme];
    expect(contrast(mixed(INKS.exact[theme], paper, opacity), paper)).toBeGreaterThan(SEEN[theme]);
  }
});
