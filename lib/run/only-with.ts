// Parameters that count only beside certain values of others: given without these they are refused, not ignored.
import { InputError } from "../errors.ts";
import { type Accepted, type Condition, listed, optionName, type Parameter, type Parameters } from "./parameters.ts";

/** Throws InputError for the first of the `given` parameters that has no effect, with what would give it one. */
export function requireEffect(
  parameters: Parameters,
  values: Readonly<Record<string, unknown>>,
  given: Iterable<string>,
): void {
  for (const key of given) {
    const { onlyWith } = parameters[key] ?? {};
    if (!onlyWith || onlyWith.some((condition) => isMet(condition, values))) continue;
    const others = [...new Set(onlyWith.flatMap((condition) => Object.keys(condition)))];
    const wrong = others.filter((other) =>
      onlyWith.some((one) => other in one && !isAccepted(one[other], values[other])),
    );
    const now = wrong.map((other) => written(other, parameters[other], [values[other] as Plain]));
    throw new InputError(
      `${optionName(key)} has no effect with ${now.join(" and ")}: it needs ${needed(parameters, onlyWith)}; else leave it out`,
    );
  }
}

/** Conditions as options: "--drift network, or --studies all and --coordinates three". */
export function needed(parameters: Parameters, conditions: readonly Condition[]): string {
  return conditions
    .map((condition) =>
      Object.entries(condition)
        .map(([other, accepted]) => accepting(other, parameters[other], accepted))
        .join(" and "),
    )
    .join(", or ");
}

type Plain = string | number | boolean;

const isMet = (condition: Condition, values: Readonly<Record<string, unknown>>) =>
  Object.entries(condition).every(([key, accepted]) => isAccepted(accepted, values[key]));

function isAccepted(accepted: Accepted, value: unknown): boolean {
  if (Array.isArray(accepted)) return accepted.includes(value);
  const { above, not } = accepted as { above?: number; not?: string };
  return above !== undefined ? (value as number) > above : value !== not;
}

function accepting(key: string, parameter: Parameter, accepted: Accepted): string {
  if (Array.isArray(accepted)) return written(key, parameter, accepted as readonly Plain[]);
  const { above } = accepted as { above?: number };
  return above !== undefined
    ? `${optionName(key)} above ${above}`
    : `${optionName(key)} ${parameter.kind.toUpperCase()}`;
}

/** `--drift network or onsager`; of a flag whether it is there. */
function written(key: string, parameter: Parameter, values: readonly Plain[]): string {
  if (parameter.kind === "flag") return values[0] ? optionName(key) : `no ${optionName(key)}`;
  const possible = values.filter((value) => parameter.kind !== "choice" || parameter.choices.includes(String(value)));
  return `${optionName(key)} ${listed(possible.map(String))}`;
}

/** Throws where a declaration speaks of parameters that are not there, or of values that none of them can have. */
export function checkConditions(parameters: Parameters): void {
  for (const [key, { onlyWith = [] }] of Object.entries(parameters)) {
    for (const [other, accepted] of onlyWith.flatMap((condition) => Object.entries(condition))) {
      const parameter = parameters[other];
      if (!parameter) throw new Error(`parameter ${key}: it needs ${other}, which is no parameter`);
      const known = (one: unknown) => parameter.kind !== "choice" || parameter.choices.includes(String(one));
      if (Array.isArray(accepted) && !accepted.some(known))
        throw new Error(`parameter ${key}: it needs values of ${other} that are no choices`);
    }
  }
}

/** The same parameters, which count under further conditions too. */
export function alsoWith<P extends Parameters>(parameters: P, ...conditions: readonly Condition[]): P {
  const entries = Object.entries(parameters).map(([key, one]) => [
    key,
    one.onlyWith ? { ...one, onlyWith: [...one.onlyWith, ...conditions] } : one,
  ]);
  return Object.fromEntries(entries) as P;
}
