// One array in one file: NumPy's .npy format (magic, version, a Python dict literal as header, the raw elements), as
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html describes it. Little-endian only, like every machine
// that Bun runs on.
import { InputError } from "../errors.ts";
import { writeAtomically } from "./atomic.ts";
import { readWhole } from "./read.ts";

type NpyData = Float32Array | Float64Array | Int8Array | Uint8Array | Int32Array | Uint32Array;
/** `data` holds the elements of an array of `shape`, last index fastest; `[]` is the shape of a single number. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: NpyData;
}

/** The type of the elements (`<f4`), whether their first index is fastest, and the sizes. */
interface Layout {
  readonly descr: string;
  readonly fortran: boolean;
  readonly shape: readonly number[];
}

/** Refuses the file for what is at a byte; where it is no damage, with a remedy of its own. */
export type Fail = (offset: number, problem: string, remedy?: string) => never;

const WRITTEN = {
  "<f4": Float32Array,
  "<f8": Float64Array,
  "|i1": Int8Array,
  "|u1": Uint8Array,
  "<i4": Int32Array,
  "<u4": Uint32Array,
};
const READ = { ...WRITTEN, "|b1": Uint8Array, "<i8": BigInt64Array, "<u8": BigUint64Array };

const MAGIC = "\x93NUMPY";
/** NumPy's own limits, on the header of a file that is not trusted and on dimensions; its room for the first size to grow. */
const HEADER_BYTES = 10_000;
const RANK = 64;
const SIZE_DIGITS = 21;

