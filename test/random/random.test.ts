// Random numbers: published test vectors, independent implementations, the WGSL twins bit for bit, exact laws.
// About 60 statistical assertions (test/statistics.ts): a false alarm has probability 4e-4 when the numbers drawn change.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { erf } from "mathjs/number";
import { InputError } from "../../lib/errors.ts";
import type { GpuArray } from "../../lib/gpu/buffer.ts";
import { openDevice } from "../../lib/gpu/device.ts";
import type { UniformValue } from "../../lib/gpu/kernel.ts";
import { aliasTable } from "../../lib/random/alias.ts";
import { binomialInverse } from "../../lib/random/binomial.ts";
import { normalPair } from "../../lib/random/normal.ts";
import { mulHigh, philox4x32 } from "../../lib/random/philox.ts";
import { poissonPlan, poissonSearch, poissonTable } from "../../lib/random/poisson.ts";
import { type Stream, stream, streamUniform } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import { testKernel } from "../gpu/test-kernel.ts";
import { expectDistribution, expectLaw, expectMoments, expectWithin, histogram, poissonMasses } from "../statistics.ts";

setDefaultTimeout(60_000);

const ITEMS = 131_072;
const WORKGROUP = 64;
const HIGHEST = 2 ** 32 - 1;
const MASK = 0xffffffffn;

/** Random123 (Salmon et al.), file kat_vectors, lines `philox4x32 10`: counter, key, result. */
const KNOWN_PHILOX = [
  ["00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"],
  ["ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"],
  ["243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"],
].map((texts) => texts.map((text) => text.split(" ").map((word) => Number.parseInt(word, 16))));

type Uniform = { readonly [field: string]: UniformValue };

/** Words whose products and sums carry, or do not. */
const EDGES = [0, 1, 0xffff, 0x10000, 0x80000000, HIGHEST];

/** Words without structure that do not come from the code under test: a Weyl sequence through Murmur's finaliser. */
function someWords(count: number, start = 0): Uint32Array {
  return Uint32Array.from({ length: count }, (_, k) => {
    let x = Math.imul(start + k + 1, 0x9e3779b9);
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return x ^ (x >>> 16);
  });
}

/** Philox4x32-10 as the paper states it, in big integers. */
function bigPhilox(counter: number[], key: number[]): number[] {
  let [c0, c1, c2, c3] = counter.map(BigInt);
  let [k0, k1] = key.map(BigInt);
  for (let round = 0; round < 10; round++) {
    const p0 = 0xd2511f53n * c0;
    const p1 = 0xcd9e8d57n * c2;
    [c0, c1, c2, c3] = [(p1 >> 32n) ^ c1 ^ k0, p1 & MASK, (p0 >> 32n) ^ c3 ^ k1, p0 & MASK];
    k0 = (k0 + 0x9e3779b9n) & MASK;
    k1 = (k1 + 0xbb67ae85n) & MASK;
  }
  return [c0, c1, c2, c3].map(Number);
}

/** xoshiro128++ as its authors' C code has it, in big integers. */
function bigXoshiro(state: number[]): () => number {
  const s = state.map(BigInt);
  const rotate = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & MASK;
  return () => {
    const result = (rotate((s[0] + s[3]) & MASK, 7n) + s[0]) & MASK;
    const t = (s[1] << 9n) & MASK;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate(s[3], 11n);
    return Number(result);
  };
}

/** A generator that gives `words` in place of random ones. */
class Scripted extends Xoshiro {
  #words: Iterator<number>;
  constructor(words: Iterable<number>) {
    super([1, 2, 3, 4]);
    this.#words = words[Symbol.iterator]();
  }
  override next(): number {
    const { done, value } = this.#words.next();
    if (done) throw new RangeError("out of words");
    return value;
  }
}

