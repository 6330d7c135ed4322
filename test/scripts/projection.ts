// `fit` beside the plain projection estimator on trajectories whose law is known: `bun test/scripts/projection.ts [SETS [SEED]]`.
//
// Projection (Frishman & Ronceray, Phys. Rev. X 10, 021009 (2020)): f is the projection of the changes over δt on polynomials, at the start of each change (Itô)
// or in its middle less half σσᵀ ∂b (Stratonovich); σσᵀ that of their squares. It is told the true degrees, `fit` finds them. Both are ours.
//
// Errors: root mean square over states of the stationary law, relative to that of the true field, mean over the sets ± its standard error. Inside: share of these
// values within their 95 % interval. Seconds: of the solution, and of the whole command, which also writes a report.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Matrix, solve } from "ml-matrix";
import { normalPair } from "../../lib/random/normal.ts";
import { stream } from "../../lib/random/stream.ts";
import { Xoshiro } from "../../lib/random/xoshiro.ts";
import { textTable } from "../../lib/run/text-table.ts";
import { upper } from "../matrices.ts";
import { mean, range, rootMeanSquare } from "../numbers.ts";
import { moments } from "../statistics.ts";
import { runScript } from "./command.ts";

const LENGTH = 20_000;
const TIMES = [0.01, 0.05, 0.2];
/** Steps of Euler–Maruyama in 0.01; the first relaxations are left out. */
const FINE = 10;
const SETTLE = 20;
/** States that fields are compared at. */
const PLACES = 400;

interface Process {
  readonly name: string;
  readonly d: number;
  /** Of f and of σσᵀ, as the projection is told. */
  readonly degrees: readonly [number, number];
  drift(z: readonly number[]): number[];
  /** σ, row by row. */
  readonly sigma: readonly number[];
}

const PROCESSES: readonly Process[] = [
  { name: "double well", d: 1, degrees: [3, 0], drift: ([x]) => [x - x ** 3], sigma: [Math.sqrt(0.5)] },
  {
    name: "Ornstein–Uhlenbeck 2D",
    d: 2,
    degrees: [1, 0],
    drift: ([x, y]) => [-x + 0.8 * y, -0.8 * x - 0.5 * y],
    sigma: [0.7, 0, 0.3, 0.5],
  },
];

/** States δt apart, `[length][d]`. */
function trajectory({ d, drift, sigma }: Process, dt: number, length: number, rng: Xoshiro): number[][] {
  const h = 0.01 / FINE;
  let z = new Array<number>(d).fill(0.5);
  const advance = (time: number) => {
    for (let k = Math.round(time / h); k > 0; k--) {
      const xi = normalPair(rng.next(), rng.next());
      const f = drift(z);
      z = z.map(
        (x, j) => x + h * f[j] + Math.sqrt(h) * range(d, (l) => sigma[j * d + l] * xi[l]).reduce((a, b) => a + b, 0),
      );
    }
    return z;
  };
  advance(SETTLE);
  return range(length, (k) => (k === 0 ? z : advance(dt)));
}

/** Exponents of all monomials up to a degree. */
const exponents = (d: number, degree: number): number[][] =>
  d === 1
    ? range(degree + 1, (k) => [k])
    : range(degree + 1, (k) => exponents(d - 1, degree - k).map((rest) => [k, ...rest])).flat();

const monomial = (powers: readonly number[], z: readonly number[]) =>
  powers.reduce((value, k, j) => value * z[j] ** k, 1);

/** The polynomial of a degree that is the projection of `values` `[n][width]` at `places`; `less`: what is taken off the moments of every term. */
function projection(
  places: readonly number[][],
  values: readonly number[][],
  degree: number,
  less: (powers: readonly number[]) => readonly number[] = () => [],
) {
  const terms = exponents(places[0].length, degree);
  const basis = places.map((z) => terms.map((powers) => monomial(powers, z)));
  const gram = terms.map((_, s) => terms.map((_, t) => mean(basis.map((b) => b[s] * b[t]))));
  const width = values[0].length;
  const right = terms.map((powers, t) => {
    const off = less(powers);
    return range(width, (j) => mean(values.map((value, p) => basis[p][t] * value[j])) - (off[j] ?? 0));
  });
  const coefficients = solve(new Matrix(gram), new Matrix(right)).to2DArray();
  return (z: readonly number[]) =>
    range(width, (j) => terms.reduce((sum, powers, t) => sum + coefficients[t][j] * monomial(powers, z), 0));
}

