// A learned polynomial equation as text that people can read, cite and run.
import type { Named } from "./about.ts";
import { intervalFactor, type SdeModel } from "./model.ts";
import { type Monomials, monomials, originOf } from "./polynomial/monomials.ts";

/** A coefficient of an equation, with the ends of its 95 % interval. */
export interface Coefficient {
  /** f_NAME or D_A_B. */
  readonly of: string;
  /** Number of the component: those of f, then the upper triangle of D row by row. */
  readonly component: number;
  readonly powers: readonly number[];
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** An equation in powers of its variables, counted from `origin` on. */
export interface Written {
  readonly origin: Float64Array;
  readonly coefficients: readonly Coefficient[];
}

/** An equation in powers of its variables; null for one that is no polynomial. Throws Error for one with conditions (`atCondition`). */
export function written(model: SdeModel, variables: readonly Named[]): Written | null {
  const { drift, diffusion } = model;
  if (drift.kind !== "polynomial" || diffusion.kind !== "polynomial") return null;
  const origin = originOf(model);
  const factor = intervalFactor(model);
  const names = variables.flatMap((a, j) => variables.slice(j).map((b) => `D_${a.name}_${b.name}`));
  const listed = (own: Monomials, of: readonly string[], first: number) =>
    of.flatMap((name, j) =>
      own.powers.map((powers, m): Coefficient => {
        const [value, error] = [own.coefficients[m * own.width + j], own.errors[m * own.width + j]];
        return {
          of: name,
          component: first + j,
          powers,
          value,
          low: value - factor * error,
          high: value + factor * error,
        };
      }),
    );
  const coefficients = [
    ...listed(
      monomials(drift, origin),
      variables.map(({ name }) => `f_${name}`),
      0,
    ),
    ...listed(monomials(diffusion, origin), names, variables.length),
  ];
  // What a symmetry forbids stands as zero without an error.
  return { origin, coefficients: coefficients.filter(({ value, low }) => value !== 0 || low !== 0) };
}

/** Significant digits of what is written to be run, and of what is read with its error. */
const RUN_DIGITS = 7;
/** Powers of ten of values that are written without one. */
const FIXED = [-3, 5] as const;

export const STYLES = ["text", "latex", "python", "typescript"] as const;
export type Style = (typeof STYLES)[number];

const GREEK = new Map(
  Object.entries({
    ...{ α: "alpha", β: "beta", γ: "gamma", δ: "delta", ε: "epsilon", ζ: "zeta", η: "eta", θ: "theta", κ: "kappa" },
    ...{
      λ: "lambda",
      μ: "mu",
      ν: "nu",
      ξ: "xi",
      π: "pi",
      ρ: "rho",
      σ: "sigma",
      τ: "tau",
      φ: "phi",
      χ: "chi",
      ψ: "psi",
    },
    ...{ ω: "omega", Γ: "Gamma", Δ: "Delta", Θ: "Theta", Λ: "Lambda", Φ: "Phi", Ψ: "Psi", Ω: "Omega" },
  }),
);

const isWord = (text: string) => /^[\p{L}_][\p{L}\p{Nd}_]*$/u.test(text);

/** Words that Python and TypeScript have for themselves. */
const RESERVED = new Set(
  [
    "False None True and as assert async await break class continue def del elif else except finally for from global if import in is lambda",
    "nonlocal not or pass raise return try while with yield case catch const debugger default delete do enum export extends false function",
    "instanceof let new null static super switch this throw true typeof var void interface package private protected public implements",
  ].flatMap((line) => line.split(" ")),
);

/** Letters, digits and underscores of a name, for code. */
function codeName(name: string): string {
  const word = name.replace(/[^\p{L}\p{Nd}_]/gu, "_").replace(/^(\p{Nd})/u, "_$1");
  return RESERVED.has(word) ? `${word}_` : word;
}

/** x_{\mathrm{in}} of x_in, \mathrm{wall\_density} of names of several letters. */
function latexName(name: string): string {
  const [, base, index] = /^(\p{L})_(.+)$/u.exec(name) ?? [undefined, name, undefined];
  const upright = (text: string) => `\\mathrm{${text.replace(/[\\{}$&#%_^~]/g, "\\$&").replaceAll(" ", "\\ ")}}`;
  const letter = GREEK.get(base);
  const main = letter ? `\\${letter}` : /^\p{L}$/u.test(base) ? base : upright(base);
  return index === undefined ? main : `${main}_{${isLetterOrNumber(index) ? index : upright(index)}}`;
}

const isLetterOrNumber = (text: string) => /^(\p{L}|\p{Nd}+)$/u.test(text);

/** What the variables are called in a style: their symbols, in code only where these are words that differ. */
function namesIn(variables: readonly Named[], style: Style): string[] {
  const symbols = variables.map(({ name, symbol = name }) => symbol);
  if (style === "text") return symbols;
  if (style === "latex") return symbols.map(latexName);
  const words = symbols.every(isWord) && new Set(symbols).size === symbols.length;
  const own = words ? symbols.map(codeName) : variables.map(({ name }) => codeName(name));
  return own.map((name, j) => (own.indexOf(name) < j ? `${name}_${j + 1}` : name));
}

/** (z − origin) of a variable as it stands in a style. */
function shifted(own: string, origin: number, style: Style): string {
  // A symbol of several words is one factor all the same.
  if (origin === 0) return style === "text" && !isWord(own) ? `(${own})` : own;
  const sign = origin > 0 ? (style === "text" ? "−" : "-") : "+";
  return `(${own} ${sign} ${Math.abs(origin)})`;
}

const raised = (k: number) =>
  [...String(k)].map((digit) => (digit === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(digit)])).join("");

