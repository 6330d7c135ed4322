import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import { type NpyArray, readNpy, writeNpy } from "../../lib/io/npy.ts";
import { SHARED, temporaryFolder } from "../fixtures.ts";
import { hasNumpy, needsNumpy, npy, python } from "./pickles.ts";

setDefaultTimeout(60_000);

const folder = temporaryFolder("npy");
const file = join(folder, "x.npy");
const OURS = join(SHARED, "nbmota");
const noShared = existsSync(OURS) ? "" : " (skipped: no ../shared beside the project)";

/** The message of the InputError that `run` must throw. */
function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return "no error";
}

/** Equality of every bit, −0 and NaN payloads included. */
function expectSame(a: NpyArray, b: NpyArray) {
  expect(b.shape).toEqual(a.shape);
  expect(b.data.constructor).toBe(a.data.constructor);
  const bytes = ({ data }: NpyArray) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  expect(Buffer.compare(bytes(a), bytes(b))).toBe(0);
}

/** What is read of `content` as a file. */
function read(content: Uint8Array, remedy?: string): NpyArray {
  writeFileSync(file, content);
  return readNpy(file, remedy);
}
const floats = (...x: number[]) => new Uint8Array(new Float32Array(x).buffer);
const header = (descr: string, shape: string, fortran = "False") =>
  `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;

const data = fc.oneof(
  fc.float32Array({ maxLength: 30 }),
  fc.float64Array({ maxLength: 30 }),
  fc.int8Array({ maxLength: 30 }),
  fc.uint8Array({ maxLength: 30 }),
  fc.int32Array({ maxLength: 30 }),
  fc.uint32Array({ maxLength: 30 }),
);
const arrays = fc.tuple(data, fc.nat(2)).map(([data, form]) => ({
  data,
  shape: form === 0 ? [data.length] : form === 1 ? [1, data.length] : data.length === 1 ? [] : [data.length, 1, 1],
}));

describe("a .npy file", () => {
  test("comes back bit for bit", () => {
    fc.assert(
      fc.property(arrays, (array) => {
        writeNpy(file, array.shape, array.data);
        expectSame(array, readNpy(file));
      }),
      { numRuns: 300, seed: 1 },
    );
    const whole = new Float64Array([1, 2, 3, 4]);
    writeNpy(file, [2], whole.subarray(1, 3));
    expectSame(readNpy(file), { shape: [2], data: new Float64Array([2, 3]) });
  });

  test("has the bytes that the format's description asks for", () => {
    writeNpy(file, [2, 1], new Float32Array([1, -2]));
    const bytes = readFileSync(file);
    expect(bytes.subarray(0, 10).toString("latin1")).toBe("\x93NUMPY\x01\x00\x76\x00");
    expect(bytes.toString("latin1", 10, 127).trimEnd()).toBe(header("<f4", "(2, 1)"));
    expect(bytes.toString("latin1", 127, 128)).toBe("\n");
    expect(Buffer.compare(bytes.subarray(128), floats(1, -2))).toBe(0);
  });

  test("of another writer is read: versions, order of entries, quotes, spaces, the long integers of Python 2", () => {
    const expected = { shape: [2, 1], data: new Float32Array([1, -2]) };
    for (const text of [
      header("<f4", "(2, 1)"),
      header("<f4", "( 2 ,1 , )"),
      header("<f4", "(2L, 1L)"),
      '{"shape":(2,1),"fortran_order":False,"descr":"<f4"}\n',
      "{ 'fortran_order' : False , 'descr' : '<f4' , 'shape' : (2, 1) }   \n",
    ]) {
      for (const version of [1, 2, 3]) expectSame(read(npy(text, floats(1, -2), [version, 0])), expected);
    }
    expectSame(read(npy(header("<f4", "()"), floats(3))), { shape: [], data: new Float32Array([3]) });
    expectSame(read(npy(header("|b1", "(3,)"), Buffer.from([1, 0, 1]))), {
      shape: [3],
      data: new Uint8Array([1, 0, 1]),
    });
    expectSame(read(npy(header("<f8", "(0, 5)"), Buffer.alloc(0))), { shape: [0, 5], data: new Float64Array() });
  });

  test("in column-major order is turned around, in any number of dimensions", () => {
    const shape = [2, 3, 4];
    // Element (i, j, k) is 100 i + 10 j + k; in the file the first index is fastest.
    const value = (i: number, j: number, k: number) => 100 * i + 10 * j + k;
    const columns: number[] = [];
    for (let k = 0; k < 4; k++) for (let j = 0; j < 3; j++) for (let i = 0; i < 2; i++) columns.push(value(i, j, k));
    const { data } = read(npy(header("<f4", "(2, 3, 4)", "True"), floats(...columns)));
    let at = 0;
    for (let i = 0; i < 2; i++)
      for (let j = 0; j < 3; j++) for (let k = 0; k < 4; k++) expect(data[at++]).toBe(value(i, j, k));
    expect(at).toBe(shape[0] * shape[1] * shape[2]);
    expect([...read(npy(header("<f4", "(3,)", "True"), floats(1, 2, 3))).data]).toEqual([1, 2, 3]);
  });

  test("of 64-bit integers is read where each is exact, else refused at its byte", () => {
    const wide = (...x: bigint[]) => new Uint8Array(new BigInt64Array(x).buffer);
    const exact = 2n ** 53n - 1n;
    const file = (descr: string, ...x: bigint[]) => npy(header(descr, `(${x.length},)`), wide(...x));
    expectSame(read(file("<i8", -exact, 7n, exact)), {
      shape: [3],
      data: new Float64Array([-Number(exact), 7, Number(exact)]),
    });
    const start = 10 + header("<i8", "(2,)").length;
    expect(refusal(() => read(file("<i8", 1n, exact + 1n)))).toContain(
      `byte ${start + 8}: 9007199254740992 is too large`,
    );
    expect(refusal(() => read(file("<u8", -1n, 1n)))).toContain(`byte ${start}: 18446744073709551615 is too large`);
  });

  test("cut off at any byte, or with one too many, is refused with byte and remedy", () => {
    writeNpy(file, [5], new Float32Array(5));
    const bytes = readFileSync(file);
    for (let length = 0; length < bytes.length; length++) {
      const message = refusal(() => read(bytes.subarray(0, length), "delete it"));
      expect(message).toMatch(/^.*x\.npy, byte \d+: .*; delete it$/);
      if (length >= 6) expect(message).toContain(`byte ${length}: the file is cut off`);
    }
    expect(refusal(() => read(Buffer.concat([bytes, Buffer.from([0])])))).toContain(
      `byte ${bytes.length}: there are bytes after the last element`,
    );
  });

  test("that is not what it says is refused with byte and reason", () => {
    const shape = (text: string, body = 4) => npy(header("<f4", text), Buffer.alloc(body));
    const dict = (text: string) => npy(text, Buffer.alloc(4));
    const type = (descr: string) => npy(header(descr, "(1,)"), Buffer.alloc(16));
    const huge = "9".repeat(30);
    const cases: [Uint8Array, RegExp][] = [
      [Buffer.from("PK\x03\x04 a zip archive"), /byte 0: this is no \.npy file/],
      [npy("{}", Buffer.alloc(0), [4, 0]), /byte 6: format version 4\.0, read are 1\.0, 2\.0 and 3\.0/],
      [npy("{}", Buffer.alloc(0), [1, 1]), /byte 6: format version 1\.1/],
      [npy(" ".repeat(10_001), Buffer.alloc(0)), /byte 8: a header of 10001 bytes is announced/],
      [
        npy(`${header("<f4", "(1,)").padEnd(70)}${" ".repeat(65_536)}`, Buffer.alloc(4), [2, 0]),
        /byte 8: a header of 65606/,
      ],
      [dict(""), /byte 10: the header does not begin with \{/],
      [dict("[1]"), /byte 10: the header does not begin with \{/],
      [dict("{"), /byte 11: the header is not a Python dict/],
      [dict("{}"), /byte 10: the header does not say descr/],
      [dict(`${header("<f4", "(1,)")} x`), /not a Python dict/],
      [dict("{'descr': '<f4' 'shape': (1,)}"), /byte 11: the header is not a Python dict/],
      [dict("{'descr': __import__('os').system('id'), 'shape': (1,)}"), /byte 11: the header is not a Python dict/],
      [dict("{'descr': '<f4', 'fortran_order': false, 'shape': (1,)}"), /byte 26: the header is not a Python dict/],
      [dict("{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}"), /byte 26: the header is not a Python dict/],
      [dict("{'descr': '<f4', 'descr': '<f4'}"), /byte 26: the header says something twice/],
      [dict("{'descr': '<f4', 'fortran_order': False}"), /byte 10: the header does not say descr/],
      [dict("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), '__proto__': 'x'}"), /and them alone/],
      [dict("{'descr': '<f4', 'fortran_order': 'no', 'shape': (1,)}"), /does not say/],
      [dict("{'descr': (1,), 'fortran_order': False, 'shape': '(1,)'}"), /does not say/],
      [
        dict("{'descr': [('x', '<f4')], 'fortran_order': False, 'shape': (1,)}"),
        /byte 11: an array with named fields; save/,
      ],
      [shape("(1)"), /the shape is not a tuple/],
      [shape("(1,,)"), /the shape is not a tuple/],
      [shape("(,)"), /the shape is not a tuple/],
      [shape("(1 1,)"), /the shape is not a tuple/],
      [shape("(-1,)"), /not a Python dict/],
      [shape("(1.0,)"), /not a Python dict/],
      [shape(`(${huge},)`), /possible shape/],
      [shape(`(${"4294967296, ".repeat(3)})`), /possible shape/],
      [shape(`(${"1, ".repeat(65)})`), /possible shape/],
      [shape("(2,)"), /byte \d+: the file is cut off: \d+ bytes where the header asks for/],
      [shape("(0, 9007199254740991)"), /there are bytes after/],
      [type(">f4"), /byte 10: elements of type ">f4", read are <f4, .*; save the array again after \.astype\("<f4"\)/],
      [type("<c8"), /elements of type "<c8"/],
      [type("<f2"), /elements of type "<f2"/],
      [type("<U4"), /elements of type "<U4"/],
      [type("toString"), /elements of type "toString"/],
      [type("\x1b[31m"), /elements of type "\\u001b\[31m"/],
      [
        type("|O"),
        /pickled Python objects, and those are not read here; give pickled network weights with --barriers FILE/,
      ],
      [npy(header("|b1", "(2,)"), Buffer.from([1, 7])), /7 stands for a truth value/],
    ];
    for (const [content, message] of cases) expect(refusal(() => read(content))).toMatch(message);
  });

  test("that is none at all is refused: missing, a folder, a device without end", () => {
    expect(refusal(() => readNpy(join(folder, "no.npy")))).toContain("no such file");
    mkdirSync(join(folder, "place"), { recursive: true });
    expect(refusal(() => readNpy(join(folder, "place")))).toContain("it is a folder");
    if (existsSync("/dev/zero")) expect(refusal(() => readNpy("/dev/zero"))).toContain("it is a pipe or a device");
  });

  test("is not written with a shape that does not fit", () => {
    for (const shape of [[5], [2, 2], [-2, -3], [1.5, 4]]) {
      expect(() => writeNpy(file, shape, new Float32Array(6))).toThrow("does not hold");
    }
    expect(() => writeNpy(file, [1], [1] as never)).toThrow("must be one of");
    expect(() => writeNpy(file, [1], new Uint8ClampedArray(1) as never)).toThrow("must be one of");
  });

  test("that is damaged, or any bytes and texts behind the magic, is read or refused, nothing else, and soon", () => {
    writeNpy(file, [2, 3], new Float32Array(6));
    const whole = readFileSync(file);
    const damage = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => {
        const wrong = Buffer.from(whole);
        for (const [at, byte] of changes) wrong[at] = byte;
        return wrong;
      });
    const words = [
      "{",
      "}",
      "(",
      ")",
      ",",
      ":",
      " ",
      "'descr'",
      "'<f4'",
      "'shape'",
      "'fortran_order'",
      "False",
      "1",
      "\n",
    ];
    const text = fc
      .array(fc.constantFrom(...words), { maxLength: 25 })
      .map((list) => npy(list.join(""), Buffer.alloc(4)));
    const bytes = fc.uint8Array({ maxLength: 60 }).map((rest) => Buffer.concat([whole.subarray(0, 8), rest]));
    const outcomes: boolean[] = [];
    fc.assert(
      fc.property(fc.oneof(damage, text, bytes), (content) => {
        outcomes.push(refusal(() => read(content)) === "no error");
      }),
      { numRuns: 3000, seed: 2 },
    );
    for (const isArray of [true, false]) expect(outcomes.filter((is) => is === isArray).length).toBeGreaterThan(50);
    // The longest headers, of what the grammar skips, repeats or tries twice.
    for (const piece of [" ", "'a':'b',", "(", "(1,", "{", ":", "1", ", ", "'a': (", "'a':[", "\n}"]) {
      const started = performance.now();
      const inside = header("<f4", `(${piece.repeat(9900 / piece.length)})`);
      expect(refusal(() => read(npy(`{${piece.repeat(9990 / piece.length)}`, Buffer.alloc(4))))).toContain("byte ");
      // Spaces alone are the empty tuple.
      expect(refusal(() => read(npy(inside, Buffer.alloc(4))))).toContain(piece === " " ? "no error" : "byte ");
      expect(performance.now() - started).toBeLessThan(1000);
    }
  });
});

describe(`NumPy itself${needsNumpy}`, () => {
  test.skipIf(!hasNumpy)("writes what is read, and the same bytes for the same arrays", () => {
    python(
      `import numpy as np, sys
from numpy.lib import format
to = sys.argv[1] + "/"
for kind in ("f4", "f8", "i1", "u1", "i4", "u4"):
    np.save(to + "plain-" + kind, np.arange(24).astype("<" + kind).reshape(2, 3, 4))
    np.save(to + "one-" + kind, np.arange(5).astype("<" + kind))
    np.save(to + "none-" + kind, np.zeros((0, 4), "<" + kind))
    np.save(to + "number-" + kind, np.array(7, "<" + kind))
for kind in ("i8", "u8"): np.save(to + "wide-" + kind, np.arange(24, dtype=kind).reshape(2, 3, 4))
np.save(to + "columns", np.asfortranarray(np.arange(24, dtype="f4").reshape(2, 3, 4)))
np.save(to + "truth", np.array([True, False]))
for version in ((1, 0), (2, 0), (3, 0)):
    with open(to + f"version-{version[0]}.npy", "wb") as f: format.write_array(f, np.arange(24, dtype="f4").reshape(2, 3, 4), version)
np.save(to + "no-big", np.arange(3, dtype=">f4"))
np.save(to + "no-complex", np.zeros(3, "c8"))
np.save(to + "no-text", np.array(["ab"]))
np.save(to + "no-fields", np.zeros(3, [("x", "f4"), ("ä", "i4")]))
np.save(to + "no-objects", np.array([None, 1]), allow_pickle=True)
`,
      folder,
    );
    const count = Array.from({ length: 24 }, (_, at) => at);
    const names = readdirSync(folder).filter((name) =>
      /^(plain|one|none|number|wide|columns|truth|version|no)\b/.test(name),
    );
    expect(names.length).toBe(6 * 4 + 2 + 2 + 3 + 5);
    for (const name of names) {
      const path = join(folder, name);
      if (name.startsWith("no-")) {
        expect(refusal(() => readNpy(path))).toMatch(/named fields|elements of type|pickled Python objects/);
        continue;
      }
      const { shape, data } = readNpy(path);
      const expected = {
        one: [5],
        none: [0, 4],
        number: [],
        truth: [2],
      }[name.split(/[-.]/)[0]];
      expect(shape).toEqual(expected ?? [2, 3, 4]);
      if (!expected) expect([...data]).toEqual(count);
      if (name.startsWith("number")) expect([...data]).toEqual([7]);
      if (!/^(plain|one|none|number)/.test(name)) continue;
      writeNpy(file, shape, data);
      expect(Buffer.compare(readFileSync(file), readFileSync(path))).toBe(0);
    }
  });
});

describe(`the reference files${noShared}`, () => {
  test.skipIf(noShared !== "")("are read and written again with the same bytes", () => {
    const names = (readdirSync(OURS, { recursive: true }) as string[]).filter((name) => name.endsWith(".npy"));
    expect(names.length).toBeGreaterThan(29);
    for (const name of names) {
      const { shape, data } = readNpy(join(OURS, name));
      writeNpy(file, shape, data);
      expect([name, Buffer.compare(readFileSync(file), readFileSync(join(OURS, name)))]).toEqual([name, 0]);
    }
  });
});
