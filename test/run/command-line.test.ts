import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import {
  EXPERIMENT_OPTIONS,
  type ExperimentOptions,
  HelpRequest,
  parseExperiment,
  parseTool,
  positionalWord,
} from "../../lib/run/command-line.ts";
import { optionName } from "../../lib/run/parameters.ts";
import { defined } from "../fixtures.ts";

const FUZZ_RUNS = 3_000;

const parameters = {
  beta: {
    kind: "number",
    default: 1.1,
    above: 0,
    max: 5,
    unit: "1/J",
    meaning: "inverse temperature",
    paper: "4.1 (2), 5",
  },
  m0: { kind: "numbers", default: [-0.5, 0.5], min: -1, max: 1, unit: "1", meaning: "initial magnetizations" },
  patchSide: { kind: "integer", default: 16, min: 2, max: 1024, unit: "sites", meaning: "side of a patch" },
  sides: {
    kind: "integers",
    default: [64],
    min: 2,
    meaning: "sides of the large systems",
    profiles: { standard: [64, 128], paper: [64, 128, 256, 512] },
  },
  boundary: { kind: "choice", choices: ["halo", "periodic"], default: "halo", meaning: "what a patch sees at its rim" },
  naive: { kind: "flag", default: false, meaning: "also fit the baseline" },
  label: { kind: "text", default: "none", meaning: "a note for the report" },
} as const;

