// The truth of the critical Ising experiment: lattices in equilibrium by flips of clusters, and correlation times of Glauber dynamics.
import { type Critical, jackknifed, magnetizationMoments, type Uncertain } from "../../analysis/finite-size.ts";
import type { Gpu } from "../../gpu/device.ts";
import { jsonFormat } from "../../io/format.ts";
import { stream } from "../../random/stream.ts";
import { metricNumber } from "../../run/result.ts";
import type { Run } from "../../run/run-folder.ts";
import { Ising } from "../../systems/ising.ts";
import { equilibrated } from "./equilibrium.ts";
import type { CriticalOptions } from "./parameters.ts";

/** Above this side there are fewer lattices. */
const MANY_UP_TO = 64;
const LEAST_LATTICES = 64;

interface Point {
  readonly side: number;
  readonly temperature: number;
}

export interface CriticalTruth extends Point {
  readonly quantities: Critical<Uncertain>;
  /** (m, ρ) of every lattice at the last look, `[lattices, 2]`. */
  readonly states: readonly number[];
}

function trueLatticesOf({ trueLattices }: Pick<CriticalOptions, "trueLattices">, side: number): number {
  return Math.min(trueLattices, Math.max(LEAST_LATTICES, Math.round((trueLattices * MANY_UP_TO) / side)));
}

/** Moments of |m| by cluster flips (U. Wolff 1989), with jackknife errors over lattices. */
export async function simulateTruth(
  gpu: Gpu,
  p: CriticalOptions,
  { side, temperature }: Point,
  seed: number,
): Promise<CriticalTruth> {
  const count = trueLatticesOf(p, side);
  const system = new Ising(gpu, { temperature, field: 0, patchSide: side });
  const at = (what: string, step = 0) => stream(seed, `truth/${what}/${side}/${temperature}`, step);
  const states = await equilibrated(system, { count, side, temperature }, at("start"), at("equilibrium"));
  const looks: Float32Array[] = [];
  try {
    for (let look = 0; look < p.trueLooks; look++) {
      await system.flipClusters(states, p.clusters, at("look", look));
      looks.push(await system.observe(states));
    }
  } finally {
    states.destroy();
  }
  // Of every lattice over its looks: lattices are independent of each other.
  const samples = Array.from({ length: count }, (_, r) => magnetizationMoments(looks.map((rows) => rows[2 * r])));
  return {
    side,
    temperature,
    quantities: jackknifed(samples, side ** 2, temperature),
    states: Array.from(looks[looks.length - 1]),
  };
}

const TRUTH = jsonFormat<CriticalTruth>("truth");

/** The truth at a size and temperature, kept in the run. */
export function trueQuantities(
  run: Run,
  gpu: Gpu,
  p: CriticalOptions,
  point: Point,
  seed: number,
): Promise<CriticalTruth> {
  const name = `truth/side${point.side}-t${metricNumber(point.temperature).replace("_", "-")}`;
  return run.phase("direct simulation", () => run.keep(name, TRUTH, () => simulateTruth(gpu, p, point, seed)));
}
