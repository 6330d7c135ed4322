// The text of `--help`: a table of options, or a list on a narrow terminal.

import { commandText } from "./command-text.ts";
import { needed } from "./only-with.ts";
import {
  allowed,
  defaults,
  optionName,
  type Parameter,
  type Parameters,
  PROFILES,
  type Profile,
} from "./parameters.ts";

/** Columns of a text that is not for a terminal, and the most of one that is. */
const WIDTH = 100;
/** Where the values of profiles stand beside each other, at the least. */
const WIDE = 80;
const OPTION = 26;
const UNIT = 12;
const INDENT = 6;
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
  verb?: string;
  about: string;
  parameters: Parameters;
  positional?: { name: string; meaning: string; choices: readonly string[] };
  files?: { name: string; meaning: string; profiles?: true; least?: number };
  groups?: readonly (readonly [title: string, keys: readonly string[]])[];
}

/** The help text, for so many columns; `standard` are the options that all experiments share, and make it show a default per profile. */
export function usage(command: Described, standard?: Parameters, columns = terminalColumns()): string {
  const { positional, files, parameters } = command;
  const width = Math.min(WIDTH, columns);
  const words = [
    ...(command.verb === undefined ? [] : [command.verb]),
    ...[positional, files && { ...files, name: `${files.name}…` }].flatMap((one) =>
      one ? [one.name.toUpperCase()] : [],
    ),
  ];
  const lines = [...wrap(`usage: ${commandText(command.name, [...words, "[options]"])}`, width), ""];
  lines.push(...wrap(command.about, width));
  if (positional) {
    const text = `${positional.name.toUpperCase()}: ${positional.meaning}; ${positional.choices.join(", ")}`;
    lines.push("", ...wrap(text, width));
  }
  if (files) lines.push("", ...wrap(`${files.name.toUpperCase()}: ${files.meaning}`, width));
  const profiles = standard && (!files || files.profiles) ? PROFILES : [undefined];
  const write = width < WIDE ? parameterList : parameterTable;
  for (const [title, keys] of command.groups ?? [["Parameters", Object.keys(parameters)]]) {
    if (keys.length > 0) lines.push("", ...write({ title, keys, parameters, profiles, width }));
  }
  const rest = [OPTION, width - OPTION];
  lines.push("", ...row(["Options", "default"], rest));
  for (const [key, parameter] of Object.entries(standard ?? {})) {
    lines.push(...row([option(key, parameter), String(parameter.default)], rest), ...describe(parameter, {}, width));
  }
  lines.push("  --help", "      print this and stop");
  return lines.join("\n");
}

/** Those of standard output, if it is a terminal. */
const terminalColumns = () => process.stdout.columns || WIDTH;

type Columns = readonly (Profile | undefined)[];

/** Some of the parameters under a title. */
interface Group {
  readonly title: string;
  readonly keys: readonly string[];
  readonly parameters: Parameters;
  readonly profiles: Columns;
  readonly width: number;
}

const valuesIn = (parameters: Parameters, profiles: Columns) =>
  profiles.map((profile) => defaults(parameters, profile) as Record<string, unknown>);

const valueText = (value: unknown) => String(value).replaceAll(",", ", ") || "none";

/** A column for each profile. */
function parameterTable({ title, keys, parameters, profiles, width }: Group): string[] {
  const columns = valuesIn(parameters, profiles);
  const each = Math.floor((width - OPTION - UNIT) / columns.length);
  const widths = [OPTION, UNIT, ...columns.map(() => each)];
  return [
    ...row([title, "unit", ...profiles.map((profile) => profile ?? "default")], widths),
    ...keys.flatMap((key) => {
      const parameter = parameters[key];
      const values = columns.map((values) => valueText(values[key]));
      return [
        ...row([option(key, parameter), parameter.unit ?? "", ...values], widths),
        ...describe(parameter, parameters, width),
      ];
    }),
  ];
}

/** The same one under the other. */
function parameterList({ title, keys, parameters, profiles, width }: Group): string[] {
  const columns = valuesIn(parameters, profiles);
  return [
    title,
    ...keys.flatMap((key) => {
      const parameter = parameters[key];
      const values = columns.map((values) => valueText(values[key]));
      const isSame = values.every((value) => value === values[0]);
      const each = isSame ? `default ${values[0]}` : profiles.map((profile, k) => `${profile} ${values[k]}`).join("; ");
      const unit = parameter.unit ? ` (${parameter.unit})` : "";
      return [option(key, parameter), ...indented(`${each}${unit}`, width), ...describe(parameter, parameters, width)];
    }),
  ];
}

function option(key: string, { kind }: Parameter): string {
  return `  ${optionName(key)} ${VALUE_WORDS[kind]}`.trimEnd();
}

function describe(parameter: Parameter, parameters: Parameters, width: number): string[] {
  const range = parameter.kind === "flag" || parameter.kind === "text" ? "" : `; ${allowed(parameter)}`;
  const paper = parameter.paper ? ` (paper: ${inPaper(parameter.paper)})` : "";
  const condition = parameter.onlyWith ? `; only with ${needed(parameters, parameter.onlyWith)}` : "";
  return indented(`${parameter.meaning}${range}${condition}${paper}`, width);
}

/** "3.3 (copy)" → "section 3.3, copy". */
const inPaper = (places: string) =>
  places.replace(/([\d.]+)(?: \(([^)]*)\))?(, )?/g, (_, section, what, more) =>
    [`section ${section}`, ...(what ? [`, ${what}`] : []), ...(more ? ["; "] : [])].join(""),
  );

const indented = (text: string, width: number) => wrap(text, width - INDENT).map((line) => " ".repeat(INDENT) + line);

/** Cells side by side, each wrapped to its column; the first keeps its indent and may push the others a line down. */
function row(cells: readonly string[], widths: readonly number[]): string[] {
  const [first = "", ...others] = cells;
  const wrapped = others.map((text, column) => wrap(text, widths[column + 1] - 2));
  const height = Math.max(1, ...wrapped.map((lines) => lines.length));
  const lines = Array.from({ length: height }, (_, line) =>
    wrapped.map((texts, column) => padded(texts[line] ?? "", widths[column + 1])).join(""),
  );
  const apart = first.length > widths[0] - 2;
  const table = lines.map((line, at) => `${padded(at === 0 && !apart ? first : "", widths[0])}${line}`.trimEnd());
  return apart ? [first, ...table] : table;
}

/** Breaks text at spaces; a word that is longer than a line is cut. */
const wrap = (text: string, width: number): string[] => Bun.wrapAnsi(text, width, { hard: true }).split("\n");

const padded = (text: string, width: number) => text + " ".repeat(Math.max(0, width - Bun.stringWidth(text)));
