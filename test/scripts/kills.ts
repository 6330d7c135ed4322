// Kills runs of the experiments at random times and resumes them: `bun test/scripts/kills.ts [KILLS [SEED]]`. Every one has to end with the bytes of
// a run that nobody killed; exit code 1 for one that does not.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stream } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import { inspect } from "../../lib/run/manifest.ts";
import { runScript, startScript } from "./command.ts";
import { bytesOf, SMALL, type Small } from "./small.ts";

/** A run is killed so many times at the most. */
const MOST = 3;

export interface KilledRun {
  readonly kills: number;
  /** Whether the bytes are those of the whole run. */
  readonly same: boolean;
  /** What went wrong where there is no end. */
  readonly problem: string | null;
}

/** Kills a run at random times `kills` times, resumes it, and compares it with the whole one in `reference`, which took so many seconds. */
export async function killed(
  { name, words }: Small,
  out: string,
  reference: string,
  seconds: number,
  kills: number,
  uniform: () => number,
): Promise<KilledRun> {
  let done = 0;
  for (let k = 0; k < kills; k++) {
    const { state } = inspect(out);
    if (state === "finished") break;
    const child = startScript(name, [...words, "--out", out, ...(state === "unfinished" ? ["--resume"] : [])]);
    await Promise.race([child.ended, Bun.sleep(1000 * seconds * uniform())]);
    if (child.isAlive()) {
      child.kill("SIGKILL");
      done++;
    }
    const { code, err } = await child.ended;
    if (code !== null && code !== 0) return { kills: done, same: false, problem: err };
  }
  const { state } = inspect(out);
  if (state !== "finished") {
    const more = state === "unfinished" ? ["--resume"] : [];
    const { code, err } = await runScript(name, [...words, "--out", out, ...more]);
    if (code !== 0) return { kills: done, same: false, problem: err };
  }
  return { kills: done, same: Bun.deepEquals(bytesOf(out), bytesOf(reference)), problem: null };
}

/** Numbers in 0 … 1. */
export function uniformFrom(seed: number): () => number {
  const rng = Xoshiro.open(stream(seed, "test/kills"), 0, 0);
  return () => rng.uniform();
}

async function main(total: number, seed: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "kills-"));
  const uniform = uniformFrom(seed);
  const wholes = new Map<Small, { reference: string; seconds: number }>();
  let [kills, runs, bad] = [0, 0, 0];
  while (kills < total) {
    const small = SMALL[runs % SMALL.length];
    let whole = wholes.get(small);
    if (!whole) {
      const reference = join(folder, small.label.replaceAll(" ", "-"));
      const began = performance.now();
      const { code, err } = await runScript(small.name, [...small.words, "--out", reference]);
      if (code !== 0) throw new Error(`${small.label} ended with ${code}: ${err}`);
      whole = { reference, seconds: (performance.now() - began) / 1000 };
      wholes.set(small, whole);
    }
    const out = join(folder, `killed-${runs}`);
    const times = Math.min(total - kills, 1 + Math.floor(MOST * uniform()));
    const found = await killed(small, out, whole.reference, whole.seconds, times, uniform);
    kills += found.kills;
    runs++;
    if (!found.same) bad++;
    const end = found.problem ?? (found.same ? "the same bytes" : "OTHER BYTES");
    console.log(`${small.label}: killed ${found.kills} times, ${end} (${kills} kills, ${runs} runs, ${bad} bad)`);
    if (found.same) rmSync(out, { recursive: true });
  }
  if (bad === 0) rmSync(folder, { recursive: true });
  console.log(`${kills} kills of ${runs} runs of ${wholes.size} experiments: ${bad} did not end with the same bytes`);
  process.exitCode = bad === 0 ? 0 : 1;
}

if (import.meta.main) await main(Number(process.argv[2] ?? 100), Number(process.argv[3] ?? 1));
