// The C library by FFI: environment variables that C code sees, and the text that it writes to file descriptor 2.
import { dlopen, ptr } from "bun:ffi";
import { closeSync, fstatSync, readSync, writeSync } from "node:fs";

const STDERR = 2;

/** `text` as a C string; keep a reference to it for as long as C may read it. */
function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}

let opened: ReturnType<typeof open> | undefined;

function open() {
  // glibc by name: Dawn's build for Linux needs glibc too, so a machine without it gets no further anyway.
  return dlopen("libc.so.6", {
    setenv: { args: ["ptr", "ptr", "i32"], returns: "i32" },
    dup: { args: ["i32"], returns: "i32" },
    dup2: { args: ["i32", "i32"], returns: "i32" },
    memfd_create: { args: ["ptr", "u32"], returns: "i32" },
  }).symbols;
}

/** Linux only. Throws where the C library is not glibc. */
function libc() {
  opened ??= open();
  return opened;
}

/** Sets an environment variable for C code of this process: Bun's `process.env` writes do not reach it. Linux only. */
export function setEnvironment(name: string, value: string): void {
  const [key, text] = [cString(name), cString(value)];
  libc().setenv(ptr(key), ptr(text), 1);
}

/**
 * Runs `work`, which must be synchronous, and gives what any code of the process wrote to stderr meanwhile in place of
 * showing it. Synchronous, so that no other task of the program can lose its messages. When `work` throws, the text is
 * shown after all and the error passes on. Elsewhere than on Linux, or with stderr closed, nothing is captured.
 */
export function captureStderr<T>(work: () => T): { value: T; text: string } {
  if (process.platform !== "linux") return { value: work(), text: "" };
  const { dup, dup2, memfd_create } = libc();
  const label = cString("patchwise-stderr");
  const terminal = dup(STDERR);
  if (terminal < 0) return { value: work(), text: "" };
  const memory = memfd_create(ptr(label), 0);
  if (memory < 0) {
    closeSync(terminal);
    return { value: work(), text: "" };
  }
  const content = () => {
    const bytes = Buffer.alloc(fstatSync(memory).size);
    readSync(memory, bytes, 0, bytes.length, 0);
    return bytes.toString();
  };
  dup2(memory, STDERR);
  let done = false;
  try {
    const value = work();
    done = true;
    return { value, text: content() };
  } finally {
    dup2(terminal, STDERR);
    if (!done) writeSync(STDERR, content());
    closeSync(memory);
    closeSync(terminal);
  }
}
