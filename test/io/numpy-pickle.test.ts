import { afterEach, beforeEach, describe, expect, type Mock, setDefaultTimeout, spyOn, test } from "bun:test";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join as place } from "node:path";
import fc from "fast-check";
import { InputError } from "../../lib/errors.ts";
import type { NpyArray } from "../../lib/io/npy.ts";
import { readNpy } from "../../lib/io/npy.ts";
import { readPickledArrays } from "../../lib/io/numpy-pickle.ts";
import { temporaryFolder } from "../fixtures.ts";
import {
  array,
  BUILD,
  bytes,
  call,
  dtype,
  empty,
  get,
  global,
  hasNumpy,
  int,
  join,
  list,
  MARK,
  needsNumpy,
  npy,
  objectFile,
  objects,
  op,
  PROTOCOLS,
  pickle,
  proto,
  put,
  python,
  REDUCE,
  STOP,
  text,
  tuple,
} from "./pickles.ts";

setDefaultTimeout(60_000);

const folder = temporaryFolder("pickle");
const file = place(folder, "x.npy");
const canary = place(folder, "executed");

// The parser has a habit of warning on the console.
let warn: Mock<typeof console.warn>;
beforeEach(() => {
  warn = spyOn(console, "warn");
});
afterEach(() => {
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
  expect(existsSync(canary)).toBe(false);
});

/** The message of the InputError that reading `content` must throw, within five seconds. */
function refusal(content: Uint8Array, remedy?: string): string {
  writeFileSync(file, content);
  const started = performance.now();
  try {
    readPickledArrays(file, remedy);
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  } finally {
    expect(performance.now() - started).toBeLessThan(5000);
  }
  return "no error";
}

function read(content: Uint8Array): NpyArray[] {
  writeFileSync(file, content);
  return readPickledArrays(file);
}

const matrix: NpyArray = { shape: [2, 3], data: new Float32Array([1, -2, 3.5, -0, 1e-40, 3e38]) };
const vector: NpyArray = { shape: [3], data: new Float64Array([Math.PI, Number.NEGATIVE_INFINITY, 1 / 3]) };
const wide: NpyArray = { shape: [1, 300], data: Float32Array.from({ length: 300 }, (_, at) => Math.sin(at)) };
const ALL = [matrix, vector, wide];

describe.each([...PROTOCOLS])("pickled arrays, protocol %d", (protocol) => {
  const parts = ALL.map((item) => array(item, protocol));

  test("come back in order out of a list, an object array, a .npy file and a nest", () => {
    expect(read(pickle(list(...parts), protocol))).toEqual(ALL);
    expect(read(pickle(objects(parts, protocol), protocol))).toEqual(ALL);
    expect(read(objectFile(parts, protocol))).toEqual(ALL);
    expect(read(pickle(list(parts[0], tuple(parts[1], list()), parts[2]), protocol))).toEqual(ALL);
    expect(read(pickle(parts[1], protocol))).toEqual([vector]);
    // One array by name at two places.
    expect(read(pickle(list(join(parts[1], put(9)), parts[2], get(9)), protocol))).toEqual([vector, wide, vector]);
  });

  test("cut off at any byte, or with one too many, are refused with their place and the remedy", () => {
    const whole = objectFile([parts[0], parts[1]], protocol);
    for (let length = 0; length < whole.length; length++) {
      expect(refusal(whole.subarray(0, length), "delete it")).toMatch(/^.*x\.npy, byte \d+: .*; delete it$/);
    }
    expect(refusal(join(whole, STOP))).toContain(`byte ${whole.length}: there are bytes after the end of the pickle`);
  });

  test("that are damaged are read or refused, nothing else, and soon", () => {
    const whole = pickle(list(...parts), protocol);
    const size = whole.length;
    const damage = fc.array(fc.tuple(fc.nat(size - 1), fc.nat(255)), { minLength: 1, maxLength: 3 });
    const cut = fc.tuple(fc.nat(size), fc.nat(size), fc.nat(40));
    const outcomes: boolean[] = [];
    fc.assert(
      fc.property(damage, fc.option(cut, { freq: 1 }), (changes, moved) => {
        const wrong = Buffer.from(whole);
        for (const [at, byte] of changes) wrong[at] = byte;
        const [from, to, length] = moved ?? [0, 0, 0];
        const pieces = [wrong.subarray(0, to), wrong.subarray(from, from + length), wrong.subarray(to)];
        outcomes.push(refusal(moved ? join(...pieces) : wrong) === "no error");
      }),
      { numRuns: 800, seed: protocol },
    );
    // Most bytes are numbers, which can be any.
    for (const isRead of [true, false]) expect(outcomes.filter((is) => is === isRead).length).toBeGreaterThan(50);
  });
});