const command = {
  name: "curie-weiss",
  about: "A test of the command line.",
  parameters,
  check(values: { patchSide: number; sides: number[] }) {
    const bad = values.sides.find((side) => side % values.patchSide !== 0);
    if (bad) throw new InputError(`patch side ${values.patchSide} does not divide ${bad}: use a divisor of every side`);
  },
};
const parse = (...args: string[]) => parseExperiment(command, args);
const problem = (...args: string[]): string => {
  try {
    parse(...args);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return "no error";
};

describe("values", () => {
  test("without arguments are the defaults of the quick profile", () => {
    expect(parse()).toEqual({
      experiment: "curie-weiss",
      profile: "quick",
      seed: 1,
      out: undefined,
      resume: false,
      force: false,
      parameters: {
        beta: 1.1,
        m0: [-0.5, 0.5],
        patchSide: 16,
        sides: [64],
        boundary: "halo",
        naive: false,
        label: "none",
      },
      files: [],
    });
  });
  test("come from the profile unless they are given", () => {
    expect(parse("--profile", "paper").parameters.sides).toEqual([64, 128, 256, 512]);
    expect(parse("--sides", "32", "--profile", "paper").parameters.sides).toEqual([32]);
    parse().parameters.sides.push(7); // a caller's change must not reach the declaration
    expect(parse().parameters.sides).toEqual([64]);
  });
  test("are typed by the declaration", () => {
    // `tsc` is what checks this; a wrong inference does not compile.
    const values = parse().parameters;
    const boundary: "halo" | "periodic" = values.boundary;
    const sides: number[] = values.sides;
    const typed: [number, boolean, string] = [values.beta, values.naive, values.label];
    // @ts-expect-error not a parameter
    expect(values.gamma).toBeUndefined();
    expect([boundary, sides, typed] as unknown[]).toEqual(["halo", [64], [1.1, false, "none"]]);
  });
  test("may be written with a space or an equals sign, negative, scientific, as lists", () => {
    expect(parse("--m0", "-0.5").parameters.m0).toEqual([-0.5]);
    expect(parse("--m0", "-0.5,0.5").parameters.m0).toEqual([-0.5, 0.5]);
    expect(parse("--m0", "-.5, 5e-1").parameters.m0).toEqual([-0.5, 0.5]);
    expect(parse("--m0=-1e-3,+1.").parameters.m0).toEqual([-0.001, 1]);
    expect(parse("--patch-side=3.2e1").parameters.patchSide).toBe(32);
    expect(parse("--naive").parameters.naive).toBe(true);
    expect(parse("--naive=false", "--label=--x").parameters).toMatchObject({ naive: false, label: "--x" });
    expect(Object.is(parse("--m0", "-0").parameters.m0[0], 0)).toBe(true);
    expect(parse("--seed", "4294967295", "--out", "a b", "--resume")).toMatchObject({
      seed: 2 ** 32 - 1,
      out: "a b",
      resume: true,
    });
  });
});

describe("impossible command lines say value, range and remedy", () => {
  test.each([
    [["--beta", "0"], '--beta "0" is too small: give a decimal number above 0 and at most 5'],
    [["--beta", "5.01"], "is too large"],
    [["--beta", "NaN"], "is not a number"],
    [["--beta", "-Infinity"], "lacks its value"],
    [["--beta=Infinity"], "is not a number"],
    [["--beta", "0x1"], "is not a number"],
    [["--beta", "1e999"], "is too large"],
    [["--beta", "1e-999"], "is too close to zero"],
    [["--beta", "1_000"], "is not a number"],
    [["--beta", ""], "lacks a number"],
    [["--beta="], "lacks a number"],
    [["--beta"], "--beta lacks its value: write --beta VALUE or --beta=VALUE"],
    [["--beta", "--seed", "3"], "--beta lacks its value"],
    [["--patch-side", "3.5"], '--patch-side "3.5" is not a whole number: give a whole number from 2 to 1024'],
    [["--sides", "64,,32"], "lacks a number"],
    [["--sides", "64,1e16"], '"1e16" is too large'],
    [["--m0", "0.5,-1.5"], '--m0 "-1.5" is too small: give decimal numbers from -1 to 1, separated by commas'],
    [["--boundary", "open"], '--boundary "open" is not a choice: give halo or periodic'],
    [["--naive=yes"], "give true or false"],
    [["--naive", "yes"], '"yes" does not belong to an option'],
    [["--label", " "], "not empty"],
    [["--label", "a\nb"], '"a\\nb"'],
    [["--seed", "-1"], '--seed "-1" is too small: give a whole number from 0 to 4294967295'],
    [["--seed", "4294967296"], "is too large"],
    [["--seed", "1", "--seed=1"], "--seed is given twice"],
    [["--profile", "full"], "give quick, standard or paper"],
    [["--resume", "--force"], "give only one"],
    [["--btea", "1"], 'there is no option "--btea": did you mean --beta?'],
    [["--patchSide", "1"], "did you mean --patch-side?"],
    [["--patch_side=1"], "did you mean --patch-side?"],
    [["-beta", "1"], "did you mean --beta?"],
    [["--zzzzzzz", "1"], "scripts/curie-weiss.ts --help"],
    [["--__proto__", "1"], "there is no option"],
    [["--", "x"], "there is no option"],
    [["junk"], '"junk" does not belong to an option'],
    [["--patch-side", "24"], "patch side 24 does not divide 64"],
    [["--help=1"], "there is no option"],
  ])("%p", (args, part) => {
    expect(problem(...args)).toContain(part);
  });
});

// An argument as a careless or hostile hand may type it.
const names = [...Object.keys(parameters), ...Object.keys(EXPERIMENT_OPTIONS)].map(optionName);
const number = fc.oneof(
  fc.double().map(String),
  fc.integer().map(String),
  fc.constantFrom("-0", "1e999", "0x10", "3.5", "", " ", "1e5", "-.5", "+1", "--1", "1,2", "-1,2", "١", "1e", "NaN"),
);
const value = fc.oneof(
  number,
  fc.array(number, { maxLength: 4 }).map((items) => items.join(",")),
  fc.constantFrom("halo", "periodic", "quick", "paper", "true", "false", "__proto__", "constructor", "toString"),
  fc.string({ unit: "binary", maxLength: 60 }),
);
const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...names) },
  fc.string({ maxLength: 12 }).map((s) => `--${s}`),
);
const words = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.tuple(name, value) },
      { weight: 2, arbitrary: fc.tuple(name, value).map(([n, v]) => [`${n}=${v}`]) },
      { weight: 1, arbitrary: fc.tuple(fc.oneof(name, value)) },
    ),
    { maxLength: 5 },
  )
  .map((parts) => parts.flat());

