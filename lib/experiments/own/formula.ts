// A learned polynomial equation as text that people can read, cite and run.
import type { Named } from "../../method/sde/about.ts";
import type { Coefficient, Written } from "./tables.ts";

/** Significant digits of what is written to be run, and of what is read with its error. */
const RUN_DIGITS = 7;

export const STYLES = ["text", "latex", "python", "typescript"] as const;
export type Style = (typeof STYLES)[number];

/** Letters, digits and underscores of a name, for code. */
const codeName = (name: string) => name.replace(/[^A-Za-z0-9_]/g, "_").replace(/^(\d)/, "_$1");

/** (z − origin) of every variable as it stands in a style. */
function shifted({ name }: Named, origin: number, style: Style): string {
  const own = style === "latex" ? latexName(name) : style === "text" ? name : codeName(name);
  if (origin === 0) return own;
  const sign = origin > 0 ? (style === "text" ? "−" : "-") : "+";
  return `(${own} ${sign} ${Math.abs(origin)})`;
}

const latexName = (name: string) => (/^[A-Za-z]$/.test(name) ? name : `\\mathrm{${name.replaceAll("_", "\\_")}}`);

function power(base: string, k: number, style: Style): string {
  if (k === 1) return base;
  if (style === "text") return `${base}${[...String(k)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)]).join("")}`;
  return style === "latex" ? `${base}^{${k}}` : `${base} ** ${k}`;
}

/** A value to the second digit of its error, or to seven digits for what is to be run. */
function valueText({ value, low, high }: Coefficient, style: Style): string {
  const size = Math.abs(value);
  if (style === "python" || style === "typescript") return String(Number(size.toPrecision(RUN_DIGITS)));
  const half = (high - low) / 2;
  // Exact but for rounding.
  if (!(half > 1e-6 * size)) return String(Number(size.toPrecision(6)));
  const decimals = Math.max(0, Math.min(12, 1 - Math.floor(Math.log10(half))));
  const mark = style === "latex" ? "\\pm" : "±";
  return `(${size.toFixed(decimals)} ${mark} ${half.toFixed(decimals)})`;
}

/** One component: its terms in ascending degree, "0.50 − 1.2 x + …". */
function sumOf(
  terms: readonly Coefficient[],
  { origin }: Pick<Written, "origin">,
  variables: readonly Named[],
  style: Style,
): string {
  const between = style === "text" || style === "latex" ? (style === "latex" ? "\\," : " ") : " * ";
  const parts = terms.map((term, at) => {
    const factors = term.powers.flatMap((k, j) =>
      k > 0 ? [power(shifted(variables[j], origin[j], style), k, style)] : [],
    );
    const minus = style === "text" ? "−" : "-";
    const sign = term.value < 0 ? minus : "+";
    const lead = at === 0 ? (term.value < 0 ? minus : "") : ` ${sign} `;
    return `${lead}${[valueText(term, style), ...factors].join(between)}`;
  });
  return parts.join("") || "0";
}

/** All components of an equation, each a line of a style. */
export function formula(one: Written, variables: readonly Named[], style: Style): string {
  const names = [...new Set(one.coefficients.map(({ of }) => of))];
  const lines = names.map((name) => {
    const sum = sumOf(
      one.coefficients.filter(({ of }) => of === name),
      one,
      variables,
      style,
    );
    if (style === "latex") {
      const [kind, ...rest] = name.split("_");
      return `${kind === "f" ? "f" : "D"}_{${rest.map(latexName).join("\\,")}} &= ${sum} \\\\`;
    }
    return style === "typescript"
      ? `const ${codeName(name)} = ${sum};`
      : `${style === "python" ? codeName(name) : name} = ${sum}`;
  });
  return style === "latex" ? `\\begin{aligned}\n${lines.join("\n")}\n\\end{aligned}` : lines.join("\n");
}
