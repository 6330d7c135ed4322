// Pickles for tests: put together by hand, instruction by instruction, or written by Python where it is.
import { spawnSync } from "node:child_process";
import type { NpyArray } from "../../lib/io/npy.ts";

/** Whether there is a Python with NumPy, and what a test that needs it says where there is none. */
export const hasNumpy = spawnSync("python3", ["-c", "import numpy"]).status === 0;
export const needsNumpy = hasNumpy ? "" : " (skipped: no python3 with numpy here)";

/** Runs a Python program. Throws where it fails. */
export function python(program: string, ...parameters: string[]): string {
  const { status, stderr, stdout } = spawnSync("python3", ["-", ...parameters], { input: program, encoding: "utf8" });
  if (status !== 0) throw new Error(`python3 failed: ${stderr}`);
  return stdout;
}

/** What a Python program says with `say(value)`, once; arrays of NumPy are lists. */
export function pythonSays(program: string, ...parameters: string[]): unknown {
  const head = `import json, sys
def say(value):
    json.dump(value, sys.stdout, default=lambda array: array.tolist())
`;
  return JSON.parse(python(head + program, ...parameters));
}

export type Protocol = 2 | 3 | 4 | 5;
export const PROTOCOLS: readonly Protocol[] = [2, 3, 4, 5];

export const join = (...parts: Uint8Array[]) => Buffer.concat(parts);
const ascii = (text: string) => Buffer.from(text, "latin1");
/** One instruction by its letter or code, with what follows it. */
export const op = (code: string | number, ...rest: Uint8Array[]) =>
  join(typeof code === "string" ? ascii(code) : Buffer.from([code]), ...rest);

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};
const u64 = (value: number) => join(u32(value), u32(0));

export const MARK = op("(");
export const STOP = op(".");
export const REDUCE = op("R");
export const BUILD = op("b");
export const text = (value: string) => op("X", u32(Buffer.byteLength(value)), Buffer.from(value));
export const int = (value: number) => op("J", u32(value >>> 0));
export const tuple = (...items: Uint8Array[]) => join(MARK, ...items, op("t"));
export const list = (...items: Uint8Array[]) => join(op("]"), MARK, ...items, op("e"));
export const put = (place: number) => op("q", Buffer.from([place]));
export const get = (place: number) => op("h", Buffer.from([place]));
export const proto = (protocol: number) => op(0x80, Buffer.from([protocol]));
/** A function of Python, by GLOBAL or, from protocol 4 on, STACK_GLOBAL. */
export const global = (module: string, name: string, protocol = 2) =>
  protocol < 4 ? op("c", ascii(`${module}\n${name}\n`)) : join(text(module), text(name), op(0x93));
export const call = (called: Uint8Array, ...parameters: Uint8Array[]) => join(called, tuple(...parameters), REDUCE);

const NONE = op("N");
const flag = (value: boolean) => op(value ? 0x88 : 0x89);

/** Bytes as each protocol has them: 2 as a text that is encoded. */
export function bytes(value: Uint8Array, protocol: Protocol): Buffer {
  if (protocol > 2) return op("B", u32(value.length), value);
  return call(global("_codecs", "encode"), text(Buffer.from(value).toString("latin1")), text("latin1"));
}

export function dtype(code: string, order: string, protocol: Protocol): Buffer {
  const state = tuple(int(3), text(order), NONE, NONE, NONE, int(-1), int(-1), int(order === "|" ? 63 : 0));
  return join(call(global("numpy", "dtype", protocol), text(code), flag(false), flag(true)), state, BUILD);
}

const core = (protocol: Protocol) => (protocol % 2 === 0 ? "numpy.core" : "numpy._core");

/** An array before its state: in protocols 2 and 4 of NumPy 1, else of NumPy 2. */
export function empty(protocol: Protocol): Buffer {
  const type = global("numpy", "ndarray", protocol);
  const made = global(`${core(protocol)}.multiarray`, "_reconstruct", protocol);
  return call(made, type, tuple(int(0)), bytes(ascii("b"), protocol));
}

const sizes = (shape: readonly number[]) => tuple(...shape.map(int));

/** An array of float32 or float64, last index fastest. */
export function array({ shape, data }: NpyArray, protocol: Protocol): Buffer {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const type = dtype(`f${data.BYTES_PER_ELEMENT}`, "<", protocol);
  if (protocol === 5) {
    const made = global("numpy._core.numeric", "_frombuffer", protocol);
    return call(made, op(0x96, u64(raw.length), raw), type, sizes(shape), text("C"));
  }
  return join(empty(protocol), tuple(int(1), sizes(shape), type, flag(false), bytes(raw, protocol)), BUILD);
}

/** An object array of `items`, which are instructions that make one value each. */
export function objects(items: readonly Uint8Array[], protocol: Protocol): Buffer {
  const type = dtype("O8", "|", protocol);
  return join(empty(protocol), tuple(int(1), sizes([items.length]), type, flag(false), list(...items)), BUILD);
}

/** A whole pickle of one value; protocols 4 and 5 have a frame around it. */
export function pickle(value: Uint8Array, protocol: Protocol): Buffer {
  const body = join(value, STOP);
  return join(proto(protocol), ...(protocol < 4 ? [] : [op(0x95, u64(body.length))]), body);
}

/** A .npy file of version 1.0 with this header text and body. */
export function npy(header: string, body: Uint8Array, version = [1, 0]): Buffer {
  const length = u32(header.length).subarray(0, version[0] === 1 ? 2 : 4);
  return join(ascii("\x93NUMPY"), Buffer.from(version), length, ascii(header), body);
}

/** A .npy file of an object array, as numpy.save writes it. */
export const objectFile = (items: readonly Uint8Array[], protocol: Protocol) =>
  npy(
    `{'descr': '|O', 'fortran_order': False, 'shape': (${items.length},), }\n`,
    pickle(objects(items, protocol), protocol),
  );
