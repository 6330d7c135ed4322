// Progress on a terminal and elsewhere.
import { afterEach, describe, expect, test } from "bun:test";
import { type Display, endProgress, progress } from "../../lib/run/progress.ts";

describe("progress", () => {
  // Bars of a test that fails do not stay open.
  afterEach(endProgress);

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
    expect(shown.at(-1)).toBe("\r\x1b[2Kfit: done in 4.0 s\n");
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
  // Before a longer work is told of, which would keep back what is shorter.
  test("a training whose first step is slow is not taken for a long one", () => {
    const { shown, place, pass } = display(false);
    const bar = progress("train", 600, 0, place);
    pass(40_000); // its data are made, a compiler works
    bar.add(1);
    pass(4000); // the second is no faster
    bar.add(1);
    for (let step = 2; step < 600; step++) {
      pass(20);
      bar.add(1);
    }
    expect(shown.filter((line) => line.includes("more"))).toEqual([]);
    expect(shown[0]).toMatch(/^train 10 %: [\d.]+\/s, \d+ s left\n$/);
    expect(shown[4]).toBe("train 50 %: 50/s, 6.0 s left\n");
  });

  test("says that work is long once that is sure, inner work too, and again only where it is twice as long as was said", () => {
    const { shown, place, pass } = display(false);
    const outer = progress("study", 10, 0, place);
    const inner = progress("predict", 2000, 0, place);
    pass(20_000);
    inner.add(1); // it waited for a compiler
    pass(4000);
    inner.add(1); // an hour or two, it seems
    expect(shown).toEqual([]);
    pass(4000);
    inner.add(1);
    expect(shown).toEqual(["predict takes about 2 h 13 min more; Ctrl-C stops it\n"]);
    pass(5000);
    inner.add(1);
    inner.done();
    for (const _ of [1, 2, 3]) {
      pass(89_000);
      outer.add(0.001);
    }
    expect(shown.slice(1)).toEqual(["study takes about 10 days more; Ctrl-C stops it\n"]);
    outer.done();
  });

  /** What stands on the line. */
  const lastOf = (shown: readonly string[]) => shown.at(-1)?.replace("\r\x1b[2K", "");

  test("the time that all of it takes stands on the line, whatever is being done inside", () => {
    const { shown, place, pass } = display(true);
    const wide = { ...place, columns: 100 };
    const outer = progress("study", 10, 0, wide);
    for (let k = 0; k < 4; k++) {
      pass(10_000);
      outer.add();
    }
    const inner = progress("train seed1/compensator", 1000, 0, wide);
    for (let k = 0; k < 5; k++) {
      pass(1000);
      inner.add(100);
    }
    // 5 s of the training and five units of 10 s behind it.
    expect(lastOf(shown)).toBe("study ██████████░░░░░░░░░░░░░░ 45 %  55 s left · train seed1/compensator 50 % 100/s");
    inner.done();
    outer.done();
  });

  test("what is done next may count for more than one unit", () => {
    const { shown, place, pass } = display(true);
    const wide = { ...place, columns: 100 };
    const outer = progress("study", 10, 0, wide);
    outer.next(8);
    const inner = progress("direct simulation", 100, 0, wide);
    pass(20_000);
    inner.add(50);
    expect(lastOf(shown)).toBe("study █████████░░░░░░░░░░░░░░░ 40 %  30 s left · direct simulation 50 % 2.5/s");
    inner.done();
    outer.done();
  });

  test("the wait for a compiler is not taken for the pace of what follows", () => {
    const { shown, place, pass } = display(true);
    const outer = progress("study", 4, 0, { ...place, columns: 100 });
    const inner = progress("train", 1000, 0, place);
    // 2 s for the first of a thousand steps, 10 ms for each of the others.
    for (let k = 0; k < 51; k++) {
      pass(k === 0 ? 2000 : 10);
      inner.add(1);
    }
    // 9.5 s of this training, and three of 12 s.
    expect(lastOf(shown)).toContain("study ░░░░░░░░░░░░░░░░░░░░░░░░ 1 %  45 s left · train 5 %");
    inner.done();
    outer.done();
  });

  test("a narrow terminal has the name, how far it is and the time left", () => {
    const { shown, place, pass } = display(true);
    const narrow = { ...place, columns: 40 };
    const outer = progress("predator-prey", 4, 0, narrow);
    pass(30_000);
    outer.add();
    const inner = progress("train seed1/autoencoder/compensator", 100, 0, narrow);
    pass(1000);
    inner.add(50);
    expect(lastOf(shown)).toBe("predator-prey 37 %  1 min 1 s left · t…");
    for (const line of shown) expect(Bun.stringWidth(line.slice(5))).toBeLessThan(40);
    inner.done();
    outer.done();
  });
});
