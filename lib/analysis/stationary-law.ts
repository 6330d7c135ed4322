// The stationary law of a stochastic differential equation in two variables, from its Fokker–Planck equation on a grid: without sampling error.
import { create, lusolveDependencies, SparseMatrixDependencies, sluDependencies } from "mathjs";

/** The sparse solver of mathjs (CSparse), told that all numbers are plain: it is six times faster without asking for their types. */
interface Sparse {
  readonly SparseMatrix: new (columns: object) => object;
  slu(matrix: object, order: number, threshold: number): object;
  lusolve(factors: object, right: number[][]): { valueOf(): number[][] };
}
const math = create({ SparseMatrixDependencies, sluDependencies, lusolveDependencies });
math.import?.(
  {
    abs: Math.abs,
    divideScalar: (a: number, b: number) => a / b,
    larger: (a: number, b: number) => a > b,
    largerEq: (a: number, b: number) => a >= b,
    multiply: (a: number, b: number) => a * b,
    subtract: (a: number, b: number) => a - b,
  },
  { override: true },
);
const { SparseMatrix, slu, lusolve } = math as unknown as Sparse;

/** Cells of equal width between two ends. */
export interface Axis {
  readonly low: number;
  readonly high: number;
  readonly cells: number;
  /** Whether the ends are those of what the variable can be, where no law is cut off. */
  readonly natural?: boolean;
}

/**
 * Cells of two variables (x, y): those of x, and around r(x) those of y − r(x), so that a law that is narrow about a curve needs few of them.
 * `ridge`: r, r′ and r″ at x. Cells are numbered row by row of y.
 */
export interface PlanarGrid {
  readonly x: Axis;
  readonly y: Axis;
  readonly ridge: (x: number) => readonly [number, number, number];
}

export interface PlanarLaw {
  /** (x, y) of every cell, `[cells, 2]`. */
  readonly points: Float64Array;
  /** Probability of every cell; they add up to 1. */
  readonly probability: Float64Array;
  /** Probability of the outermost cells, where the grid cuts the law off, and of cells whose probability came out negative: both have to be small. */
  readonly edge: number;
  readonly negative: number;
  /** The mean of g(x, y). */
  mean(g: (x: number, y: number) => number): number;
  /** ∫₀^∞ C(t) dt / C(0) of the autocorrelation C of g in stationary trajectories. */
  correlationTime(g: (x: number, y: number) => number): number;
}

const width = ({ low, high, cells }: Axis) => (high - low) / cells;
const center = (axis: Axis, k: number) => axis.low + (k + 0.5) * width(axis);

/** The centres of the cells, `[cells, 2]`: where drift and diffusion are wanted. */
export function gridPoints({ x, y, ridge }: PlanarGrid): Float64Array {
  const points = new Float64Array(2 * x.cells * y.cells);
  for (let i = 0, at = 0; i < x.cells; i++) {
    const u = center(x, i);
    const [r] = ridge(u);
    for (let j = 0; j < y.cells; j++) {
      points[at++] = u;
      points[at++] = r + center(y, j);
    }
  }
  return points;
}

/**
 * The law p with 0 = −∇·J, J_i = f_i p − ½ Σ_j ∂_j (D_ij p), no flux through the edges of the grid: central differences of second order between the
 * cells, D = σσᵀ. `drift` `[cells, 2]` and `diffusion` `[cells, 2, 2]` at `gridPoints`. Throws Error where the law is not found, as on a grid
 * that does not resolve it.
 */
export function stationaryLaw(grid: PlanarGrid, drift: ArrayLike<number>, diffusion: ArrayLike<number>): PlanarLaw {
  const points = gridPoints(grid);
  const columns = generatorColumns(grid, ...straightened(grid, drift, diffusion));
  const cells = columns.length;
  // A matrix whose columns add up to 0 has no inverse; less a little of the unit matrix it has, which leaves the law as it is.
  const rate = columns.reduce((most, column, k) => Math.max(most, Math.abs(column.get(k) ?? 0)), 0);
  const factors = slu(sparse(columns, SHIFT * rate), 1, PIVOT);
  const solved = (right: Float64Array) =>
    Float64Array.from(
      lusolve(
        factors,
        Array.from(right, (value) => [value]),
      ).valueOf(),
      ([value]) => value,
    );
  let probability = new Float64Array(cells).fill(1 / cells);
  for (let k = 0; k < ITERATIONS; k++) {
    const next = solved(probability);
    const sum = next.reduce((a, b) => a + b, 0);
    probability = next.map((value) => value / sum);
  }
  if (!probability.every(Number.isFinite)) throw new Error("the stationary law was not found on this grid");
  const mean = (g: (x: number, y: number) => number) =>
    probability.reduce((all, p, k) => all + p * g(points[2 * k], points[2 * k + 1]), 0);
  const last = grid.y.cells - 1;
  const isEdge = (k: number) => {
    const [i, j] = [Math.floor(k / grid.y.cells), k % grid.y.cells];
    return (!grid.x.natural && (i === 0 || i === grid.x.cells - 1)) || (!grid.y.natural && (j === 0 || j === last));
  };
  return {
    points,
    probability,
    edge: probability.reduce((all, p, k) => all + (isEdge(k) ? Math.abs(p) : 0), 0),
    negative: probability.reduce((all, p) => all + Math.max(0, -p), 0),
    mean,
    correlationTime(g) {
      const level = mean(g);
      const centred = Float64Array.from({ length: cells }, (_, k) => g(points[2 * k], points[2 * k + 1]) - level);
      // ∫ exp(Lt) dt of what is orthogonal to the law is −L⁻¹.
      const integral = solved(centred.map((value, k) => -value * probability[k]));
      const [product, square] = [integral, probability.map((p, k) => p * centred[k])].map((weights) =>
        weights.reduce((all, w, k) => all + w * centred[k], 0),
      );
      return product / square;
    },
  };
}