/** Runs a test kernel of one invocation per item; gives back its buffer `result` of `words` words per item. */
async function onGpu(
  name: string,
  code: string,
  items: number,
  words: number,
  bindings: Record<string, Uint32Array | Uniform>,
): Promise<Uint32Array> {
  const gpu = await openDevice();
  const kernel = await testKernel(gpu, `test/${name}.wgsl`, code);
  const result = gpu.buffer("test.result", 4 * words * items);
  const buffers = [result];
  const bound = Object.entries(bindings).map(([key, value]): [string, GpuArray | Uniform] => {
    if (!(value instanceof Uint32Array)) return [key, value];
    const buffer = gpu.buffer(`test.${key}`, value);
    buffers.push(buffer);
    return [key, buffer];
  });
  gpu.run(kernel.call({ ...Object.fromEntries(bound), result }, Math.ceil(items / WORKGROUP)));
  const output = await gpu.read(result, Uint32Array);
  for (const buffer of buffers) buffer.destroy();
  return output;
}

/** Fails at the first word that differs; bun's own message would print all of them. */
function expectSameWords(found: Uint32Array, expected: Uint32Array): void {
  expect(found.length).toBe(expected.length);
  const at = found.findIndex((word, k) => word !== expected[k]);
  if (at >= 0) throw new Error(`word ${at} is ${found[at].toString(16)}, not ${expected[at].toString(16)}`);
}

describe("Philox4x32-10", () => {
  test("gives the published known answers", () => {
    for (const [counter, key, answer] of KNOWN_PHILOX) {
      expect(philox4x32(counter as [number, number, number, number], key as [number, number])).toEqual(
        answer as [number, number, number, number],
      );
    }
  });

  test("has the exact high word of a product", () => {
    const words = [...EDGES, ...someWords(500)];
    for (const a of words) {
      for (const b of words.slice(0, 60)) {
        expect(mulHigh(a, b)).toBe(Number((BigInt(a) * BigInt(b)) >> 32n));
      }
    }
  });

  test("agrees with big integers, and its WGSL twin bit for bit over 131,072 counters and keys", async () => {
    // All combinations of five edge words in counter and key, then words without structure.
    const words = someWords(6 * ITEMS);
    for (let k = 0; k < 5 ** 6; k++) {
      for (let j = 0, rest = k; j < 6; j++, rest = Math.floor(rest / 5)) words[6 * k + j] = EDGES[rest % 5];
    }
    KNOWN_PHILOX.forEach(([counter, key], k) => {
      words.set([...counter, ...key], 6 * (ITEMS - 1 - k));
    });
    const expected = new Uint32Array(4 * ITEMS);
    for (let k = 0; k < ITEMS; k++) {
      const [a, b, c, d, e, f] = words.subarray(6 * k, 6 * k + 6);
      expected.set(philox4x32([a, b, c, d], [e, f]), 4 * k);
      if (k % 37 === 0) expect([...expected.subarray(4 * k, 4 * k + 4)]).toEqual(bigPhilox([a, b, c, d], [e, f]));
    }
    const code = `
      import package::random::philox::philox4x32;
      @group(0) @binding(0) var<storage, read> words: array<u32>;
      @group(0) @binding(1) var<storage, read_write> result: array<vec4u>;
      @compute @workgroup_size(${WORKGROUP}) fn main(@builtin(global_invocation_id) id: vec3u) {
        let k = 6u * id.x;
        result[id.x] = philox4x32(
          vec4u(words[k], words[k + 1u], words[k + 2u], words[k + 3u]), vec2u(words[k + 4u], words[k + 5u]));
      }`;
    expectSameWords(await onGpu("philox", code, ITEMS, 4, { words }), expected);
  });
});