function power(base: string, k: number, style: Style): string {
  if (k === 1) return base;
  if (style === "text") return `${base}${raised(k)}`;
  return style === "latex" ? `${base}^{${k}}` : `${base} ** ${k}`;
}

/** A value to the second digit of its error, or to seven digits for what is to be run. */
function valueText({ value, low, high }: Coefficient, style: Style): string {
  const size = Math.abs(value);
  if (style === "python" || style === "typescript") return String(Number(size.toPrecision(RUN_DIGITS)));
  const half = (high - low) / 2;
  // Exact but for rounding.
  if (!(half > 1e-6 * size)) return String(Number(size.toPrecision(6)));
  const order = Math.floor(Math.log10(Math.max(size, half)));
  const scale = order < FIXED[0] || order > FIXED[1] ? order : 0;
  const decimals = Math.max(0, 1 + scale - Math.floor(Math.log10(half)));
  const [own, error] = [size, half].map((x) => (x / 10 ** scale).toFixed(decimals));
  if (style === "latex") return `(${own} \\pm ${error})${scale === 0 ? "" : ` \\cdot 10^{${scale}}`}`;
  return `(${own} ± ${error})${scale === 0 ? "" : `·10${raised(scale)}`}`;
}

/** One component: its terms in ascending degree, "0.50 − 1.2 x + …". */
function sumOf(
  terms: readonly Coefficient[],
  { origin }: Pick<Written, "origin">,
  names: readonly string[],
  style: Style,
): string {
  const between = style === "text" || style === "latex" ? (style === "latex" ? "\\," : " ") : " * ";
  const parts = terms.map((term, at) => {
    const factors = term.powers.flatMap((k, j) =>
      k > 0 ? [power(shifted(names[j], origin[j], style), k, style)] : [],
    );
    const minus = style === "text" ? "−" : "-";
    const sign = term.value < 0 ? minus : "+";
    const lead = at === 0 ? (term.value < 0 ? minus : "") : ` ${sign} `;
    return `${lead}${[valueText(term, style), ...factors].join(between)}`;
  });
  return parts.join("") || "0";
}

/** All components of an equation, each a line of a style: f of every variable, then D = σσᵀ of every pair. */
export function formula(one: Written, variables: readonly Named[], style: Style): string {
  const names = namesIn(variables, style);
  const label = (kind: string, parts: readonly string[]) =>
    style === "latex" ? `${kind}_{${parts.join("\\,")}}` : `${kind}_${parts.join("_")}`;
  const labels = [
    ...names.map((name) => label("f", [name])),
    ...names.flatMap((a, j) => names.slice(j).map((b) => label("D", [a, b]))),
  ];
  const lines = labels.map((label, at) => {
    const terms = one.coefficients.filter(({ component }) => component === at);
    const sum = sumOf(terms, one, names, style);
    if (style === "latex") return `${label} &= ${sum} \\\\`;
    return style === "typescript" ? `const ${codeName(label)} = ${sum};` : `${label} = ${sum}`;
  });
  return style === "latex" ? `\\begin{aligned}\n${lines.join("\n")}\n\\end{aligned}` : lines.join("\n");
}