/** Throws unless every value is what the declaration promises. */
function expectAllowed({ seed, profile, out, parameters: v }: ExperimentOptions<typeof parameters>) {
  const within = (list: readonly number[], fits: (x: number) => boolean) =>
    expect(list.length > 0 && list.every((x) => Number.isFinite(x) && !Object.is(x, -0) && fits(x))).toBe(true);
  within([seed], (x) => Number.isInteger(x) && x >= 0 && x < 2 ** 32);
  within([v.beta], (x) => x > 0 && x <= 5);
  within(v.m0, (x) => x >= -1 && x <= 1);
  within([v.patchSide], (x) => Number.isInteger(x) && x >= 2 && x <= 1024);
  within(v.sides, (x) => Number.isSafeInteger(x) && x >= 2 && x % v.patchSide === 0);
  expect(["quick", "standard", "paper"]).toContain(profile);
  expect(["halo", "periodic"]).toContain(v.boundary);
  expect(typeof v.naive).toBe("boolean");
  for (const text of [v.label, out ?? "x"]) expect(text.trim().length).toBeGreaterThan(0);
}

describe("any command line", () => {
  test("gives allowed values or a message of one or two sentences", () => {
    let accepted = 0;
    fc.assert(
      fc.property(words, (args) => {
        try {
          const options = parse(...args);
          accepted++;
          expectAllowed(options);
        } catch (error) {
          if (error instanceof HelpRequest) return;
          if (!(error instanceof InputError)) throw error;
          expect(error.message).toMatch(/^[^\p{Cc}\u2028\u2029]{10,300}$/u);
          expect(error.message.split(/[.?!]\s/).length).toBeLessThanOrEqual(2);
        }
      }),
      { numRuns: FUZZ_RUNS, seed: 1 },
    );
    expect(accepted).toBeGreaterThan(FUZZ_RUNS / 20); // else the property tests nothing
  });

  test("with allowed values gives exactly these", () => {
    const allowed = fc.record(
      {
        beta: fc.double({ min: 1e-300, max: 5, noNaN: true }),
        m0: fc.array(
          fc.double({ min: -1, max: 1, noNaN: true }).map((x) => x + 0),
          { minLength: 1, maxLength: 5 },
        ),
        boundary: fc.constantFrom("halo", "periodic"),
        naive: fc.boolean(),
        label: fc.string({ minLength: 1 }).filter((text) => text.trim() !== ""),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(allowed, fc.nat({ max: 2 ** 32 - 1 }), fc.boolean(), (values, seed, equals) => {
        const pairs = Object.entries({ ...values, seed }).map(([key, v]) => [optionName(key), String(v)] as const);
        const args = pairs.flatMap(([option, text]) =>
          equals || option === "--naive" || /^-[^\d.]/.test(text) || option === "--label"
            ? [`${option}=${text}`]
            : [option, text],
        );
        const options = parse(...args);
        expect(options.seed).toBe(seed);
        expect(options.parameters).toEqual({ ...parse().parameters, ...values } as typeof options.parameters);
      }),
      { numRuns: 500, seed: 2 },
    );
  });
});

describe("--help", () => {
  const help = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      if (error instanceof HelpRequest) return error.message;
      throw error;
    }
    throw new Error("no help");
  };
  const text = help(() => parse("--beta", "nonsense", "--help"));
  const words = "a rather long explanation that goes on and on ".repeat(8);
  const wide = help(() =>
    parseExperiment(
      {
        name: "wide",
        about: words,
        parameters: {
          aParameterWithAVeryLongNameIndeed: {
            kind: "integers",
            default: Array.from({ length: 40 }, (_, i) => 1000 + i),
            unit: "sites per patch and second",
            meaning: words,
          },
          word: { kind: "text", default: "x".repeat(150), meaning: "y".repeat(150) },
        },
      },
      ["-h"],
    ),
  );
  test("names every parameter with default per profile, unit, range, meaning and place in the paper", () => {
    expect(text).toMatch(/^usage: \S.* scripts\/curie-weiss\.ts \[options\]$/m);
    for (const name of names) expect(text).toContain(`${name}`);
    for (const part of [
      "64, 128, 256, 512",
      "1/J",
      "inverse temperature; a decimal number above 0 and at most 5",
      "(paper: section 4.1, 2; section 5)",
    ]) {
      expect(text).toContain(part);
    }
  });
  test("fits 100 columns, aligned, whatever is declared", () => {
    for (const line of `${text}\n${wide}`.split("\n")) expect([...line].length).toBeLessThanOrEqual(100);
    const lines = text.split("\n");
    const column = defined(lines.find((line) => line.startsWith("Parameters"))).indexOf("unit");
    for (const [option, unit] of [
      ["--beta", "1/J"],
      ["--patch-side", "sites"],
    ] as const) {
      expect(defined(lines.find((line) => line.includes(option))).indexOf(unit)).toBe(column);
    }
  });
});