/** Writes an array to `path`, atomically, with the bytes of `numpy.save`. Throws where `shape` does not fit `data`. */
export function writeNpy(path: string, shape: readonly number[], data: NpyData): void {
  const descr = Object.entries(WRITTEN).find(([, type]) => data instanceof type)?.[0];
  if (!descr) throw new Error(`an array for ${path} must be one of ${Object.keys(WRITTEN).join(", ")}`);
  if (!isShape(shape) || elements(shape) !== data.length) {
    throw new Error(`an array for ${path} has ${data.length} elements, its shape [${shape}] does not hold as many`);
  }
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const room = shape.length === 0 ? 0 : SIZE_DIGITS - String(shape[0]).length;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }${" ".repeat(room)}`;
  const total = Math.ceil((10 + text.length + 1) / 64) * 64;
  const head = Buffer.from(`${MAGIC}\x01\0\0\0${text.padEnd(total - 11)}\n`, "latin1");
  head.writeUInt16LE(total - 10, 8);
  writeAtomically(path, [head, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]);
}

/**
 * Reads a .npy file, versions 1.0 to 3.0, of f4, f8, i1, u1, b1, i4, u4 elements, and of i8, u8 as Float64Array where every one
 * is exact there. Column-major files are turned around. Everything is checked before the array is handed out. Throws InputError
 * with file, byte offset and `remedy`.
 */
export function readNpy(path: string, remedy?: string): NpyArray {
  return parseFile(path, remedy, decodeNpy);
}

/** The array of the bytes of a .npy file. */
export function decodeNpy(bytes: Buffer, fail: Fail): NpyArray {
  const header = parseNpyHeader(bytes, fail);
  if (header.descr.startsWith("|O")) {
    const other = "give pickled network weights with --barriers FILE, or save the arrays one by one as numbers";
    fail(10, "the file holds pickled Python objects, and those are not read here", other);
  }
  const end = header.body + elements(header.shape) * elementType(header.descr, 10, fail).BYTES_PER_ELEMENT;
  if (bytes.length !== end) {
    const problem = bytes.length < end ? "the file is cut off" : "there are bytes after the last element";
    fail(Math.min(bytes.length, end), `${problem}: ${bytes.length} bytes where the header asks for ${end}`);
  }
  return decodeArray(header, bytes.subarray(header.body), header.body, fail);
}

/**
 * What `parse` makes of the bytes of `path`. Throws InputError where the system refuses, and through `fail` with file, byte offset
 * and `remedy`.
 */
export function parseFile<T>(
  path: string,
  remedy = "restore it from a copy or make it again",
  parse: (bytes: Buffer, fail: Fail) => T,
): T {
  const fail: Fail = (offset, problem, own = remedy) => {
    throw new InputError(`${path}, byte ${offset}: ${problem}; ${own}`);
  };
  return parse(readWhole(path), fail);
}

/** What the header of the .npy file that begins with `head` says, and the byte at which the elements begin. */
export function parseNpyHeader(head: Buffer, fail: Fail): Layout & { readonly body: number } {
  if (head.toString("latin1", 0, MAGIC.length) !== MAGIC) fail(0, "this is no .npy file, which begins with \\x93NUMPY");
  const start = head[6] === 1 ? 10 : 12;
  if (head.length < start) fail(head.length, "the file is cut off in its header");
  const version = `${head[6]}.${head[7]}`;
  if (!["1.0", "2.0", "3.0"].includes(version)) fail(6, `format version ${version}, read are 1.0, 2.0 and 3.0`);
  const length = head[6] === 1 ? head.readUInt16LE(8) : head.readUInt32LE(8);
  if (length > HEADER_BYTES) fail(8, `a header of ${length} bytes is announced, read are up to ${HEADER_BYTES}`);
  if (head.length < start + length) fail(head.length, `the file is cut off in its header of ${length} bytes`);
  // UTF-8 in version 3.0, but only names of fields leave ASCII, and arrays with fields are refused.
  const entries = parseDict(head.toString("latin1", 0, start + length), start, fail);
  const { descr, fortran_order: fortran, shape, ...more } = Object.fromEntries(entries);
  if (typeof descr !== "string" || typeof fortran !== "boolean" || !isShape(shape) || Object.keys(more).length > 0) {
    return fail(start, "the header does not say descr, fortran_order and a possible shape, and them alone");
  }
  return { descr, fortran, shape, body: start + length };
}

const ENTRY = /\s*(?:'(\w+)'|"(\w+)")\s*:\s*(?:'([^'\\]*)'|"([^"\\]*)"|(True|False)|\(([\dL,\s]*)\))\s*(?:,|(?=\}))/y;

/** The Python literal `{'name': value, …}` at the end of `text`, where values are texts, True, False and tuples of sizes. */
function parseDict(text: string, start: number, fail: Fail): Map<string, string | boolean | number[]> {
  const found = new Map<string, string | boolean | number[]>();
  if (text[start] !== "{") fail(start, "the header does not begin with {");
  for (let at = start + 1; !/^\s*\}\s*$/.test(text.slice(at)); at = ENTRY.lastIndex) {
    if (/^[^:]*:\s*\[/.test(text.slice(at))) fail(at, "an array with named fields", "save its fields one by one");
    ENTRY.lastIndex = at;
    const match = ENTRY.exec(text);
    if (!match) return fail(at, "the header is not a Python dict of one text, one flag and one tuple of sizes");
    const [, single, double, quoted, doubled, flag, tuple] = match;
    if (found.has(single ?? double)) fail(at, "the header says something twice");
    found.set(single ?? double, quoted ?? doubled ?? (flag ? flag === "True" : sizes(tuple, at, fail)));
  }
  return found;
}

// Python 2 wrote long integers, 3L. One size without a comma behind is a number in brackets.
function sizes(tuple: string, offset: number, fail: Fail): number[] {
  const items = tuple.split(",").map((item) => item.trim());
  const isTuple = items.length > 1 || items[0] === "";
  if (items.at(-1) === "") items.pop();
  if (!isTuple || !items.every((item) => /^\d+L?$/.test(item))) fail(offset, "the shape is not a tuple of sizes");
  return items.map((item) => Number.parseInt(item, 10));
}

function elementType(descr: string, offset: number, fail: Fail) {
  if (Object.hasOwn(READ, descr)) return READ[descr as keyof typeof READ];
  const problem = `elements of type ${JSON.stringify(descr.slice(0, 20))}, read are ${Object.keys(READ).join(", ")}`;
  return fail(offset, problem, 'save the array again after .astype("<f4")');
}

/** The array of the elements in `bytes`, which stand at `offset` in their file. */
export function decodeArray(
  { descr, fortran, shape }: Layout,
  bytes: Uint8Array,
  offset: number,
  fail: Fail,
): NpyArray {
  const type = elementType(descr, offset, fail);
  const length = elements(shape) * type.BYTES_PER_ELEMENT;
  if (length !== bytes.length) {
    fail(offset, `an array spans ${bytes.length} bytes, its shape [${shape}] of ${descr} asks for ${length}`);
  }
  const raw = new type(new Uint8Array(bytes).buffer);
  const wide = raw instanceof BigInt64Array || raw instanceof BigUint64Array;
  const data = wide ? Float64Array.from(raw, Number) : raw;
  const wrong = data.findIndex((x) => (wide ? !Number.isSafeInteger(x) : descr === "|b1" && x > 1));
  if (wrong >= 0) {
    const problem = wide ? "is too large to be kept exactly" : "stands for a truth value, which is 0 or 1";
    fail(offset + wrong * type.BYTES_PER_ELEMENT, `${raw[wrong]} ${problem}`);
  }
  return { shape, data: fortran ? rowMajor(shape, data) : data };
}

/** The elements with the last index fastest, of `data` with the first index fastest. */
function rowMajor(shape: readonly number[], data: NpyData): NpyData {
  const turned = data.slice();
  const strides = shape.map((_, axis) => elements(shape.slice(0, axis)));
  for (let to = 0; to < turned.length; to++) {
    let from = 0;
    let rest = to;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis] * (rest % shape[axis]);
      rest = Math.floor(rest / shape[axis]);
    }
    turned[to] = data[from];
  }
  return turned;
}

const elements = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);

/** Whether NumPy could have an array of these sizes. */
export function isShape(value: unknown): value is readonly number[] {
  const isSize = (size: unknown) => Number.isSafeInteger(size) && Number(size) >= 0;
  // The product last: what is no number may be costly to turn into one.
  return Array.isArray(value) && value.length <= RANK && value.every(isSize) && isSize(elements(value));
}
