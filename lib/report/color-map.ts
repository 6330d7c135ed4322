import { interpolateCividis, interpolateRdBu } from "d3-scale-chromatic";

export type Color = readonly [red: number, green: number, blue: number];

/**
 * Colour maps for fields, told apart by all common kinds of colour blindness. Sequential: cividis (Nuñez, Anderton & Renslow 2018), dark
 * blue to yellow, lightness in equal steps; diverging: Brewer's RdBu from blue over white to red.
 */
const COLOR_MAPS = {
  sequential: interpolateCividis,
  diverging: (t: number) => interpolateRdBu(1 - t),
} satisfies Record<string, (t: number) => string>;

export type ColorMap = keyof typeof COLOR_MAPS;

/** Stops of a gradient that looks like the map. */
const STOPS = 16;

function colors(map: ColorMap, count: number): Color[] {
  return Array.from({ length: count }, (_, i): Color => {
    const [red, green, blue] = (COLOR_MAPS[map](i / (count - 1)).match(/\d+/g) ?? []).map(Number);
    return [red, green, blue];
  });
}

/** The 256 colours of a map. */
export function paletteOf(map: ColorMap): Color[] {
  return colors(map, 256);
}

/** The same map from left to right, as a CSS value. */
export function gradientOf(map: ColorMap): string {
  return `linear-gradient(to right,${colors(map, STOPS).map((color) => `rgb(${color.join(" ")})`)})`;
}