describe("a pickle that would execute something is refused by name", () => {
  const command = text(`touch ${canary}`);
  const shell = (protocol: number) => global("os", "system", protocol);
  const good = array(vector, 3);
  const type = global("numpy", "ndarray");
  const run = (value: Uint8Array) => pickle(list(good, value), 3);
  const made = empty(3);
  const nothing = "nothing was executed";

  test.each<[string, Uint8Array, string]>([
    ["REDUCE", run(call(shell(2), command)), '"os.system"'],
    ["STACK_GLOBAL", pickle(call(shell(4), command), 4), '"os.system"'],
    ["another name of it", run(call(global("posix", "system"), command)), '"posix.system"'],
    ["INST", run(join(MARK, command, op("i", Buffer.from("os\nsystem\n")))), '"os.system"'],
    ["OBJ", run(join(MARK, shell(2), command, op("o"))), '"os.system"'],
    ["NEWOBJ", run(join(global("subprocess", "Popen"), tuple(command), op(0x81))), '"subprocess.Popen"'],
    ["NEWOBJ of what is allowed", run(join(type, tuple(command), op(0x81))), "instruction 0x81"],
    ["NEWOBJ_EX", run(join(type, tuple(), op("}"), op(0x92))), "instruction 0x7d"],
    ["OBJ of what is allowed", run(join(MARK, type, op("o"))), "instruction 0x6f"],
    ["BUILD with a state", run(join(made, shell(2), BUILD)), '"os.system"'],
    [
      "BUILD of __setstate__",
      run(join(made, op("}"), text("__setstate__"), shell(2), op("s"), BUILD, command, BUILD)),
      "instruction 0x7d",
    ],
    ["builtins", run(call(global("builtins", "eval"), text("1"))), '"builtins.eval"'],
    ["builtins of Python 2", run(call(global("__builtin__", "bytes"))), '"__builtin__.bytes"'],
    ["getattr", run(call(global("builtins", "getattr"), type, text("__class__"))), '"builtins.getattr"'],
    ["NumPy's own runner", run(call(global("numpy.testing._private.utils", "runstring"), command)), "runstring"],
    ["NumPy's other codecs", run(call(global("_codecs", "decode"), command)), '"_codecs.decode"'],
    ["a name of JavaScript", run(call(global("constructor", "constructor"), command)), '"constructor.constructor"'],
    ["a prototype", run(global("", "__proto__")), '".__proto__"'],
    ["a name with escape codes", run(global("\x1b[2J", "x")), '"\\u001b[2J.x"'],
    ["a persistent identifier", run(op("P", Buffer.from("x\n"))), "instruction 0x50"],
    ["one from the stack", run(join(command, op("Q"))), "instruction 0x51"],
    ["the registry of extensions", run(op(0x82, Buffer.from([1]))), "instruction 0x82"],
  ])("%s", (_, content, name) => {
    const message = refusal(content);
    expect(message).toContain(name);
    expect(message).toContain(nothing);
    expect(message).toMatch(/^.*x\.npy, byte \d+: /);
  });

  test.skipIf(!hasNumpy)(`as Python itself writes it${needsNumpy}`, () => {
    python(
      `import pickle, os, subprocess, sys, numpy as np
to, canary = sys.argv[1:]
class Call:
    def __reduce__(self): return os.system, ("touch " + canary,)
class Late(object):
    def __reduce__(self): return subprocess.Popen, (["touch", canary],)
class State:
    def __getstate__(self): return {"x": Call()}
for protocol in range(2, 6):
    for name, value in (("call", Call()), ("late", [np.arange(3.0), Late()]), ("state", State())):
        with open(f"{to}/bad-{name}-{protocol}.pkl", "wb") as f: pickle.dump(value, f, protocol=protocol)
objects = np.empty(2, dtype=object)
objects[0], objects[1] = np.arange(3.0), Call()
np.save(to + "/bad-objects.npy", objects, allow_pickle=True)
`,
      folder,
      canary,
    );
    const names = readdirSync(folder).filter((name) => name.startsWith("bad-"));
    expect(names.length).toBe(13);
    for (const name of names) {
      expect(() => readPickledArrays(place(folder, name))).toThrow(/asks for "[\w.]+", .*nothing was executed/);
    }
  });
});

