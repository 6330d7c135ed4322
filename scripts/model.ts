// What a file of an equation holds: its variables, where its data lay, its formula; and what loads it in Python.
//
//   npm run model -- reports/fit/pairs-1/models/equation.safetensors
//   npm run model -- FILE --style latex --condition 700
//   npm run -s model -- FILE --python > patchwise_model.py
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../lib/errors.ts";
import { readSafetensors } from "../lib/io/safetensors.ts";
import { type About, middleCondition, type Named } from "../lib/method/sde/about.ts";
import { formula, STYLES, type Style, written } from "../lib/method/sde/formula.ts";
import { atCondition, chosenDegree, MODEL, type SdeModel, trainingGroups } from "../lib/method/sde/model.ts";
import { formatSetting } from "../lib/report/number.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { commandText } from "../lib/run/command-text.ts";
import { main } from "../lib/run/main.ts";
import { print } from "../lib/run/output.ts";
import { PROJECT_ROOT } from "../lib/run/provenance.ts";

const LOADER = "data/own/patchwise_model.py";

const PRINTED = [{ python: [false] }];

const command = {
  name: "model",
  about:
    "Prints what a file of an equation, models/NAME.safetensors of a run, holds: variables, range of the data, steps, formula with 95 % intervals.",
  files: { name: "file", meaning: "the equation, a .safetensors file; none is needed for --python", least: 0 },
  parameters: {
    style: {
      kind: "choice",
      choices: ["all", ...STYLES],
      default: "all",
      meaning: "the formula alone, in this style",
      onlyWith: PRINTED,
    },
    condition: {
      kind: "numbers",
      default: [],
      meaning: "values of the conditions of an equation that depends on some, in their order; their middle by default",
      onlyWith: PRINTED,
    },
    python: { kind: "flag", default: false, meaning: "print a loader for Python (numpy) instead: f, σ, simulate" },
  },
} as const;

const span = ([low, high]: readonly [number, number]) => `${formatSetting(low)} … ${formatSetting(high)}`;

function listed(names: readonly Named[], ranges: About["range"]): string[] {
  return names.map(({ name, symbol, unit }, k) => {
    const beside = [...(symbol && symbol !== name ? [symbol] : []), ...(["1", ""].includes(unit) ? [] : [unit])];
    return `${name}${beside.length > 0 ? ` (${beside.join(", ")})` : ""}: ${span(ranges[k])}`;
  });
}

/** How it was learned, line by line. */
function summary(model: SdeModel, about: About): [string, string][] {
  const { drift, diffusion } = model;
  const groups = trainingGroups(model);
  const choice = chosenDegree(model);
  const kind = choice ? `polynomials of degree ${choice.degree}` : drift.kind;
  const sure = groups > 1 ? `; errors from ${groups} groups of the training data` : "";
  const steps =
    about.scheme === "heun"
      ? "f is the rate at an instant: Heun's scheme, steps well below its relaxation"
      : `f is the mean rate over ${formatSetting(about.time)}: Euler–Maruyama, steps of that`;
  return [
    ["variables", listed(about.variables, about.range).join("; ")],
    ...(about.conditions.length > 0
      ? [["conditions", listed(about.conditions, about.conditionRange).join("; ")] as [string, string]]
      : []),
    [
      "data",
      `${about.method}, changes over ${formatSetting(about.time)}; their noise over λ = ${formatSetting(about.lambda)} is σ`,
    ],
    ["drift", `${kind}${sure}`],
    ["diffusion", diffusion.kind === "network" ? `network, ${diffusion.form}` : diffusion.kind],
    ["steps", steps],
  ];
}

await main(async () => {
  const { files, parameters } = parseTool(command);
  const [path, other] = files;
  if (other !== undefined) throw new InputError(`${other}: give one file at a time`);
  if (!path && !parameters.python)
    throw new InputError(`the file is missing: give one, see ${commandText(command.name, ["--help"])}`);
  if (parameters.python) return print(readFileSync(join(PROJECT_ROOT, LOADER), "utf8").trimEnd());
  const { tensors, metadata } = readSafetensors(path);
  let model: SdeModel;
  try {
    model = MODEL.read({ tensors, text: metadata });
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${path}: ${error.message}`) : error;
  }
  const { about } = model;
  if (!about)
    throw new InputError(`${path} does not say what its variables are: an earlier version made it, run again`);
  const condition = parameters.condition.length > 0 ? parameters.condition : middleCondition(about);
  const closed = condition.length > 0 ? atCondition(model, condition) : model;
  const one = written(closed, about.variables);
  const { style } = parameters;
  const at = about.conditions.map(({ name }, k) => `${name} = ${formatSetting(condition[k])}`).join(", ");
  if (style !== "all") {
    if (!one)
      throw new InputError(
        `${path} holds networks, which have no formula: ${commandText(command.name, ["--python"])} loads them`,
      );
    const sign = { text: "", latex: "% ", python: "# ", typescript: "// " }[style as Style];
    return print(`${at ? `${sign}at ${at}\n` : ""}${formula(one, about.variables, style as Style)}`);
  }
  print("dz = f(z) dt + σ(z) dW, D = σσᵀ");
  for (const [name, text] of summary(model, about)) print(`${name.padEnd(12)}${text}`);
  if (!one) return;
  print(`\n${at ? `at ${at}; ` : ""}± is half the 95 % interval\n${formula(one, about.variables, "text")}`);
});
