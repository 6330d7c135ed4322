// Named arrays in one file: the safetensors format (8 bytes of header length, a JSON header, the raw arrays), as
// https://huggingface.co/docs/safetensors describes it. Little-endian, like every machine that Bun runs on.
import { fstatSync, readSync } from "node:fs";
import { crc32 } from "node:zlib";
import { InputError } from "../errors.ts";
import { writeAtomically } from "./atomic.ts";
import { reading } from "./read.ts";

export type TensorData = Float32Array | Float64Array | Uint32Array | Int32Array | Uint8Array;
/** `data` holds the elements of an array of `shape`, last index fastest; `[]` is the shape of a single number. */
interface Tensor<D extends TensorData = TensorData> {
  shape: readonly number[];
  data: D;
}
export type Tensors = Record<string, Tensor>;
export type Metadata = Record<string, string>;

const DTYPES = {
  F64: Float64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  U8: Uint8Array,
};
type Dtype = keyof typeof DTYPES;

/** The metadata entry with the checksum of all other bytes; files of other programs do without. */
const CHECKSUM = "patchwise.crc32";
/** The format's own limit on the header, bytes. */
const HEADER_BYTES = 100_000_000;
const READ_BYTES = 1 << 28;

/**
 * Writes arrays and text metadata to `path`, atomically. The same content gives the same bytes, in whatever order the
 * names were put in. Throws where a shape does not fit its data, InputError where the system refuses.
 */
export function writeSafetensors(path: string, tensors: Tensors, metadata: Metadata = {}): void {
  const placed = Object.entries(tensors).map(([name, { shape, data }]) => {
    const dtype = dtypeOf(data, name);
    if (name === "__metadata__") throw new Error("a tensor cannot be called __metadata__");
    if (!isSizes(shape) || elements(shape) !== data.length) {
      throw new Error(`tensor ${name} has ${data.length} elements, its shape [${shape}] does not hold as many`);
    }
    return { name, dtype, shape, data };
  });
  // Widest elements first keeps every array aligned to its element size, which readers that map the file need.
  placed.sort((a, b) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT || (a.name < b.name ? -1 : 1));
  let end = 0;
  const entries = placed.map(({ name, dtype, shape, data }) => {
    const begin = end;
    end += data.byteLength;
    return [name, { dtype, shape, data_offsets: [begin, end] }] as const;
  });
  const body = placed.map(({ data }) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  const notes = Object.entries({ ...metadata, [CHECKSUM]: "00000000" }).sort(([a], [b]) => (a < b ? -1 : 1));
  const json = JSON.stringify(Object.fromEntries([["__metadata__", Object.fromEntries(notes)], ...entries]));
  const head = encodeHead(json);
  const sum = [head, ...body].reduce((crc, chunk) => crc32(chunk, crc), 0);
  writeAtomically(path, [encodeHead(withChecksum(json, sum)), ...body]);
}

function encodeHead(json: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.length / 8) * 8;
  const head = new Uint8Array(8 + length).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(length), true);
  head.set(text, 8);
  return head;
}