describe("tools", () => {
  const tool = {
    name: "simulate",
    about: "A tool.",
    parameters: { time: { kind: "number", default: 1, above: 0, meaning: "simulated time" } },
    positional: { name: "system", meaning: "what to simulate", choices: ["ising", "spde"] },
  } as const;
  test("take one positional choice, and no profile", () => {
    const { positional, parameters } = parseTool(tool, ["--time", "3", "ising"]);
    const system: "ising" | "spde" = positional;
    expect([system, parameters.time]).toEqual(["ising", 3]);
    for (const [args, part] of [
      [[], "the system is missing: give ising or spde"],
      [["Ising"], '"Ising" is not a system'],
      [["ising", "spde"], '"spde" does not belong'],
      [["ising", "--time", "1e999"], '--time "1e999" is too large: give a decimal number above 0'],
      [["ising", "--profile", "quick"], 'there is no option "--profile"'],
    ] as const) {
      expect(() => parseTool(tool, args)).toThrow(part);
    }
    expect(() => parseTool({ name: "bench", about: "", parameters: {} }, ["x"])).toThrow("does not belong");
  });

  test("find the word that their options depend on, and take no value of an option for it", () => {
    const all = { ...parameters, out: { kind: "text", default: "none", meaning: "file to write" } } as const;
    for (const [line, word] of [
      ["spde --out ising", "spde"],
      ["--out ising spde", "spde"],
      ["--out=ising spde ising", "spde"],
      ["--m0 -0.5 spde", "spde"],
      ["--naive spde", "spde"],
      ["--out ising", undefined],
      ["--beta", undefined],
      ["", undefined],
    ] as const) {
      expect(positionalWord(all, line.split(" ").filter(Boolean))).toBe(word);
    }
  });
});

describe("a wrong declaration is a programmer's error", () => {
  const declare = (parameters: Parameters<typeof parseExperiment>[0]["parameters"], check?: () => void) => () =>
    parseExperiment({ name: "x", about: "", parameters, check }, []);
  test.each([
    ["default out of range", declare({ a: { kind: "number", default: 2, max: 1, meaning: "" } })],
    [
      "profile out of range",
      declare({ a: { kind: "integers", default: [1], profiles: { paper: [1.5] }, meaning: "" } }),
    ],
    ["default not a choice", declare({ a: { kind: "choice", choices: ["b"], default: "c", meaning: "" } })],
    ["a standard name", declare({ seed: { kind: "number", default: 2, meaning: "" } })],
    ["not camel case", declare({ "patch-side": { kind: "number", default: 2, meaning: "" } })],
    [
      "defaults that do not go together",
      declare({}, () => {
        throw new InputError("no");
      }),
    ],
  ])("%s", (_, run) => {
    expect(run).toThrow();
    try {
      run();
    } catch (error) {
      expect(error).not.toBeInstanceOf(InputError);
    }
  });
});
