// Least squares for tests of what closures have learned to see.
import { lusolve } from "mathjs";
import { mean } from "../../numbers.ts";

/** Share of the variance of `y` in the rows `isJudged` that least squares on the columns, fitted to the rows `isFitted`, explains. */
export function explained(
  columns: number[][],
  y: number[],
  isJudged: (row: number) => boolean = () => true,
  isFitted: (row: number) => boolean = () => true,
): number {
  const rows = y.map((_, k) => k);
  const [fit, judge] = [rows.filter(isFitted), rows.filter(isJudged)];
  const normalMatrix = columns.map((a) => columns.map((b) => fit.reduce((sum, k) => sum + a[k] * b[k], 0)));
  const right = columns.map((a) => fit.reduce((sum, k) => sum + a[k] * y[k], 0));
  const solution = (lusolve(normalMatrix, right) as number[][]).map(([x]) => x);
  const center = mean(judge.map((k) => y[k]));
  const predicted = (k: number) => columns.reduce((sum, a, j) => sum + solution[j] * a[k], 0);
  const residual = judge.reduce((sum, k) => sum + (y[k] - predicted(k)) ** 2, 0);
  return 1 - residual / judge.reduce((sum, k) => sum + (y[k] - center) ** 2, 0);
}

/** Columns of all monomials up to degree two. */
export function quadratic(columns: number[][]): number[][] {
  const all = [columns[0].map(() => 1), ...columns];
  return all.flatMap((a, j) => all.slice(j).map((b) => a.map((x, k) => x * b[k])));
}