describe("xoshiro128++", () => {
  test("agrees with the published algorithm in big integers", () => {
    for (const seed of [[1, 2, 3, 4], [0, 0, 0, HIGHEST], EDGES.slice(2), [...someWords(4)]]) {
      const mine = new Xoshiro(seed as [number, number, number, number]);
      const published = bigXoshiro(seed);
      for (let k = 0; k < 1000; k++) expect(mine.next()).toBe(published());
    }
    // The first number by hand from state 1, 2, 3, 4: rotl(1 + 4, 7) + 1 = 5 · 128 + 1.
    expect(new Xoshiro([1, 2, 3, 4]).next()).toBe(641);
  });

  test("opens the stream at the counter that the address says", () => {
    const address: Stream = { seed: 11, purpose: 22, replica: HIGHEST, step: 33 };
    const published = bigXoshiro(bigPhilox([44, 4, 33, 0], [11, 22]));
    const mine = Xoshiro.open(address, 5, 44);
    for (let k = 0; k < 10; k++) expect(mine.next()).toBe(published());
  });

  test("and its WGSL twin give the same 8 words in each of 131,072 streams", async () => {
    const address = stream(987_654_321, "test/twins", 7, HIGHEST - 1000);
    const code = `
      import package::random::xoshiro::{ Stream, open_stream, next_u32 };
      struct Params { stream: Stream }
      @group(0) @binding(0) var<uniform> params: Params;
      @group(0) @binding(1) var<storage, read_write> result: array<u32>;
      @compute @workgroup_size(${WORKGROUP}) fn main(@builtin(global_invocation_id) id: vec3u) {
        var rng = open_stream(params.stream, id.x, 3u * id.x + 1u);
        for (var k = 0u; k < 8u; k++) { result[8u * id.x + k] = next_u32(&rng); }
      }`;
    const params = { stream: streamUniform(address) };
    const found = await onGpu("xoshiro", code, ITEMS, 8, { params });
    const expected = new Uint32Array(8 * ITEMS);
    for (let k = 0; k < ITEMS; k++) {
      const rng = Xoshiro.open(address, k, 3 * k + 1);
      for (let j = 0; j < 8; j++) expected[8 * k + j] = rng.next();
    }
    expectSameWords(found, expected);
  });
});

describe("uniform numbers", () => {
  // From state (0, b, c, w) the next word is rotl(w, 7): any word can be had.
  const stateFor = (word: number): [number, number, number, number] => [0, 5, 9, ((word >>> 7) | (word << 25)) >>> 0];
  const words = [0, 1, 0xff, 0x100, 0x7fffffff, 0x80000000, HIGHEST - 0xff, HIGHEST, ...someWords(50_000)];

  test("lie in (0, 1], also at the extreme words", () => {
    expect(new Xoshiro(stateFor(0)).next()).toBe(0);
    expect(new Xoshiro(stateFor(0)).uniform()).toBe(2 ** -24);
    expect(new Xoshiro(stateFor(0xff)).uniform()).toBe(2 ** -24);
    expect(new Xoshiro(stateFor(0x100)).uniform()).toBe(2 ** -23);
    expect(new Xoshiro(stateFor(HIGHEST)).next()).toBe(HIGHEST);
    expect(new Xoshiro(stateFor(HIGHEST)).uniform()).toBe(1);
  });

  test("of the WGSL twin are the same float32 bit for bit, extremes included", async () => {
    const code = `
      import package::random::xoshiro::next_uniform;
      @group(0) @binding(0) var<storage, read> states: array<vec4u>;
      @group(0) @binding(1) var<storage, read_write> result: array<u32>;
      @compute @workgroup_size(${WORKGROUP}) fn main(@builtin(global_invocation_id) id: vec3u) {
        if (id.x >= arrayLength(&result)) { return; }
        var rng = states[id.x];
        result[id.x] = bitcast<u32>(next_uniform(&rng));
      }`;
    const states = Uint32Array.from(words.flatMap(stateFor));
    const expected = Float32Array.from(words, (word) => new Xoshiro(stateFor(word)).uniform());
    const found = await onGpu("uniform", code, words.length, 1, { states });
    expectSameWords(found, new Uint32Array(expected.buffer));
  });

  test("are uniform and independent at lag 1 (3 assertions)", () => {
    const rng = Xoshiro.open(stream(1, "test/uniform"), 0, 0);
    const values = Float64Array.from({ length: 200_000 }, () => rng.uniform());
    expectDistribution("uniform", values, (x) => x);
    const pairs = new Uint32Array(256);
    for (let k = 0; k < values.length; k += 2) {
      pairs[16 * Math.min(15, Math.floor(16 * values[k])) + Math.min(15, Math.floor(16 * values[k + 1]))]++;
    }
    expectLaw("pairs of uniforms", pairs, new Float64Array(256).fill(1 / 256));
    const bits = new Float64Array(32);
    for (let k = 0; k < 100_000; k++) for (let b = 0, word = rng.next(); b < 32; b++) bits[b] += (word >>> b) & 1;
    bits.forEach((ones, b) => {
      expectWithin(`bit ${b}`, ones, 50_000, Math.sqrt(25_000));
    });
  });
});