describe("a small file that asks for endless work is refused soon:", () => {
  const part = array(vector, 3);
  /** Lists of ten times the list before, kept at the places 0 to 31 and left on the stack. */
  const lists = (core: Uint8Array) => {
    const levels = [join(core, put(0))];
    for (let at = 1; at <= 31; at++) {
      const again = Array.from({ length: 10 }, () => get(at - 1));
      levels.push(join(list(...again), put(at)));
    }
    return join(...levels);
  };
  const deep = lists(list());
  const type = global("numpy", "dtype");
  const encode = global("_codecs", "encode");
  const state = (shape: Uint8Array, type: Uint8Array, data: Uint8Array) =>
    join(empty(3), tuple(int(1), shape, type, op(0x89), data), BUILD);
  const big = bytes(new Uint8Array(200_000), 3);
  const sparse = (count: number, piece: Uint8Array) => Array.from({ length: count }, () => piece);

  test.each<[string, Uint8Array, RegExp]>([
    [
      "a length below zero goes back",
      join(proto(3), op("B", Buffer.from([0xfb, 0xff, 0xff, 0xff])), STOP),
      /cut off: -5 more/,
    ],
    [
      "a length beyond the file",
      join(proto(3), op("B", Buffer.from([0, 0, 0, 0x7f])), STOP),
      /cut off: 2130706432 more/,
    ],
    ["a length beyond exact numbers", join(proto(4), op(0x8e, Buffer.alloc(8, 0xff)), STOP), /cut off: 1844/],
    ["lists in lists", pickle(join(list(part), deep), 3), /nested without end/],
    ["lists in lists as a name", pickle(join(deep, get(31), get(31), op(0x93)), 3), /do not fit together/],
    ["lists in lists as a shape", pickle(join(deep, state(tuple(get(31)), dtype("f4", "<", 3), big)), 3), /no shape/],
    [
      "lists in lists as a type",
      pickle(join(deep, state(tuple(int(1)), join(call(type, get(31)), tuple(int(3), text("<")), BUILD), big)), 3),
      /no name/,
    ],
    [
      "lists in lists as an order of bytes",
      pickle(join(deep, state(tuple(int(1)), join(call(type, text("f4")), tuple(int(3), get(31)), BUILD), big)), 3),
      /no name/,
    ],
    ["lists in lists as an encoding", pickle(join(deep, call(encode, text("a"), get(31))), 2), /do not fit together/],
    ["lists in lists as a text", pickle(join(deep, call(encode, get(31), text("latin1"))), 2), /do not fit together/],
    [
      "lists in lists as an announced shape",
      npy(
        "{'descr': '|O', 'fortran_order': False, 'shape': (2,)}",
        pickle(join(deep, state(tuple(get(31)), dtype("O8", "|", 3), list())), 3),
      ),
      /no array of shape \[2\]/,
    ],
    ["a list of itself", pickle(join(op("]"), put(0), get(0), op("a")), 3), /nested without end/],
    ["a long chain", pickle(join(...sparse(5000, op("]")), ...sparse(4999, op("a"))), 3), /nested without end/],
    [
      "one piece as many arrays",
      pickle(
        list(
          join(state(tuple(int(200_000)), dtype("u1", "|", 3), join(big, put(0)))),
          ...sparse(60, state(tuple(int(200_000)), dtype("u1", "|", 3), get(0))),
        ),
        3,
      ),
      /more numbers than the file/,
    ],
    [
      "one text encoded many times",
      pickle(
        join(
          op("X", Buffer.from([0x40, 0x0d, 0x03, 0])),
          Buffer.alloc(200_000, 65),
          put(0),
          ...sparse(2000, call(global("_codecs", "encode"), get(0), text("latin1"))),
        ),
        2,
      ),
      /do not fit together/,
    ],
    [
      "bytes written into a list again and again",
      pickle(join(big, put(0), op("]"), ...sparse(9000, join(get(0), BUILD))), 3),
      /may copy more than 1000000 values/,
    ],
    [
      "a list written into a list again and again",
      pickle(
        join(op("]"), MARK, ...sparse(9000, op("N")), op("e"), put(0), op("]"), ...sparse(5000, join(get(0), BUILD))),
        3,
      ),
      /may copy more than 1000000 values/,
    ],
    ["bytes as parameters", pickle(join(global("numpy", "dtype"), big, REDUCE), 3), /do not fit together/],
    ["too many instructions", pickle(join(...sparse(20_001, op("N"))), 3), /more than 20000 instructions/],
    ["no end of marks", pickle(join(...sparse(19_000, MARK)), 3), /something else than arrays|do not fit/],
  ])("%s", (_, content, message) => {
    expect(refusal(content)).toMatch(message);
  });
});

