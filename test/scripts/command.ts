// Commands as a user gives them, in child processes.
import { expect } from "bun:test";
import { type Child, type Ended, start } from "../processes.ts";

/** Starts a script with its arguments. */
export function startScript(script: string, args: readonly string[], env: Record<string, string> = {}): Child {
  return start([`scripts/${script}.ts`, ...args], { env });
}

/** Starts a script and waits for its end. */
export function runScript(script: string, args: readonly string[], env?: Record<string, string>): Promise<Ended> {
  return startScript(script, args, env).ended;
}

/** Fails unless the script ended with exit code 2 and one line, which has the message, and printed nothing else. */
export function expectRefusal({ code, out, err }: Ended, message: RegExp): void {
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(err).toMatch(message);
  expect(err.trim().split("\n").length).toBe(1);
}
