import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { table } from "arquero";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import { writeAtomically } from "../../lib/io/atomic.ts";
import { readCsv, writeCsv } from "../../lib/io/csv.ts";
import { readSafetensors, type TensorData, type Tensors, writeSafetensors } from "../../lib/io/safetensors.ts";
import { temporaryFolder } from "../fixtures.ts";

setDefaultTimeout(60_000);

const folder = temporaryFolder("io");
const file = join(folder, "x.safetensors");
const sheet = join(folder, "x.csv");

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
function expectSame(a: Tensors, b: Tensors) {
  expect(Object.keys(a).sort()).toEqual(Object.keys(b).sort());
  for (const [name, { shape, data }] of Object.entries(a)) {
    const other = b[name];
    expect(other.shape).toEqual(shape);
    expect(other.data.constructor).toBe(data.constructor);
    const bytes = (x: TensorData) => Buffer.from(x.buffer, x.byteOffset, x.byteLength);
    expect(Buffer.compare(bytes(data), bytes(other.data))).toBe(0);
  }
}

const data = fc.oneof(
  fc.float32Array({ maxLength: 30 }),
  fc.float64Array({ maxLength: 30 }),
  fc.int32Array({ maxLength: 30 }),
  fc.uint32Array({ maxLength: 30 }),
  fc.uint8Array({ maxLength: 30 }),
);
const tensor = fc.tuple(data, fc.nat(2)).map(([data, form]) => ({
  data,
  shape: form === 0 ? [data.length] : form === 1 ? [1, data.length] : data.length === 1 ? [] : [data.length, 1, 1],
}));
const tensors = fc.dictionary(fc.string({ maxLength: 12, unit: "grapheme" }), tensor, {
  maxKeys: 6,
}) as fc.Arbitrary<Tensors>;
const notes = fc.dictionary(fc.string(), fc.string({ unit: "grapheme" }), { maxKeys: 4 });

/** A small file with every type, for the tests that damage it. */
const small: Tensors = {
  "net.w": { shape: [2, 3], data: new Float32Array([1, -2, 3.5, Number.NaN, -0, 1e-40]) },
  z: { shape: [2], data: new Float64Array([Math.PI, Number.NEGATIVE_INFINITY]) },
  i: { shape: [], data: new Int32Array([-7]) },
  seed: { shape: [1, 2], data: new Uint32Array([1, 0xffff_ffff]) },
  bits: { shape: [3], data: new Uint8Array([0, 255, 7]) },
  none: { shape: [0, 4], data: new Float32Array() },
};