/** f and the upper triangle of σσᵀ by projection. */
function projected(path: readonly number[][], dt: number, { d, degrees }: Process, form: "Itô" | "Stratonovich") {
  const starts = path.slice(0, -1);
  const rates = starts.map((z, k) => z.map((x, j) => (path[k + 1][j] - x) / dt));
  const squares = rates.map((v) => range(d, (j) => range(d - j, (k) => v[j] * v[j + k] * dt)).flat());
  const diffusion = projection(starts, squares, degrees[1]);
  if (form === "Itô") return { drift: projection(starts, rates, degrees[0]), diffusion };
  const middles = starts.map((z, k) => z.map((x, j) => (x + path[k + 1][j]) / 2));
  const all = range(d, (j) => range(d - j, (k) => mean(squares.map((s) => s[position(j, j + k, d)]))));
  const D = (j: number, k: number) => all[Math.min(j, k)][Math.abs(k - j)];
  // ½ Σ_k D_jk ⟨∂_k b⟩.
  const less = (powers: readonly number[]) => {
    const slopes = powers.map((power, k) =>
      power === 0 ? 0 : power * mean(middles.map((z) => monomial(powers.with(k, power - 1), z))),
    );
    return range(d, (j) => slopes.reduce((sum, slope, k) => sum + (D(j, k) * slope) / 2, 0));
  };
  return { drift: projection(middles, rates, degrees[0], less), diffusion };
}

/** Where (j, k), j ≤ k, stands in an upper triangle. */
const position = (j: number, k: number, d: number) => j * d - (j * (j - 1)) / 2 + k - j;

interface Outcome {
  readonly drift: number;
  readonly diffusion: number;
  readonly inside?: readonly [number, number];
  readonly seconds: number;
  readonly all?: number;
}

const NAMES = ["x", "y"];

/** What `fit` makes of the path: at the places. */
async function fitted(folder: string, path: readonly number[][], dt: number, places: readonly number[][]) {
  const d = path[0].length;
  const names = NAMES.slice(0, d);
  const table = (head: string[], rows: readonly (readonly number[])[]) => `${[head, ...rows].join("\n")}\n`;
  writeFileSync(
    join(folder, "path.csv"),
    table(
      ["t", ...names],
      path.map((z, k) => [Number((k * dt).toFixed(6)), ...z]),
    ),
  );
  writeFileSync(join(folder, "at.csv"), table(names, places));
  const out = join(folder, "out");
  const words = ["--at", join(folder, "at.csv"), "--horizon", String(10 * dt), "--out", out, "--force"];
  const start = performance.now();
  const { code, err } = await runScript("fit", [join(folder, "path.csv"), ...words]);
  if (code !== 0) throw new Error(`fit: ${err}`);
  const all = (performance.now() - start) / 1000;
  const [head, ...lines] = readFileSync(join(out, "tables/fields.csv"), "utf8").trim().split("\n");
  const columns = head.split(",");
  const rows = lines.map((line) => line.split(",").map(Number));
  const column = (name: string) => rows.map((row) => row[columns.indexOf(name)]);
  const pairs = names.flatMap((a, j) => names.slice(j).map((b) => `D_${a}_${b}`));
  const told = (list: readonly string[]) => ({
    value: places.map((_, p) => list.map((name) => column(name)[p])),
    low: places.map((_, p) => list.map((name) => column(`${name}_low`)[p])),
    high: places.map((_, p) => list.map((name) => column(`${name}_high`)[p])),
  });
  const { seconds } = JSON.parse(readFileSync(join(out, "result.json"), "utf8")) as { seconds: { learn: number } };
  return { drift: told(names.map((name) => `f_${name}`)), diffusion: told(pairs), seconds: seconds.learn, all };
}

