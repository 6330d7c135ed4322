import { expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ColumnTable, desc, table } from "arquero";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import { readArrow, writeArrow } from "../../lib/io/arrow.ts";
import { temporaryFolder } from "../fixtures.ts";

setDefaultTimeout(60_000);

const folder = temporaryFolder("arrow");
const file = join(folder, "x.arrow");

function roundTrip(rows: ColumnTable): ColumnTable {
  writeArrow(file, rows);
  return readArrow(file);
}
/** The message of the InputError that reading `bytes` must end in, without the folder. */
function refusal(bytes: Uint8Array): string {
  writeFileSync(file, bytes);
  try {
    readArrow(file);
  } catch (error) {
    if (error instanceof InputError) return error.message.replace(`${folder}/`, "");
    throw error;
  }
  return "no error";
}

/** Lists of integers have no −0. */
const unsigned = (value: unknown) => (value === 0 ? 0 : value);

const columns = (rows: number) => {
  const size = { minLength: rows, maxLength: rows };
  return fc.record({
    doubles: fc.float64Array(size),
    floats: fc.float32Array(size),
    words: fc.uint32Array(size),
    bytes: fc.uint8Array(size),
    numbers: fc.array(fc.option(fc.double()), size),
    flags: fc.array(fc.option(fc.boolean()), size),
    texts: fc.array(fc.option(fc.string({ unit: "grapheme" })), size),
    'ä "name"': fc.array(fc.integer(), size),
  });
};

test("tables come back with the same numbers, flags, texts and types of arrays", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }).chain(columns), (content) => {
      const back = roundTrip(table(content));
      expect(back.columnNames()).toEqual(Object.keys(content));
      for (const [name, values] of Object.entries(content)) {
        expect(Array.from(back.array(name), unsigned)).toEqual(Array.from<unknown>(values).map(unsigned));
        const kept = (back.data() as Record<string, { toArray(): object }>)[name].toArray();
        if (ArrayBuffer.isView(values)) expect(kept.constructor).toBe(values.constructor);
      }
    }),
    { numRuns: 200, seed: 1 },
  );
});

test("a table without rows keeps its columns", () => {
  const back = roundTrip(table({ a: [], b: new Float64Array() }));
  expect([back.numRows(), back.columnNames()]).toEqual([0, ["a", "b"]]);
});

test("a column of several kinds is not written", () => {
  expect(() => writeArrow(join(folder, "not"), table({ a: [1, "x"] }))).toThrow("Mixed types");
});

test("only the rows that a table shows are written, in its order", () => {
  const rows = table({ a: [1, 2, 3, 4], b: ["w", "x", "y", "z"] });
  const shown = rows.filter((row: { a: number }) => row.a !== 2).orderby(desc("a"));
  expect(roundTrip(shown).objects()).toEqual([
    { a: 4, b: "z" },
    { a: 3, b: "y" },
    { a: 1, b: "w" },
  ]);
});

test("a file has the parts of the Arrow IPC file format, which other programs look for", () => {
  writeArrow(file, table({ a: new Float64Array(1000) }));
  const bytes = readFileSync(file);
  // https://arrow.apache.org/docs/format/Columnar.html#ipc-file-format: ARROW1, padding, a schema message, …, footer, ARROW1.
  expect(bytes.toString("latin1", 0, 8)).toBe("ARROW1\0\0");
  expect(bytes.readUInt32LE(8)).toBe(0xffff_ffff);
  expect(bytes.toString("latin1", bytes.length - 6)).toBe("ARROW1");
  expect(bytes.length).toBeLessThan(8000 + 1000);
});

test("what is cut off, longer, or something else is refused with the byte", () => {
  const remedy = "write it again as a file of Arrow IPC (Feather version 2), uncompressed";
  writeArrow(file, table({ a: [1, 2, 3], b: ["x", null, "ä"] }));
  const bytes = readFileSync(file);
  for (let length = 0; length < bytes.length; length++) {
    const [at, problem] =
      length < 6 ? [0, "it does not begin with ARROW1"] : [length, "it does not end with ARROW1: cut off"];
    expect(refusal(bytes.subarray(0, length))).toBe(`x.arrow, byte ${at}: ${problem}; ${remedy}`);
  }
  const longer = Buffer.concat([bytes, Buffer.from("\0")]);
  expect(refusal(longer)).toContain(`byte ${longer.length}: it does not end with ARROW1`);
  expect(refusal(Buffer.from("a,b\n1,2\n"))).toContain("byte 0: it does not begin with ARROW1");
  for (const footer of [0, -1, bytes.length, 2 ** 31 - 1]) {
    const wrong = Buffer.from(bytes);
    wrong.writeInt32LE(footer, bytes.length - 10);
    expect(refusal(wrong)).toContain(`byte ${bytes.length - 10}: a footer of ${footer} bytes is not in it; ${remedy}`);
  }
  const noise = fc
    .uint8Array({ maxLength: 60 })
    .map((middle) => Buffer.concat([Buffer.from("ARROW1"), middle, Buffer.from("ARROW1")]));
  fc.assert(
    fc.property(noise, (wrong) => {
      expect(refusal(wrong)).toMatch(/^x\.arrow, byte \d+: .*; write it again/s);
    }),
    { numRuns: 1000, seed: 2 },
  );
  expect(() => readArrow(join(folder, "none"))).toThrow("no such file");
  expect(() => readArrow(folder)).toThrow("it is a folder");
});
