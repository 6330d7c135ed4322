import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import type { Configuration } from "../../lib/io/configuration.ts";
import { readExtxyz, writeExtxyz } from "../../lib/io/extxyz.ts";
import { readDump, writeDump } from "../../lib/io/lammps-dump.ts";
import { temporaryFolder } from "../fixtures.ts";

setDefaultTimeout(60_000);

/** Processor time for half a million atoms: what others do on the machine does not count. */
const SECONDS = 3;
const cpuSeconds = () => process.cpuUsage().user / 1e6;
const folder = temporaryFolder("configurations");
const file = join(folder, "x.txt");

/** The message of the InputError that reading `text` must end in, without the folder. */
function refusal(read: (path: string) => unknown, text: string | Uint8Array): string {
  writeFileSync(file, text);
  try {
    read(file);
  } catch (error) {
    if (error instanceof InputError) return error.message.replace(`${folder}/`, "");
    throw error;
  }
  return "no error";
}
function read(reader: (path: string) => Configuration[], text: string): Configuration[] {
  writeFileSync(file, text);
  return reader(file);
}
const withoutLines = (frames: readonly Configuration[]) => frames.map(({ lines, ...rest }) => rest);
const text = (lines: readonly string[]) => `${lines.join("\n")}\n`;

const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const side = fc.double({ min: 1e-3, max: 1e6, noNaN: true });
const special = fc.string({ unit: fc.constantFrom(...`"'\\{}[]=, a_T`), maxLength: 8 });
const note = fc.oneof(fc.string({ unit: "grapheme", maxLength: 8 }), special).filter((part) => !/[\r\n]/.test(part));
const key = note.filter((part) => part !== "" && !["Lattice", "Properties", "pbc", "step", "time"].includes(part));
const atoms = fc.array(fc.tuple(fc.constantFrom("Nb", "Mo", "Ta", "X1"), number, number, number), { maxLength: 12 });
const configuration = fc
  .record(
    {
      box: fc.tuple(side, side, side),
      atoms,
      step: fc.nat(),
      time: fc.double({ min: 0, max: 1e200, noNaN: true }),
      notes: fc.dictionary(key, note, { minKeys: 1, maxKeys: 3, noNullPrototype: true }),
    },
    { requiredKeys: ["box", "atoms"] },
  )
  .map(({ atoms, ...rest }) => ({
    ...rest,
    elements: atoms.map(([element]) => element),
    positions: Float64Array.from(atoms.flatMap(([, ...place]) => place)),
  }));
const frames = fc.array(configuration, { minLength: 1, maxLength: 3 });

