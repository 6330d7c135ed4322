/**
 * Input that a user can mend: a bad option, an impossible parameter, a foreign file, a machine without an adapter.
 * The message is one or two sentences (the value, what is allowed, the remedy); programs print it alone, without a
 * stack trace, and exit with code 2.
 */
export class InputError extends Error {
  override name = "InputError";
}

/** Another program that this one depends on fails: its end, its answers, its time. The message is one sentence; what is done before is kept. Exit code 1. */
export class ProgramError extends Error {
  override name = "ProgramError";
}

/**
 * Storage that fails under a program that was told nothing wrong: a full disk, a quota, a limit, a fault of the device, a folder that is taken away. The
 * message is one sentence; programs print it alone and exit with code 1.
 */
export class StorageError extends Error {
  override name = "StorageError";
}

/** Thrown at a safe place after a stop signal; programs turn it into a message and the exit code 128 + signal. */
export class Stopped extends Error {
  override name = "Stopped";
}

/** A verb of a user's own system throws. The message is one sentence that says what and where. */
export class VerbError extends ProgramError {
  override name = "VerbError";
}