describe("a pickle that is no list of arrays is refused:", () => {
  const f4 = dtype("f4", "<", 3);
  const raw = bytes(new Uint8Array(8), 3);
  const state = (...items: Uint8Array[]) => pickle(join(empty(3), tuple(int(1), ...items), BUILD), 3);
  const no = op(0x89);

  test.each<[string, Uint8Array, RegExp]>([
    ["nothing", Buffer.alloc(0), /byte 0: this is neither a \.npy file nor a pickle/],
    ["a text", Buffer.from("(lp0\n."), /byte 0: this is neither/],
    ["a number", pickle(int(3), 3), /something else than arrays/],
    ["a list with a number", pickle(list(array(vector, 3), int(3)), 3), /something else than arrays/],
    ["no value", pickle(Buffer.alloc(0), 3), /something else than arrays/],
    ["a protocol to come", join(proto(6), STOP), /do not fit together/],
    ["an array without its state", pickle(empty(3), 3), /no shape or no type/],
    ["a type without its state", state(tuple(int(2)), call(global("numpy", "dtype"), text("f4")), no, raw), /no name/],
    ["a state too short", state(tuple(int(2)), f4), /no shape or no type/],
    ["a negative size", state(tuple(int(-2)), f4, no, raw), /no shape or no type/],
    [
      "a size too large",
      state(tuple(int(3)), f4, no, raw),
      /an array spans 8 bytes, its shape \[3\] of <f4 asks for 12/,
    ],
    ["numbers as a text", state(tuple(int(2)), f4, no, text("12345678")), /no numbers/],
    ["big-endian numbers", state(tuple(int(2)), dtype("f4", ">", 3), no, raw), /type ">f4", read are .*astype/],
    ["texts", state(tuple(int(2)), dtype("U1", "<", 3), no, raw), /type "<U1"/],
    ["an object array of None", pickle(objects([op("N")], 3), 3), /something else than arrays/],
    [
      "a class of arrays",
      pickle(call(global("numpy.core.multiarray", "_reconstruct"), f4, tuple(int(0))), 3),
      /do not fit/,
    ],
    ["ndarray called", pickle(call(global("numpy", "ndarray"), tuple(int(0))), 3), /do not fit/],
    [
      "a .npy file of numbers",
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", Buffer.alloc(4)),
      /byte 10: the file holds one array of type "<f4", not a list/,
    ],
    [
      "a .npy file of another shape",
      npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,)}", pickle(objects([array(vector, 3)], 3), 3)),
      /holds no array of shape \[2\], as the header says/,
    ],
    [
      "a .npy file with a list",
      npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", pickle(list(array(vector, 3)), 3)),
      /holds no array of shape \[1\]/,
    ],
  ])("%s", (_, content, message) => {
    expect(refusal(content)).toMatch(message);
  });

  test("a file of objects by readNpy, which says where it is read", () => {
    writeFileSync(file, objectFile([array(vector, 3)], 3));
    expect(() => readNpy(file)).toThrow(/pickled Python objects.*--barriers FILE/);
  });
  test("a folder, a missing file", () => {
    expect(() => readPickledArrays(folder)).toThrow("it is a folder");
    expect(() => readPickledArrays(place(folder, "none"))).toThrow("no such file");
  });
});

describe(`NumPy itself${needsNumpy}`, () => {
  test.skipIf(!hasNumpy)("pickles what is read, in all orders, types and protocols", () => {
    python(
      `import pickle, sys, numpy as np
to = sys.argv[1]
base = np.arange(6, dtype="f4").reshape(2, 3)
items = [base, np.asfortranarray(base.astype("f8")), base.astype("i4").T[::-1], np.arange(3, dtype="u1"), np.array(2.5), np.float32(1.5), np.array([True, False]), np.arange(3) - 1]
objects = np.empty(len(items), dtype=object)
for at, item in enumerate(items): objects[at] = item
np.save(f"{to}/np-saved.npy", objects, allow_pickle=True)
for protocol in range(2, 6):
    for name, value in (("list", items), ("objects", objects), ("nest", (items[:2], objects[2:].reshape(2, 3)))):
        with open(f"{to}/np-{name}-{protocol}.pkl", "wb") as f: pickle.dump(value, f, protocol=protocol)
`,
      folder,
    );
    const count = [0, 1, 2, 3, 4, 5];
    const expected: NpyArray[] = [
      { shape: [2, 3], data: Float32Array.from(count) },
      { shape: [2, 3], data: Float64Array.from(count) },
      { shape: [3, 2], data: Int32Array.from([2, 5, 1, 4, 0, 3]) },
      { shape: [3], data: Uint8Array.from([0, 1, 2]) },
      { shape: [], data: Float64Array.from([2.5]) },
      { shape: [], data: Float32Array.from([1.5]) },
      { shape: [2], data: Uint8Array.from([1, 0]) },
      { shape: [3], data: Float64Array.from([-1, 0, 1]) },
    ];
    const names = readdirSync(folder).filter((name) => name.startsWith("np-"));
    expect(names.length).toBe(13);
    for (const name of names) expect([name, readPickledArrays(place(folder, name))]).toEqual([name, expected]);
  });
});
