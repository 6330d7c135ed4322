// The published network from its files. Its arrays are made up here, by a fixed seed, but where ../shared has the true ones.
import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { InputError } from "../../../lib/errors.ts";
import { readNpy, writeNpy } from "../../../lib/io/npy.ts";
import {
  type NetworkWeights,
  PUBLISHED_DIGEST,
  readNetworkWeights,
  weightsDigest,
} from "../../../lib/systems/nbmota/weights.ts";
import { defined, generators, normal, SHARED, temporaryFolder } from "../../fixtures.ts";
import { array, hasNumpy, list, needsNumpy, objectFile, PROTOCOLS, pickle, python } from "../../io/pickles.ts";

setDefaultTimeout(60_000);

const WIDTHS = [729, 128, 128, 128, 128, 1];
/** As ../shared/nbmota/README.md has it. */
const EPSILON = 1e-5;
/** Layer by layer, as the authors' program takes the arrays out of its file by their number. */
const NAMES = [1, 2, 3, 4].flatMap((l) => ["W", "b", "gamma", "beta", "mean", "var"].map((name) => name + l));
NAMES.push("W5", "b5");

const folder = temporaryFolder("weights");
const place = join(folder, "arrays");
const file = join(folder, "weights.npy");
const TRUE = join(SHARED, "nbmota");
const noShared = existsSync(TRUE) ? "" : " (skipped: no ../shared beside the project)";

type Arrays = Record<string, { shape: number[]; data: Float32Array }>;

/** A network with numbers of the size of the true ones; variances near ε, so that ε counts. */
function madeUp(seed: number): Arrays {
  const generator = generators(seed, "test/weights/");
  return Object.fromEntries(
    NAMES.map((name) => {
      const layer = Number(name.at(-1));
      const kind = name.slice(0, -1);
      const [inputs, outputs] = WIDTHS.slice(layer - 1);
      const shape = kind === "W" ? [inputs, outputs] : [outputs];
      const rng = generator(name);
      const count = kind === "W" ? inputs * outputs : outputs;
      const one = {
        W: () => 0.1 * normal(rng),
        b: () => normal(rng),
        gamma: () => 1 + 0.3 * normal(rng),
        beta: () => normal(rng),
        mean: () => normal(rng),
        var: () => 1e-4 * rng.uniform(),
      }[kind];
      return [name, { shape, data: Float32Array.from({ length: count }, defined(one)) }];
    }),
  );
}

const arrays = madeUp(1);
const inOrder = NAMES.map((name) => arrays[name]);

function writeFolder(): void {
  rmSync(place, { recursive: true, force: true });
  for (const [name, { shape, data }] of Object.entries(arrays)) writeNpy(join(place, `${name}.npy`), shape, data);
}
beforeAll(writeFolder);