async function compared(process: Process, dt: number, seed: number): Promise<Record<string, Outcome>> {
  const { d, drift, sigma } = process;
  const at = stream(seed, `projection/${process.name}/${dt}`);
  const path = trajectory(process, dt, LENGTH, Xoshiro.open(at, 0, 0));
  const far = trajectory(process, 1, PLACES, Xoshiro.open(at, 1, 0));
  // Within the data, where predictions are meant.
  const [least, most] = [Math.min, Math.max].map((of) => range(d, (j) => of(...path.map((z) => z[j]))));
  const places = far.filter((z) => z.every((x, j) => x >= least[j] && x <= most[j]));
  const square = range(d * d, (k) =>
    range(d, (l) => sigma[Math.floor(k / d) * d + l] * sigma[(k % d) * d + l]).reduce((a, b) => a + b, 0),
  );
  const truth = { drift: places.map(drift), diffusion: places.map(() => Array.from(upper(square, d))) };
  const error = (found: readonly (readonly number[])[], exact: readonly (readonly number[])[]) =>
    rootMeanSquare(found.flatMap((row, p) => row.map((x, j) => x - exact[p][j]))) / rootMeanSquare(exact.flat());
  const outcomes: Record<string, Outcome> = {};
  for (const form of ["Itô", "Stratonovich"] as const) {
    const start = performance.now();
    const one = projected(path, dt, process, form);
    const seconds = (performance.now() - start) / 1000;
    outcomes[`projection, ${form}`] = {
      drift: error(places.map(one.drift), truth.drift),
      diffusion: error(places.map(one.diffusion), truth.diffusion),
      seconds,
    };
  }
  const folder = mkdtempSync(join(tmpdir(), "patchwise-projection-"));
  try {
    const ours = await fitted(folder, path, dt, places);
    const inside = (["drift", "diffusion"] as const).map((key) =>
      mean(
        truth[key].flatMap((row, p) =>
          row.map((x, j) => Number(x >= ours[key].low[p][j] && x <= ours[key].high[p][j])),
        ),
      ),
    );
    outcomes.fit = {
      drift: error(ours.drift.value, truth.drift),
      diffusion: error(ours.diffusion.value, truth.diffusion),
      ...{ inside: [inside[0], inside[1]] as const, seconds: ours.seconds, all: ours.all },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
  return outcomes;
}

const [sets, seed] = process.argv.slice(2).map(Number);
const rows: string[][] = [];
for (const one of PROCESSES) {
  for (const dt of TIMES) {
    const all: Record<string, Outcome>[] = [];
    for (let k = 0; k < (sets || 20); k++) all.push(await compared(one, dt, (seed || 1) + k));
    for (const name of Object.keys(all[0])) {
      const of = (pick: (outcome: Outcome) => number) => all.map((outcomes) => pick(outcomes[name]));
      const percent = (values: number[]) => {
        const { mean, meanError } = moments(values);
        return `${(100 * mean).toFixed(2)} ± ${(100 * meanError).toFixed(2)}`;
      };
      const inside = (key: 0 | 1) => {
        const values = of(({ inside }) => inside?.[key] ?? Number.NaN);
        return Number.isNaN(values[0]) ? "" : `${(100 * mean(values)).toFixed(0)} %`;
      };
      const whole = mean(of(({ all = Number.NaN }) => all));
      rows.push([
        ...[one.name, String(dt), name, percent(of(({ drift }) => drift)), percent(of(({ diffusion }) => diffusion))],
        ...[
          inside(0),
          inside(1),
          mean(of(({ seconds }) => seconds)).toFixed(2),
          Number.isNaN(whole) ? "" : whole.toFixed(1),
        ],
      ]);
    }
    console.error(`${one.name}, δt = ${dt}: done`);
  }
}
const head = ["process", "δt", "estimator", "error of f, %", "error of D, %", "f inside", "D inside", "s", "s in all"];
console.log(textTable([head, ...rows]));
