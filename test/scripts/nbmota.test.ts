// The tools of the alloy as a user starts them: barriers of given surroundings, direct simulation and its files, bad input.
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readArrow } from "../../lib/io/arrow.ts";
import { readExtxyz } from "../../lib/io/extxyz.ts";
import { readDump } from "../../lib/io/lammps-dump.ts";
import { readNpy, writeNpy } from "../../lib/io/npy.ts";
import { fromConfiguration, toConfiguration } from "../../lib/systems/nbmota/crystal.ts";
import { DIRECTIONS, ELEMENTS, SITES, siteIndex } from "../../lib/systems/nbmota/environment.ts";
import { neighbourTable } from "../../lib/systems/nbmota/lattice.ts";
import { ROOT, temporaryFolder } from "../fixtures.ts";
import { array, objectFile } from "../io/pickles.ts";
import { start } from "../processes.ts";
import { expectRefusal, runScript } from "./command.ts";

setDefaultTimeout(60_000);

const folder = temporaryFolder("nbmota");
const file = (name: string) => join(folder, name);
const simulate = (line: string, ...more: string[]) => runScript("simulate", [...`nbmota ${line}`.split(" "), ...more]);

describe("barriers", () => {
  test("of given surroundings are written, eight a row", async () => {
    const types = Uint8Array.from({ length: 3 * SITES }, (_, k) => 1 + (k % 3));
    writeNpy(file("types.npy"), [3, SITES], types);
    const args = ["--environments", file("types.npy"), "--out", file("barriers.npy")];
    expect((await runScript("barriers", args)).code).toBe(0);
    const { shape, data } = readNpy(file("barriers.npy"));
    expect(shape).toEqual([3, 8]);
    for (const energy of data) {
      expect(energy).toBeGreaterThan(0.3);
      expect(energy).toBeLessThan(3);
    }
    expectRefusal(await runScript("barriers", args), /barriers\.npy exists already/);

    // Another vacancy where the third jump of the second environment goes to: no jump, and all others have a barrier.
    types[SITES + siteIndex(DIRECTIONS[2])] = 0;
    writeNpy(file("types.npy"), [3, SITES], types);
    expect((await runScript("barriers", [...args, "--force"])).code).toBe(0);
    const { data: energies } = readNpy(file("barriers.npy"));
    expect([...energies.keys()].filter((k) => energies[k] === Number.POSITIVE_INFINITY)).toEqual([8 + 2]);
    expect([...energies].filter(Number.isNaN)).toEqual([]);
  });

  test("are refused for what is no surroundings, no network, no file", async () => {
    const out = ["--out", file("none.npy")];
    writeNpy(file("short.npy"), [3, 5], new Uint8Array(15));
    expectRefusal(await runScript("barriers", ["--environments", file("short.npy"), ...out]), /shape \[3,5\]/);
    writeNpy(file("wide.npy"), [1, SITES], new Float32Array(SITES).fill(1));
    expectRefusal(
      await runScript("barriers", ["--environments", file("wide.npy"), ...out]),
      /numbers of type float32, not uint8/,
    );
    writeNpy(file("foreign.npy"), [1, SITES], new Uint8Array(SITES).fill(4));
    expectRefusal(
      await runScript("barriers", ["--environments", file("foreign.npy"), ...out]),
      /row 0, site 0: type 4/,
    );
    expectRefusal(await runScript("barriers", ["--environments", file("absent.npy"), ...out]), /absent\.npy/);
    writeFileSync(file("weights.npy"), "not weights");
    const network = ["--barriers", file("weights.npy"), "--environments", file("types.npy"), ...out];
    expectRefusal(await runScript("barriers", network), /weights\.npy, byte 0/);
  });
});