describe("integers below n", () => {
  const SIZES = [1, 2, 3, 5, 6, 7, 10, 64, 1000, 1_000_003, 2 ** 31 - 1, 2 ** 31, 2 ** 31 + 1, 3 * 2 ** 30, HIGHEST];

  test("are exactly uniform: each value belongs to the same number of words", () => {
    // n = 3 · 2³⁰: of four successive words one is rejected, the others give three successive values.
    const draws = new Scripted({
      *[Symbol.iterator]() {
        for (let word = 0; word < 4096; word++) yield word;
      },
    });
    const values = Array.from({ length: 3072 }, () => draws.below(3 * 2 ** 30));
    expect(values).toEqual(Array.from({ length: 3072 }, (_, k) => k));
    // n = 2³¹ + 1 rejects 2³¹ − 1 words: as many as possible.
    const words = someWords(100_000);
    const counted = new Scripted(words);
    let accepted = 0;
    const drawAll = () => {
      for (; ; accepted++) counted.below(2 ** 31 + 1);
    };
    expect(drawAll).toThrow(new RangeError("out of words"));
    expectWithin("rejections", words.length - accepted, 50_000, Math.sqrt(25_000));
  });

  test("have the uniform law where a single multiplication or a remainder would be far off (4 assertions)", () => {
    const rng = Xoshiro.open(stream(2, "test/below"), 0, 0);
    const draw = (n: number, count: number, key: (value: number) => number) =>
      Array.from({ length: count }, () => key(rng.below(n)));
    expectLaw(
      "n = 3 · 2³⁰ mod 3",
      histogram(
        draw(3 * 2 ** 30, 30_000, (v) => v % 3),
        3,
      ),
      [1 / 3, 1 / 3, 1 / 3],
    );
    const third = (v: number) => Math.floor(v / 2 ** 30);
    expectLaw("n = 3 · 2³⁰ by thirds", histogram(draw(3 * 2 ** 30, 30_000, third), 3), [1 / 3, 1 / 3, 1 / 3]);
    for (const n of [6, 7]) {
      expectLaw(
        `n = ${n}`,
        histogram(
          draw(n, 60_000, (v) => v),
          n,
        ),
        new Float64Array(n).fill(1 / n),
      );
    }
  });

  test("reach both ends and never n", () => {
    const rng = Xoshiro.open(stream(3, "test/below"), 0, 0);
    for (const n of SIZES) {
      for (let k = 0; k < 200; k++) expect(rng.below(n)).toBeLessThan(n);
      expect(new Scripted([HIGHEST, HIGHEST]).below(n)).toBe(n - 1);
    }
    expect(new Scripted([1]).below(7)).toBe(0);
    // 2³² mod 7 = 4 words are rejected; word 0 is one of them.
    expect(new Scripted([0, HIGHEST]).below(7)).toBe(6);
  });

  test("of the WGSL twin are the same; next_site is one multiplication", async () => {
    const items = 32_768;
    const address = stream(4, "test/below");
    const code = `
      import package::random::xoshiro::{ Stream, open_stream, next_below, next_site };
      @group(0) @binding(0) var<uniform> stream: Stream;
      @group(0) @binding(1) var<storage, read> sizes: array<u32>;
      @group(0) @binding(2) var<storage, read_write> result: array<u32>;
      @compute @workgroup_size(${WORKGROUP}) fn main(@builtin(global_invocation_id) id: vec3u) {
        var rng = open_stream(stream, id.x, 0u);
        let n = sizes[id.x % arrayLength(&sizes)];
        for (var k = 0u; k < 3u; k++) { result[4u * id.x + k] = next_below(&rng, n); }
        result[4u * id.x + 3u] = next_site(&rng, n);
      }`;
    const bindings = { stream: streamUniform(address), sizes: Uint32Array.from(SIZES) };
    const expected = new Uint32Array(4 * items);
    for (let k = 0; k < items; k++) {
      const rng = Xoshiro.open(address, k, 0);
      const n = SIZES[k % SIZES.length];
      expected.set([rng.below(n), rng.below(n), rng.below(n), mulHigh(rng.next(), n)], 4 * k);
    }
    expectSameWords(await onGpu("below", code, items, 4, bindings), expected);
  });
});

