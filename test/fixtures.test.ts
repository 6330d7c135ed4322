// What tests lean on: it must be able to fail.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { openDevice } from "../lib/gpu/device.ts";
import { emptied, withClock } from "./fixtures.ts";
import { closeWithin } from "./numbers.ts";
import { run, start } from "./processes.ts";

setDefaultTimeout(30_000);

describe("a process", () => {
  test("that ends before what is waited for is told with its output, at once", async () => {
    const dies = start(["-e", 'console.log("last words"); console.error("and why"); process.exit(3)']);
    await expect(dies.until(() => false)).rejects.toThrow(/ended with 3 before .*:\nlast words\nand why/);
    const killed = start(["-e", "setInterval(() => {}, 1000)"]);
    killed.kill();
    await expect(killed.until(() => false)).rejects.toThrow("ended with SIGKILL before");
  });

  test("is waited for until it has done it", async () => {
    let looks = 0;
    const child = start(["-e", "setInterval(() => {}, 1000)"]);
    await child.until(() => ++looks === 3);
    expect(child.isAlive()).toBe(true);
    child.kill("SIGTERM");
    expect(await child.ended).toEqual({ code: null, signal: "SIGTERM", out: "", err: "" });
    expect(child.isAlive()).toBe(false);
  });

  test("has the variables that are given, without those that are taken away", async () => {
    const show = ["-e", "console.log(process.env.HOME, process.env.COLOUR)"];
    const { code, out } = await run(show, { env: { HOME: undefined, COLOUR: "blue" } });
    expect({ code, out }).toEqual({ code: 0, out: "undefined blue\n" });
  });
});

describe("an assertion", () => {
  test("on device memory fails where some is left", async () => {
    const gpu = await openDevice();
    const left = await emptied(() => 3);
    expect(left).toBe(3);
    const taken: { destroy(): void }[] = [];
    const leak = emptied(() => taken.push(gpu.buffer("test.leak", 16)));
    await expect(leak).rejects.toThrow();
    for (const buffer of taken) buffer.destroy();
  });

  test("on closeness fails for one number too far, one too few, one that is none", () => {
    const expectClose = closeWithin(0.1);
    expectClose([1, 2.1], [1, 2]);
    expectClose([1, 2.5], [1, 2], 0.3);
    for (const wrong of [[1, 2.3], [1], [1, Number.NaN]]) expect(() => expectClose(wrong, [1, 2])).toThrow();
  });
});

test("a clock of ours goes on by itself from the true time, and the real one comes back", async () => {
  const before = performance.now();
  const [first, second] = await withClock(1e9, async () => [performance.now(), performance.now()]);
  expect(first - 1e9).toBeWithin(before - 1e-3, performance.now() + 1e-3); // rounding at 1e9 is 1e-7
  expect(second - first).toBeCloseTo(1e9, 3);
  expect(performance.now()).toBeLessThan(1e9);
});
