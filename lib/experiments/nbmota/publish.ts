// What a NbMoTa run leaves behind.
import compact from "../../../data/nbmota/compact.json";
import fidelity from "../../../data/nbmota/fidelity.json";
import paper from "../../../data/nbmota-paper.json";
import { histogram } from "../../analysis/density.ts";
import { type Ensemble, momentsOf } from "../../analysis/ensemble.ts";
import { average, errorOfStd } from "../../analysis/mean.ts";
import { formatSetting } from "../../report/number.ts";
import { type Finished, publish } from "../../run/publish.ts";
import type { Run } from "../../run/run-folder.ts";
import { around, type Estimate, overSeeds, single } from "../../run/seeds.ts";
import { PAIR_NAMES, siteCount } from "../../systems/nbmota/states.ts";
import { COORDINATES } from "../../systems/nbmota.ts";
import { type Annealed, relaxationsWaited } from "./annealing.ts";
import { unitJumps } from "./clock.ts";
import { costsOf } from "./costs.ts";
import type { CourseLaw, NbMoTaReportData } from "./data.ts";
import type { Fidelity, Measured } from "./fidelity.ts";
import { nbmotaLive } from "./live.ts";
import {
  equilibriumGroups,
  errorsOf,
  exponentsOf,
  floorOf,
  lateStd,
  MAIN,
  methodsOf,
  type NbMoTaStudy,
  nbmotaEnd,
  nbmotaMetrics,
  nbmotaTables,
  nbmotaVerdict,
  orderOf,
  relaxations,
  rootMeanSquare,
  stdRatioOver,
  TATA,
} from "./metrics.ts";
import { orderingPictures } from "./pictures.ts";
import { annealingPlan, comparesUpsampling, RELAXATION } from "./plan.ts";
import { nbmotaReport } from "./report.ts";

const MOTA = PAIR_NAMES.indexOf("MoTa");
/** Bins of the densities of barriers, and of affinities, of which there are fewer. */
const BINS = { barriers: 50, affinities: 15 };
/** Temperatures whose barriers are drawn, at most. */
const SHOWN = 4;

/** Finishes the run. `stages`: lattices at every temperature, for pictures. */
export function publishNbMoTa(run: Run, study: NbMoTaStudy, stages: readonly Annealed[]): Promise<void> {
  return publish(run, {
    tables: nbmotaTables(study),
    metrics: (seconds) => nbmotaMetrics(study, seconds),
    verdict: nbmotaVerdict(study),
    endTable: (metrics) =>
      nbmotaEnd(metrics, {
        methods: equilibriumGroups(study).map(([{ method }]) => method),
        temperatures: study.truth.map(({ temperature }) => temperature),
      }),
    report: (done) => nbmotaReport({ ...done, ...nbmotaFigures(study), pictures: orderingPictures(stages, run.seed) }),
  });
}

function nbmotaFigures(study: NbMoTaStudy): Omit<NbMoTaReportData, keyof Finished | "pictures"> {
  const { p, outcomes, truth, courses, surroundings, times, unit } = study;
  const groups = equilibriumGroups(study);
  const [first] = outcomes;
  const way = relaxations(study);
  const compared = (way[0]?.courses ?? []).filter(({ diagnostics }) => diagnostics);
  const temperatures = p.temperatures.toSorted((a, b) => a - b);
  const ascending = times.toSorted((a, b) => a.temperature - b.temperature);
  return {
    barriers: study.barriers,
    temperatures,
    T: p.T,
    coordinates: p.coordinates,
    cells: p.cells,
    upsampling: p.upsampling,
    order: PAIR_NAMES.map((pair, j) => ({
      pair,
      ...orderOf(study, j),
      paper: paper.temperatures.flatMap((temperature, k) =>
        temperature >= temperatures[0] - 100 ? [{ temperature, value: paper.order[pair][k] }] : [],
      ),
    })),
    errors: groups.map((group) => ({ method: group[0].method, points: errorsOf(study, group) })),
    floor: truth
      .toSorted((a, b) => a.temperature - b.temperature)
      .map((one) => ({ temperature: one.temperature, value: floorOf(one) })),
    stdRatio: stdRatioOver(study),
    methods: methodsOf(study),
    upsamplingLeftOut: p.studies === "all" && !comparesUpsampling(p),
    courses: (way[0]?.courses ?? []).map(({ side, order }) => ({
      side,
      atoms: siteCount(side),
      times: Array.from(order.times, (time) => time * unit),
      learned: tantalum(order),
      direct: courses.flatMap((one) => (one.side === side ? [tantalum(one.order)] : []))[0] ?? null,
    })),
    variables: COORDINATES[p.coordinates].map((pair) => `δ ${PAIR_NAMES[pair]}`),
    // The smallest size that is simulated directly stands for the others in the figures.
    diagnostics: compared
      .slice(0, 1)
      .flatMap(({ diagnostics }) => (diagnostics ? [{ method: MAIN, patch: 1, diagnostics }] : [])),
    diagnosedAtoms: compared.length > 0 ? siteCount(compared[0].side) : Number.NaN,
    closureTests: compared.flatMap(({ side, closed }) =>
      closed ? [{ name: `${formatSetting(siteCount(side))} atoms`, ...closed }] : [],
    ),
    spread: spreads(study, way),
    exponents: exponentsOf(study),
    potentials: outcomes
      .filter(({ seed, method }) => seed === first.seed && (method === MAIN || method === "onsager"))
      .flatMap(({ method, potentials }) => (potentials.length > 0 ? [{ method, curves: [...potentials] }] : [])),
    surroundings: surroundings.flatMap(({ temperature, kinds }) => {
      return kinds.map(({ name, rate, error, shift, shiftError, lattices, distance, floor, order, sameOrder }, k) => ({
        temperature,
        kind: name,
        rate: around(rate, error, lattices),
        shift: k === 0 ? single(Number.NaN) : around(shift, shiftError, lattices),
        distance: k === 0 ? Number.NaN : distance,
        floor: k === 0 ? floor : Number.NaN,
        orderError: k === 0 ? Number.NaN : average(order.map((x, j) => Math.abs(x - sameOrder[j]))),
      }));
    }),
    barrierLaws: spacedOut(surroundings).flatMap(({ temperature, kinds }) =>
      kinds.map(({ name, barriers }) => {
        const { centres, density } = histogram(barriers, 0, 2.5, BINS.barriers);
        return { temperature, name, barrier: Array.from(centres), density: Array.from(density) };
      }),
    ),
    affinities: surroundings.map(({ temperature, affinities }) => {
      const rms = rootMeanSquare(affinities);
      const { centres, density } = histogram(affinities, -4 * rms, 4 * rms, BINS.affinities);
      return { temperature, affinity: Array.from(centres), density: Array.from(density), rms };
    }),
    distilled: distilledModels(),
    fidelity: measuredFidelity(),
    clock: ascending.map(({ temperature, jumpTime, unit }) => ({
      temperature,
      jumpTime,
      unit,
      jumps: unitJumps(temperature),
      waited: relaxationsWaited(annealingPlan(p), temperature),
      compared: temperature >= p.trueFrom,
    })),
    degrees: outcomes.flatMap(({ seed, method, choice }) =>
      seed === first.seed && method === RELAXATION && choice
        ? [{ method: "increment", patch: 8, ...choice } as const]
        : [],
    ),
    costs: costsOf(p),
    live: nbmotaLive(study),
  };
}

