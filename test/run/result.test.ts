// result.json: what it holds and what it refuses.
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import { versions } from "../../lib/run/provenance.ts";
import { isoMinute, metricName, parseResult, resultText, validateResult } from "../../lib/run/result.ts";
import { METRIC } from "./folders.ts";

describe("result.json", () => {
  const result = {
    schema: "patchwise result 1" as const,
    experiment: "demo",
    profile: "quick",
    seed: 1,
    date: "2026-11-28T10:03Z",
    versions: { patchwise: "1" },
    adapter: { kind: "none", name: "", driver: "" },
    seconds: { total: 1 },
    parameters: { b: 1, a: [1, { d: 1, c: null }] },
    warnings: ["the equation left its data"],
    metrics: { "b.ours.all": METRIC, "a.ours.all": { ...METRIC, ci95: null, seeds: [1, 2.5] } },
  };
  test("reads back as it was, keys in order", () => {
    const text = resultText(result);
    expect(validateResult(JSON.parse(text))).toEqual(result);
    expect(Object.keys(JSON.parse(text))).toEqual(Object.keys(result));
    expect(Object.keys(JSON.parse(text).metrics)).toEqual(["a.ours.all", "b.ours.all"]);
    const shuffled = Object.fromEntries(Object.entries(result).reverse()) as typeof result;
    shuffled.parameters = { a: [1, { c: null, d: 1 }], b: 1 };
    expect(
      resultText({
        ...shuffled,
        metrics: { "a.ours.all": { seeds: [1, 2.5], ...METRIC, ci95: null }, "b.ours.all": METRIC },
      }),
    ).toBe(text);
  });
  const equation = { at: { T: 450 }, formula: ["f_x = −(2.00 ± 0.50) x"] };
  test("keeps equations; those of before have none", () => {
    const all = { ...result, equations: { net: equation, b: { ...equation, at: {} } } };
    expect(validateResult(JSON.parse(resultText(all)))).toEqual(all);
    expect(resultText(result)).not.toContain("equations");
  });
  test("says its schema first; files from before schemas are read too, as version 0", () => {
    const { schema: _, ...before } = result;
    expect(resultText(before)).toBe(resultText(result));
    expect(resultText(result)).toStartWith('{\n  "schema": "patchwise result 1",\n  "experiment": "demo"');
    expect(validateResult(before)).toEqual(before);
  });
  test.each([
    [
      "patchwise result 2",
      '"patchwise result 2", this version of patchwise reads "patchwise result 1": read it with the version that wrote it',
    ],
    ["patchwise result 0", '"patchwise result 0", this version'],
    [
      "mlflow 3",
      'says that it is "mlflow 3", which is no result of patchwise; this version of patchwise reads "patchwise result 1"',
    ],
    [2, "says that it is 2, which is no result"],
    [null, "says that it is null, which is no result"],
  ])("one of schema %p is refused, whatever else it holds", (schema, message) => {
    for (const found of [
      { ...result, schema },
      { schema, runs: [] },
    ]) {
      expect(() => validateResult(found)).toThrow(message);
      expect(() => validateResult(found)).toThrow(InputError);
    }
  });
  test("cut off, foreign or wrong is named with its file", () => {
    const text = resultText(result);
    expect(parseResult(text, "a/result.json")).toEqual(result);
    for (const [wrong, message] of [
      [text.slice(0, -20), "a/result.json is not JSON: run"],
      ["", "a/result.json is not JSON: run"],
      [text.replace("result 1", "result 2"), 'a/result.json is a "patchwise result 2"'],
      [text.replace('"seed": 1', '"seed": -1'), "a/result.json: seed is -1"],
    ]) {
      expect(() => parseResult(wrong, "a/result.json")).toThrow(message);
      expect(() => parseResult(wrong, "a/result.json")).toThrow(InputError);
    }
  });
  test("files from before dates are read too", () => {
    const { date: _, ...before } = result;
    expect(validateResult(JSON.parse(resultText(before)))).toEqual(before);
    expect(isoMinute(new Date(Date.UTC(2026, 0, 2, 3, 4, 59)))).toBe("2026-01-02T03:04Z");
  });
  test("says that there are no warnings; files from before warnings are read too", () => {
    const { warnings: _, ...before } = result;
    expect(JSON.parse(resultText(before)).warnings).toEqual([]);
    expect(validateResult(before)).toEqual(before);
  });
  test.each([
    [{ metrics: { "b.ours.all": { ...METRIC, value: null } } }, "result.json: metrics.b.ours.all.value is null"],
    [{ metrics: { "b.ours.all": { ...METRIC, ci95: [2, 1] } } }, "ci95 is [2,1] where null or [low, high]"],
    [{ metrics: { "b.ours.all": { ...METRIC, paper: undefined } } }, "paper is missing"],
    [{ metrics: { "b.ours.all": { ...METRIC, seeds: [1, null] } } }, "seeds is [1,null]"],
    [{ metrics: { "b.ours.all": { ...METRIC, seeds: 3 } } }, "seeds is 3"],
    [{ date: "28 November" }, 'date is "28 November" where a time such as'],
    [{ date: ["2026-11-28T10:03Z"] }, 'date is ["2026-11-28T10:03Z"] where a time'],
    [{ warnings: "all is well" }, 'warnings is "all is well"'],
    [{ warnings: [1] }, "warnings is [1]"],
    [{ metrics: { "": METRIC } }, 'a metric name is ""'],
    [{ metrics: { "b.Ours all.x": METRIC } }, "a metric name"],
    [{ metrics: [] }, "metrics is []"],
    [{ seed: -1 }, "seed is -1"],
    [{ seconds: { total: -1 } }, "seconds.total is -1"],
    [{ versions: { bun: 1 } }, "versions.bun is 1"],
    [{ adapter: { kind: "x", name: "y" } }, "adapter.driver is missing"],
    [{ experiment: undefined }, "experiment is missing"],
    [{ equations: { b: 1 } }, "equations.b is 1"],
    [{ equations: { b: { ...equation, formula: "x" } } }, 'equations.b.formula is "x" where a list of lines'],
    [{ equations: { b: { ...equation, at: { T: null } } } }, "equations.b.at.T is null"],
  ])("%p is refused", (wrong, message) => {
    expect(() => validateResult({ ...result, ...wrong })).toThrow(message);
    expect(() => validateResult({ ...result, ...wrong })).toThrow(InputError);
  });
  test("any JSON is a result or a refusal", () => {
    const key = fc.constantFrom(...Object.keys(result));
    fc.assert(
      fc.property(fc.jsonValue(), key, (value, key) => {
        for (const found of [value, { ...result, [key]: value }]) {
          try {
            validateResult(found);
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
          }
        }
      }),
      { numRuns: 500, seed: 5 },
    );
  });
  test("never holds what JSON would turn into null", () => {
    for (const wrong of [Number.NaN, Number.NEGATIVE_INFINITY, undefined, () => 1, new Float32Array(1), 1n]) {
      expect(() => resultText({ ...result, parameters: { a: [wrong] } })).toThrow("parameters.a[0] is ");
    }
  });
  test("metric names have checked parts", () => {
    expect(metricName("error", "compensator", "patch16")).toBe("error.compensator.patch16");
    expect(metricName("slope", "ours", "t2-27")).toBe("slope.ours.t2-27");
    // Capitals where a symbol has them; a number that stands alone.
    expect(metricName("sro", "learned", "NbMo", "T1000")).toBe("sro.learned.NbMo.T1000");
    expect(metricName("spread_exponent")).toBe("spread_exponent");
    for (const bad of ["", "a.b", "a__b", "-a", "a--b", "ä", " a"]) {
      expect(() => metricName("error", "ours", bad)).toThrow(`"${bad}"`);
    }
  });
  test("names the versions that made it", () => {
    const found = versions();
    expect(found.bun).toBe(Bun.version);
    for (const name of ["patchwise", "webgpu", "mathjs", "arquero", "uplot"])
      expect(found[name]).toMatch(/^\d+\.\d+\.\d+/);
  });
});
