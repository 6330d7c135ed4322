// Files that programs are told to write: links, permissions, other names and other programs' files stay what they are.
import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { writeAtomically } from "../../lib/io/atomic.ts";
import { lockFile } from "../../lib/io/flock.ts";
import { checkOverwrite, claimFiles, writeClaimed } from "../../lib/run/overwrite.ts";
import { temporaryFolder } from "../fixtures.ts";
import { start } from "../processes.ts";
import { refusal } from "./folders.ts";

const PATIENCE = 60_000;
const root = temporaryFolder("overwrite");
const refused = (work: () => void) => refusal(async () => work());
let made = 0;
/** A new folder. */
function folder(): string {
  const path = join(root, String(made++));
  mkdirSync(path);
  return path;
}

describe("writing", () => {
  test("the file of a link is replaced, not the link, also along several and where nothing is there yet", async () => {
    const at = folder();
    writeFileSync(join(at, "real"), "old");
    symlinkSync("real", join(at, "one"));
    symlinkSync(join(at, "one"), join(at, "two"));
    writeAtomically(join(at, "two"), "new");
    expect([readlinkSync(join(at, "one")), readFileSync(join(at, "real"), "utf8")]).toEqual(["real", "new"]);
    symlinkSync("deep/none", join(at, "dangling"));
    writeAtomically(join(at, "dangling"), "there");
    expect(readFileSync(join(at, "deep/none"), "utf8")).toBe("there");
    expect(lstatSync(join(at, "dangling")).isSymbolicLink()).toBe(true);
    symlinkSync("circle", join(at, "circle"));
    for (const work of [checkOverwrite, claimFiles]) {
      expect(await refused(() => work([join(at, "circle")], true))).toContain("symbolic links form a circle");
    }
  });

  test("permissions stay, and a file of two names keeps both", () => {
    const at = folder();
    const path = join(at, "secret");
    writeFileSync(path, "old");
    chmodSync(path, 0o600);
    writeAtomically(path, "new");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    linkSync(path, join(at, "other"));
    chmodSync(path, 0o640);
    writeAtomically(path, "x");
    expect([readFileSync(join(at, "other"), "utf8"), statSync(path).nlink, statSync(path).mode & 0o777]).toEqual([
      "x",
      2,
      0o640,
    ]);
  });

  test.skipIf(!existsSync("/dev/null"))("what is no regular file is written to, not replaced", async () => {
    const at = folder();
    const pipe = join(at, "pipe");
    expect(Bun.spawnSync(["mkfifo", pipe]).exitCode).toBe(0);
    const reader = Bun.spawn(["cat", pipe], { stdout: "pipe" });
    checkOverwrite([pipe], false);
    writeAtomically(pipe, "through");
    expect(await new Response(reader.stdout).text()).toBe("through");
    expect(statSync(pipe).isFIFO()).toBe(true);
    writeAtomically("/dev/null", "nothing");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
    const link = join(at, "null");
    symlinkSync("/dev/null", link);
    writeAtomically(link, "nothing");
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });
});

describe("a claim", () => {
  test("is refused where something is, and where another program has one; what was empty may be taken", async () => {
    const at = folder();
    const [full, empty] = [join(at, "full"), join(at, "empty")];
    writeFileSync(full, "x");
    writeFileSync(empty, "");
    expect(await refused(() => claimFiles([full], false))).toContain("exists already");
    expect(await refused(() => claimFiles([at], true))).toContain("is a folder");
    symlinkSync("full", join(at, "link"));
    expect(await refused(() => claimFiles([join(at, "link")], false))).toContain("exists already");
    expect(lockFile(openSync(empty, "r"))).toBe(true);
    for (const force of [false, true]) {
      expect(await refused(() => claimFiles([empty], force))).toContain("is being written by another program");
    }
    const ours = join(at, "new", "ours");
    claimFiles([ours], false);
    expect(await refused(() => claimFiles([ours], false))).toContain("is being written by another program");
  });

  test("tells at the end whether another program has put its file there", () => {
    const at = folder();
    const path = join(at, "m.csv");
    claimFiles([path], false);
    const write = (text: string) => writeClaimed(path, (place) => writeAtomically(place, text));
    for (const text of ["first", "second"]) {
      write(text);
      expect(readFileSync(path, "utf8")).toBe(text);
    }
    writeFileSync(join(at, "theirs"), "theirs");
    renameSync(join(at, "theirs"), path);
    write("third");
    const other = join(at, `m-${process.pid}.csv`);
    expect([path, other].map((place) => readFileSync(place, "utf8"))).toEqual(["theirs", "third"]);
  });

  test(
    "keeps out a second program, and leaves nothing when the first one fails",
    async () => {
      const out = join(folder(), "m.csv");
      const words = ["scripts/simulate.ts", "curie-weiss", "--L", "64", "--replicas", "64", "--out", out];
      // Nothing is observed before it is killed.
      const slow = start([...words, "--times", "100000"]);
      await slow.until(() => existsSync(out));
      const second = await start([...words, "--times", "0,1"]).ended;
      expect(second).toMatchObject({ code: 2, err: expect.stringContaining("is being written by another program") });
      slow.kill("SIGKILL");
      await slow.ended;
      // What a killed program leaves is empty, and no obstacle.
      expect(await start([...words, "--times", "0,1"]).ended).toMatchObject({ code: 0 });
      expect(readFileSync(out, "utf8").split("\n").length).toBe(4);
      expect(await start([...words, "--times", "0,1"]).ended).toMatchObject({ code: 2 });
      const never = join(folder(), "never.csv");
      expect(
        await start(["scripts/simulate.ts", "predator-prey", "--noise", "1e9", "--out", never]).ended,
      ).not.toMatchObject({ code: 0 });
      if (existsSync(never)) expect(statSync(never).size).toBeGreaterThan(0);
    },
    PATIENCE,
  );
});