describe("safetensors", () => {
  test("come back bit for bit, with their text", () => {
    fc.assert(
      fc.property(tensors, notes, (content, text) => {
        fc.pre(!("__metadata__" in content) && !("patchwise.crc32" in text));
        writeSafetensors(file, content, text);
        const read = readSafetensors(file);
        expectSame(content, read.tensors);
        expect(read.metadata).toEqual(text);
      }),
      { numRuns: 200, seed: 1 },
    );
  });

  test("have the same bytes in whatever order they are put in, and aligned arrays", () => {
    writeSafetensors(file, small, { a: "1", b: "2" });
    const bytes = readFileSync(file);
    writeSafetensors(file, Object.fromEntries(Object.entries(small).reverse()), { b: "2", a: "1" });
    expect(readFileSync(file).equals(bytes)).toBe(true);
    const length = Number(bytes.readBigUInt64LE());
    expect(length % 8).toBe(0);
    const header = JSON.parse(bytes.toString("utf8", 8, 8 + length));
    for (const [name, { data }] of Object.entries(small)) {
      expect(header[name].data_offsets[0] % data.BYTES_PER_ELEMENT).toBe(0);
    }
  });

  test("are written from a part of a larger buffer too", () => {
    const whole = new Float64Array([1, 2, 3, 4]);
    writeSafetensors(file, { a: { shape: [2], data: whole.subarray(1, 3) } });
    expectSame(readSafetensors(file).tensors, { a: { shape: [2], data: new Float64Array([2, 3]) } });
  });

  test("of another program are read, unaligned ones too", () => {
    // Laid out by hand after the format's description: no padding, no metadata, a byte before the floats.
    const header =
      '{"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}}';
    writeFileSync(file, Buffer.concat([head(header), Buffer.from([9, 0, 0, 0x80, 0x3f])]));
    expectSame(readSafetensors(file).tensors, {
      a: { shape: [1], data: new Float32Array([1]) },
      b: { shape: [1], data: new Uint8Array([9]) },
    });
  });

  test("cut off at any byte are refused", () => {
    writeSafetensors(file, small);
    const bytes = readFileSync(file);
    for (let length = 0; length < bytes.length; length++) {
      writeFileSync(file, bytes.subarray(0, length));
      expect(refusal(() => readSafetensors(file, "delete it"))).toMatch(/^.*x\.safetensors, byte \d+: .*; delete it$/);
    }
    writeFileSync(file, Buffer.concat([bytes, Buffer.from([0])]));
    expect(refusal(() => readSafetensors(file))).toContain(
      `byte ${bytes.length}: there are bytes after the last tensor`,
    );
  });

  test("with any single bit turned are refused or read the same", () => {
    writeSafetensors(file, small, { note: "ä" });
    const bytes = readFileSync(file);
    let refused = 0;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const wrong = Buffer.from(bytes);
      wrong[bit >> 3] ^= 1 << (bit & 7);
      writeFileSync(file, wrong);
      let read: Tensors;
      try {
        read = readSafetensors(file).tensors;
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        refused++;
        continue;
      }
      expectSame(small, read);
    }
    expect(refused).toBeGreaterThan(bytes.length * 7); // nearly all of the 8 per byte
  });

  test("that are not what they say are refused with byte and reason", () => {
    const entry = (dtype: unknown, shape: unknown, offsets: unknown) =>
      JSON.stringify({ a: { dtype, shape, data_offsets: offsets } });
    const two = (first: number[], second: number[]) =>
      JSON.stringify({
        a: { dtype: "U8", shape: [first[1] - first[0]], data_offsets: first },
        b: { dtype: "U8", shape: [second[1] - second[0]], data_offsets: second },
      });
    const cases: [string, number, RegExp][] = [
      ["[]", 0, /byte 8: the header is not a JSON object/],
      ["null", 0, /not a JSON object/],
      ["{", 0, /byte 8: the header is not JSON/],
      ['{"__metadata__":{"a":1}}', 0, /__metadata__ is not an object of strings/],
      ['{"__metadata__":[]}', 0, /__metadata__ is not/],
      ['{"a":3}', 0, /entry of tensor "a" is not an object/],
      [entry("BF16", [1], [0, 2]), 2, /type "BF16", read are F64, F32, I32, U32, U8/],
      [entry("toString", [1], [0, 2]), 2, /type "toString"/],
      [entry("F32", [-1], [0, 4]), 4, /shape of tensor "a"/],
      [entry("F32", [0.5, 2], [0, 4]), 4, /shape of tensor "a"/],
      [entry("F32", "1", [0, 4]), 4, /shape of tensor "a"/],
      [entry("F32", [2], [0, 4]), 4, /byte 62: tensor "a" spans 4 bytes, its shape \[2\] of F32 asks for 8/],
      [entry("F32", [1], [0, 8]), 8, /spans 8 bytes, its shape \[1\] of F32 asks for 4/],
      [entry("F32", [1e200, 1e200], [0, 4]), 4, /shape of tensor "a"/],
      [entry("F32", [2 ** 50, 2 ** 50], [0, 4]), 4, /spans 4 bytes/],
      [entry("U8", [4], [4, 0]), 4, /rising byte offsets/],
      [entry("U8", [4], [0]), 4, /pair/],
      [entry("U8", [2 ** 52], [0, 2 ** 52]), 4, /cut off/],
      [entry("U8", [4], [4, 8]), 8, /gap/],
      [two([0, 4], [2, 6]), 6, /overlaps/],
      [two([0, 4], [5, 6]), 6, /gap/],
      ["{}", 1, /bytes after the last tensor/],
    ];
    for (const [header, body, message] of cases) {
      writeFileSync(file, Buffer.concat([head(header), Buffer.alloc(body)]));
      expect(refusal(() => readSafetensors(file))).toMatch(message);
    }
    writeFileSync(file, Buffer.concat([head("{}   "), Buffer.alloc(0)]).subarray(0, 12)); // "{}  ", five announced
    expect(refusal(() => readSafetensors(file))).toContain(
      "byte 0: a header of 5 bytes is announced, but the file has only 4",
    );
    writeFileSync(file, Buffer.alloc(64, 0xff)); // a header of 2⁶⁴ − 1 bytes
    expect(refusal(() => readSafetensors(file))).toContain("byte 0: a header of 18446744073709552000 bytes");
    expect(refusal(() => readSafetensors(join(folder, "no")))).toContain("no such file");
    expect(refusal(() => readSafetensors(folder))).toContain("it is a folder");
  });

  test("are not written with a shape that does not fit", () => {
    const bad = (shape: number[]) => () => writeSafetensors(file, { a: { shape, data: new Float32Array(6) } });
    for (const shape of [[5], [2, 2], [-2, -3], [1.5, 4]]) expect(bad(shape)).toThrow("does not hold");
    expect(() => writeSafetensors(file, { a: { shape: [1], data: [1] as never } })).toThrow("must be a Float64Array");
  });
});