/** The message of the InputError that reading `path` must throw. */
function refusal(path: string): string {
  try {
    readNetworkWeights(path);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return "no error";
}

/** What goes into ReLU behind layer `l` from `x`, in float64, as the formula stands. */
function formula(of: Arrays, l: number, x: Float64Array): number[] {
  const [W, b, gamma, beta, mean, variance] = NAMES.slice(6 * (l - 1), 6 * l).map((name) => of[name].data);
  return Array.from(b, (shift, j) => {
    let sum = shift;
    for (let i = 0; i < x.length; i++) sum += x[i] * W[i * b.length + j];
    if (!gamma) return sum;
    return ((sum - mean[j]) / Math.sqrt(variance[j] + EPSILON)) * gamma[j] + beta[j];
  });
}

/** The same from the folded numbers, and the sum of what is added up without its signs. */
function layer({ layers }: NetworkWeights, l: number, x: Float64Array) {
  const { weights, bias, outputs } = layers[l - 1];
  return Array.from(bias, (shift, j) => {
    let value = shift;
    let size = Math.abs(shift);
    for (let i = 0; i < x.length; i++) {
      value += x[i] * weights[i * outputs + j];
      size += Math.abs(x[i] * weights[i * outputs + j]);
    }
    return { value, size };
  });
}

/** Every layer against the formula, on random inputs, on none and on single ones: each number is rounded once, by 2⁻²⁴ of itself. */
function expectFolded(network: NetworkWeights, of: Arrays): void {
  const rng = generators(7, "test/weights/")("inputs");
  for (let l = 1; l <= 5; l++) {
    for (let round = 0; round < 5; round++) {
      const x = Float64Array.from({ length: WIDTHS[l - 1] }, () => normal(rng));
      const expected = formula(of, l, x);
      for (const [j, { value, size }] of layer(network, l, x).entries()) {
        expect(Math.abs(value - expected[j])).toBeLessThan(1.001 * 2 ** -24 * size);
      }
    }
    const { weights, bias, inputs, outputs } = network.layers[l - 1];
    const zero = formula(of, l, new Float64Array(inputs));
    for (const [j, value] of zero.entries()) {
      expect(Math.abs(bias[j] - value)).toBeLessThan(1.001 * 2 ** -24 * Math.abs(value));
    }
    for (let i = 0; i < inputs; i += 20) {
      for (const [j, value] of formula(of, l, new Float64Array(inputs).with(i, 1)).entries()) {
        const weight = value - zero[j];
        // What the difference of two values of up to 10³ loses.
        const lost = 1e-12;
        expect(Math.abs(weights[i * outputs + j] - weight)).toBeLessThan(1.001 * 2 ** -24 * Math.abs(weight) + lost);
      }
    }
  }
}

describe("the network", () => {
  test("has five dense layers, 729 → 128 → 128 → 128 → 128 → 1", () => {
    const { layers } = readNetworkWeights(place);
    expect(layers.map(({ inputs, outputs }) => [inputs, outputs])).toEqual(
      WIDTHS.slice(1).map((outputs, at) => [WIDTHS[at], outputs]),
    );
    for (const { weights, bias, inputs, outputs } of layers) {
      expect([weights.length, bias.length]).toEqual([inputs * outputs, outputs]);
      expect([weights.constructor, bias.constructor]).toEqual([Float32Array, Float32Array]);
    }
  });

  test("has batch normalization folded in, rounded once", () => {
    expectFolded(readNetworkWeights(place), arrays);
  });

  test("is the same from float64 arrays and from the authors' pickled file, whatever its protocol and form", () => {
    const expected = readNetworkWeights(place);
    for (const protocol of PROTOCOLS) {
      const parts = inOrder.map((item) => array(item, protocol));
      for (const content of [objectFile(parts, protocol), pickle(list(...parts), protocol)]) {
        writeFileSync(file, content);
        expect(readNetworkWeights(file)).toEqual(expected);
      }
    }
    for (const [name, { shape, data }] of Object.entries(arrays)) {
      writeNpy(join(folder, "wide", `${name}.npy`), shape, Float64Array.from(data));
    }
    expect(readNetworkWeights(join(folder, "wide"))).toEqual(expected);
  });

  test.skipIf(!hasNumpy)(`is the same from a file that NumPy itself wrote${needsNumpy}`, () => {
    python(
      `import sys, numpy as np
place, to, *names = sys.argv[1:]
objects = np.empty(len(names), dtype=object)
for at, name in enumerate(names): objects[at] = np.load(f"{place}/{name}.npy")
np.save(to, objects, allow_pickle=True)
`,
      place,
      file,
      ...NAMES,
    );
    expect(readNetworkWeights(file)).toEqual(readNetworkWeights(place));
  });
});

describe("a network is refused", () => {
  /** The refusal of the folder with one array changed. */
  function changed(name: string, change: (path: string) => void): string {
    const path = join(place, `${name}.npy`);
    try {
      change(path);
      return refusal(place);
    } finally {
      writeNpy(path, arrays[name].shape, arrays[name].data);
    }
  }
  const write = (shape: number[], data: Parameters<typeof writeNpy>[2]) => (path: string) =>
    writeNpy(path, shape, data);
  const withNumber = (name: string, at: number, value: number) =>
    changed(name, write(arrays[name].shape, arrays[name].data.with(at, value)));
  const remedy = "give the authors' weights.npy, or a folder of the 26 arrays";

  test("whose folder lacks a file, has a cut one, a foreign one, or one of another shape or type", () => {
    expect(changed("gamma3", (path) => rmSync(path))).toContain(`${place} has no file gamma3.npy; ${remedy}`);
    expect(changed("W2", (path) => truncateSync(path, 1000))).toMatch(
      /W2\.npy, byte 1000: the file is cut off: .*; give the/,
    );
    expect(changed("b5", (path) => writeFileSync(path, "{}"))).toMatch(/b5\.npy, byte 0: this is no \.npy file/);
    const turned = write([128, 729], arrays.W1.data);
    expect(changed("W1", turned)).toContain("W1.npy: W1 has shape [128,729], the network's has [729,128]; give");
    expect(changed("W5", write([128], arrays.W5.data))).toContain("W5 has shape [128], the network's has [128,1]");
    expect(changed("b5", write([], arrays.b5.data))).toContain("b5 has shape [], the network's has [1]");
    expect(changed("beta1", write([128], new Int32Array(128)))).toContain("does not hold float32 or float64 numbers");
    expect(refusal(place)).toBe("no error");
  });

  test("for numbers that are not finite, before or behind folding, and for negative variances", () => {
    expect(withNumber("W3", 5, Number.NaN)).toContain("W3.npy: W3 has NaN at place 5, and weights are finite; give");
    expect(withNumber("b5", 0, Number.NEGATIVE_INFINITY)).toContain("b5 has -Infinity at place 0");
    // Small enough for var + ε to be positive.
    expect(withNumber("var2", 127, -1e-6)).toMatch(
      /var2 has -9\.99\d+e-7 at place 127, and a variance is not negative/,
    );
    expect(withNumber("gamma4", 3, 3e38)).toContain("layer 4 has numbers beyond float32");
    expect(withNumber("var1", 0, 0)).toBe("no error");
  });

  test("whose pickled file has another number of arrays, another order, or does more than hold arrays", () => {
    const save = (list: readonly (typeof inOrder)[number][]) => {
      writeFileSync(
        file,
        objectFile(
          list.map((item) => array(item, 4)),
          4,
        ),
      );
      return refusal(file);
    };
    expect(save(inOrder.slice(0, 25))).toContain("weights.npy holds 25 arrays, the network has 26; give");
    expect(save([...inOrder.slice(24), ...inOrder.slice(0, 24)])).toContain(
      "array 0: W1 has shape [128,1], the network's",
    );
    copyFileSync(join(place, "W1.npy"), file);
    expect(refusal(file)).toMatch(/byte 10: the file holds one array of type "<f4", not a list of arrays; give/);
    writeFileSync(file, pickle(Buffer.from("cos\nsystem\n"), 3));
    expect(refusal(file)).toMatch(/asks for "os\.system", which does not rebuild arrays; nothing was executed; give/);
    expect(refusal(join(folder, "none"))).toContain("no such file");
  });

  test("or read when any of its files is damaged, nothing else", () => {
    const whole = readFileSync(join(place, "var3.npy"));
    const outcomes: boolean[] = [];
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.option(fc.nat(whole.length)), (at, byte, length) => {
        const wrong = Buffer.from(whole.subarray(0, length ?? whole.length));
        if (at < wrong.length) wrong[at] = byte;
        outcomes.push(changed("var3", (path) => writeFileSync(path, wrong)) === "no error");
      }),
      { numRuns: 60, seed: 3 },
    );
    for (const isRead of [true, false]) expect(outcomes.filter((is) => is === isRead).length).toBeGreaterThan(5);
  });
});

