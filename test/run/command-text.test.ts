// Commands that a user is shown: as they started the program, and the line that was meant where npm took the options.
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { commandText, forgottenDashes } from "../../lib/run/command-text.ts";
import type { Parameter } from "../../lib/run/parameters.ts";
import { ROOT } from "../fixtures.ts";
import { type Ended, type StartOptions, start } from "../processes.ts";

const NPM = Bun.which("npm");
const OPTIONS = new Map<string, Parameter>([
  ["--profile", { kind: "choice", choices: ["quick", "standard"], default: "quick", meaning: "" }],
  ["--seed", { kind: "integer", default: 1, min: 0, meaning: "" }],
  ["--T", { kind: "number", default: 1, above: 0, meaning: "" }],
  ["--learn-side", { kind: "integer", default: 0, meaning: "" }],
  ["--resume", { kind: "flag", default: false, meaning: "" }],
  ["--force", { kind: "flag", default: false, meaning: "" }],
  ["--out", { kind: "text", default: "x", meaning: "" }],
]);

/** What npm 10 and 11 leave of `npm run demo` with options that lack their `--`. */
const left = (env: Record<string, string>, agent = "npm/11.19.1 node/v20.20.2 linux x64 workspaces/false") => ({
  npm_lifecycle_event: "demo",
  npm_config_user_agent: agent,
  ...env,
});

describe("options that npm took for its own", () => {
  test.each([
    // npm run demo --profile standard
    [{ npm_config_profile: "true" }, ["standard"], "--profile standard"],
    // npm run demo --seed=7 --T 2.3
    [{ npm_config_seed: "7", npm_config_t: "true" }, ["2.3"], "--seed 7 --T 2.3"],
    // npm run demo --T 2.3 --seed 7: only one of both can be a seed.
    [{ npm_config_seed: "true", npm_config_t: "true" }, ["2.3", "7"], "--seed 7 --T 2.3"],
    [{ npm_config_resume: "true" }, [], "--resume"],
    [{ npm_config_learn_side: "true", npm_config_force: "true" }, ["8"], "--learn-side 8 --force"],
    // npm keeps no order.
    [{ npm_config_seed: "true", npm_config_learn_side: "true" }, ["8", "7"], "--seed … --learn-side …"],
    // A value that npm took for options of its own, `-0.5`.
    [{ npm_config_t: "true" }, [], "--T …"],
    [{ npm_config_out: "true" }, ["my runs"], "--out 'my runs'"],
    // npm run demo --T 2.3 -- --profile standard --out "my runs"
    [
      { npm_config_t: "true" },
      ["2.3", "--profile", "standard", "--out", "my runs"],
      "--T 2.3 --profile standard --out 'my runs'",
    ],
  ])("%p %p", (env, args, line) => {
    expect(forgottenDashes("demo", OPTIONS, false, args, left(env))).toBe(`npm run demo -- ${line}`);
  });

  test("may stand beside words of the script", () => {
    const env = left({ npm_config_t: "true" });
    expect(forgottenDashes("demo", OPTIONS, true, ["2.3", "pairs.csv"], env)).toBe("npm run demo -- pairs.csv --T 2.3");
    expect(forgottenDashes("demo", OPTIONS, false, ["2.3", "pairs.csv"], env)).toBe("npm run demo -- --T …");
  });

  test("may stand behind the word that chooses what the script does", () => {
    const env = left({ npm_config_t: "true" });
    expect(forgottenDashes("demo", OPTIONS, false, ["2.3"], env, "make")).toBe("npm run demo -- make --T 2.3");
  });

  test.each([
    ["behind --", {}, ["--seed", "7"], undefined],
    ["of another runner", { npm_config_seed: "7" }, [], "bun/1.4.5 npm/? node/v24 linux x64"],
    ["of another script", { npm_config_seed: "7", npm_lifecycle_event: "test" }, [], undefined],
    ["that npm was told for itself", { npm_config_force: "true" }, [], undefined],
    ["of another program in a file of npm's", { npm_config_profile: "work" }, [], undefined],
    ["of nobody", { npm_config_cache: "/c", npm_config_yes: "true" }, [], undefined],
  ])("are none %s", (_, env, args, agent) => {
    expect(forgottenDashes("demo", OPTIONS, false, args, left(env, agent))).toBeNull();
  });
});

/** `npm run` with the words behind it. */
const npmRun = (...words: string[]): Promise<Ended> => {
  const running = Bun.spawn([NPM ?? "npm", "run", ...words], {
    cwd: ROOT,
    env: { ...process.env, NODE_ENV: "production", npm_lifecycle_event: undefined },
    stdout: "pipe",
    stderr: "pipe",
  });
  const text = (stream: ReadableStream) => new Response(stream).text();
  return Promise.all([text(running.stdout), text(running.stderr), running.exited]).then(([out, err, code]) => ({
    ...{ code, signal: null, out, err },
  }));
};

describe.skipIf(NPM === null)("npm itself", () => {
  test.each([
    [["nbmota", "--profile", "standard"], "npm run nbmota -- --profile standard"],
    [["nbmota", "--seed", "7", "--T=2300", "--resume"], "npm run nbmota -- --T 2300 --seed 7 --resume"],
    [
      ["curie-weiss", "--L", "32", "--T", "2", "--", "--seed", "7"],
      "npm run curie-weiss -- --T 2 --seed 7 (and --L, if you gave it: npm leaves no trace of that)",
    ],
    [["fit", "pairs.csv", "--degree", "2"], "npm run fit -- pairs.csv --degree 2"],
  ])("%p", async (words, line) => {
    const { code, err } = await npmRun(...words);
    expect(code).toBe(2);
    expect(err).toEndWith(`npm takes options for its own that no -- stands before: write ${line}\n`);
  });

  test("and its own command in a hint", async () => {
    const { code, err } = await npmRun("curie-weiss", "--", "--sed", "7", "--zzzzzzzz", "1");
    expect({ code, said: err.trim().split("\n").at(-1) }).toEqual({
      code: 2,
      said: 'there is no option "--sed": did you mean --seed?',
    });
    const unknown = await npmRun("curie-weiss", "--", "--zzzzzzzz", "1");
    expect(unknown.err).toContain("see npm run curie-weiss -- --help");
  });
});

describe("without npm", () => {
  const said = async (words: readonly string[], options: StartOptions = {}) => {
    const { code, err } = await start(words, options).ended;
    expect(code).toBe(2);
    return err.trim();
  };
  test("the script with what runs it, from the present folder", async () => {
    const wrong = ["--zzzzzzzz", "1"];
    const bun = { env: { PATH: `${join(ROOT, "node_modules/.bin")}:${process.env.PATH}` } };
    expect(await said(["scripts/ising.ts", ...wrong], bun)).toEndWith("see bun scripts/ising.ts --help");
    const below = { ...bun, cwd: join(ROOT, "test") };
    expect(await said(["../scripts/ising.ts", ...wrong], below)).toEndWith(`see bun ${ROOT}/scripts/ising.ts --help`);
    const none = { env: { PATH: "/nowhere" } };
    expect(await said(["scripts/ising.ts", ...wrong], none)).toEndWith(
      "see node scripts/start.mjs scripts/ising.ts --help",
    );
  });

  test("a script of package.json is one of scripts/", () => {
    expect(existsSync(join(ROOT, "scripts/doctor.ts"))).toBe(true);
    expect(commandText("doctor", ["--help"], "npm")).toBe("npm run doctor -- --help");
    expect(commandText("doctor", ["--help"], "bun")).toBe("bun run doctor --help");
    expect(commandText("doctor", [], "npm")).toBe("npm run doctor");
  });
});
