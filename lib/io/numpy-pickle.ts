// NumPy arrays in Python's pickle format, as numpy.save writes an array of arrays and pickle.dump a list of them. A pickle is a
// program that may call any function of Python. Here pickleparser follows it with functions of ours in place of the few that
// rebuild arrays, and it stops at any other. https://docs.python.org/3/library/pickletools.html describes the instructions.
import { BufferReader, Parser } from "pickleparser";
import { InputError } from "../errors.ts";
import { decodeArray, type Fail, isShape, type NpyArray, parseFile, parseNpyHeader } from "./npy.ts";

/** The instructions that rebuild arrays, protocols 2 to 5, and INST, so that the function it asks for is refused by name. */
const INSTRUCTIONS = new Set([
  ...[0x80, 0x95, 0x28, 0x2e, 0x5d, 0x61, 0x65], // PROTO, FRAME, MARK, STOP, EMPTY_LIST, APPEND, APPENDS
  ...[0x71, 0x72, 0x94, 0x68, 0x6a], // BINPUT, LONG_BINPUT, MEMOIZE, BINGET, LONG_BINGET
  ...[0x4e, 0x88, 0x89, 0x4a, 0x4b, 0x4d], // NONE, NEWTRUE, NEWFALSE, BININT, BININT1, BININT2
  ...[0x58, 0x8c, 0x8d], // BINUNICODE, SHORT_BINUNICODE, BINUNICODE8
  ...[0x42, 0x43, 0x8e, 0x96], // BINBYTES, SHORT_BINBYTES, BINBYTES8, BYTEARRAY8
  ...[0x29, 0x85, 0x86, 0x87, 0x74], // EMPTY_TUPLE, TUPLE1, TUPLE2, TUPLE3, TUPLE
  ...[0x63, 0x93, 0x69, 0x52, 0x62], // GLOBAL, STACK_GLOBAL, INST, REDUCE, BUILD
]);

/** The most instructions (an array takes fifty), and values in the nest that they make: it may hold a part many times. */
const STEPS = 20_000;
const DEPTH = 32;
/** REDUCE and BUILD copy lists, which have no more values than there were instructions before: the most values, all in all. */
const COPIES = 1_000_000;
const NAME_BYTES = 255; // longer texts are data

/**
 * The arrays in a pickled nest of lists, tuples and object arrays, in its order; no Python is run. `path` is a .npy file of
 * objects or a bare pickle, of protocols 2 to 5. Throws InputError with file, byte offset and `remedy` for anything else, and
 * for a pickle that asks for another function than those that rebuild arrays, with its name.
 */
export function readPickledArrays(
  path: string,
  remedy = "get it anew from a source that you trust, or save its arrays one by one with numpy.save",
): NpyArray[] {
  return parseFile(path, remedy, (bytes, fail) => {
    if (bytes[0] === 0x80) return arraysIn(unpickle(bytes, 0, fail), bytes, fail);
    if (bytes[0] !== 0x93) fail(0, "this is neither a .npy file nor a pickle of protocol 2 to 5");
    const { descr, shape, body } = parseNpyHeader(bytes, fail);
    if (descr !== "|O") fail(10, `the file holds one array of type ${JSON.stringify(descr)}, not a list of arrays`);
    const value = unpickle(bytes, body, fail);
    const found = value instanceof PickledArray ? value.state[1] : undefined;
    if (!isShape(found) || String(found) !== String(shape)) {
      fail(body, `the pickle is damaged: it holds no array of shape [${shape}], as the header says`);
    }
    return arraysIn(value, bytes, fail);
  });
}

/** What the pickle at `start` makes: numbers, texts, Content, PickledArray, and lists and tuples of them as arrays. */
function unpickle(bytes: Buffer, start: number, fail: Fail): unknown {
  const reader = new GuardedReader(bytes, fail);
  reader.skip(start);
  const functions = rebuilders(bytes.length);
  const resolve = (module: unknown, name: unknown) => {
    if (typeof module !== "string" || typeof name !== "string") throw new Error("a name is no text");
    const asked = `${module}.${name}`;
    const problem = `the pickle asks for ${JSON.stringify(asked.slice(0, 80))}, which does not rebuild arrays`;
    return functions.get(asked) ?? fail(reader.position, `${problem}; nothing was executed`);
  };
  let value: unknown;
  try {
    value = new Parser({ nameResolver: { resolve } }).read(reader);
  } catch (error) {
    if (error instanceof InputError) throw error;
    fail(reader.position, "the pickle is damaged: its instructions do not fit together");
  }
  return reader.position < bytes.length ? fail(reader.position, "there are bytes after the end of the pickle") : value;
}

/** Bytes of the file, or of a long text, that the parser can pass on but neither copy nor spread. */
class Content {
  constructor(readonly bytes: Uint8Array) {}
}

/** A type of elements as the pickle makes it: `f4`, and the byte order in its state. */
class PickledType {
  order: unknown;
  constructor(readonly code: unknown) {}
  __setstate__([, order]: unknown[]): void {
    this.order = order;
  }
}

/** An array as the pickle makes it: version, shape, type, whether the first index is fastest, content; empty until BUILD. */
class PickledArray {
  constructor(public state: readonly unknown[] = []) {}
  __setstate__(state: unknown): void {
    this.state = Array.isArray(state) ? state : [];
  }
}