describe(`the true network${noShared}`, () => {
  const weights = join(TRUE, "nnk_weights");

  test.skipIf(noShared !== "")("has the digest that fetched files are checked against, from any kind of file", () => {
    const parts = NAMES.map((name) => array(readNpy(join(weights, `${name}.npy`)), 4));
    writeFileSync(file, objectFile(parts, 4));
    for (const path of [weights, file]) expect(weightsDigest(readNetworkWeights(path))).toBe(PUBLISHED_DIGEST);
    expect(weightsDigest(readNetworkWeights(place))).not.toBe(PUBLISHED_DIGEST);
  });

  test.skipIf(noShared !== "")("is its formula with batch normalization folded in", () => {
    const of = Object.fromEntries(NAMES.map((name) => [name, readNpy(join(weights, `${name}.npy`))])) as Arrays;
    expectFolded(readNetworkWeights(weights), of);
  });

  test.skipIf(noShared !== "")("gives the golden barriers", () => {
    const network = readNetworkWeights(weights);
    const [offsets, types, barriers] = ["offsets", "types", "barriers"].map(
      (name) => readNpy(join(TRUE, "nnk_barriers", `${name}.npy`)).data,
    );
    const jumps = [-1, 1].flatMap((x) => [-1, 1].flatMap((y) => [-1, 1].map((z) => [x, y, z])));
    let worst = 0;
    for (let sample = 0; sample < 2000; sample += 50) {
      for (const [jump, [sx, sy, sz]] of jumps.entries()) {
        const cube = new Float64Array(729);
        for (let site = 0; site < 112; site++) {
          const [x, y, z] = offsets.subarray(3 * site, 3 * site + 3);
          const frames: Record<string, number[]> = {
            "1,1": [x, y],
            "-1,-1": [-x, -y],
            "-1,1": [y, -x],
            "1,-1": [-y, x],
          };
          const [a, b] = frames[`${sx},${sy}`];
          cube[((a + 4) * 9 + b + 4) * 9 + sz * z + 4] = types[112 * sample + site];
        }
        let x = cube;
        for (let l = 1; l <= 5; l++) {
          x = Float64Array.from(layer(network, l, x), ({ value }) => (l < 5 ? Math.max(0, value) : value));
        }
        worst = Math.max(worst, Math.abs(x[0] - barriers[8 * sample + jump]));
      }
    }
    // An independent implementation in float32 agreed to 5e-7 eV; ε = 1e-3 would make 2e-5 eV.
    expect(worst).toBeLessThan(1e-6);
  });
});
