// Configurations as text dumps of LAMMPS (https://docs.lammps.org/dump.html), which OVITO and ASE open too: lengths in Å,
// time in the unit of the style "metal", ps.
import { writeAtomically } from "./atomic.ts";
import { type Configuration, checkConfiguration, encoded, type Lines, parseLines, quoted } from "./configuration.ts";

/** Columns of positions, the best first; scaled ones are in sides of the box, from its corner. */
const POSITIONS = [
  { axes: ["x", "y", "z"], scaled: false },
  { axes: ["xu", "yu", "zu"], scaled: false },
  { axes: ["xs", "ys", "zs"], scaled: true },
  { axes: ["xsu", "ysu", "zsu"], scaled: true },
];
/** Decimal exponent of the unit of time, in s, by the style of units; all these have Å. A file that names none has metal. */
const TIME_EXPONENTS: Record<string, number> = { metal: -12, real: -15 };
/** Sections of one whole number. */
const WHOLE = ["TIMESTEP", "NUMBER OF ATOMS"];

/**
 * Writes configurations to `path`, frame after frame, atomically; they come back with the same numbers. The type of an atom
 * is the place of its element in `elements`, from 1; others follow as they appear. A frame without a step gets its number,
 * from 0; notes are not kept. Throws Error where a configuration holds what a file cannot, InputError where the system
 * refuses.
 */
export function writeDump(path: string, frames: Iterable<Configuration>, elements: readonly string[] = []): void {
  writeAtomically(path, [...encoded(written(frames, new Map(elements.map((name, type) => [name, type + 1]))))]);
}

function* written(frames: Iterable<Configuration>, types: Map<string, number>): Generator<string> {
  let frame = 0;
  let hasUnits = false;
  for (const configuration of frames) {
    checkConfiguration(configuration);
    const { box, elements, positions, step = frame, time } = configuration;
    if (time !== undefined) {
      if (!hasUnits) yield "ITEM: UNITS\nmetal\n";
      hasUnits = true;
      yield `ITEM: TIME\n${shifted(String(time), -TIME_EXPONENTS.metal)}\n`;
    }
    yield `ITEM: TIMESTEP\n${step}\nITEM: NUMBER OF ATOMS\n${elements.length}\n`;
    yield `ITEM: BOX BOUNDS pp pp pp\n${box.map((side) => `0 ${side}\n`).join("")}ITEM: ATOMS id type element x y z\n`;
    for (const [atom, element] of elements.entries()) {
      const type = types.get(element) ?? types.size + 1;
      types.set(element, type);
      const at = 3 * atom;
      yield `${atom + 1} ${type} ${element} ${positions[at]} ${positions[at + 1]} ${positions[at + 2]}\n`;
    }
    frame++;
  }
}

/** A number as text, times a power of ten: its digits stay. */
function shifted(number: string, exponent: number): string {
  const [digits, power = "0"] = number.toLowerCase().split("e");
  return `${digits}e${Number(power) + exponent}`;
}

/**
 * Reads all frames of a dump, each with its atoms in the order of their ids. Where there is no column of elements, type t
 * is `elements[t − 1]`. Positions may be plain, scaled or unwrapped, in columns of any order. Throws InputError with file
 * and line: a section missing or unknown, a box that is not periodic or has no right angles, a wrong number of atoms or
 * columns, what is no number, an id that stands twice.
 */
export function readDump(path: string, elements: readonly string[] = []): Configuration[] {
  return parseLines(path, (lines) => {
    const frames: Configuration[] = [];
    const file = { units: "metal" };
    while (nextItem(lines)) frames.push(readFrame(lines, elements, file));
    return frames.length > 0 ? frames : lines.fail("there is no frame", "give a text dump of LAMMPS");
  });
}

/** Goes on to the line that begins the next section; false at the end of the file. */
function nextItem(lines: Lines): boolean {
  if (!lines.skipBlank()) return false;
  if (lines.text.startsWith("ITEM:")) return true;
  return lines.fail(
    `${quoted(lines.text)} stands where a section (ITEM: …) should begin`,
    "compare the number of atoms with the lines there are, or give a text dump of LAMMPS",
  );
}

/** Reads a frame from the line on that begins its first section. `file` has the units, which hold for later frames too. */
function readFrame(lines: Lines, elements: readonly string[], file: { units: string }): Configuration {
  const head = new Map<string, string[]>();
  while (!/^ITEM: ATOMS\b/.test(lines.text)) {
    const begin = lines.number;
    const [name, words] = readSection(lines);
    if (head.has(name)) lines.fail(`a second ITEM: ${name} before ITEM: ATOMS`, "remove the unfinished frame", begin);
    head.set(name, words);
    if (!nextItem(lines)) lines.fail("the file ends before ITEM: ATOMS", "it was cut off: copy or write it again");
  }
  const need = (name: string) =>
    head.get(name)?.map(Number) ?? lines.fail(`ITEM: ATOMS without ITEM: ${name} before it`, "add that section");
  const [step] = need("TIMESTEP");
  const [atoms] = need("NUMBER OF ATOMS");
  const bounds = need("BOX BOUNDS");
  file.units = head.get("UNITS")?.[0] ?? file.units;
  const time = head.get("TIME")?.map((word) => Number(shifted(word, TIME_EXPONENTS[file.units])))[0];
  const low = [bounds[0], bounds[2], bounds[4]] as const;
  const box = [bounds[1] - low[0], bounds[3] - low[1], bounds[5] - low[2]] as const;
  return { box, ...readAtoms(lines, atoms, elements, low, box), step, ...(time === undefined ? {} : { time }) };
}