describe("normal pairs", () => {
  const edges = EDGES.flatMap((a) => EDGES.concat([0x1fffffff, 0x20000000, 0x40000000, 0x5fffffff]).map((b) => [a, b]));
  const words = Uint32Array.from([...edges.flat(), ...someWords(2 * (ITEMS - edges.length))]);

  test("are finite and reach 6.6 standard deviations at the extreme words", () => {
    for (const [a, b] of edges) for (const x of normalPair(a, b)) expect(Number.isFinite(x)).toBe(true);
    // The largest radius is √(−2 ln 2⁻³²) = 6.6604.
    expect(Math.hypot(...normalPair(0, 12345))).toBeCloseTo(Math.sqrt(64 * Math.LN2), 12);
    expect(Math.hypot(...normalPair(HIGHEST, 12345))).toBe(0);
  });

  test("are standard normal, independent of each other, and the angle is uniform (8 assertions)", () => {
    const rng = Xoshiro.open(stream(5, "test/normal"), 0, 0);
    const first = new Float64Array(100_000);
    const second = new Float64Array(100_000);
    for (let k = 0; k < first.length; k++) [first[k], second[k]] = normalPair(rng.next(), rng.next());
    for (const [label, x] of Object.entries({ first, second })) {
      expectMoments(label, x, { mean: 0, variance: 1 });
      expectDistribution(label, x, (value) => (1 + erf(value / Math.SQRT2)) / 2);
      // E x⁴ = 3, Var x⁴ = 105 − 9.
      const fourth = x.reduce((sum, value) => sum + value ** 4, 0) / x.length;
      expectWithin(`${label}, fourth moment`, fourth, 3, Math.sqrt(96 / x.length));
    }
    expectMoments(
      "product",
      first.map((x, k) => x * second[k]),
      { mean: 0, variance: 1 },
    );
    const angles = first.map((x, k) => Math.floor((8 * (Math.atan2(second[k], x) + Math.PI)) / Math.PI) % 16);
    expectLaw("angle", histogram(angles, 16), new Float64Array(16).fill(1 / 16));
  });

  test("of the WGSL twin differ by less than 4e-6 from float64, for radii above 0.03", async () => {
    const code = `
      import package::random::normal::normal_pair;
      @group(0) @binding(0) var<storage, read> words: array<vec2u>;
      @group(0) @binding(1) var<storage, read_write> result: array<vec2f>;
      @compute @workgroup_size(${WORKGROUP}) fn main(@builtin(global_invocation_id) id: vec3u) {
        result[id.x] = normal_pair(words[id.x].x, words[id.x].y);
      }`;
    const found = new Float32Array((await onGpu("normal", code, ITEMS, 2, { words })).buffer);
    let worst = 0;
    let worstNearZero = 0;
    for (let k = 0; k < ITEMS; k++) {
      const exact = normalPair(words[2 * k], words[2 * k + 1]);
      const error = Math.max(Math.abs(found[2 * k] - exact[0]), Math.abs(found[2 * k + 1] - exact[1]));
      // Near u = 1 the radius √(−2 ln u) magnifies the rounding of u to float32 and WGSL's 2⁻²¹ for ln u.
      if (Math.hypot(...exact) > 0.03) worst = Math.max(worst, error);
      else worstNearZero = Math.max(worstNearZero, error);
    }
    expect(worst).toBeLessThan(4e-6);
    // Measured: 2.2e-6 and 7e-6 on lavapipe.
    expect(worstNearZero).toBeLessThan(1e-4);
  });
});

