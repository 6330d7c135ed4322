// Files that an equation cannot be learned from: each is refused with one sentence that says where, and what to do.
import { describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";
import { InputError } from "../../../lib/errors.ts";
import { type DataOptions, ownData } from "../../../lib/experiments/own/data.ts";
import { readColumns } from "../../../lib/io/columns.ts";
import { temporaryFolder } from "../../fixtures.ts";

const folder = temporaryFolder("wrong-files");
const USUAL = { K: 1, dt: 0, variables: [], conditions: [], lag: 1, longest: 0 };

const rows = (count: number, row: (k: number) => string) => Array.from({ length: count }, (_, k) => row(k)).join("\n");
const GOOD = rows(20, (k) => `${k / 10},0.1,0.5`);
const PAIRS = "z0_x,dz_x,dt\n";

/** A .npy file as NumPy writes it: version 1.0, of any descr. */
function npy(descr: string, shape: string, body: Uint8Array, fortran = "False"): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`;
  const total = Math.ceil((10 + text.length + 1) / 64) * 64;
  const head = Buffer.from(`\x93NUMPY\x01\0\0\0${text.padEnd(total - 11)}\n`, "latin1");
  head.writeUInt16LE(total - 10, 8);
  return Buffer.concat([head, body]);
}
const doubles = (...values: number[]) => new Uint8Array(Float64Array.from(values).buffer);
const column = (...values: number[]) => npy("<f8", `(${values.length},)`, doubles(...values));

type Options = Partial<DataOptions> & { readonly columns?: readonly string[] };

const WRONG: readonly (readonly [string, string, string | Uint8Array, RegExp, Options?])[] = [
  ["missing change", "a.csv", "z0_x,dt\n0,1\n", /has z0_x but neither dz_x nor z1_x/],
  ["missing change of one of two", "a.csv", "z0_x,z0_y,dz_x,dt\n0,1,2,3\n", /lacks column dz_y/],
  ["missing dt", "a.csv", "z0_x,dz_x\n0,1\n", /lacks column dt.*give --dt/],
  ["neither pairs nor trajectories", "a.csv", "x,y\n0,1\n", /has neither z0_… .* nor t or time/],
  ["NaN", "a.csv", `${PAIRS}${GOOD}\n1,NaN,0.5\n`, /a\.csv, line 22: dz_x is missing/],
  ["empty cell", "a.csv", `${PAIRS}${GOOD}\n1,,0.5\n`, /a\.csv, line 22: dz_x is missing/],
  ["text in a number", "a.csv", `${PAIRS}1,2,3\n1,two,3\n`, /a\.csv, line 3: dz_x is "two", write a decimal number/],
  ["infinite", "a.csv", `${PAIRS}1,inf,3\n`, /a\.csv, line 2: dz_x is "inf"/],
  ["too large", "a.csv", `${PAIRS}1,1e40,3\n`, /a\.csv, line 2: dz_x is 1e\+40, which is too large/],
  ["a hexadecimal number", "a.csv", `${PAIRS}1,0x10,3\n`, /line 2: dz_x is "0x10"/],
  ["dt = 0", "a.csv", `${PAIRS}1,2,3\n1,2,0\n`, /a\.csv, line 3: dt is 0, the time of a change is above 0/],
  ["dt < 0", "a.csv", `${PAIRS}1,2,-3\n`, /a\.csv, line 2: dt is -3/],
  ["dt twice", "a.csv", `${PAIRS}1,2,3\n`, /--dt 2: .*a\.csv has a column dt/, { dt: 2 }],
  [
    "K < 1",
    "a.csv",
    "z0_x,dz_x,dt,K\n1,2,3,4\n1,2,3,0.5\n",
    /a\.csv, line 3: K is 0\.5, a system has one patch or more/,
  ],
  ["K twice", "a.csv", "z0_x,dz_x,dt,K\n1,2,3,4\n", /--K 16: there is a column K/, { K: 16 }],
  [
    "ragged row, short",
    "a.csv",
    `${PAIRS}1,2,3\n1,2\n1,2,3\n`,
    /a\.csv, line 3: 2 cells where the header has 3; give every row/,
  ],
  ["ragged row, long", "a.csv", `${PAIRS}1,2,3,4\n`, /a\.csv, line 2: 4 cells where the header has 3/],
  ["cut off in the last row", "a.csv", `${PAIRS}1,2,3\n1,`, /a\.csv, line 3: 2 cells .* may be cut off/],
  ["two headers", "a.csv", `${PAIRS}${GOOD}\n${PAIRS}${GOOD}\n`, /line 22: z0_x is "z0_x", the header again/],
  ["no header", "a.csv", "1,2,3\n4,5,6\n", /a\.csv, line 1: the first line has numbers only/],
  ["empty file", "a.csv", "", /a\.csv, line 1: there is no header/],
  ["header alone", "a.csv", PAIRS, /a\.csv has no rows/],
  ["semicolons", "a.csv", "z0_x;dz_x;dt\n1;2;3\n", /a\.csv, line 1: columns are separated by semicolons/],
  ["tabs", "a.txt", "z0_x\tdz_x\tdt\n1\t2\t3\n", /a\.txt, line 1: columns are separated by tabs/],
  ["decimal commas", "a.csv", `${PAIRS}0,5,1,2,0,5\n`, /a\.csv, line 2: 6 cells where the header has 3/],
  ["quoted decimal commas", "a.csv", `${PAIRS}"0,5",1,2\n`, /a\.csv, line 2: z0_x is "0,5"/],
  ["duplicate columns", "a.csv", "z0_x,dz_x,dz_x,dt\n1,2,3,4\n", /line 1: two columns are called dz_x/],
  ["a column without a name", "a.csv", "z0_x,,dz_x,dt\n1,2,3,4\n", /line 1: column 2 has no name/],
  ["UTF-16", "a.csv", Buffer.from(`\ufeff${PAIRS}1,2,3\n`, "utf16le"), /a\.csv, byte 0: this is no UTF-8 text/],
  ["another format", "a.xlsx", "PK", /\.xlsx is not read here, save the data as \.csv/],
  [
    "too many variables",
    "a.csv",
    `${rows(9, (k) => `z0_${k}`).replaceAll("\n", ",")},${rows(9, (k) => `dz_${k}`).replaceAll("\n", ",")},dt\n${new Array(19).fill(1).join(",")}\n`,
    /has 9 variables, an equation takes up to 8: choose some with --variables/,
  ],
  [
    "a variable that there is not",
    "a.csv",
    `${PAIRS}1,2,3\n`,
    /--variables "y": .* has no such column, there are x/,
    { variables: ["y"] },
  ],
  [
    "a condition that there is not",
    "a.csv",
    `${PAIRS}1,2,3\n`,
    /--conditions "T": .* has no such column/,
    { conditions: ["T"] },
  ],
  ["A without Q", "a.csv", "z0_x,z0_y,A_x,A_y,Q_x_x,dt\n1,2,3,4,5,6\n", /lacks Q_x_y/],
  ["unsorted times", "b.csv", "t,x\n0,1\n2,1\n1,1\n", /b\.csv, line 4: t is 1, earlier than the row before; sort/],
  ["the same time twice", "b.csv", "t,x\n0,1\n0,1\n", /b\.csv, line 3: t is 0, the same time as the row before/],
  ["runs of one row", "b.csv", "t,run,x\n0,a,1\n0,b,1\n", /no run of two rows or more/],
  ["a trajectory of patches", "b.csv", "t,x\n0,1\n1,1\n", /--K 4: a trajectory is of a whole system/, { K: 4 }],
  ["nothing but gaps", "b.csv", "t,x\n0,1\n1,\n2,1\n", /no pair of rows is left/],
  [
    ".npy without names",
    "c.npy",
    npy("<f8", "(2, 3)", doubles(1, 2, 3, 4, 5, 6)),
    /c\.npy: 3 columns without names, name them with --columns/,
  ],
  [
    ".npy of another number",
    "c.npy",
    npy("<f8", "(2, 3)", doubles(1, 2, 3, 4, 5, 6)),
    /3 names separated by commas, not 2/,
    { columns: ["t", "x"] },
  ],
  [
    ".npy of three dimensions",
    "c.npy",
    npy("<f8", "(1, 2, 3)", doubles(1, 2, 3, 4, 5, 6)),
    /an array of 3 dimensions/,
    { columns: ["t"] },
  ],
  [
    ".npy of texts",
    "c.npy",
    npy("<U1", "(2, 1)", new Uint8Array(8)),
    /c\.npy, byte 10: elements of type "<U1"/,
    { columns: ["t"] },
  ],
  [
    ".npy, big-endian",
    "c.npy",
    npy(">f8", "(2, 1)", doubles(1, 2)),
    /elements of type ">f8".*astype/,
    { columns: ["t"] },
  ],
  [
    ".npy with fields",
    "c.npy",
    npy("<f8", "(2,)", doubles(1, 2)).map((byte, k) => (k === 20 ? 91 : byte)),
    /c\.npy, byte \d+: /,
    { columns: ["t"] },
  ],
  [
    ".npy, cut off",
    "c.npy",
    npy("<f8", "(3, 1)", doubles(1, 2)),
    /c\.npy, byte \d+: the file is cut off/,
    { columns: ["t"] },
  ],
  [
    ".npz, cut off",
    "d.npz",
    zipSync({ "t.npy": column(1, 2), "x.npy": column(1, 2) }).slice(0, 200),
    /d\.npz, byte 0: this is no whole \.npz archive/,
  ],
  [
    ".npz with another number of rows",
    "d.npz",
    zipSync({ "t.npy": column(1, 2), "x.npy": column(1, 2, 3) }),
    /d\.npz: array x has 3 rows, t has 2/,
  ],
  [
    ".npz with a damaged array",
    "d.npz",
    zipSync({ "t.npy": column(1, 2), "x.npy": column(1, 2).slice(0, 100) }),
    /d\.npz, array x, byte \d+: the file is cut off/,
  ],
];

describe("refused, with the place and what to do", () => {
  for (const [k, [kind, name, content, message, { columns = [], ...options } = {}]] of WRONG.entries()) {
    test(kind, () => {
      const place = join(folder, String(k));
      mkdirSync(place);
      const path = join(place, name);
      writeFileSync(path, content);
      const read = () => ownData([readColumns(path, columns)], { ...USUAL, ...options });
      expect(read).toThrow(message);
      expect(read).toThrow(InputError);
      try {
        read();
      } catch (error) {
        // One sentence, of a file or an option.
        expect((error as Error).message).not.toContain("\n");
        expect((error as Error).message).toMatch(/\.(csv|txt|npy|npz|xlsx)|--\w+/);
      }
    });
  }

  test("files of other columns beside each other, a folder, a file that is not there", () => {
    const [a, b] = ["a.csv", "b.csv"].map((name) => join(folder, name));
    writeFileSync(a, `${PAIRS}1,2,3\n`);
    writeFileSync(b, "z0_x,dz_x,dt,K\n1,2,3,4\n");
    expect(() => ownData([readColumns(a), readColumns(b)], USUAL)).toThrow(
      /b\.csv has a column K, which .*a\.csv lacks/,
    );
    expect(() => ownData([readColumns(b), readColumns(a)], USUAL)).toThrow(/a\.csv lacks column K, which .*b\.csv has/);
    expect(() => readColumns(join(folder, "none.csv"))).toThrow(/cannot read .*none\.csv/);
    mkdirSync(join(folder, "folder.csv"));
    expect(() => readColumns(join(folder, "folder.csv"))).toThrow(/it is a folder/);
  });
});

describe("read as they are meant", () => {
  const data = (name: string, content: string | Uint8Array, options: Options = {}) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    const { columns = [], ...rest } = options;
    return ownData([readColumns(path, columns)], { ...USUAL, ...rest });
  };

  test("a mark of byte order, Windows lines, quotes, spaces, empty lines, units, other columns", () => {
    const { variables, timeUnit, increments, notes } = data(
      "windows.csv",
      `\ufeff"z0_x [mm]", z1_x ,dt (s),comment\r\n"1.5", 2.0,1e-1,first\r\n\r\n -3E0,+.5,5e-1,second\r\n`,
    );
    expect(variables).toEqual([{ name: "x", unit: "mm" }]);
    expect(timeUnit).toBe("s");
    expect(Array.from(increments?.state ?? [])).toEqual([1.5, -3]);
    expect(Array.from(increments?.change ?? [])).toEqual([0.5, 3.5]);
    expect(increments?.each?.time[1]).toBe(0.5);
    expect(notes).toEqual(["columns that are not used: comment"]);
  });

  test("numbers with all their digits as JavaScript reads them", () => {
    const texts = [
      "0.1",
      "123456789012345678",
      "1.980615719523246",
      "-0.000012345678901234",
      "5e-324",
      "1e22",
      "0.30000000000000004",
    ];
    const path = join(folder, "digits.csv");
    writeFileSync(path, `a,b\n${texts.map((text) => `${text},1`).join("\n")}`);
    expect(Array.from(readColumns(path).columns[0].values)).toEqual(texts.map(Number));
  });

  test("trajectories: runs, gaps, missing values, irregular steps, a lag", () => {
    const text = "t,run,x\n0,a,0\n1,a,1\n2,a,3\n9,a,4\n10,a,6\n0,b,10\n1,b,\n2,b,13\n3,b,15\n";
    const one = data("runs.csv", text);
    expect(Array.from(one.increments?.state ?? [])).toEqual([0, 1, 4, 13]);
    expect(Array.from(one.increments?.change ?? [])).toEqual([1, 2, 2, 2]);
    expect(Array.from(one.next ?? [])).toEqual([1, -1, -1, -1]);
    expect(one.notes).toEqual([
      "pairs of rows with missing values are left out, 2 of them",
      "pairs of rows more than 5 apart are left out, 1 of them",
    ]);
    const far = data("runs.csv", text, { longest: 20 });
    expect(far.increments?.each?.time).toEqual(Float32Array.of(1, 1, 7, 1, 1));
    const lagged = data("runs.csv", text, { lag: 2, longest: 20 });
    expect(Array.from(lagged.increments?.change ?? [])).toEqual([3, 3, 3]);
  });

  test("runs that stand between each other, as `simulate --per-replica` writes them", () => {
    const { increments, next } = data("mixed.csv", "time,replica,x\n0,0,1\n0,1,5\n1,0,2\n1,1,7\n2,0,4\n2,1,9\n");
    expect(Array.from(increments?.state ?? [])).toEqual([1, 2, 5, 7]);
    expect(Array.from(increments?.change ?? [])).toEqual([1, 2, 2, 2]);
    expect(Array.from(next ?? [])).toEqual([1, -1, 3, -1]);
  });

  test("snapshots and files are what belongs together", () => {
    const of = data("snapshots.csv", "z0_x,dz_x,dt,snapshot\n1,2,1,b\n2,2,1,a\n3,2,1,b\n");
    expect(Array.from(of.increments?.cohort ?? [])).toEqual([0, 1, 0]);
    const long = data("long.csv", `${PAIRS}${rows(5000, (k) => `${k},1,1`)}\n`);
    const cohort = long.increments?.cohort ?? [];
    expect(cohort[cohort.length - 1]).toBe(249);
    expect(cohort[19]).toBe(0);
    expect(cohort[20]).toBe(1);
  });

  test("compensators, patches, conditions", () => {
    const text =
      "z0_x,z0_y,dz_x,dz_y,A_x,A_y,Q_x_x,Q_y_x,Q_y_y,patch_x,patch_y,T,K,dt\n1,2,3,4,5,6,7,8,9,10,11,12,16,0.5\n";
    const { compensated, increments, patch, conditions } = data("all.csv", text, { conditions: ["T"] });
    expect(compensated).toMatchObject({
      method: "compensator",
      change: Float32Array.of(5, 6),
      variation: Float32Array.of(7, 8, 9),
      condition: Float32Array.of(12),
      lambda: 16,
      time: 0.5,
    });
    expect(increments).toMatchObject({ method: "increment", change: Float32Array.of(3, 4), variation: null });
    expect(patch).toEqual(Float32Array.of(10, 11));
    expect(conditions).toEqual([{ name: "T", unit: "" }]);
  });

  test(".npy in either order, .npz with tables, columns and single numbers", () => {
    const turned = npy("<f8", "(3, 2)", doubles(0, 1, 2, 5, 6, 8), "True");
    expect(Array.from(data("turned.npy", turned, { columns: ["t", "x [m]"] }).increments?.change ?? [])).toEqual([
      1, 2,
    ]);
    const archive = zipSync({
      "z0.npy": npy("<f8", "(2, 2)", doubles(1, 2, 3, 4)),
      "dz.npy": npy("<f8", "(2, 2)", doubles(5, 6, 7, 8)),
      "dt.npy": npy("<f8", "()", doubles(0.25)),
    });
    const { increments, variables } = data("pairs.npz", archive);
    expect(variables.map(({ name }) => name)).toEqual(["1", "2"]);
    expect(increments).toMatchObject({
      state: Float32Array.of(1, 2, 3, 4),
      change: Float32Array.of(5, 6, 7, 8),
      time: 0.25,
    });
  });
});