/** Length and header of a safetensors file. */
function head(json: string): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  return Buffer.concat([length, Buffer.from(json)]);
}

describe("CSV", () => {
  const columns = (rows: number) => ({
    number: fc.array(fc.oneof(fc.double(), fc.constant(null)), { minLength: rows, maxLength: rows }),
    flag: fc.array(fc.option(fc.boolean()), { minLength: rows, maxLength: rows }),
    // A letter in front, because text that looks like numbers comes back as numbers.
    text: fc.array(
      fc.string({ unit: "grapheme" }).map((text) => `t${text}`),
      { minLength: rows, maxLength: rows },
    ),
    'a "quoted", \n name': fc.array(fc.constantFrom('"', '""', ",", "\nx", '",\r\n"', "x"), {
      minLength: rows,
      maxLength: rows,
    }),
  });
  test("tables come back with the same numbers, flags and texts", () => {
    const any = fc.integer({ min: 1, max: 8 }).chain((rows) => fc.record(columns(rows)));
    fc.assert(
      fc.property(any, (content) => {
        writeCsv(sheet, table(content));
        const back = readCsv(sheet);
        expect(back.columnNames()).toEqual(Object.keys(content));
        for (const [name, values] of Object.entries(content)) {
          const empty = values.every((value) => value === null);
          const read = [...back.array(name)];
          expect(read.length).toBe(values.length);
          if (!empty)
            values.forEach((value, row) => {
              expect(Object.is(read[row], value)).toBe(true);
            });
        }
      }),
      { numRuns: 200, seed: 3 },
    );
  });
  test("single precision and integers keep their value; one empty column keeps its rows", () => {
    writeCsv(sheet, table({ f: new Float32Array([0.1, 1e-45]), u: new Uint32Array([4294967295, 0]) }));
    expect(readCsv(sheet).objects()).toEqual([
      { f: Math.fround(0.1), u: 4294967295 },
      { f: 2 ** -149, u: 0 },
    ]);
    writeCsv(sheet, table({ a: [1, null, null] }));
    expect(readCsv(sheet).array("a")).toEqual([1, null, null]);
    writeFileSync(sheet, "\uFEFFa,b\r\n1,\r\n,2"); // as spreadsheets write it
    expect(readCsv(sheet).objects()).toEqual([
      { a: 1, b: null },
      { a: null, b: 2 },
    ]);
  });
  test("what is no cell, and what is no file, is refused", () => {
    expect(() => writeCsv(sheet, table({ a: [{ b: 1 }] }))).toThrow("column a");
    expect(refusal(() => readCsv(join(folder, "none.csv")))).toContain("no such file");
  });
});

describe("an atomic write", () => {
  test("replaces the file and leaves nothing beside it; a failed one leaves the old file", () => {
    const place = join(folder, "atomic");
    const path = join(place, "deep", "a.txt");
    writeAtomically(path, "old");
    expect(() => writeAtomically(path, [new Uint8Array(3), null as never])).toThrow();
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(join(place, "deep"))).toEqual(["a.txt"]);
    writeAtomically(path, [new Uint8Array([0x6e, 0x65]), new Uint8Array([0x77])]);
    expect(readFileSync(path, "utf8")).toBe("new");
    expect(readdirSync(join(place, "deep"))).toEqual(["a.txt"]);
  });
  test("where none is possible says why", () => {
    writeFileSync(join(folder, "file"), "");
    mkdirSync(join(folder, "folder"), { recursive: true });
    expect(refusal(() => writeAtomically(join(folder, "file", "a"), ""))).toContain("is a file, not a folder");
    expect(refusal(() => writeAtomically(join(folder, "folder"), ""))).toMatch(/folder/);
    expect(refusal(() => writeAtomically(join(folder, "x".repeat(300)), ""))).toContain("name is too long");
    expect(readdirSync(join(folder, "folder"))).toEqual([]);
  });
  const hasProc = existsSync("/proc/self");
  test.skipIf(!hasProc)(`where the system has its own files says so${hasProc ? "" : " (skipped: no /proc)"}`, () => {
    expect(refusal(() => writeAtomically("/proc/none/a", ""))).toMatch(/cannot write \/proc\/none\/a: /);
  });
});
