import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { InputError } from "../../../lib/errors.ts";
import type { Parameter } from "../../../lib/run/parameters.ts";
import { readValues } from "../../../lib/run/sweep/values.ts";

const T: Parameter = { kind: "number", default: 1, above: 0, max: 5, meaning: "temperature" };
const H: Parameter = { kind: "number", default: 0, min: -100, max: 100, meaning: "field" };
const L: Parameter = { kind: "integer", default: 64, min: 4, max: 4096, meaning: "side" };
const PATCHES: Parameter = { kind: "integers", default: [8], min: 2, meaning: "sides of patches" };
const DRIFT: Parameter = { kind: "choice", choices: ["polynomial", "network"], default: "network", meaning: "drift" };
const COPY: Parameter = { kind: "flag", default: false, meaning: "copies" };
const NAME: Parameter = { kind: "text", default: "none", meaning: "name" };

describe("values of a parameter are", () => {
  test.each<[string, Parameter, string, string[]]>([
    ["a number", T, "2.5", ["2.5"]],
    ["a list, as the shortest texts of its numbers", T, "1e0, 2.50,3", ["1", "2.5", "3"]],
    ["a range with both ends", T, "2.2:2.6:0.1", ["2.2", "2.3", "2.4", "2.5", "2.6"]],
    ["a range whose end no step meets", T, "1:2:0.4", ["1", "1.4", "1.8"]],
    ["a range of steps of 1", L, "8:11", ["8", "9", "10", "11"]],
    ["a range of one", L, "8:8", ["8"]],
    ["a range below zero", H, "-0.2:0.2:0.2", ["-0.2", "0", "0.2"]],
    ["a range through zero", H, "-0.3:0.3:0.1", ["-0.3", "-0.2", "-0.1", "0", "0.1", "0.2", "0.3"]],
    ["a range of small numbers", T, "1e-9:3e-9:1e-9", ["1e-9", "2e-9", "3e-9"]],
    ["a list with a range in it", T, "0.5,1:2:0.5,4", ["0.5", "1", "1.5", "2", "4"]],
    ["choices", DRIFT, "polynomial,network", ["polynomial", "network"]],
    ["a flag", COPY, "true,false", ["true", "false"]],
    ["lists of numbers", PATCHES, "8,16; 16, 32;64", ["8,16", "16,32", "64"]],
  ])("%s", (_, parameter, text, values) => {
    expect(readValues("--x", parameter, text)).toEqual(values);
  });

  test("those of a range, wherever it starts: as many as fit, evenly, without the dust of binary fractions", () => {
    const tenths = fc.integer({ min: -500, max: 500 });
    fc.assert(
      fc.property(tenths, fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 30 }), (from, count, step) => {
        const text = `${from / 10}:${(from + count * step) / 10}:${step / 10}`;
        const values = readValues("--h", { ...H, min: -1e4, max: 1e4 } as Parameter, text);
        const right = Array.from({ length: count + 1 }, (_, k) => String((from + k * step) / 10));
        expect(values).toEqual(right);
      }),
    );
  });
});

describe("refused in one sentence", () => {
  test.each<[string, Parameter, string, string]>([
    [
      "all that are out of range",
      T,
      "0,1,6:8:1,-1",
      `--x "0", "6", "7", "8", "-1" are not possible: each has to be a decimal number above 0 and at most 5`,
    ],
    ["one", L, "3,8", `--x "3" is not possible: give a whole number from 4 to 4096`],
    [
      "many, cut short",
      L,
      "100000:100100",
      `--x "100000", "100001", "100002", "100003", "100004", "100005" and 95 more are not possible: each has to be a whole number from 4 to 4096`,
    ],
    ["no number", T, "1,two", `--x "two" is not possible: give a decimal number above 0 and at most 5`],
    ["nothing between commas", T, "1,,2", `--x "" is not possible: give a decimal number above 0 and at most 5`],
    ["a step of zero", T, "1:2:0", `--x "1:2:0" has a step that is not above 0: write from:to or from:to:step`],
    ["a negative step", T, "2:1:-0.1", `--x "2:1:-0.1" has a step that is not above 0: write from:to or from:to:step`],
    ["an end below the start", T, "2:1", `--x "2:1" is a range that ends below its start: write 1:2`],
    ["nothing", T, " ", "--x has no values: give a decimal number above 0 and at most 5"],
    ["no end", T, "1:", `--x "1:" is a range that does not end: write from:to or from:to:step`],
    ["an infinite end", T, "1:inf:0.1", `--x "1:inf:0.1" is a range that does not end: write from:to or from:to:step`],
    [
      "an end too large for a number",
      T,
      "1:1e999",
      `--x "1:1e999" is a range that does not end: write from:to or from:to:step`,
    ],
    ["a range with letters", T, "1:b", `--x "1:b" is no range: write from:to or from:to:step`],
    ["a range of four parts", T, "1:2:3:4", `--x "1:2:3:4" is no range: write from:to or from:to:step`],
    [
      "a range that takes for ever",
      T,
      "0.1:5:1e-9",
      `--x "0.1:5:1e-9" is a range of 4900000001 values: take a larger step`,
    ],
    ["a value twice", T, "1:2:0.5,1.50", "--x has 1.5 twice: give it once"],
    ["no choice", DRIFT, "network,none", `--x "none" is not possible: give polynomial or network`],
    ["a text", NAME, "a", "--x is a text, which is the same for all runs: give it behind a second --"],
  ])("%s", (_, parameter, text, message) => {
    expect(() => readValues("--x", parameter, text)).toThrow(new InputError(message));
  });
});
