// Configurations as extended XYZ, the format that ASE (ase.io.extxyz) and OVITO write and read: per frame the number of
// atoms, a line of `key=value` pairs with the box and the columns, and a line per atom. Lengths in Å; our `time` in s.
import { writeAtomically } from "./atomic.ts";
import { type Configuration, checkConfiguration, encoded, type Lines, parseLines, quoted } from "./configuration.ts";

/** Keys with a place of their own in a configuration; others are notes. */
const OWN = ["Lattice", "Properties", "pbc", "step", "time"];
/** What stands between quotes or brackets is one value, whatever it holds; a backslash takes the next character as it is. */
const QUOTED = String.raw`"(?:\\.|[^\\"])*"|'(?:\\.|[^\\'])*'|\{(?:\\.|[^\\}])*\}|\[(?:\\.|[^\\\]])*\]|\\.`;
const PAIR = new RegExp(String.raw`\s*((?:${QUOTED}|[^\s"'{[\\=])+)(?:\s*=\s*((?:${QUOTED}|[^\s"'{[\\])+))?`, "y");
/** Off-diagonal parts of a box, in sides of it, that are taken for rounding. */
const SKEW = 1e-8;

/**
 * Writes configurations to `path`, frame after frame, atomically; they come back with the same numbers and notes. Throws
 * Error where a configuration holds what a file cannot, InputError where the system refuses.
 */
export function writeExtxyz(path: string, frames: Iterable<Configuration>): void {
  writeAtomically(path, [...encoded(written(frames))]);
}

function* written(frames: Iterable<Configuration>): Generator<string> {
  for (const configuration of frames) {
    checkConfiguration(configuration);
    const { box, elements, positions, step, time, notes = {} } = configuration;
    const taken = Object.keys(notes).find((key) => OWN.includes(key));
    if (taken !== undefined) throw new Error(`a note cannot be called ${taken}`);
    const pairs = Object.entries({ step, time, ...notes }).flatMap(([key, value]) =>
      value === undefined ? [] : [`${escaped(key)}=${escaped(String(value))}`],
    );
    const lattice = `Lattice="${box[0]} 0.0 0.0 0.0 ${box[1]} 0.0 0.0 0.0 ${box[2]}"`;
    const line = [lattice, "Properties=species:S:1:pos:R:3", ...pairs, 'pbc="T T T"'].join(" ");
    yield `${elements.length}\n${line}\n`;
    for (const [atom, element] of elements.entries()) {
      const at = 3 * atom;
      yield `${element} ${positions[at]} ${positions[at + 1]} ${positions[at + 2]}\n`;
    }
  }
}

