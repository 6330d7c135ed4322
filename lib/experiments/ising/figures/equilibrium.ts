/** The magnetization in equilibrium. */
import { againstSetting, bySource } from "../../../report/figures/settings.ts";
import { type Html, html } from "../../../report/html.ts";
import type { IsingReportData as Data } from "../data.ts";

/** Of the learned equations at every patch side, beside direct simulation and the exact value. */
export function equilibrium({ equilibrium: found, field, side }: Data): Html | false {
  if (!found || found.learned.length === 0) return false;
  const { learned, direct, exact } = found;
  const quantity = field === 0 ? "|m|" : "m";
  return againstSetting(
    {
      id: "equilibrium-m",
      title: "Magnetization in equilibrium",
      caption: html`Mean of ${quantity} on lattices of ${side} × ${side} spins, of long trajectories of the equation of each patch side, and of lattices in equilibrium (“simulated”, in its 95 % interval)${
        exact === null
          ? "; there is no exact value for a lattice of this size"
          : ", with the exact value of the infinite lattice, which one of this size has to within 1 in a thousand"
      }. Bars are 95 % intervals, of equations from their runs and training data; they should reach the lines but for what z leaves open of its own future, in the ordered phase a few parts in 10⁴ of m.`,
      alt: "Magnetization in equilibrium of the learned equations against patch side, with that of lattices",
      x: { label: "patch side ℓ [spins]", log: 2 },
      y: { label: `mean of ${quantity}` },
    },
    [
      {
        series: bySource(learned.map(({ method, patch, mean }) => ({ source: method, at: patch, ...mean }))),
        levels: [
          ...(direct ? [{ value: direct.value, low: direct.low, high: direct.high, label: "simulated" }] : []),
          ...(exact === null ? [] : [{ value: exact, label: "exact" }]),
        ],
      },
    ],
  );
}
