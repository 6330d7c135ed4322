// The text of `--help`: a table of options that fits a terminal of 100 columns.
import { allowed, defaults, optionName, type Parameter, type Parameters, PROFILES } from "./parameters.ts";

const WIDTH = 100;
const OPTION = 26;
const UNIT = 12;
const VALUE_WORDS: Record<Parameter["kind"], string> = {
  number: "X",
  integer: "N",
  numbers: "X,Y,…",
  integers: "N,M,…",
  choice: "WORD",
  flag: "",
  text: "TEXT",
};

/** What there is to say of a script. */
interface Described {
  name: string;
  about: string;
  parameters: Parameters;
  positional?: { name: string; meaning: string; choices: readonly string[] };
  files?: { name: string; meaning: string; profiles?: true };
}

/** The help text; `standard` are the options that all experiments share, and make it show a default per profile. */
export function usage(command: Described, standard?: Parameters): string {
  const { positional, files } = command;
  const words = [positional, files && { ...files, name: `${files.name}…` }].flatMap((one) =>
    one ? [` ${one.name.toUpperCase()}`] : [],
  );
  const lines = [`usage: npm run ${command.name} --${words.join("")} [options]`, ""];
  lines.push(...wrap(command.about, WIDTH));
  if (positional) {
    lines.push(
      "",
      ...wrap(`${positional.name.toUpperCase()}: ${positional.meaning}; ${positional.choices.join(", ")}`, WIDTH),
    );
  }
  if (files) lines.push("", ...wrap(`${files.name.toUpperCase()}: ${files.meaning}`, WIDTH));
  const profiles = standard && (!files || files.profiles) ? PROFILES : [undefined];
  const columns = profiles.map((profile) => defaults(command.parameters, profile) as Record<string, unknown>);
  const width = Math.floor((WIDTH - OPTION - UNIT) / columns.length);
  const widths = [OPTION, UNIT, ...columns.map(() => width)];
  if (Object.keys(command.parameters).length > 0) {
    lines.push("", ...row(["Parameters", "unit", ...profiles.map((profile) => profile ?? "default")], widths));
    for (const [key, parameter] of Object.entries(command.parameters)) {
      const values = columns.map((values) => String(values[key]).replaceAll(",", ", ") || "none");
      lines.push(...row([option(key, parameter), parameter.unit ?? "", ...values], widths), ...describe(parameter));
    }
  }
  lines.push("", ...row(["Options", "default"], [OPTION, WIDTH - OPTION]));
  for (const [key, parameter] of Object.entries(standard ?? {})) {
    lines.push(...row([option(key, parameter), String(parameter.default)], [OPTION, WIDTH - OPTION]));
    lines.push(...describe(parameter));
  }
  lines.push("  --help", "      print this and stop");
  return lines.join("\n");
}

function option(key: string, { kind }: Parameter): string {
  return `  ${optionName(key)} ${VALUE_WORDS[kind]}`.trimEnd();
}

function describe(parameter: Parameter): string[] {
  const range = parameter.kind === "flag" || parameter.kind === "text" ? "" : `; ${allowed(parameter)}`;
  const paper = parameter.paper ? ` (paper: ${parameter.paper})` : "";
  return wrap(`${parameter.meaning}${range}${paper}`, WIDTH - 6).map((line) => `      ${line}`);
}

/** Cells side by side, each wrapped to its column; the first keeps its indent and may push the others a line down. */
function row(cells: readonly string[], widths: readonly number[]): string[] {
  const [first = "", ...others] = cells;
  const wrapped = others.map((text, column) => wrap(text, widths[column + 1] - 2));
  const height = Math.max(1, ...wrapped.map((lines) => lines.length));
  const lines = Array.from({ length: height }, (_, line) =>
    wrapped.map((texts, column) => (texts[line] ?? "").padEnd(widths[column + 1])).join(""),
  );
  const apart = first.length > widths[0] - 2;
  const table = lines.map((line, at) => `${(at === 0 && !apart ? first : "").padEnd(widths[0])}${line}`.trimEnd());
  return apart ? [first, ...table] : table;
}

/** Breaks text at spaces into lines of at most `width` characters; a longer word is cut. */
function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const line = lines[lines.length - 1];
    if (line.length + word.length < width || (line === "" && word.length <= width)) {
      lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
      continue;
    }
    const pieces = word.match(new RegExp(`.{1,${width}}`, "gu")) ?? [];
    lines.push(...pieces);
    if (lines[0] === "") lines.shift();
  }
  return lines;
}