describe("Poisson numbers", () => {
  const MEANS = [0, 1e-9, 0.1, 1, 5, 37.5, 100, 255.9, 256];

  test("have the exact law to 2⁻³¹ in every value", () => {
    for (const mean of MEANS) {
      const { first, thresholds } = poissonTable(mean);
      const masses = poissonMasses(mean, first + thresholds.length);
      let deviation = 0;
      for (let j = 0; j < thresholds.length; j++) {
        // The first threshold cut to 2³² − 1 takes all words that are left.
        const end = (k: number) => (k < 0 ? 0 : thresholds[k] === HIGHEST ? 2 ** 32 : thresholds[k]);
        deviation = Math.max(deviation, Math.abs(end(j) - end(j - 1) - 2 ** 32 * masses[first + j]));
      }
      // Two roundings to the nearest word, or one and what the cut leaves out.
      expect(deviation).toBeLessThan(2);
      expect(thresholds.at(-1)).toBe(HIGHEST);
    }
  });

  test("take the smallest value whose cumulative probability exceeds the word", () => {
    for (const mean of MEANS) {
      const table = poissonTable(mean);
      const words = [...EDGES, ...table.thresholds.slice(0, 300), ...someWords(300)];
      for (const word of words) {
        for (const r of word > 0 ? [word - 1, word] : [word]) {
          const slow = table.thresholds.findIndex((threshold) => r < threshold || threshold === HIGHEST);
          expect(poissonSearch(r, table)).toBe(table.first + slow);
        }
      }
    }
  });

  test("drawn in numbers have the law, also as a sum of chunks (6 assertions)", () => {
    const rng = Xoshiro.open(stream(6, "test/poisson"), 0, 0);
    for (const mean of [0.1, 5, 100, 256, 256.5, 700]) {
      const { chunks, table } = poissonPlan(mean);
      const counts = new Uint32Array(1024);
      for (let k = 0; k < 50_000; k++) {
        let value = 0;
        for (let c = 0; c < chunks; c++) value += poissonSearch(rng.next(), table);
        counts[value]++;
      }
      expectLaw(`Poisson ${mean}`, counts, poissonMasses(mean, 1023));
    }
  });

  test("are cut into as few chunks as the table allows", () => {
    expect([0, 1, 256, 256.001, 4096, 4096.1].map((mean) => poissonPlan(mean).chunks)).toEqual([1, 1, 1, 2, 16, 17]);
    for (const mean of [0, 300, 4096.1]) {
      const { chunks, table } = poissonPlan(mean);
      const each = poissonTable(mean / chunks);
      expect(table).toEqual(each);
    }
  });

  test("of mean zero are zero for every word", () => {
    for (const word of EDGES) expect(poissonSearch(word, poissonTable(0))).toBe(0);
  });

  test("refuse means without a table", () => {
    for (const mean of [-1, 256.001, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => poissonTable(mean)).toThrow(RangeError);
    }
    expect(() => poissonPlan(-1)).toThrow("Poisson mean -1 is outside 0 … 256");
  });

  test("of the WGSL twin are the same", async () => {
    const code = `
      import package::random::poisson::poisson_search;
      struct Params { first: u32 }
      @group(0) @binding(0) var<uniform> params: Params;
      @group(0) @binding(1) var<storage, read> words: array<u32>;
      @group(0) @binding(2) var<storage, read> thresholds: array<u32>;
      @group(0) @binding(3) var<storage, read_write> result: array<u32>;
      @compute @workgroup_size(${WORKGROUP}) fn main(@builtin(global_invocation_id) id: vec3u) {
        if (id.x >= arrayLength(&result)) { return; }
        result[id.x] = poisson_search(words[id.x], params.first, &thresholds);
      }`;
    for (const mean of MEANS) {
      const table = poissonTable(mean);
      const words = Uint32Array.from([
        ...EDGES,
        ...table.thresholds,
        ...table.thresholds.map((threshold) => threshold - 1),
        ...someWords(30_000),
      ]);
      const params = { first: table.first };
      const found = await onGpu("poisson", code, words.length, 1, { params, words, thresholds: table.thresholds });
      expectSameWords(
        found,
        words.map((word) => poissonSearch(word, table)),
      );
    }
  });
});

