// The equation that the page of a run integrates: that over all temperatures, at each of them, in order parameters.
import type { SdeModel } from "../../method/sde/model.ts";
import { html } from "../../report/html.ts";
import { isLive, type LiveEquation, liveSection } from "../../report/live-equation.ts";
import { formatNumber, formatSetting } from "../../report/number.ts";
import { PAIR_NAMES, siteCount } from "../../systems/nbmota/states.ts";
import { COORDINATES, PATCH_CELLS } from "../../systems/nbmota.ts";
import { orderScale } from "./clock.ts";
import type { NbMoTaReportData } from "./data.ts";
import { MAIN, type NbMoTaStudy } from "./metrics.ts";
import { equationAt } from "./scores.ts";

/** The equation of z in units that are 1/`factor` of its own. */
function inUnits(model: SdeModel, factor: number): SdeModel {
  const { drift, diffusion, hull, center, spread } = model;
  if (drift.kind !== "polynomial" || diffusion.kind !== "polynomial") return model;
  const times = (values: Float64Array, by: number) => values.map((x) => by * x);
  const chart = { ...drift.chart, frame: times(drift.chart.frame, 1 / factor) };
  return {
    ...model,
    center: center.map((x) => factor * x),
    spread: spread.map((x) => factor * x),
    drift: { ...drift, chart, coefficients: times(drift.coefficients, factor), slope: times(drift.slope, factor) },
    diffusion: {
      ...diffusion,
      chart: { ...diffusion.chart, frame: times(diffusion.chart.frame, 1 / factor) },
      coefficients: times(diffusion.coefficients, factor ** 2),
      floor: times(diffusion.floor, factor ** 2),
    },
    hull: { ...hull, center: times(hull.center, factor), spread: times(hull.spread, factor) },
  };
}

/** null where the equation is one of networks, or its trajectories do not stay finite. */
export function nbmotaLive({ p, outcomes, truth, times, unit }: NbMoTaStudy): LiveEquation | null {
  const first = outcomes.find(({ method }) => method === MAIN);
  const model = first?.model;
  const range = model?.about?.range;
  const known = (first?.equilibria ?? []).flatMap((one) => one ?? []);
  if (!model || !range || known.length < p.temperatures.length) return null;
  const pairs = COORDINATES[p.coordinates];
  const ascending = known.toSorted((a, b) => a.temperature - b.temperature);
  const equations = ascending.map(({ temperature, dt }) => {
    const seconds = times.find((one) => one.temperature === temperature)?.unit ?? unit;
    const exact = truth.find((one) => one.temperature === temperature);
    return {
      model: inUnits(equationAt(p, model, temperature, PATCH_CELLS, p.cells), 1 / orderScale(temperature)),
      dt,
      scheme: "heun" as const,
      value: temperature,
      note: `The unit of time is ${formatNumber(seconds, 2)} s at ${formatSetting(temperature)} K.`,
      late: exact && pairs.map((pair) => ({ mean: exact.mean[pair], std: exact.std[pair] })),
    };
  });
  if (!equations.every(({ model }) => isLive(model))) return null;
  const [coldest] = ascending;
  const widest = 1 / orderScale(coldest.temperature);
  // Hot lattices that order.
  const at = p.temperatures.includes(p.T) ? p.T : coldest.temperature;
  return {
    equations,
    setting: { symbol: "T", unit: "K", at },
    variables: pairs.map((pair, j) => ({
      symbol: `δ ${PAIR_NAMES[pair]}`,
      name: `short-range order of ${PAIR_NAMES[pair]}`,
      low: widest * range[j][0],
      high: widest * range[j][1],
    })),
    size: { value: siteCount(PATCH_CELLS), what: "atoms" },
    horizon: p.horizon,
    time: "time [units]",
    starts: ascending.toReversed().map(({ temperature, mean }) => ({
      title: `equilibrium of ${formatSetting(temperature)} K`,
      z: pairs.map((pair) => mean[pair]),
    })),
    seed: first.seed,
  };
}

/** The section of the report. */
export const liveEquation = ({ live }: Pick<NbMoTaReportData, "live">) =>
  liveSection(
    live,
    html`<p>Here your browser integrates the equation of the order parameters, 200 lattices at once, at the temperature that you choose: order that was in equilibrium at one temperature relaxes to that of another. Direct simulation in equilibrium stands behind in grey, mean and spread of lattices of ${formatSetting(siteCount(PATCH_CELLS))} atoms. More atoms change nothing but the noise: four times as many halve the spread.</p>`,
  );