/** Part of the largest rate that is taken off the diagonal, and steps of inverse iteration. */
const SHIFT = 1e-13;
const ITERATIONS = 3;
/** A pivot on the diagonal stands unless it is so much smaller than others. */
const PIVOT = 1e-3;

/** Drift `[cells, 2]` and diffusion, xx, xy and yy `[cells, 3]`, of (x, y − r(x)), by Itô's formula. */
function straightened(
  { x, y, ridge }: PlanarGrid,
  drift: ArrayLike<number>,
  diffusion: ArrayLike<number>,
): [Float64Array, Float64Array] {
  const cells = x.cells * y.cells;
  const f = new Float64Array(2 * cells);
  const D = new Float64Array(3 * cells);
  for (let k = 0; k < cells; k++) {
    const [, slope, curvature] = ridge(center(x, Math.floor(k / y.cells)));
    const [xx, xy, yy] = [diffusion[4 * k], diffusion[4 * k + 1], diffusion[4 * k + 3]];
    f[2 * k] = drift[2 * k];
    f[2 * k + 1] = drift[2 * k + 1] - slope * drift[2 * k] - 0.5 * curvature * xx;
    D[3 * k] = xx;
    D[3 * k + 1] = xy - slope * xx;
    D[3 * k + 2] = yy - 2 * slope * xy + slope ** 2 * xx;
  }
  return [f, D];
}

/** dp/dt = A p of the probabilities of the cells: the columns of A by row. */
function generatorColumns({ x, y }: PlanarGrid, f: Float64Array, D: Float64Array): Map<number, number>[] {
  const columns = Array.from({ length: x.cells * y.cells }, () => new Map<number, number>());
  const axes = [
    { cells: x.cells, step: y.cells, width: width(x), own: 0 },
    { cells: y.cells, step: 1, width: width(y), own: 2 },
  ];
  const place = [(k: number) => Math.floor(k / y.cells), (k: number) => k % y.cells];
  for (let a = 0; a < columns.length; a++) {
    for (const [which, { cells, step, width: h, own }] of axes.entries()) {
      if (place[which](a) === cells - 1) continue;
      const b = a + step;
      const flow = (from: number, weight: number) => {
        const column = columns[from];
        column.set(a, (column.get(a) ?? 0) - weight / h);
        column.set(b, (column.get(b) ?? 0) + weight / h);
      };
      const other = axes[1 - which];
      for (const [cell, sign] of [
        [a, 1],
        [b, -1],
      ]) {
        flow(cell, f[2 * cell + which] / 2 + (sign * D[3 * cell + own]) / (2 * h));
        // ½ ∂ of the mixed term along the face, a mean over both cells; beyond the grid there is nothing.
        const at = place[1 - which](cell);
        if (at < other.cells - 1) flow(cell + other.step, -D[3 * (cell + other.step) + 1] / (8 * other.width));
        if (at > 0) flow(cell - other.step, D[3 * (cell - other.step) + 1] / (8 * other.width));
      }
    }
  }
  return columns;
}

/** A sparse matrix with `shift` taken off its diagonal. */
function sparse(columns: readonly Map<number, number>[], shift: number): object {
  const values: number[] = [];
  const index: number[] = [];
  const ptr = [0];
  for (const [k, column] of columns.entries()) {
    for (const row of [...column.keys()].sort((p, q) => p - q)) {
      index.push(row);
      values.push((column.get(row) ?? 0) - (row === k ? shift : 0));
    }
    ptr.push(index.length);
  }
  return new SparseMatrix({ values, index, ptr, size: [columns.length, columns.length] });
}