describe("numbers by the alias method", () => {
  // A geometric law, all words for one number, all numbers alike, and few words for some.
  const laws = [
    Array.from({ length: 768 }, (_, k) => Math.floor(2 ** 27 * (31 / 32) ** k)),
    [0, 0, 2 ** 32],
    new Array<number>(1024).fill(2 ** 22),
    [1, 2, 3],
  ].map((counts) => [2 ** 32 - counts.slice(1).reduce((a, b) => a + b, 0), ...counts.slice(1)]);

  test("have as many words as the counts say, exactly", () => {
    for (const counts of laws) {
      const found = new Float64Array(1024);
      aliasTable(counts).forEach((entry, column) => {
        const height = Math.floor(entry / 1024);
        found[column] += height;
        found[entry % 1024] += 2 ** 22 - height;
      });
      expect(Array.from(found)).toEqual(Array.from({ length: 1024 }, (_, k) => counts[k] ?? 0));
    }
  });

  test("are drawn by the kernel as the table says", async () => {
    const code = `
      import package::random::alias::alias_of;
      struct Params { first: u32 }
      @group(0) @binding(0) var<uniform> params: Params;
      @group(0) @binding(1) var<storage, read> words: array<u32>;
      @group(0) @binding(2) var<storage, read> table: array<u32>;
      @group(0) @binding(3) var<storage, read_write> result: array<u32>;
      @compute @workgroup_size(${WORKGROUP}) fn main(@builtin(global_invocation_id) id: vec3u) {
        if (id.x >= arrayLength(&result)) { return; }
        result[id.x] = alias_of(words[params.first + id.x], &table);
      }`;
    for (const counts of laws) {
      const table = aliasTable(counts);
      // The last word below the height of each column and the first above it, too.
      const ends = Array.from(table, (entry, column) => column * 2 ** 22 + Math.floor(entry / 1024));
      const words = Uint32Array.from([
        ...EDGES,
        ...ends,
        ...ends.map((word) => Math.max(0, word - 1)),
        ...someWords(30_000),
      ]);
      const found = await onGpu("alias", code, words.length, 1, { params: { first: 0 }, words, table });
      const expected = words.map((word) => {
        const entry = table[word >>> 22];
        return word % 2 ** 22 < Math.floor(entry / 1024) ? word >>> 22 : entry % 1024;
      });
      expectSameWords(found, expected);
    }
  });

  test("refuse counts that are not those of all words", () => {
    for (const counts of [
      [1, 2],
      [2 ** 32 + 1, -1],
      [2 ** 32 - 0.5, 0.5],
      [...new Array<number>(1024).fill(0), 2 ** 32],
    ])
      expect(() => aliasTable(counts)).toThrow(RangeError);
  });
});

