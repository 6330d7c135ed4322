/**
 * One colour per thing, the same in every figure of every experiment. The hues are those of Okabe and Ito (2008), told
 * apart by all common kinds of colour blindness; each has a darker twin for paper and a lighter one for dark screens,
 * with a contrast of 3 or more against it.
 */

interface Ink {
  light: string;
  dark: string;
}

/** Colours of curves and points, by what they stand for; the page defines each as the CSS variable `--ink-<name>`. */
export const INKS = {
  exact: { light: "#8a929e", dark: "#626b77" },
  paper: { light: "#2a3038", dark: "#dfe3e8" },
  compensator: { light: "#0068b0", dark: "#58b4f0" },
  increment: { light: "#008a63", dark: "#2fc796" },
  naive: { light: "#d15400", dark: "#ff8b4a" },
  small: { light: "#b0568b", dark: "#e79bc6" },
  first: { light: "#0b3c6f", dark: "#c3e3ff" },
  second: { light: "#1f86d6", dark: "#5aa9f5" },
  third: { light: "#118c9c", dark: "#3fc6d0" },
  fourth: { light: "#8277d8", dark: "#a596ff" },
  species1: { light: "#8a7400", dark: "#dcc75a" },
  species2: { light: "#7b3fa0", dark: "#c79bf0" },
  scale1: { light: "#3f1a7a", dark: "#b9a3ff" },
  scale2: { light: "#86279a", dark: "#dc8df0" },
  scale3: { light: "#bf3a78", dark: "#f784b4" },
  scale4: { light: "#dd5a50", dark: "#ff8f7c" },
  scale5: { light: "#cf7417", dark: "#ffb45c" },
  scale6: { light: "#9c8300", dark: "#f2dc62" },
} satisfies Record<string, Ink>;

export type InkName = keyof typeof INKS;

/** Around our own hue, for one method at several sizes: navy, blue, cyan, lavender; the first stands out most. */
export const SHADES: readonly InkName[] = ["first", "second", "third", "fourth"];

/** Violet to yellow, for the values of one parameter in ascending order, and for things that are none of the above. */
const SCALE: readonly InkName[] = ["scale1", "scale2", "scale3", "scale4", "scale5", "scale6"];

/** The k-th of `count` inks that go through the whole of `SCALE`. */
export const scaleInk = (k: number, count: number): InkName =>
  SCALE[Math.round((k * (SCALE.length - 1)) / Math.max(1, count - 1))];

/** What curves stand on; the page's style sheet takes it from here. */
export const PAPER: Ink = { light: "#ffffff", dark: "#14171c" };

/** The variables for one theme, as CSS declarations. */
export function inkVariables(theme: "light" | "dark"): string {
  return Object.entries(INKS)
    .map(([name, ink]) => `--ink-${name}:${ink[theme]}`)
    .join(";");
}
