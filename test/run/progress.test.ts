// Progress on a terminal and elsewhere.
import { describe, expect, test } from "bun:test";
import { type Display, progress } from "../../lib/run/progress.ts";

describe("progress", () => {
  function display(terminal: boolean) {
    const shown: string[] = [];
    let time = 0;
    const place: Display = { write: (text) => shown.push(text), terminal, columns: 60, now: () => time };
    return {
      shown,
      place,
      pass: (ms: number) => {
        time += ms;
      },
    };
  }
  test("off a terminal is one line per 10 %, outer work only", () => {
    const { shown, place, pass } = display(false);
    const outer = progress("simulate", 1000, 0, place);
    for (let i = 0; i < 1000; i++) {
      const inner = progress("inner", 10, 0, place);
      pass(10);
      inner.add(10);
      inner.done();
      outer.add();
    }
    outer.done();
    expect(shown.length).toBe(10);
    expect(shown[0]).toBe("simulate 10 %: 100/s, 9.0 s left\n");
    expect(shown[9]).toBe("simulate 100 %: 1 k in 10 s (100/s)\n");
  });
  test("on a terminal redraws one line, at most ten times a second, and never goes back", () => {
    const { shown, place, pass } = display(true);
    const outer = progress("fit", 4, 0, place);
    for (let i = 0; i < 4; i++) {
      const inner = progress("epoch", 1000, 0, place);
      for (let j = 0; j < 1000; j++) {
        pass(1);
        inner.add();
      }
      inner.done();
      outer.add();
    }
    outer.done();
    expect(shown.length).toBeLessThan(70);
    expect(shown.every((line) => line.startsWith("\r\x1b[2K"))).toBe(true);
    for (const line of shown) expect([...line.slice(5).trimEnd()].length).toBeLessThan(60);
    const percents = shown.flatMap((line) => line.match(/fit (?:[█░]+ )?(\d+) %/)?.[1] ?? []).map(Number);
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(shown.at(-1)).toBe("\r\x1b[2Kfit: 4 in 4.0 s (1/s)\n");
  });
  test("counts the rate of this sitting only, takes zero totals, and refuses to go back", () => {
    const { shown, place, pass } = display(false);
    const bar = progress("fit", 100, 50, place);
    pass(1000);
    bar.add(10);
    expect(shown).toEqual(["fit 60 %: 10/s, 4.0 s left\n"]);
    expect(() => bar.add(-1)).toThrow("cannot go back");
    bar.add(1000);
    expect(shown.at(-1)).toContain("100 %");
    bar.done();
    bar.done();
    progress("none", 0, 0, place).done();
  });
  test("says at once that work is long, inner work too, and again only where it is twice as long as was said", () => {
    const { shown, place, pass } = display(false);
    const outer = progress("study", 10, 0, place);
    const inner = progress("predict", 2000, 0, place);
    pass(2000);
    inner.add(1); // an hour, it seems
    expect(shown).toEqual([]);
    pass(4000);
    inner.add(1);
    expect(shown).toEqual(["predict takes about 1 h 40 min more; Ctrl-C stops it\n"]);
    pass(5000);
    inner.add(1);
    inner.done();
    pass(89_000);
    outer.add(0.001);
    expect(shown.slice(1)).toEqual(["study takes about 12 days more; Ctrl-C stops it\n"]);
  });
});
