// How far a learned drift or diffusion is from the exact function, on a grid of states.
import { InputError } from "../errors.ts";

/** `points` ≥ 2 equally spaced values from low to high, both included; rounded to 13 digits of the larger one, so that 0 and 0.525 are these. */
export function evenGrid(low: number, high: number, points: number): Float64Array {
  const order = Math.floor(Math.log10(Math.max(Math.abs(low), Math.abs(high), Number.MIN_VALUE)));
  const digits = Math.max(0, Math.min(100, 12 - order));
  return Float64Array.from({ length: points }, (_, i) => {
    if (i === 0 || i === points - 1) return i === 0 ? low : high;
    return Number((low + ((high - low) * i) / (points - 1)).toFixed(digits)) + 0;
  });
}

/**
 * Largest |learned − exact| over grid points with |m| ≤ `bound` (the ends |m| → 1, where there
 * is hardly any data, are left out), and the m where it occurs. All arrays `[grid.length]`, in the function's unit.
 */
export function maxError(
  grid: ArrayLike<number>,
  learned: ArrayLike<number>,
  exact: ArrayLike<number>,
  bound = 0.8,
): { error: number; at: number } {
  requireShape(grid, learned);
  requireShape(grid, exact);
  let error = -1;
  let at = Number.NaN;
  for (let i = 0; i < grid.length; i++) {
    if (Math.abs(grid[i]) > bound) continue;
    const distance = Math.abs(learned[i] - exact[i]);
    // A NaN must win, not vanish in a comparison.
    if (!(distance <= error)) {
      error = distance;
      at = grid[i];
      if (Number.isNaN(error)) break;
    }
  }
  if (error < 0) throw new InputError(`no grid point lies in -${bound} … ${bound}`);
  return { error, at };
}

/**
 * √(Σ w (learned − exact)² / Σ w exact²), dimensionless. `weights`: equal by default (plain L2 on an even grid), or a law on
 * the grid, such as the stationary one, to weigh each state by how often it is visited.
 */
export function relativeL2(learned: ArrayLike<number>, exact: ArrayLike<number>, weights?: ArrayLike<number>): number {
  requireShape(learned, exact);
  if (weights) requireShape(weights, exact);
  let distance = 0;
  let norm = 0;
  for (let i = 0; i < exact.length; i++) {
    const w = weights ? weights[i] : 1;
    distance += w * (learned[i] - exact[i]) ** 2;
    norm += w * exact[i] ** 2;
  }
  if (!(norm > 0)) throw new InputError("the exact function is zero wherever there is weight: no relative error");
  return Math.sqrt(distance / norm);
}

function requireShape(a: ArrayLike<number>, b: ArrayLike<number>): void {
  if (a.length !== b.length || a.length === 0) {
    throw new InputError(`${a.length} and ${b.length} values: a function error needs the same grid, not empty`);
  }
}