// Inside JSON strings a quote is escaped, so this pattern can only be the entry itself.
function withChecksum(json: string, sum: number): string {
  return json.replace(/("patchwise\.crc32":")[0-9a-f]{8}"/, `$1${sum.toString(16).padStart(8, "0")}"`);
}

/**
 * Reads a safetensors file of F64, F32, I32, U32 and U8 arrays. Everything is checked before an array is handed out:
 * lengths, JSON, types, shapes, that the arrays fill the file without gap or overlap, and the checksum where there is
 * one. Throws InputError with file, byte offset and `remedy`.
 */
export function readSafetensors(
  path: string,
  remedy = "restore it from a copy or make it again",
): { tensors: Tensors; metadata: Metadata } {
  return reading(path, (file) =>
    readOpen(file, (offset, problem) => {
      throw new InputError(`${path}, byte ${offset}: ${problem}; ${remedy}`);
    }),
  );
}

type Fail = (offset: number, problem: string) => never;

function readOpen(file: number, fail: Fail): { tensors: Tensors; metadata: Metadata } {
  const size = fstatSync(file).size;
  if (size < 8) fail(0, `${size} bytes are too few for a safetensors file, which starts with 8 bytes of header length`);
  const start = readBytes(file, 0, 8, fail);
  const length = Number(new DataView(start.buffer).getBigUint64(0, true));
  if (length > Math.min(size - 8, HEADER_BYTES)) {
    fail(0, `a header of ${length} bytes is announced, but the file has only ${size - 8} more (cut off, or foreign)`);
  }
  const head = readBytes(file, 8, length, fail);
  let json = "";
  let header: unknown;
  try {
    json = new TextDecoder("utf-8", { fatal: true }).decode(head);
    header = JSON.parse(json);
  } catch {
    fail(8, "the header is not JSON text (damaged, or not a safetensors file)");
  }
  if (!isRecord(header)) return fail(8, "the header is not a JSON object");
  const { __metadata__: notes = {}, ...rest } = header;
  if (!isRecord(notes) || !Object.values(notes).every((value) => typeof value === "string")) {
    return fail(8, "__metadata__ is not an object of strings");
  }
  const metadata = notes as Metadata;
  const body = 8 + length;
  const entries = Object.entries(rest)
    .map(([name, entry]) => checkEntry(name, entry, body, fail))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  let reached = 0;
  for (const { name, begin, end } of entries) {
    if (begin !== reached) {
      fail(
        body + Math.min(begin, reached),
        `tensor "${name}" ${begin < reached ? "overlaps" : "leaves a gap after"} the one before`,
      );
    }
    reached = end;
  }
  if (body + reached !== size) {
    const problem = body + reached > size ? "the file is cut off" : "there are bytes after the last tensor";
    fail(Math.min(size, body + reached), `${problem}: ${size} bytes where the header asks for ${body + reached}`);
  }
  const { [CHECKSUM]: stored, ...ours } = metadata;
  let sum = stored === undefined ? undefined : crc32(encodeHead(withChecksum(json.trimEnd(), 0)), 0);
  const read = new Map<string, Tensor>();
  for (const { name, dtype, shape, begin, end } of entries) {
    const bytes = readBytes(file, body + begin, end - begin, fail);
    if (sum !== undefined) sum = crc32(bytes, sum);
    read.set(name, { shape, data: new DTYPES[dtype](bytes.buffer) });
  }
  if (sum !== undefined && Number.parseInt(stored, 16) !== sum) {
    fail(8, "the checksum in the header does not match the content, so the file was damaged or edited");
  }
  const sorted = [...read].sort(([a], [b]) => (a < b ? -1 : 1));
  return { tensors: Object.fromEntries(sorted), metadata: ours };
}

function checkEntry(name: string, entry: unknown, body: number, fail: Fail) {
  const what = `tensor ${JSON.stringify(name.slice(0, 60))}`;
  if (!isRecord(entry)) return fail(8, `the header entry of ${what} is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== "string" || !Object.hasOwn(DTYPES, dtype)) {
    return fail(
      8,
      `${what} has type ${JSON.stringify(dtype)?.slice(0, 20)}, read are ${Object.keys(DTYPES).join(", ")}`,
    );
  }
  if (!isSizes(shape)) return fail(8, `the shape of ${what} is not a list of sizes`);
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    return fail(8, `data_offsets of ${what} is not a pair of rising byte offsets`);
  }
  const [begin, end] = offsets as [number, number];
  const bytes = elements(shape) * DTYPES[dtype as Dtype].BYTES_PER_ELEMENT;
  if (bytes !== end - begin) {
    fail(body + begin, `${what} spans ${end - begin} bytes, its shape [${shape}] of ${dtype} asks for ${bytes}`);
  }
  return { name, dtype: dtype as Dtype, shape, begin, end };
}

function readBytes(file: number, offset: number, length: number, fail: Fail): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const count = readSync(file, bytes, done, Math.min(length - done, READ_BYTES), offset + done);
    if (count === 0) fail(offset + done, "the file ends while it is being read");
    done += count;
  }
  return bytes;
}

function dtypeOf(data: TensorData, name: string): Dtype {
  const found = Object.entries(DTYPES).find(([, type]) => data instanceof type);
  if (!found)
    throw new Error(`tensor ${name} must be a Float64Array, Float32Array, Int32Array, Uint32Array or Uint8Array`);
  return found[0] as Dtype;
}

const elements = (shape: readonly number[]) => shape.reduce((product, side) => product * side, 1);
const isSizes = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Arrays under names that begin with `prefix`, several lists of which share a file. */
export function prefixed(prefix: string, tensors: Tensors): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [prefix + name, tensor]));
}

/** The inverse: those whose names do, without it. */
export function unprefixed(prefix: string, tensors: Tensors): Tensors {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, tensor]) => [name.slice(prefix.length), tensor]));
}
