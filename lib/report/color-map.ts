export type Color = readonly [red: number, green: number, blue: number];

/** Knots of the colour maps for fields, evenly spaced. Sequential: dark blue to yellow; diverging: blue, pale, brown. */
const COLOR_MAPS = {
  sequential: [
    [0, 32, 81],
    [60, 77, 110],
    [127, 124, 117],
    [187, 174, 97],
    [253, 234, 69],
  ],
  diverging: [
    [5, 48, 110],
    [86, 156, 203],
    [247, 245, 240],
    [219, 144, 76],
    [117, 52, 0],
  ],
} satisfies Record<string, Color[]>;

export type ColorMap = keyof typeof COLOR_MAPS;

/** The 256 colours of a map. */
export function paletteOf(map: ColorMap): Color[] {
  const knots = COLOR_MAPS[map];
  return Array.from({ length: 256 }, (_, i): Color => {
    const at = (i / 255) * (knots.length - 1);
    const left = Math.min(Math.floor(at), knots.length - 2);
    const blend = (c: 0 | 1 | 2) => Math.round(knots[left][c] + (at - left) * (knots[left + 1][c] - knots[left][c]));
    return [blend(0), blend(1), blend(2)];
  });
}

/** The same map from left to right, as a CSS value. */
export function gradientOf(map: ColorMap): string {
  return `linear-gradient(to right,${COLOR_MAPS[map].map((color) => `rgb(${color.join(" ")})`).join(",")})`;
}
