// Random command lines of every script end with a message of a sentence or two, whatever they ask for.
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { ROOT, temporaryFolder } from "../fixtures.ts";
import { type Ended, run } from "../processes.ts";

const LINES = 360;
const SEED = 11;
/** Processes at a time; a line that takes longer than so many seconds hangs. */
const [AT_ONCE, PATIENCE] = [3, 30];

/** These need no device, so that a possible line would do its work: one more word makes it impossible. */
const WITHOUT_DEVICE = ["barriers", "gallery", "nbmota-weights"];
const IMPOSSIBLE = "--no-such-option";

const folder = temporaryFolder("fuzz");
const scripts = readdirSync(join(ROOT, "scripts"))
  .filter((name) => name.endsWith(".ts"))
  .map((name) => name.slice(0, -3));

/** Lines that are possible end here, before any work: there is no such adapter. */
const call = (script: string, words: readonly string[]): Promise<Ended> =>
  run([join(ROOT, "scripts", `${script}.ts`), ...words], { cwd: folder, env: { PATCHWISE_ADAPTER: "none" } });

/** The options that a script's help names, of all its systems where it has several. */
async function optionsOf(script: string): Promise<string[]> {
  const systems = script === "simulate" ? ["curie-weiss", "ising", "predator-prey", "nbmota"] : [];
  const texts = await Promise.all(
    [[], ...systems.map((name) => [name])].map((words) => call(script, [...words, "--help"])),
  );
  const names = texts.flatMap(({ out }) => out.match(/--[A-Za-z][a-z-]*/g) ?? []);
  const found = [...new Set([...names, ...systems])].filter((name) => name !== "--help");
  return script === "doctor" ? [...found, IMPOSSIBLE] : found;
}

test(`${LINES} random command lines: exit code 0 or 2, never a stack, never a hang`, async () => {
  const options = new Map(await Promise.all(scripts.map(async (name) => [name, await optionsOf(name)] as const)));
  for (const names of options.values()) expect(names.length).toBeGreaterThan(0);
  const value = fc.oneof(
    fc.constantFrom("0", "1", "-1", "2", "8", "16", "64", "0.5", "1e-308", "5e-324", "1e308", "1e999", "NaN", "0x10"),
    fc.constantFrom("", " ", ",", "1,2", "1,,2", "3,2,1", "8,8", "-0", "true", "no", "9007199254740993", "2147483648"),
    fc.constantFrom("none", "all", "quick", "paper", "network", ".", "/", "a/b", "-", "x.csv", "y.arrow", "../z"),
    fc.integer().map(String),
    fc.double({ noNaN: true }).map(String),
    fc.string({ maxLength: 12 }).filter((text) => !text.includes("\0")),
  );
  const line = fc.constantFrom(...scripts).chain((script) => {
    const name = fc.constantFrom(...(options.get(script) as string[]));
    const words = fc.oneof(
      { weight: 6, arbitrary: fc.tuple(name, value) },
      { weight: 2, arbitrary: fc.tuple(name, value).map(([n, v]) => [`${n}=${v}`]) },
      { weight: 1, arbitrary: fc.oneof(name, value).map((word) => [word]) },
    );
    return fc
      .array(words, { maxLength: 4 })
      .map((all) => ({ script, words: [...all.flat(), ...(WITHOUT_DEVICE.includes(script) ? [IMPOSSIBLE] : [])] }));
  });
  const lines = fc.sample(line, { numRuns: LINES, seed: SEED });
  const wrong: string[] = [];
  const check = async ({ script, words }: (typeof lines)[number]) => {
    const told = `${script} ${JSON.stringify(words)}`;
    const ended = await Promise.race([call(script, words), Bun.sleep(PATIENCE * 1000).then(() => null)]);
    if (!ended) wrong.push(`${told} hangs`);
    else if (![0, 2].includes(ended.code ?? -1))
      wrong.push(`${told} ends with ${ended.code ?? ended.signal}: ${ended.err}`);
    else if (/\n {4}at |Error:|undefined|NaN is/.test(ended.err)) wrong.push(`${told} says ${ended.err}`);
    else if (ended.code === 2 && !/^.{10,600}\n$/.test(ended.err)) wrong.push(`${told} says ${ended.err}`);
  };
  const rest = [...lines];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = rest.pop(); next; next = rest.pop()) await check(next);
    }),
  );
  expect(wrong).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
}, 900_000);