describe("binomial numbers", () => {
  test("have the exact law, and the ends at the ends of it", () => {
    // Steps of the inverse at the cumulative law in exact arithmetic, of numbers small enough for it.
    for (const [n, numerator, denominator] of [
      [1, 1n, 3n],
      [7, 2n, 5n],
      [16, 1n, 2n],
      [40, 39n, 40n],
    ] as const) {
      const draw = binomialInverse(n, Number(numerator) / Number(denominator));
      let below = 0n;
      let choose = 1n;
      for (let k = 0; k <= n; k++) {
        below += choose * numerator ** BigInt(k) * (denominator - numerator) ** BigInt(n - k);
        choose = (choose * BigInt(n - k)) / BigInt(k + 1);
        const u = Number((below * 10n ** 30n) / denominator ** BigInt(n)) / 1e30;
        // What is left out of the law is below 1e-11.
        if (u < 1e-6 || u > 1 - 1e-6) continue;
        expect(draw(u - 1e-11)).toBe(k);
        expect(draw(u + 1e-11)).toBe(k + 1);
      }
    }
  });

  test("are none or all where that is sure, and have mean and variance at large n", () => {
    for (const u of [2 ** -24, 0.5, 1]) {
      expect(binomialInverse(9, 0)(u)).toBe(0);
      expect(binomialInverse(9, 1)(u)).toBe(9);
    }
    for (const [n, p] of [
      [4096, 0.2],
      [1e6, 0.999],
      [1e6, 3e-6],
    ]) {
      const draw = binomialInverse(n, p);
      // The quantile function at the middles of 2¹⁶ equal parts.
      const values = Array.from({ length: 2 ** 16 }, (_, k) => draw((k + 0.5) / 2 ** 16));
      const mean = values.reduce((a, b) => a + b, 0) / values.length;
      const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
      expect(Math.abs(mean - n * p)).toBeLessThan(1e-3 * Math.sqrt(n * p * (1 - p)));
      expect(variance / (n * p * (1 - p))).toBeCloseTo(1, 2);
    }
  });
});

describe("streams", () => {
  test("of different seed, purpose, replica, step or chunk start in different states", () => {
    const states = new Set<string>();
    let addresses = 0;
    for (const seed of [0, 1, 2, HIGHEST]) {
      for (const purpose of ["small/initial", "small/evolve", "partial", "upsample"]) {
        for (let step = 0; step < 8; step++) {
          for (let replica = 0; replica < 16; replica++) {
            for (let chunk = 0; chunk < 16; chunk++, addresses++) {
              const rng = Xoshiro.open(stream(seed, purpose, step), replica, chunk);
              states.add([rng.next(), rng.next(), rng.next(), rng.next()].join());
            }
          }
        }
      }
    }
    expect(states.size).toBe(addresses);
  });

  test("at neighbouring addresses are independent: half of the bits differ (4 assertions)", () => {
    const first = (seed: number, step: number, replica: number, chunk: number) =>
      Xoshiro.open(stream(seed, "test/neighbours", step), replica, chunk).next();
    const neighbours: Record<string, (k: number) => number> = {
      seed: (k) => first(k, 0, 0, 0) ^ first(k + 1, 0, 0, 0),
      step: (k) => first(1, k, 0, 0) ^ first(1, k + 1, 0, 0),
      replica: (k) => first(1, 0, k, 0) ^ first(1, 0, k + 1, 0),
      chunk: (k) => first(1, 0, 0, k) ^ first(1, 0, 0, k + 1),
    };
    for (const [coordinate, difference] of Object.entries(neighbours)) {
      let ones = 0;
      for (let k = 0; k < 10_000; k++) {
        for (let word = difference(2 * k); word !== 0; word &= word - 1) ones++;
      }
      expectWithin(`bits that differ between neighbours in ${coordinate}`, ones, 160_000, Math.sqrt(80_000));
    }
  });

  test("count replicas on from the first one of the batch", () => {
    const whole = Xoshiro.open(stream(8, "test/batch"), 5, 2);
    const part = Xoshiro.open(stream(8, "test/batch", 0, 3), 2, 2);
    expect(part.next()).toBe(whole.next());
  });

  test("know their purpose by its FNV-1a hash", () => {
    // Fowler, Noll & Vo's published vectors for 32 bits.
    expect(["", "a", "foobar"].map((name) => stream(0, name).purpose)).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });

  test("refuse a seed that is not a word", () => {
    expect(stream(HIGHEST, "x").seed).toBe(HIGHEST);
    for (const seed of [-1, 0.5, 2 ** 32, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => stream(seed, "x")).toThrow(InputError);
    }
  });
});