/** Reads the section that the current line begins: its name, and its words, which are what such a section must have. */
function readSection(lines: Lines): [name: string, words: string[]] {
  const name = lines.text.slice("ITEM:".length).trim();
  if (WHOLE.includes(name)) {
    const words = lines.words(`one number of ${name}`, 1);
    lines.whole(words[0]);
    return [name, words];
  }
  if (name === "TIME") {
    const words = lines.words("one number of TIME", 1);
    lines.finite(words[0]);
    return [name, words];
  }
  if (name === "UNITS") {
    const words = lines.words("one style of units", 1);
    const styles = Object.keys(TIME_EXPONENTS);
    if (!styles.includes(words[0]))
      lines.fail(`units are ${quoted(words[0])}, not ${styles.join(" or ")}`, "convert it");
    return [name, words];
  }
  if (!/^BOX BOUNDS\b/.test(name)) {
    return lines.fail(`the section ${quoted(lines.text)} is unknown`, "give a dump of the style atom or custom");
  }
  if (!/^BOX BOUNDS( pp pp pp)?$/.test(name)) {
    lines.fail(`${quoted(name)} is no box with right angles, periodic in x, y and z (pp pp pp)`, "use such a box");
  }
  const words = ["x", "y", "z"].flatMap((axis) => {
    const bounds = lines.words(`two bounds of the box in ${axis}`, 2);
    const [low, high] = bounds.map((word) => lines.finite(word));
    return high - low > 0 && high - low < Infinity ? bounds : lines.fail(`the box reaches from ${low} to ${high}`);
  });
  return ["BOX BOUNDS", words];
}

type Triple = readonly [number, number, number];

/** Reads `count` atoms after the line ITEM: ATOMS of a box of sides `box` whose corner is at `low`. */
function readAtoms(lines: Lines, count: number, elements: readonly string[], low: Triple, box: Triple) {
  const columns = lines.text.split(/\s+/).slice(2);
  const column = (name: string) => columns.indexOf(name);
  const places = POSITIONS.find(({ axes }) => axes.every((axis) => columns.includes(axis)));
  if (!places) return lines.fail("there are no columns x y z, nor xu yu zu, xs ys zs", "add them to the dump command");
  const [x, y, z] = places.axes.map(column);
  const place = (word: string, axis: 0 | 1 | 2) =>
    places.scaled ? lines.finite(word) * box[axis] : lines.finite(word) - low[axis];
  const named = column("element");
  const typed = column("type");
  if (named < 0 && (typed < 0 || elements.length === 0)) {
    lines.fail("there is no column element", "add it to the dump command, or say which element each type is");
  }
  const symbol = (words: string[]) => {
    if (named >= 0) {
      lines.symbols[words[named]] ??= words[named];
      return lines.symbols[words[named]];
    }
    const type = lines.whole(words[typed]);
    return elements[type - 1] ?? lines.fail(`type ${type} is none of 1 to ${elements.length} (${elements.join(", ")})`);
  };
  const id = column("id");
  const what = `one of ${count} atoms with ${columns.join(" ")}`;
  const [ids, numbers, found, positions]: [number[], number[], string[], number[]] = [[], [], [], []];
  for (let atom = 0; atom < count; atom++) {
    const words = lines.words(what, columns.length);
    ids.push(id < 0 ? atom : lines.whole(words[id]));
    numbers.push(lines.number);
    found.push(symbol(words));
    positions.push(place(words[x], 0), place(words[y], 1), place(words[z], 2));
  }
  const order = Uint32Array.from(ids.keys());
  if (ids.some((one, atom) => one < ids[atom - 1])) order.sort((a, b) => ids[a] - ids[b]);
  for (let k = 1; k < order.length; k++) {
    const [first, second] = [order[k - 1], order[k]];
    if (ids[first] !== ids[second]) continue;
    lines.fail(`id ${ids[second]} stands at line ${numbers[first]} too`, "give each atom its own", numbers[second]);
  }
  const sorted = new Float64Array(3 * count);
  for (const [at, atom] of order.entries()) {
    for (let axis = 0; axis < 3; axis++) sorted[3 * at + axis] = positions[3 * atom + axis];
  }
  return {
    elements: Array.from(order, (atom) => found[atom]),
    positions: sorted,
    lines: Uint32Array.from(order, (atom) => numbers[atom]),
  };
}