type Call = (...parameters: unknown[]) => unknown;

/** Our own functions under the names of Python's. They are frozen: the instruction BUILD writes properties. */
function rebuilders(size: number): Map<string, Call> {
  const refuse = (): never => {
    throw new Error("no array is rebuilt like this");
  };
  const ndarray = () => refuse();
  let encoded = 0;
  // Protocol 2 has no bytes: they are a text of the characters 0 to 255.
  const encode = (from: unknown, encoding: unknown) => {
    const text = from instanceof Content ? utf8(from.bytes) : from;
    if (typeof text !== "string" || encoding !== "latin1" || /[^\0-\xff]/.test(text)) return refuse();
    encoded += text.length;
    return encoded > size ? refuse() : new Content(Buffer.from(text, "latin1"));
  };
  // Of NumPy 1 and 2.
  const core = (name: string, call: Call) =>
    ["numpy.core", "numpy._core"].map((module): [string, Call] => [`${module}.${name}`, call]);
  const functions = new Map<string, Call>([
    ["numpy.ndarray", ndarray],
    ["numpy.dtype", (code) => new PickledType(code)],
    ["_codecs.encode", encode],
    ...core("multiarray._reconstruct", (type) => (type === ndarray ? new PickledArray() : refuse())),
    ...core("multiarray.scalar", (type, content) => new PickledArray([1, [], type, false, content])),
    ...core(
      "numeric._frombuffer",
      (bytes, type, shape, order) => new PickledArray([1, shape, type, order === "F", bytes]),
    ),
  ]);
  for (const call of functions.values()) Object.freeze(call);
  return functions;
}

/** The arrays of numbers in `value`, in order. All together they take no more bytes than the file has. */
function arraysIn(value: unknown, bytes: Buffer, fail: Fail): NpyArray[] {
  const damaged = (problem: string): never => fail(bytes.length, `the pickle is damaged: ${problem}`);
  let steps = 0;
  let taken = 0;
  const visit = (part: unknown, depth: number): NpyArray[] => {
    if (++steps > STEPS || depth > DEPTH) damaged("its lists are nested without end");
    if (Array.isArray(part)) return part.flatMap((item) => visit(item, depth + 1));
    if (!(part instanceof PickledArray)) return damaged("it holds something else than arrays of numbers");
    const [, shape, type, fortran, content] = part.state;
    if (!isShape(shape) || !(type instanceof PickledType) || typeof fortran !== "boolean") {
      return damaged("an array has no shape or no type");
    }
    const { order, code } = type;
    if (typeof order !== "string" || typeof code !== "string") return damaged("a type of numbers has no name");
    if (Array.isArray(content) && code.startsWith("O")) return visit(content, depth + 1);
    if (!(content instanceof Content)) return damaged("an array has no numbers");
    const raw = content.bytes;
    taken += raw.length;
    if (taken > bytes.length) damaged("its arrays have more numbers than the file");
    const offset = raw.buffer === bytes.buffer ? raw.byteOffset - bytes.byteOffset : bytes.length;
    return [decodeArray({ descr: order + code, fortran, shape }, raw, offset, fail)];
  };
  return visit(value, 0);
}

const utf8 = (bytes: Uint8Array) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

/** What the parser reads from: refuses instructions, lengths and texts that no pickled array has, with their place. */
class GuardedReader extends BufferReader {
  readonly #fail: Fail;
  #steps = 0;
  #copies = 0;
  #isInstruction = false;
  constructor(bytes: Buffer, fail: Fail) {
    super(bytes);
    this.#fail = fail;
  }
  // The parser asks before each instruction, and only there.
  override hasNext(): boolean {
    if (!super.hasNext()) this.#fail(this.length, "the file is cut off");
    this.#isInstruction = true;
    return true;
  }
  override byte(): number {
    const isInstruction = this.#isInstruction;
    this.#isInstruction = false;
    const code = super.byte();
    if (isInstruction && !INSTRUCTIONS.has(code)) {
      const problem = `the pickle has the instruction 0x${code.toString(16)}, which does not rebuild arrays`;
      this.#fail(this.position - 1, `${problem}; nothing was executed`);
    }
    if (isInstruction && ++this.#steps > STEPS) this.#fail(this.position, `it has more than ${STEPS} instructions`);
    if (isInstruction && (code === 0x52 || code === 0x62)) this.#copies += this.#steps;
    if (this.#copies > COPIES) this.#fail(this.position, `it may copy more than ${COPIES} values`);
    return code;
  }
  // A negative length would send the parser back over the same bytes for ever.
  override skip(count: number): void {
    const isInside = count >= 0 && count <= this.length - this.position;
    if (!isInside) this.#fail(this.position, `the file is cut off: ${count} more bytes are announced here`);
    super.skip(count);
  }
  override uint64(): number {
    const low = this.uint32();
    return low + 2 ** 32 * this.uint32();
  }
  // Typed as the parser wants it, which does nothing with them but pass them on.
  override bytes(length: number): Uint8Array {
    return new Content(super.bytes(length) as Uint8Array) as unknown as Uint8Array;
  }
  override string(length: number): string {
    return length > NAME_BYTES ? (this.bytes(length) as unknown as string) : utf8(super.bytes(length) as Uint8Array);
  }
}
