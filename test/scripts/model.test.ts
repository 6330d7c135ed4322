// What a file of an equation holds, for people: `npm run model`.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeSafetensors } from "../../lib/io/safetensors.ts";
import { regression } from "../../lib/method/pairs.ts";
import { aboutOf } from "../../lib/method/sde/about.ts";
import { solveSde } from "../../lib/method/sde/fit.ts";
import { formula, STYLES, written } from "../../lib/method/sde/formula.ts";
import { atCondition, MODEL, type SdeModel } from "../../lib/method/sde/model.ts";
import { defined, generators, normal, ROOT, temporaryFolder } from "../fixtures.ts";
import { plantedAt } from "../method/sde/planted.ts";
import { randomModel } from "../method/sde/reference.ts";
import { expectRefusal, runScript } from "./command.ts";

setDefaultTimeout(60_000);

const folder = temporaryFolder("model");
const generator = generators(73);

function file(name: string, model: SdeModel): string {
  const path = join(folder, `${name}.safetensors`);
  const { tensors, text } = MODEL.write(model);
  writeSafetensors(path, tensors, text);
  return path;
}

const data = regression(
  plantedAt([[300], [900]], ([T]) => ({
    ...{ d: 1, snapshots: 300, patches: 4, time: 0.1 },
    state: (rng) => [normal(rng)],
    drift: ([x]) => [(-x * T) / 600],
    sigma: () => [0.5],
  })),
  "compensator",
);
const about = aboutOf(data, [{ name: "position", symbol: "x", unit: "mm" }], [{ name: "T", unit: "K" }]);
const model = { ...solveSde(data, { kind: "polynomial", degree: 1 }), about };
const path = file("open", model);
const SIGNS = { text: "", latex: "% ", python: "# ", typescript: "// " };

describe("npm run model", () => {
  test("prints variables, conditions, data, steps and the formula in the middle of the conditions", async () => {
    const { code, out, err } = await runScript("model", [path]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^variables +position \(x, mm\): −[\d.]+ … [\d.]+$/m);
    expect(out).toMatch(/^conditions +T \(K\): 300 … 900$/m);
    expect(out).toMatch(/^data +compensator, changes over 0\.1; their noise over λ = 4 is σ$/m);
    expect(out).toMatch(/^drift +polynomials of degree 1; errors from \d+ groups of the training data$/m);
    expect(out).toMatch(/^steps +f is the mean rate over 0\.1: Euler–Maruyama, steps of that$/m);
    const text = formula(defined(written(atCondition(model, [600]), about.variables)), about.variables, "text");
    expect(out).toContain(`at T = 600; ± is half the 95 % interval\n${text}\n`);
    expect(text).toMatch(/^f_x = /);
  });

  test("prints the formula alone, at a condition, in every style", async () => {
    const one = defined(written(atCondition(model, [450]), about.variables));
    for (const style of STYLES) {
      const { code, out } = await runScript("model", [path, "--style", style, "--condition", "450"]);
      expect({ code, out }).toEqual({
        code: 0,
        out: `${SIGNS[style]}at T = 450\n${formula(one, about.variables, style)}\n`,
      });
    }
  });

  test("prints the loader for Python", async () => {
    const { code, out } = await runScript("model", [path, "--python"]);
    expect({ code, out }).toEqual({ code: 0, out: readFileSync(join(ROOT, "data/own/patchwise_model.py"), "utf8") });
  });

  test("tells of networks what they are", async () => {
    const net = {
      ...randomModel(1, "triangular", generator("net")),
      about: { ...about, conditions: [], conditionRange: [] },
    };
    const own = file("net", net);
    const { code, out } = await runScript("model", [own]);
    expect(code).toBe(0);
    expect(out).toMatch(/^drift +network$/m);
    expect(out).toMatch(/^diffusion +network, triangular$/m);
    expectRefusal(
      await runScript("model", [own, "--style", "text"]),
      /net\.safetensors holds networks, which have no formula/,
    );
  });

  test("refuses what is no equation, and conditions that it has not", async () => {
    const other = join(folder, "other.safetensors");
    writeSafetensors(other, { x: { shape: [1], data: Float32Array.of(1) } });
    const text = join(folder, "text.csv");
    writeFileSync(text, "x\n1\n");
    const { about: _, ...nameless } = model;
    for (const [args, message] of [
      [[], /^the file is missing/],
      [[path, other], /other\.safetensors: give one file at a time/],
      [[join(folder, "none.safetensors")], /none\.safetensors/],
      [[other], /other\.safetensors: the file holds no equation/],
      [[text], /text\.csv, byte \d+: /],
      [[path, "--condition", "901"], /condition 901 is outside the training data/],
      [[path, "--condition", "400,500"], /2 conditions for an equation that depends on 1/],
      [[file("nameless", nameless)], /does not say what its variables are/],
    ] as const) {
      expectRefusal(await runScript("model", args), message);
    }
  });
});