/** A key or value as ASE reads it. */
function escaped(text: string): string {
  if (/[\r\n]/.test(text)) throw new Error("a note cannot have more than one line");
  return /^[\w.+:-]+$/.test(text) ? text : `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/**
 * Reads all frames of an extended XYZ file. Columns may stand in any order, others than species and pos are passed over.
 * Pairs without a place of their own become notes, values in quotes or brackets without these; a key alone has the value T.
 * Throws InputError with file and line: no box, one without right angles or not periodic, no columns of species and
 * positions, a wrong number of atoms or columns, what is no number.
 */
export function readExtxyz(path: string): Configuration[] {
  return parseLines(path, (lines) => {
    const frames: Configuration[] = [];
    while (lines.skipBlank()) frames.push(readFrame(lines));
    return frames.length > 0 ? frames : lines.fail("there is no frame", "give a file in extended XYZ format");
  });
}

/** Reads a frame from its first line on, which was read last. */
function readFrame(lines: Lines): Configuration {
  if (!/^\d{1,15}$/.test(lines.text)) {
    const remedy = "compare it with the lines there are, or give a file in extended XYZ format";
    lines.fail(`${quoted(lines.text)} stands where a frame should begin with its number of atoms`, remedy);
  }
  const count = Number(lines.text);
  lines.words("the line with Lattice and Properties");
  const pairs = readPairs(lines);
  const box = boxOf(lines, pairs.get("Lattice") ?? "");
  const periodic = (pairs.get("pbc") ?? "T T T").split(/[\s,]+/);
  if (periodic.length !== 3 || !periodic.every((flag) => /^(T|True|1)$/i.test(flag))) {
    lines.fail(`pbc="${periodic.join(" ")}" is not "T T T"`, "make the box periodic in x, y and z");
  }
  const [step, time] = [pairs.get("step"), pairs.get("time")];
  const notes = [...pairs].filter(([key]) => !OWN.includes(key));
  const own = {
    ...(step === undefined ? {} : { step: lines.whole(step) }),
    ...(time === undefined ? {} : { time: lines.finite(time) }),
    ...(notes.length === 0 ? {} : { notes: Object.fromEntries(notes) }),
  };
  return { box, ...readAtoms(lines, count, pairs.get("Properties") ?? "species:S:1:pos:R:3"), ...own };
}

/** The pairs of the current line. */
function readPairs(lines: Lines): Map<string, string> {
  const pairs = new Map<string, string>();
  let end = 0;
  while (end < lines.text.length) {
    PAIR.lastIndex = end;
    const match = PAIR.exec(lines.text);
    if (!match) return lines.fail(`${quoted(lines.text.slice(end).trim())} is no key=value`, "close what is quoted");
    pairs.set(plain(match[1]), plain(match[2] ?? "T"));
    end = PAIR.lastIndex;
  }
  return pairs;
}

/** A word without its quotes, brackets and backslashes. */
function plain(word: string): string {
  return word.replace(new RegExp(QUOTED, "g"), (part) =>
    (/^\\/.test(part) ? part : part.slice(1, -1)).replace(/\\(.)/g, "$1"),
  );
}

function boxOf(lines: Lines, lattice: string): Configuration["box"] {
  const remedy = 'give the box as Lattice="a 0 0 0 b 0 0 0 c", in Å';
  const words = lattice.split(/[\s,]+/).filter((word) => word !== "");
  if (words.length !== 9) lines.fail(`Lattice has ${words.length} numbers, not 9`, remedy);
  const vectors = words.map((word) => lines.finite(word));
  const box = [vectors[0], vectors[4], vectors[8]] as const;
  const largest = Math.max(...box.map(Math.abs));
  const isStraight = vectors.every((part, at) => at % 4 === 0 || Math.abs(part) <= SKEW * largest);
  if (!isStraight || !box.every((side) => side > 0)) {
    lines.fail(`Lattice ${quoted(lattice)} is no box with right angles along x, y and z`, remedy);
  }
  return box;
}

/** Reads `count` atoms with the columns `properties`: name:type:number of columns, and so on. */
function readAtoms(lines: Lines, count: number, properties: string) {
  const parts = properties.split(":");
  const starts = new Map<string, { at: number; width: number }>();
  let columns = 0;
  for (let k = 0; k < parts.length; k += 3) {
    const width = /^[1-9]\d{0,3}$/.test(parts[k + 2] ?? "") ? Number(parts[k + 2]) : 0;
    if (width === 0) lines.fail(`Properties ${quoted(properties)} are not name:type:columns, …`);
    starts.set(parts[k], { at: columns, width });
    columns += width;
  }
  const [species, pos] = [starts.get("species"), starts.get("pos")];
  if (species?.width !== 1 || pos?.width !== 3) {
    return lines.fail(`Properties ${quoted(properties)} have no species:S:1 and pos:R:3`, "write both for each atom");
  }
  const what = `one of ${count} atoms with ${columns} columns (${properties})`;
  const [elements, positions, numbers]: [string[], number[], number[]] = [[], [], []];
  for (let atom = 0; atom < count; atom++) {
    const words = lines.words(what, columns);
    const symbol = words[species.at];
    lines.symbols[symbol] ??= symbol;
    elements.push(lines.symbols[symbol]);
    for (let axis = 0; axis < 3; axis++) positions.push(lines.finite(words[pos.at + axis]));
    numbers.push(lines.number);
  }
  return { elements, positions: new Float64Array(positions), lines: new Uint32Array(numbers) };
}