describe("nbmota-weights", () => {
  // The right shapes, but all zeros but for the variances.
  const widths = [729, 128, 128, 128, 128, 1];
  const parts = widths.slice(1).flatMap((outputs, l) => {
    const one = (shape: number[], value: number) =>
      array({ shape, data: new Float32Array(shape.reduce((a, b) => a * b)).fill(value) }, 4);
    const beside = l < 4 ? [0, 1, 0, 0, 1] : [0];
    return [one([widths[l], outputs], 0), ...beside.map((value) => one([outputs], value))];
  });
  const answers: Record<string, () => Response> = {
    "/other.npy": () => new Response(new Uint8Array(objectFile(parts, 4))),
    "/nonsense.npy": () => new Response("<html>"),
  };
  const server = Bun.serve({
    port: 0,
    fetch: ({ url }) => answers[new URL(url).pathname]?.() ?? new Response("", { status: 404 }),
  });
  afterAll(() => server.stop(true));
  const refusals: [string, RegExp][] = [
    ["other.npy", /other\.npy holds another network.*nothing is written/],
    ["nonsense.npy", /nonsense\.npy, byte 0/],
    ["absent.npy", /absent\.npy answers 404/],
  ];
  for (const [name, message] of refusals) {
    test(`writes nothing of ${name}`, async () => {
      const args = ["--from", `${server.url}${name}`, "--out", file("fetched.npy")];
      expectRefusal(await runScript("nbmota-weights", args), message);
      expect(existsSync(file("fetched.npy"))).toBe(false);
    });
  }
  test("overwrites nothing", async () => {
    writeFileSync(file("mine.npy"), "mine");
    const args = ["--from", `${server.url}other.npy`, "--out", file("mine.npy")];
    expectRefusal(await runScript("nbmota-weights", args), /mine\.npy exists already/);
  });
});

describe("nbmota-distill refuses", () => {
  const refusals: [string, RegExp][] = [
    ["--rank 12", /--rank 12 is not a multiple of 8: use 16/],
    ["--barriers /nowhere", /nowhere/],
    ["--seed 4294967295", /--seed 4294967295/],
  ];
  for (const [line, message] of refusals) {
    test(line, async () => {
      const args = [...line.split(" "), "--out", file("model.safetensors")];
      expectRefusal(await runScript("nbmota-distill", args), message);
    });
  }

  test("files that are there", async () => {
    writeFileSync(file("there.json"), "{}");
    expectRefusal(
      await runScript("nbmota-distill", ["--out", file("there.safetensors")]),
      /there\.json exists already/,
    );
  });
});

test("tools tell what they do also where files of their default names are, and refuse to overwrite these", async () => {
  const cwd = temporaryFolder("defaults");
  for (const [script, name] of [
    ["nbmota-distill", "compact.safetensors"],
    ["nbmota-fidelity", "fidelity.json"],
  ]) {
    writeFileSync(join(cwd, name), "{}");
    const run = (...args: string[]) => start([join(ROOT, `scripts/${script}.ts`), ...args], { cwd }).ended;
    expect((await run("--help")).code).toBe(0);
    expectRefusal(await run(), new RegExp(`${name.replace(".", "\\.")} exists already`));
    // With another name, or --force, what is missing are the weights.
    expectRefusal(await run("--force", "--barriers", "/nowhere"), /nowhere/);
  }
});

describe("nbmota-fidelity refuses", () => {
  const refusals: [string, RegExp][] = [
    ["--temperatures 1000,1000", /--temperatures 1000,1000 names a temperature twice/],
    ["--temperatures 50", /--temperatures "50".*150/],
    ["--replicas 1", /--replicas "1".*2/],
    ["--barriers /nowhere", /nowhere/],
  ];
  for (const [line, message] of refusals) {
    test(line, async () => {
      const args = [...line.split(" "), "--out", file("fidelity.json")];
      expectRefusal(await runScript("nbmota-fidelity", args), message);
      expect(existsSync(file("fidelity.json"))).toBe(false);
    });
  }
});

/** Order parameter MoTa of a lattice. */
function moTa(types: Uint8Array, cells: number): number {
  const table = neighbourTable(cells);
  let [bonds, mo] = [0, 0];
  for (let site = 0; site < types.length; site++) {
    if (types[site] !== 2) continue;
    mo++;
    for (let d = 0; d < 8; d++) if (types[table[8 * site + d]] === 3) bonds++;
  }
  const atoms = types.reduce((sum, type) => sum + Math.min(type, 1), 0);
  const ta = types.reduce((sum, type) => sum + (type === 3 ? 1 : 0), 0);
  return bonds / mo - (8 * ta) / atoms;
}