describe.each([
  ["dump", writeDump, readDump],
  ["extxyz", writeExtxyz, readExtxyz],
] as const)("%s", (format, write, reader) => {
  test("frames come back with the same numbers, notes and lines", () => {
    fc.assert(
      fc.property(frames, (content) => {
        write(file, content);
        const found = reader(file);
        const kept = content.map(({ notes, ...rest }, frame) =>
          format === "dump" ? { step: frame, ...rest } : { ...rest, ...(notes === undefined ? {} : { notes }) },
        );
        // −0 is the number 0: only its sign may be lost, by the corner of a dump.
        expect(withoutLines(found).map(unsigned)).toEqual(kept.map(unsigned));
        const written = readFileSync(file, "utf8").split("\n");
        for (const { elements, lines } of found) {
          elements.forEach((element, atom) => {
            expect(written[Number(lines?.[atom]) - 1].split(" ")).toContain(element);
          });
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  test("of any length cut off are refused, but between frames", () => {
    const frame: Configuration = { box: [2, 2, 2], elements: ["A", "B"], positions: new Float64Array(6), time: 1e-9 };
    write(file, [frame, frame]);
    const whole = readFileSync(file, "utf8");
    for (let length = 0; length < whole.length; length++) {
      const message = refusal(reader, whole.slice(0, length));
      const isFirst = message === "no error";
      expect([length, isFirst || /^x\.txt, line \d+: /.test(message)]).toEqual([length, true]);
      if (isFirst) expect(reader(file).length).toBe(1);
    }
    expect(refusal(reader, whole)).toBe("no error");
  });

  test("of other bytes are refused in a moment, and only by InputError", () => {
    write(file, [{ box: [2, 3, 4], elements: ["A", "B"], positions: new Float64Array([0, 1, 2, 3, 4, 5]), time: 1 }]);
    const bytes = readFileSync(file);
    const damaged = fc.array(
      fc.tuple(fc.nat(bytes.length - 1), fc.constantFrom(...Buffer.from('\n 019-.eE"\\:=\0\xff'))),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(damaged, (changes) => {
        const wrong = Buffer.from(bytes);
        for (const [at, byte] of changes) wrong[at] = byte;
        expect(refusal(reader, wrong)).toMatch(/^no error$|^x\.txt, line \d+: [^\n]*; /);
      }),
      { numRuns: 3000, seed: 2 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expect(refusal(reader, noise)).toMatch(/^x\.txt, line \d+: [^\n]*; /);
      }),
      { numRuns: 1000, seed: 3 },
    );
    const start = cpuSeconds();
    const long = new Uint8Array(60_000_000).fill(0x20);
    expect(refusal(reader, long)).toMatch(/^x\.txt, line 1: this line has no end; /);
    expect(cpuSeconds() - start).toBeLessThan(SECONDS);
  });

  test("that are not there, or folders, are refused", () => {
    expect(() => reader(join(folder, "none"))).toThrow("no such file");
    expect(() => reader(folder)).toThrow("it is a folder");
  });

  test("what a file cannot hold is not written, and nothing is left", () => {
    const good: Configuration = { box: [1, 1, 1], elements: ["A"], positions: new Float64Array(3) };
    const bad: [Partial<Configuration>, string][] = [
      [{ positions: new Float64Array(4) }, "three coordinates"],
      [{ positions: new Float64Array([0, Number.NaN, 0]) }, "not finite"],
      [{ box: [1, 0, 1] }, "no sides of a box"],
      [{ step: 0.5 }, "step 0.5"],
      [{ time: Number.POSITIVE_INFINITY }, "time Infinity"],
      [{ elements: ["A B"] }, '"A B" is no chemical symbol'],
      [{ elements: [""] }, "no chemical symbol"],
    ];
    for (const [part, message] of bad) {
      expect(() => write(join(folder, "not"), [good, { ...good, ...part }])).toThrow(message);
    }
    expect(readdirSync(folder)).not.toContain("not");
  });

  test(`524,288 atoms take less than ${SECONDS} s each way, and are the same`, () => {
    const count = 524_288;
    const positions = Float64Array.from({ length: 3 * count }, (_, at) => (at * 0.37) % 207.36);
    const elements = Array.from({ length: count }, (_, atom) => ["Nb", "Mo", "Ta"][atom % 3]);
    const start = cpuSeconds();
    write(file, [{ box: [207.36, 207.36, 207.36], elements, positions }]);
    const written = cpuSeconds();
    const [found] = reader(file);
    const end = cpuSeconds();
    expect(Buffer.compare(Buffer.from(found.positions.buffer), Buffer.from(positions.buffer))).toBe(0);
    expect(found.elements).toEqual(elements);
    expect(written - start).toBeLessThan(SECONDS);
    expect(end - written).toBeLessThan(SECONDS);
  });
});

function unsigned(configuration: Configuration): Configuration {
  return { ...configuration, positions: configuration.positions.map((x) => x + 0) };
}

/** By hand, as LAMMPS writes a box that does not begin at the origin: two atoms, ids and columns out of order. */
const SCALED = [
  "ITEM: UNITS",
  "metal",
  "ITEM: TIME",
  "2.5",
  "ITEM: TIMESTEP",
  "1200",
  "ITEM: NUMBER OF ATOMS",
  "3",
  "ITEM: BOX BOUNDS pp pp pp",
  "-1.0000000000000000e+00 3.0000000000000000e+00",
  "0.0 8.0",
  "2 4",
  "ITEM: ATOMS zs type q xs id ys",
  "0.5 3 0 0.25 7 0.125",
  "0.25 1 0 0 2 1",
  "0 2 0 -0.5 3 0.5",
];
const ALLOY = ["Nb", "Mo", "Ta"];
const FRAME = [
  "ITEM: TIMESTEP",
  "0",
  "ITEM: NUMBER OF ATOMS",
  "2",
  "ITEM: BOX BOUNDS pp pp pp",
  "0 4",
  "0 4",
  "0 4",
  "ITEM: ATOMS id element x y z",
  "1 Nb 0 0 0",
  "2 Mo 2 2 2",
];
/** `lines` with the one of a number, from 1, replaced by others. */
const replaced = (lines: readonly string[], number: number, ...others: string[]) =>
  text([...lines.slice(0, number - 1), ...others, ...lines.slice(number)]);

describe("a dump", () => {
  test("with scaled coordinates, shuffled ids and columns, and numbers for types is read", () => {
    const [frame] = read((path) => readDump(path, ALLOY), text(SCALED));
    expect(frame).toEqual({
      box: [4, 8, 2],
      elements: ["Nb", "Mo", "Ta"], // ids 2, 3, 7
      positions: new Float64Array([0, 8, 0.5, -2, 4, 0, 1, 1, 1]),
      lines: new Uint32Array([15, 16, 14]),
      step: 1200,
      time: 2.5e-12,
    });
  });

  test("has positions from the corner of the box, whichever columns they stand in", () => {
    const forms = ["x y z", "xu yu zu", "xs ys zs", "xsu ysu zsu"];
    for (const [index, axes] of forms.entries()) {
      const lines = [...SCALED.slice(0, 7), "1", ...SCALED.slice(8, 12), `ITEM: ATOMS element ${axes}`];
      lines.push(index < 2 ? "W 1 6 3" : "W 0.5 0.75 0.5");
      const [frame] = read(readDump, text(lines));
      expect([...frame.positions]).toEqual([2, 6, 1]);
    }
    const both = [...SCALED.slice(0, 7), "1", ...SCALED.slice(8, 12), "ITEM: ATOMS xs ys zs element x y z"];
    expect([...read(readDump, text([...both, "9 9 9 W 1 6 3"]))[0].positions]).toEqual([2, 6, 1]);
  });

  test("keeps its units for later frames, and has picoseconds where it names none", () => {
    const at = (time: string, ...units: string[]) => [...units, "ITEM: TIME", time, ...FRAME];
    const real = read(readDump, text([...at("1.5", "ITEM: UNITS", "real"), ...at("2.5e3")]));
    expect(real.map(({ time }) => time)).toEqual([1.5e-15, 2.5e-12]);
    expect(read(readDump, text(at("7")))[0].time).toBe(7e-12);
  });

  test("is written with the types that it is told, others behind them, for all frames", () => {
    const frame = (...elements: string[]) => ({
      box: [1, 1, 1] as const,
      elements,
      positions: new Float64Array(3 * elements.length),
    });
    writeDump(file, [frame("Ta", "W", "Nb"), frame("Re", "W")], ALLOY);
    const atoms = readFileSync(file, "utf8").match(/^\d+ \d+ [A-Z].*$/gm);
    expect(atoms).toEqual(["1 3 Ta 0 0 0", "2 4 W 0 0 0", "3 1 Nb 0 0 0", "1 5 Re 0 0 0", "2 4 W 0 0 0"]);
  });

  test("ends its lines in either way, with blank lines between frames", () => {
    const frames = read(readDump, `\uFEFF${[...FRAME, "", ...FRAME, "", ""].join("\r\n")}`);
    expect(frames.map(({ lines }) => [...(lines ?? [])])).toEqual([
      [10, 11],
      [22, 23],
    ]);
  });

  const MEND = "mend that line or write the file again";
  const COUNT = "compare the number of atoms with the lines there are, or give a text dump of LAMMPS";
  const CUT = "it was cut off: copy or write it again";
  const without = (first: number, count = 2) =>
    text(FRAME.filter((_, at) => at < first - 1 || at >= first - 1 + count));
  test.each(
    [
      ["", `line 1: there is no frame; give a text dump of LAMMPS`],
      ["\n\n", `line 3: there is no frame; give a text dump of LAMMPS`],
      ["2\n\nNb 0 0 0\n", `line 1: "2" stands where a section (ITEM: …) should begin; ${COUNT}`],
      [without(1), "line 7: ITEM: ATOMS without ITEM: TIMESTEP before it; add that section"],
      [without(3), "line 7: ITEM: ATOMS without ITEM: NUMBER OF ATOMS before it; add that section"],
      [without(5, 4), "line 5: ITEM: ATOMS without ITEM: BOX BOUNDS before it; add that section"],
      [without(9, 3), `line 9: the file ends before ITEM: ATOMS; ${CUT}`],
      [without(5, 7), `line 5: the file ends before ITEM: ATOMS; ${CUT}`],
      [without(11, 1), `line 11: the file ends before one of 2 atoms with id element x y z; ${CUT}`],
      [replaced(FRAME, 4, "3"), `line 12: the file ends before one of 3 atoms with id element x y z; ${CUT}`],
      [replaced(FRAME, 4, "1"), `line 11: "2 Mo 2 2 2" stands where a section (ITEM: …) should begin; ${COUNT}`],
      [replaced(FRAME, 4, "1.5"), `line 4: "1.5" is not a whole number from 0 up; ${MEND}`],
      [replaced(FRAME, 4, "1 2"), `line 4: "1 2" is not one number of NUMBER OF ATOMS; ${MEND}`],
      [
        replaced(FRAME, 4, "999999999999"),
        `line 12: the file ends before one of 999999999999 atoms with id element x y z; ${CUT}`,
      ],
      [replaced(FRAME, 2, "-1"), `line 2: "-1" is not a whole number from 0 up; ${MEND}`],
      [
        replaced(FRAME, 3, "ITEM: TIMESTEP", "1"),
        "line 3: a second ITEM: TIMESTEP before ITEM: ATOMS; remove the unfinished frame",
      ],
      [
        replaced(FRAME, 3, "ITEM: ENTRIES"),
        'line 3: the section "ITEM: ENTRIES" is unknown; give a dump of the style atom or custom',
      ],
      [
        replaced(FRAME, 5, "ITEM: BOX BOUNDS xy xz yz pp pp pp"),
        'line 5: "BOX BOUNDS xy xz yz pp pp pp" is no box with right angles, periodic in x, y and z (pp pp pp); use such a box',
      ],
      [
        replaced(FRAME, 5, "ITEM: BOX BOUNDS pp ff pp"),
        'line 5: "BOX BOUNDS pp ff pp" is no box with right angles, periodic in x, y and z (pp pp pp); use such a box',
      ],
      [replaced(FRAME, 7, "0 4 1"), `line 7: "0 4 1" is not two bounds of the box in y; ${MEND}`],
      [replaced(FRAME, 8, "4 4"), `line 8: the box reaches from 4 to 4; ${MEND}`],
      [replaced(FRAME, 6, "0 4A"), `line 6: "4A" is not a number; ${MEND}`],
      [
        replaced(FRAME, 9, "ITEM: ATOMS id element x y vz"),
        "line 9: there are no columns x y z, nor xu yu zu, xs ys zs; add them to the dump command",
      ],
      [
        replaced(FRAME, 9, "ITEM: ATOMS id type x y z"),
        "line 9: there is no column element; add it to the dump command, or say which element each type is",
      ],
      [replaced(FRAME, 10, "1 Nb 0 0"), `line 10: "1 Nb 0 0" is not one of 2 atoms with id element x y z; ${MEND}`],
      [replaced(FRAME, 10, "1 Nb 0 nan 0"), `line 10: "nan" is not a number; ${MEND}`],
      [replaced(FRAME, 11, "2 Mo 2 0x10 2"), `line 11: "0x10" is not a number; ${MEND}`],
      [replaced(FRAME, 11, "2 Mo 1e999 2 2"), `line 11: "1e999" is not a number; ${MEND}`],
      [replaced(FRAME, 11, "a Mo 2 2 2"), `line 11: "a" is not a whole number from 0 up; ${MEND}`],
      [replaced(FRAME, 11, "1 Mo 2 2 2"), "line 11: id 1 stands at line 10 too; give each atom its own"],
      [
        text(FRAME).slice(0, -1),
        "line 11: this line has no end; end it if it is whole; or the file was cut off, or is no text",
      ],
      [text(["ITEM: UNITS", "lj", ...FRAME]), 'line 2: units are "lj", not metal or real; convert it'],
      [text(["ITEM: TIME", "soon", ...FRAME]), `line 2: "soon" is not a number; ${MEND}`],
    ].map(([content, message]) => [message, content]),
  )("is refused: %s", (message, content) => {
    expect(refusal(readDump, content)).toBe(`x.txt, ${message}`);
  });

  test("with a type that has no element is refused", () => {
    const reader = (path: string) => readDump(path, ["Nb", "Mo"]);
    expect(refusal(reader, text(SCALED))).toBe(`x.txt, line 14: type 3 is none of 1 to 2 (Nb, Mo); ${MEND}`);
  });
});

/** Of ase.io.write, with arrays and information of all kinds. */
const ASE = [
  "2",
  String.raw`Lattice="4.0 0.0 0.0 0.0 8.0 0.0 0.0 0.0 2.0" Properties=tags:I:1:forces:R:3:species:S:1:pos:R:3:move:L:1 energy=-1.5 "my key"="a \"b\" = c" flag=T vec="1 2 3" step=12 d="_JSON {\"a\": [1]}" time=2e-9 alone old={4 5} pbc="T T T"`,
  "0 0.1 0.2 0.3 Nb       1.00000000       0.50000000       0.25000000 T",
  "1 0.0 0.0 0.0 Mo      -1.00000000       7.50000000       0.00000000 F",
];
const XYZ = ["2", 'Lattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:3', "Nb 0 0 0", "Mo 2 2 2"];

describe("an extended XYZ file", () => {
  test("with other columns in any order, and pairs of all kinds, is read", () => {
    const [frame] = read(readExtxyz, text(ASE));
    expect(frame).toEqual({
      box: [4, 8, 2],
      elements: ["Nb", "Mo"],
      positions: new Float64Array([1, 0.5, 0.25, -1, 7.5, 0]),
      lines: new Uint32Array([3, 4]),
      step: 12,
      time: 2e-9,
      notes: {
        energy: "-1.5",
        "my key": 'a "b" = c',
        flag: "T",
        vec: "1 2 3",
        d: '_JSON {"a": [1]}',
        alone: "T",
        old: "4 5",
      },
    });
  });

  test("needs neither Properties nor pbc, and may have blank lines between frames", () => {
    const frame = ["1", "  Lattice = '4,0,0,0,4,1e-12,0,0,4'", "W 1 2 3"];
    const frames = read(readExtxyz, text(["", ...frame, "", ...frame]));
    expect(frames.map(({ elements, lines }) => [elements[0], lines?.[0]])).toEqual([
      ["W", 4],
      ["W", 8],
    ]);
  });

  test("has its own keys for itself, and notes of one line", () => {
    const frame = { box: [1, 1, 1] as const, elements: [], positions: new Float64Array() };
    expect(() => writeExtxyz(file, [{ ...frame, notes: { pbc: "F" } }])).toThrow("a note cannot be called pbc");
    expect(() => writeExtxyz(file, [{ ...frame, notes: { a: "1\n2" } }])).toThrow("more than one line");
  });

  const MEND = "mend that line or write the file again";
  const BOX = 'give the box as Lattice="a 0 0 0 b 0 0 0 c", in Å';
  const COUNT = "compare it with the lines there are, or give a file in extended XYZ format";
  const CUT = "it was cut off: copy or write it again";
  const head = (line: string) => replaced(XYZ, 2, line);
  const BOTH = "write both for each atom";
  test.each(
    [
      ["", "line 1: there is no frame; give a file in extended XYZ format"],
      [replaced(XYZ, 1, "two"), `line 1: "two" stands where a frame should begin with its number of atoms; ${COUNT}`],
      [
        replaced(XYZ, 1, "1"),
        `line 4: "Mo 2 2 2" stands where a frame should begin with its number of atoms; ${COUNT}`,
      ],
      [
        replaced(XYZ, 1, "3"),
        `line 5: the file ends before one of 3 atoms with 4 columns (species:S:1:pos:R:3); ${CUT}`,
      ],
      ["2\n", `line 2: the file ends before the line with Lattice and Properties; ${CUT}`],
      [head("made by hand"), `line 2: Lattice has 0 numbers, not 9; ${BOX}`],
      [head(""), `line 2: Lattice has 0 numbers, not 9; ${BOX}`],
      [head('Lattice="4 0 0 0 4 0 0 0"'), `line 2: Lattice has 8 numbers, not 9; ${BOX}`],
      [head('Lattice="4 0 0 0 4 0 0 0 a"'), `line 2: "a" is not a number; ${MEND}`],
      [
        head('Lattice="4 0 0 2 4 0 0 0 4"'),
        `line 2: Lattice "4 0 0 2 4 0 0 0 4" is no box with right angles along x, y and z; ${BOX}`,
      ],
      [
        head('Lattice="4 0 0 0 4 0 0 0 -4"'),
        `line 2: Lattice "4 0 0 0 4 0 0 0 -4" is no box with right angles along x, y and z; ${BOX}`,
      ],
      [head('Lattice="4 0 0'), 'line 2: "=\\"4 0 0" is no key=value; close what is quoted'],
      [head(`${XYZ[1]} pbc="T T F"`), 'line 2: pbc="T T F" is not "T T T"; make the box periodic in x, y and z'],
      [head(`${XYZ[1]} step=-1`), `line 2: "-1" is not a whole number from 0 up; ${MEND}`],
      [head(`${XYZ[1]} time=late`), `line 2: "late" is not a number; ${MEND}`],
      [
        head('Lattice="4 0 0 0 4 0 0 0 4" Properties=pos:R:3'),
        `line 2: Properties "pos:R:3" have no species:S:1 and pos:R:3; ${BOTH}`,
      ],
      [
        head('Lattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos:R:2'),
        `line 2: Properties "species:S:1:pos:R:2" have no species:S:1 and pos:R:3; ${BOTH}`,
      ],
      [
        head('Lattice="4 0 0 0 4 0 0 0 4" Properties=species:S:1:pos'),
        `line 2: Properties "species:S:1:pos" are not name:type:columns, …; ${MEND}`,
      ],
      [
        replaced(XYZ, 3, "Nb 0 0"),
        `line 3: "Nb 0 0" is not one of 2 atoms with 4 columns (species:S:1:pos:R:3); ${MEND}`,
      ],
      [replaced(XYZ, 4, "Mo 2 2 two"), `line 4: "two" is not a number; ${MEND}`],
      [
        replaced(XYZ, 4, "Mo 2 2 2 2"),
        `line 4: "Mo 2 2 2 2" is not one of 2 atoms with 4 columns (species:S:1:pos:R:3); ${MEND}`,
      ],
    ].map(([content, message]) => [message, content]),
  )("is refused: %s", (message, content) => {
    expect(refusal(readExtxyz, content)).toBe(`x.txt, ${message}`);
  });
});

describe("ASE", () => {
  /** Writes what ASE understands of the two files, and the first one as ASE writes it. */
  const script = `
import sys, json
from ase.io import read, write
out = []
for path, form in zip(sys.argv[1:3], ["lammps-dump-text", "extxyz"]):
    out.append([dict(symbols=a.get_chemical_symbols(), positions=a.positions.tolist(), cell=a.cell.tolist(),
        pbc=a.pbc.tolist(), info={k: str(v) for k, v in a.info.items()}) for a in read(path, index=":", format=form)])
write(sys.argv[3], read(sys.argv[2], index=":", format="extxyz"), format="extxyz")
print(json.dumps(out))`;
  const python = Bun.which("python3");
  const found = python ? Bun.spawnSync([python, "-c", "import ase.io.extxyz, ase.io.lammpsrun"]).success : false;
  if (!found) console.log("not compared with ASE: python3 has no module ase here (Debian: apt install python3-ase)");

  test.skipIf(!found)("reads both formats as we do, and we read what it writes", () => {
    const frame: Configuration = {
      box: [6.48, 6.48, 6.48],
      elements: ["Nb", "Ta", "Mo"],
      positions: new Float64Array([0, 0, 0, 1.62, 1.62, 1.62, 3.24, 0, 9.720000000000001]),
      step: 7,
      time: 1.25e-9,
    };
    const [dump, ours, theirs] = ["a.dump", "a.xyz", "b.xyz"].map((name) => join(folder, name));
    const noted = { ...frame, notes: { "a key": 'say "x" = [1]', model: "compact" } };
    writeDump(dump, [frame, frame], ALLOY);
    writeExtxyz(ours, [noted, noted]);
    const { stdout, stderr, success } = Bun.spawnSync([python ?? "", "-c", script, dump, ours, theirs]);
    expect([success, success ? "" : stderr.toString()]).toEqual([true, ""]);
    const expected = {
      symbols: frame.elements,
      positions: [
        [0, 0, 0],
        [1.62, 1.62, 1.62],
        [3.24, 0, 9.720000000000001],
      ],
      cell: [
        [6.48, 0, 0],
        [0, 6.48, 0],
        [0, 0, 6.48],
      ],
      pbc: [true, true, true],
    };
    const info = { step: "7", time: "1.25e-09", ...noted.notes };
    const [read1, read2] = JSON.parse(stdout.toString());
    expect(read1).toEqual([
      { ...expected, info: {} },
      { ...expected, info: {} },
    ]);
    expect(read2).toEqual([
      { ...expected, info },
      { ...expected, info },
    ]);
    const [back] = readExtxyz(theirs); // eight digits behind the point
    expect([back.elements, [...back.positions].map((x) => x.toFixed(8)), back.step, back.time, back.notes]).toEqual([
      frame.elements,
      [...frame.positions].map((x) => x.toFixed(8)),
      7,
      1.25e-9,
      noted.notes,
    ]);
  });
});
