// Folders of small runs: made, left unfinished, looked into.
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { table } from "arquero";
import { InputError } from "../../lib/errors.ts";
import type { Format } from "../../lib/io/format.ts";
import type { Tensors } from "../../lib/io/safetensors.ts";
import type { Metric } from "../../lib/run/result.ts";
import { openRun, type Run, type RunOptions } from "../../lib/run/run-folder.ts";

/** Names of folders that are not there yet, below `root`. */
export function placesIn(root: string): () => string {
  let made = 0;
  return () => join(root, `place-${made++}`);
}

export const METRIC: Metric = { value: 0.5, ci95: [0.4, 0.6], paper: 0.6, exact: null, unit: "1" };
export const options = (out: string, more: Partial<RunOptions> = {}): RunOptions => ({
  experiment: "demo",
  profile: "quick",
  seed: 1,
  out,
  parameters: { beta: 0.5, sides: [16, 32] },
  ...more,
});
/** Arrays as they are. */
export const TENSORS: Format<Tensors> = { write: (tensors) => ({ tensors, text: {} }), read: ({ tensors }) => tensors };

export const numbers = (...values: number[]) => ({ x: { shape: [values.length], data: new Float64Array(values) } });

export async function refusal(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  return "no error";
}

/** Paths, kinds and bytes of everything below a folder. */
export function contents(folder: string): Record<string, string> {
  const all = readdirSync(folder, { recursive: true }) as string[];
  return Object.fromEntries(
    all.sort().map((name) => {
      const path = join(folder, name);
      const hash = () => createHash("sha256").update(readFileSync(path)).digest("hex");
      return [name, lstatSync(path).isFile() ? hash() : "-"];
    }),
  );
}

export const results = (folder: string) =>
  Object.fromEntries(Object.entries(contents(folder)).filter(([name]) => /^(tables|models|index)/.test(name)));

/** Finishes a run with one stage, one table, one model. */
export async function finished(out: string): Promise<string> {
  const run = await openRun(options(out));
  await work(run);
  return out;
}

async function work(run: Run) {
  const { x } = await run.keep("simulate", TENSORS, async () => numbers(1, 2, 3));
  run.table("z", table({ x: x.data }));
  run.model("net", TENSORS, { x });
  await run.finish({ "error.ours.all": METRIC }, "<p>done</p>");
}
/** Leaves a run after its first stage, unlocked. */
export async function unfinished(out: string): Promise<string> {
  const run = await openRun(options(out));
  await run.keep("simulate", TENSORS, async () => numbers(1, 2, 3));
  run.table("z", table({ a: [1] }));
  run.close();
  return out;
}