describe("simulate nbmota", () => {
  test("orders random alloys; its last configurations have the order that the table says, and go on", async () => {
    const [dump, arrow] = [file("end.dump"), file("order.arrow")];
    const run = await simulate("--T 2400 --jumps 4000 --replicas 4 --seed 5", "--save", dump, "--per-replica", arrow);
    expect(run.code).toBe(0);
    const [head, ...lines] = run.out.trim().split("\n");
    expect(head).toBe("jumps,time_s,observable,mean,std,se_mean,replicas");
    expect(lines.length).toBe(21 * 6);
    const last = lines
      .map((line) => line.split(","))
      .filter(([jumps, , name]) => jumps === "4000" && name === "δ_MoTa");
    expect(last.length).toBe(1);
    // Random alloys have 0, with a standard error of 0.04; a walk of 4,000 jumps an eighth of a unit and more.
    expect(Number(last[0][3])).toBeGreaterThan(0.12);
    const frames = readDump(dump, ELEMENTS).map((frame) => fromConfiguration(frame, dump));
    expect(frames.length).toBe(4);
    const orders = frames.map(({ types, cells }) => moTa(types, cells));
    expect(orders.reduce((a, b) => a + b, 0) / 4).toBeCloseTo(Number(last[0][3]), 5);
    const table = readArrow(arrow);
    expect(table.numRows()).toBe(21 * 4);
    expect(table.get("delta_MoTa", 20 * 4 + 3)).toBeCloseTo(orders[3], 5);

    const xyz = file("next.xyz");
    const next = await simulate("--T 2400 --jumps 10 --replicas 2", "--start", dump, "--save", xyz);
    expect(next.code).toBe(0);
    const first = next.out.split("\n").find((line) => line.startsWith("0,0,δ_MoTa"));
    expect(Number(first?.split(",")[3])).toBeCloseTo(orders[3], 5);
    expect(readExtxyz(xyz).map((frame) => fromConfiguration(frame, xyz).cells)).toEqual([8, 8]);
    expectRefusal(await simulate("--jumps 10", "--save", dump), /end\.dump exists already/);
  });

  test("over times gives rows in seconds, of one composition in several vacancies", async () => {
    const { code, out } = await simulate("--cells 6 --vacancies 3 --T 3000 --times 0,1e-9 --replicas 3");
    expect(code).toBe(0);
    expect(out.split("\n")[0]).toBe("time,observable,mean,std,se_mean,replicas");
    expect(out.trim().split("\n").length).toBe(1 + 2 * 6);
  });

  const refusals: [string, RegExp][] = [
    ["--cells 7", /7 cells/],
    ["--T 0", /--T "0" is too small/],
    ["--T 50", /--T "50" is too small.*150/],
    ["--out a.csv --per-replica a.csv", /--out and --per-replica name the same file, a\.csv/],
    ["--out a.dump --save a.dump", /--out and --save name the same file, a\.dump/],
    ["--vacancies 0", /--vacancies "0" is too small/],
    ["--vacancies 600", /less than half the atoms/],
    ["--save alloy.pdb", /\.pdb is no file of states, use \.safetensors, \.dump, \.xyz/],
    ["--per-replica order.txt", /name a \.csv or \.arrow file/],
    ["--barriers /nowhere", /nowhere/],
  ];
  for (const [line, message] of refusals) {
    test(`refuses ${line}`, async () => expectRefusal(await simulate(line), message));
  }

  test("refuses configurations that are no such lattice, with the line", async () => {
    const types = Uint8Array.from({ length: 432 }, (_, k) => (k === 5 ? 0 : 1 + (k % 3)));
    const good = toConfiguration(types, 6);
    const start = (name: string, text: string) => {
      writeFileSync(file(name), text);
      return simulate("--jumps 1", "--start", file(name));
    };
    const lines = good.elements.map(
      (element, k) => `${element} ${good.positions.subarray(3 * k, 3 * k + 3).join(" ")}`,
    );
    const xyz = (rows: string[]) =>
      `${rows.length}\nLattice="19.44 0 0 0 19.44 0 0 0 19.44" Properties=species:S:1:pos:R:3\n${rows.join("\n")}\n`;
    expect((await start("good.xyz", xyz(lines))).code).toBe(0);
    expectRefusal(await start("iron.xyz", xyz(lines.with(7, lines[7].replace(/^\w+/, "Fe")))), /line 10.*Fe/);
    expectRefusal(await start("off.xyz", xyz(lines.with(9, "Nb 0.8 0.8 0.8"))), /line 12/);
    expectRefusal(await start("full.xyz", xyz([...lines, "Nb 8.1 1.62 1.62"])), /vacancy/);
    expectRefusal(await start("cut.xyz", xyz(lines).slice(0, 2000)), /cut\.xyz/);
    expect(readFileSync(file("good.xyz"), "utf8")).toBe(xyz(lines));
  });
});
