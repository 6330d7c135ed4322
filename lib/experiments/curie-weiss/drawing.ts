// The drawing of the method for the front page, from the tables of a run of this experiment.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readCsv } from "../../io/csv.ts";
import { stream } from "../../random/stream.ts";
import { Xoshiro } from "../../random/xoshiro.ts";
import { numbersOf } from "../../report/markdown.ts";
import { type DrawnCurve, methodDrawing } from "../../report/method-drawing.ts";
import type { RunResult } from "../../run/result.ts";

/** Methods of the tables, as they are drawn; and the columns of the truth. */
const DRAWN = { compensator: "ours", naive: "naive" } as const;
/** Magnetization of the lattice that is drawn, of rows and columns of patches those of the one that moves, and terms of an equation. */
const [SHOWN_M, MOVES, TERMS] = [0.25, [0.6, 0.4], 4] as const;

interface Row {
  readonly seed: number;
  readonly patch: number;
  readonly method: string;
  readonly timing: string;
  readonly [column: string]: number | string;
}

/** Curves of y against x from the first seed's equations, one for each value of `each`; the truth stands beside them in `exact`. */
function curves(rows: readonly Row[], x: string, y: string, exact: string, each: string): DrawnCurve[] {
  const groups = [...Map.groupBy(rows, (row) => `${row.method} ${row[each]}`).values()];
  const numbers = (group: readonly Row[], column: string) => group.map((row) => Number(row[column]));
  return groups.flatMap((group) => {
    const of = DRAWN[group[0].method as keyof typeof DRAWN];
    const drawn = { of, x: numbers(group, x), y: numbers(group, y) };
    return of === "ours" ? [{ of: "truth" as const, x: drawn.x, y: numbers(group, exact) }, drawn] : [drawn];
  });
}

/** The first terms of a formula of result.json, without intervals, with numbers of three digits. */
function firstTerms(formula: string, terms: number): string {
  const plain = formula
    .replace(/\(([^ )]+) ± [^)]+\)/g, "$1")
    .replace(/\d+\.\d+/g, (digits) => String(Number(Number(digits).toPrecision(3))));
  const parts = plain.split(/(?= [+−] )/);
  return parts.length > terms ? `${parts.slice(0, terms).join("")} + …` : plain;
}

/** The drawing as SVG, of the smallest patches of the run in `folder`; undefined where the run has no tables or no equation of them. */
export function curieWeissDrawing(result: RunResult, folder: string): string | undefined {
  const [trajectories, functions] = ["trajectories", "functions"].map((name) => join(folder, "tables", `${name}.csv`));
  const patch = Math.min(...numbersOf(result, "patches"));
  const equation = result.equations?.[`seed${result.seed}/patch${patch}/compensator`];
  if (!equation || !existsSync(trajectories) || !existsSync(functions)) return undefined;
  const side = Number(result.parameters.L);
  const rowsOf = (path: string) =>
    (readCsv(path).objects() as Row[]).filter(
      ({ seed, patch: own, method, timing }) =>
        seed === result.seed && own === patch && timing === "short" && method in DRAWN,
    );
  const random = Xoshiro.open(stream(0, "gallery/drawing"), 0, 0);
  const count = (side / patch) ** 2;
  const at = (part: number) => Math.floor((part * side) / patch);
  const [drift] = equation.formula.map((line) => firstTerms(line, TERMS).split(" = ")[1]);
  const half = drift.search(/ [+−] [^+−]+ [+−] [^+−]+(?: \+ …)?$/);
  return methodDrawing({
    title: `One of ${count} patches of a lattice of ${side} × ${side} spins moves while the rest stands still; an equation is fitted to such moves; its predictions lie on top of the exact trajectories`,
    lattice: {
      sites: Uint8Array.from({ length: side ** 2 }, () => Number(random.uniform() < (1 + SHOWN_M) / 2)),
      side,
      patch,
      moves: [at(MOVES[0]), at(MOVES[1])],
    },
    captions: [
      [
        `${side} × ${side} spins, ${count} patches of ${patch} × ${patch}`,
        "The blue one moves, all others stand still.",
      ],
      ["Its change tells drift f and noise σ", "f learned (blue) over f exact (grey)"],
      [
        "Predictions lie on the exact curves",
        `Magnetization m from ${numbersOf(result, "m0").length} starts, time in sweeps`,
      ],
    ],
    equation: ["dm = f(m) dt + σ(m) dW", `f = ${drift.slice(0, half)}`, drift.slice(half + 1)],
    field: curves(rowsOf(functions), "m", "drift", "drift_exact", "timing").filter((curve) => curve.of !== "naive"),
    fieldAxes: ["m", "f"],
    trajectories: curves(rowsOf(trajectories), "time", "mean", "mean_exact", "m0"),
    axes: ["time", "m"],
    legend: { truth: "exact", ours: "from patches", naive: "naive" },
  });
}
