// Stationary laws of two-variable equations on a grid, against laws that are known in closed form.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { gridPoints, type PlanarGrid, stationaryLaw } from "../../lib/analysis/stationary-law.ts";

setDefaultTimeout(60_000);

type Field = (x: number, y: number) => { drift: [number, number]; diffusion: [number, number, number] };

function lawOf(grid: PlanarGrid, field: Field) {
  const points = gridPoints(grid);
  const rows = Array.from({ length: points.length / 2 }, (_, k) => field(points[2 * k], points[2 * k + 1]));
  const drift = rows.flatMap((row) => row.drift);
  const diffusion = rows.flatMap(({ diffusion: [xx, xy, yy] }) => [xx, xy, xy, yy]);
  return stationaryLaw(grid, drift, diffusion);
}

const FLAT = () => [0, 0, 0] as const;
const axis = (reach: number, cells: number) => ({ low: -reach, high: reach, cells });

describe("a linear equation with correlated noise", () => {
  // dz = −A z dt + σ dW: A S + S Aᵀ = σσᵀ for the covariance S, and the correlation time of z_j from S⁻¹-weighted A⁻¹ S.
  const A = [
    [1, 0.4],
    [-0.3, 2],
  ];
  const S = [
    [1, 0.3],
    [0.3, 0.5],
  ];
  const product = (P: number[][], Q: number[][]) =>
    [0, 1].map((i) => [0, 1].map((j) => P[i][0] * Q[0][j] + P[i][1] * Q[1][j]));
  const AS = product(A, S);
  const D = [0, 1].map((i) => [0, 1].map((j) => AS[i][j] + AS[j][i]));
  const field: Field = (x, y) => ({
    drift: [-(A[0][0] * x + A[0][1] * y), -(A[1][0] * x + A[1][1] * y)],
    diffusion: [D[0][0], D[0][1], D[1][1]],
  });

  test("has its covariance and correlation times, with errors of second order in the width of the cells", () => {
    const determinant = A[0][0] * A[1][1] - A[0][1] * A[1][0];
    const inverse = [
      [A[1][1] / determinant, -A[0][1] / determinant],
      [-A[1][0] / determinant, A[0][0] / determinant],
    ];
    // ∫ ⟨z(t) zᵀ(0)⟩ dt = A⁻¹ S.
    const integral = product(inverse, S);
    const errors = [20, 40].map((cells) => {
      const law = lawOf({ x: axis(6, 2 * cells), y: axis(4.2, cells), ridge: FLAT }, field);
      expect(law.probability.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
      return [
        law.mean((x) => x * x) / S[0][0] - 1,
        law.mean((x, y) => x * y) / S[0][1] - 1,
        law.mean((_, y) => y * y) / S[1][1] - 1,
        law.correlationTime((x) => x) / (integral[0][0] / S[0][0]) - 1,
        law.correlationTime((_, y) => y) / (integral[1][1] / S[1][1]) - 1,
      ].map(Math.abs);
    });
    for (const [k, error] of errors[1].entries()) {
      expect(error).toBeLessThan(0.01);
      expect(error).toBeLessThan(Math.max(0.35 * errors[0][k], 1e-4));
    }
  });
});

describe("a double well along a curve", () => {
  // p ∝ exp(−V(x) − (y − r(x))²/2s²), dx = −½ D V′ dt + √D dW: two wells at ±1 and a narrow ridge that bends.
  const [s2, D, rate] = [0.0025, 0.2, 1];
  const height = 2;
  const slope = (x: number) => 4 * height * x * (x * x - 1);
  const ridge = (x: number) => [0.3 * x * x, 0.6 * x, 0.6] as const;
  const field: Field = (x, y) => {
    const [r, r1, r2] = ridge(x);
    const f = -0.5 * D * slope(x);
    return {
      drift: [f, r1 * f + 0.5 * r2 * D - rate * (y - r)],
      diffusion: [D, r1 * D, r1 * r1 * D + 2 * rate * s2],
    };
  };

  test("has the weights of its wells and passes between them in the time that one dimension says", () => {
    const law = lawOf({ x: axis(2, 100), y: axis(0.25, 20), ridge }, field);
    const fine = Array.from({ length: 4000 }, (_, k) => -2 + (4 * (k + 0.5)) / 4000);
    const weight = fine.map((x) => Math.exp(-height * (x * x - 1) ** 2));
    const total = weight.reduce((a, b) => a + b, 0);
    const mean = (g: (x: number) => number) => fine.reduce((sum, x, k) => sum + (g(x) * weight[k]) / total, 0);
    expect(law.mean((x) => Math.abs(x))).toBeCloseTo(mean(Math.abs), 3);
    expect(law.mean((x) => x ** 4) / mean((x) => x ** 4)).toBeCloseTo(1, 2);
    expect(law.mean((x, y) => (y - ridge(x)[0]) ** 2) / s2).toBeCloseTo(1, 2);
    expect(law.edge).toBeLessThan(1e-4);
    expect(law.negative).toBeLessThan(1e-6);
    // ∫ C dt = ∫ 2/(D p) (∫_x^∞ x' p)² dx.
    const step = 4 / 4000;
    let above = 0;
    let time = 0;
    for (let k = fine.length - 1; k >= 0; k--) {
      above += (fine[k] * weight[k]) / total;
      time += ((2 / D) * step * above ** 2) / (weight[k] / total / step);
    }
    expect(law.correlationTime((x) => x) / (time / mean((x) => x * x))).toBeCloseTo(1, 2);
  });

  test("the same without following the ridge needs more cells, and says where it is cut off", () => {
    const flat = lawOf({ x: axis(1.7, 56), y: { low: -0.2, high: 1.1, cells: 70 }, ridge: FLAT }, field);
    const bent = lawOf({ x: axis(1.7, 56), y: axis(0.25, 20), ridge }, field);
    expect(flat.mean((x) => x * x)).toBeCloseTo(
      bent.mean((x) => x * x),
      2,
    );
    const cut = lawOf({ x: axis(1, 40), y: axis(0.25, 20), ridge }, field);
    expect(cut.edge).toBeGreaterThan(0.005);
  });
});