/** What was measured when the compact model was made. */
function distilledModels(): NbMoTaReportData["distilled"] {
  const { sizes, settings, meanAbsoluteError_eV, jumpsPerSecond, losses, lossesOf } = compact;
  const { rank, hidden } = settings;
  const error = 1000 * average(Object.values(meanAbsoluteError_eV.unseen));
  return {
    sizes: sizes.map((one) => ({ ...one, error: 1000 * one.meanAbsoluteError_eV })),
    passes: sizes[0]?.passes ?? Number.NaN,
    shipped: { rank, hidden, error, jumpsPerSecond: jumpsPerSecond.compact },
    network: jumpsPerSecond.network,
    training: { step: losses.map(({ step }) => step), loss: losses.map(({ loss }) => loss), of: lossesOf },
  };
}

/** What scripts/nbmota-fidelity.ts measured, from cold to hot. */
function measuredFidelity(): NbMoTaReportData["fidelity"] {
  const measured: readonly Fidelity[] = fidelity.temperatures;
  return measured
    .toSorted((a, b) => a.temperature - b.temperature)
    .map(({ temperature, waited, network, compact, deviation }) => {
      const of = ({ mean, error }: Measured) => around(mean, error, fidelity.settings.replicas);
      const [ours, theirs] = [compact.jumpTime, network.jumpTime];
      const ratio = ours.mean / theirs.mean;
      const relative = Math.hypot(ours.error / ours.mean, theirs.error / theirs.mean);
      return {
        temperature,
        waited,
        network: of(network.order[MOTA]),
        compact: of(compact.order[MOTA]),
        deviation,
        jumpTimes: around(ratio, ratio * relative, fidelity.settings.replicas),
      };
    });
}

/** Mean and standard deviation of δ_TaTa over the runs. */
function tantalum(order: Ensemble): CourseLaw {
  const [{ mean, std }] = momentsOf(order);
  const column = (values: ArrayLike<number>) => Array.from(order.times, (_, t) => values[t * order.d + TATA]);
  return { mean: column(mean), std: column(std), runs: order.runs };
}

function spreads({ courses, p }: NbMoTaStudy, group: NbMoTaStudy["outcomes"]): NbMoTaReportData["spread"] {
  const sizes = group[0]?.courses.map(({ side }) => side) ?? [];
  const learned = sizes.map((side): Estimate => {
    const own = group.flatMap(({ courses }) => courses.filter((one) => one.side === side));
    return overSeeds(own.map(({ order }) => lateStd(order)));
  });
  const direct = courses.map(({ order }) => {
    const std = lateStd(order);
    return around(std, std * errorOfStd(order.runs));
  });
  const list: NbMoTaReportData["spread"] = [];
  const add = (name: "learned" | "direct", sides: readonly number[], values: readonly Estimate[]) =>
    list.push({
      name,
      atoms: sides.map(siteCount),
      std: values.map(({ value }) => value),
      low: values.map(({ low }) => low),
      high: values.map(({ high }) => high),
    });
  if (learned.length > 0) add("learned", sizes, learned);
  if (direct.length > 0)
    add(
      "direct",
      courses.map(({ side }) => side),
      direct,
    );
  const { temperature, atoms, std } = paper.spread;
  if (p.T === temperature) list.push({ name: "paper", atoms, std });
  return list;
}

/** At most so many of a list, evenly, with both ends. */
function spacedOut<T>(list: readonly T[]): T[] {
  if (list.length <= SHOWN) return [...list];
  return Array.from({ length: SHOWN }, (_, k) => list[Math.round((k * (list.length - 1)) / (SHOWN - 1))]);
}
