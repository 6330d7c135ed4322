// Parameters that count only beside certain values of others.
import { describe, expect, test } from "bun:test";
import { InputError } from "../../lib/errors.ts";
import { parseTool } from "../../lib/run/command-line.ts";
import { alsoWith } from "../../lib/run/only-with.ts";
import type { Parameters } from "../../lib/run/parameters.ts";

const parameters = {
  drift: { kind: "choice", choices: ["polynomial", "network"], default: "polynomial", meaning: "" },
  studies: { kind: "choice", choices: ["none", "all"], default: "none", meaning: "" },
  looks: { kind: "integer", default: 1, meaning: "" },
  exec: { kind: "text", default: "none", meaning: "" },
  python: { kind: "flag", default: false, meaning: "" },
  steps: { kind: "integer", default: 5, meaning: "", onlyWith: [{ drift: ["network", "onsager"] }] },
  degree: {
    kind: "integer",
    default: 0,
    meaning: "",
    onlyWith: [{ drift: ["polynomial"] }, { studies: ["all"], looks: { above: 1 } }],
  },
  pause: { kind: "number", default: 1, meaning: "", onlyWith: [{ looks: { above: 1 } }] },
  patience: { kind: "number", default: 1, meaning: "", onlyWith: [{ exec: { not: "none" } }] },
  style: { kind: "text", default: "all", meaning: "", onlyWith: [{ python: [false] }] },
} as const satisfies Parameters;

const told = (own: Parameters, ...args: string[]): string => {
  try {
    parseTool({ name: "demo", about: "", parameters: own }, args);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return "accepted";
};

describe("parameters without effect are refused, with what would give them one", () => {
  test.each([
    ["--steps 5", "--steps has no effect with --drift polynomial: it needs --drift network; else leave it out"],
    ["--steps 5 --drift network", "accepted"],
    [
      "--degree 2 --drift network --looks 2",
      "--degree has no effect with --drift network and --studies none: it needs --drift polynomial, or --studies all and --looks above 1; else leave it out",
    ],
    ["--degree 2 --drift network --looks 2 --studies all", "accepted"],
    ["--degree 2", "accepted"],
    ["--pause 2", "--pause has no effect with --looks 1: it needs --looks above 1; else leave it out"],
    ["--pause 2 --looks 2", "accepted"],
    ["--patience 2", "--patience has no effect with --exec none: it needs --exec TEXT; else leave it out"],
    ["--patience 2 --exec x", "accepted"],
    ["--style x --python", "--style has no effect with --python: it needs no --python; else leave it out"],
    ["--style x", "accepted"],
    // What nobody gave is as it is.
    ["--drift network", "accepted"],
  ])("%s", (line, message) => {
    expect(told(parameters, ...line.split(" "))).toBe(message);
  });

  test("further conditions are added to those that there are", () => {
    const more = { ...parameters, ...alsoWith({ steps: parameters.steps, looks: parameters.looks }, { exec: ["x"] }) };
    expect(told(more, "--steps", "5", "--exec", "x")).toBe("accepted");
    expect(told(more, "--steps", "5")).toContain("it needs --drift network, or --exec x;");
    expect(told(more, "--looks", "5")).toBe("accepted");
  });
});

test("conditions on what is not there are a programmer's error", () => {
  const of = (onlyWith: Parameters[string]["onlyWith"]): Parameters => ({
    ...parameters,
    wrong: { kind: "integer", default: 1, meaning: "", ...(onlyWith && { onlyWith }) },
  });
  expect(() => told(of([{ drfit: ["network"] }]))).toThrow("it needs drfit, which is no parameter");
  expect(() => told(of([{ drift: ["onsager"] }]))).toThrow("it needs values of drift that are no choices");
});
