import { type Comparison, comparisonTable } from "../../report/figures/comparison.ts";
import type { MeanStd } from "../../report/figures/mean-std.ts";
import type { Method } from "../../report/figures/methods.ts";
import { type Html, html } from "../../report/html.ts";
import { formatNumber, formatSetting, formatWithInterval } from "../../report/number.ts";
import { page, type Section } from "../../report/page.ts";
import { CREDITS, provenance } from "../../report/provenance.ts";
import { thumbnail } from "../../report/thumbnail.ts";
import type { RunResult } from "../../run/result.ts";
import * as figures from "./figures.ts";

/** Mean and 95 % interval over seeds at every point of a grid; one seed alone has low = high = mean. */
export interface Band {
  mean: number[];
  low: number[];
  high: number[];
}

/** All that the report shows. Times in sweeps; `patch` is a side; diffusion is n σ²(m), of order one at every n. */
export interface CurieWeissReportData {
  result: RunResult;
  /** Side of the large lattice; default: the parameter `side` of the run, else the largest side that occurs. */
  side?: number;
  /** Magnetizations at which drift and diffusion are given. */
  grid: number[];
  exact: { drift: number[]; diffusion: number[] };
  learned: { method: Method; patch: number; drift: Band; diffusion: Band }[];
  trajectories: {
    m0: number;
    times: number[];
    exact: MeanStd;
    predicted: (MeanStd & { method: Method; patch: number })[];
  }[];
  stationary: { m: number[]; exact: number[]; predicted: { method: Method; patch: number; density: number[] }[] };
  /** Relative squared errors of mean trajectories, with 95 % intervals. */
  errors: { source: Method | "paper" | "paper-naive"; patch: number; value: number; low: number; high: number }[];
  /** What a perfect model would score at the number of runs used. */
  floor: number;
  /** Where the paper's errors come from, one sentence for the caption. */
  paperNote?: string;
  /** Variance of the patch magnetization, upsampled over true, after relaxation. */
  upsampling: { patch: number; level: number; side: number; varianceRatio: number; low: number; high: number }[];
  pictures: { title: string; side: number; spins: Uint8Array }[];
  comparison: (Comparison & { patch: number | null })[];
  /** The command that repeats the run; default: experiment, profile and seed. */
  command?: string;
}

/** A longer comparison stands at the end, and only its main rows in the summary: our method at the smallest patch. */
const SHORT_TABLE = 10;
const BASELINES = /\b(increment|naive|small)\b/;

/** The key numbers in two or three sentences: our error from the smallest patch beside the paper's and the floor. */
function headline(data: CurieWeissReportData, side: number): Html | null {
  const measured = data.errors.filter((error) => Number.isFinite(error.value)).sort((a, b) => a.patch - b.patch);
  const best =
    measured.find((error) => error.source === "compensator") ?? measured.find((error) => error.source === "increment");
  if (!best) return null;
  const other = (source: string) => {
    const found = data.errors.find((error) => error.source === source && error.patch === best.patch);
    return found && Number.isFinite(found.value) ? formatNumber(found.value, 2) : null;
  };
  const [paper, naive] = [other("paper"), other("naive")];
  const share = (side / best.patch) ** 2;
  return html`Learned from patches of ${best.patch} × ${best.patch} spins${share > 1 && `, 1/${formatSetting(share)} of the lattice`}, the stochastic
equation predicts the mean magnetization of the ${side} × ${side} system with a relative squared error of
<strong>${formatWithInterval(best.value, best.low, best.high)}</strong>${paper && html`; the paper’s model scores <strong>${paper}</strong>`}${
    naive && html`, naive training on the same patches <strong>${naive}</strong>`
  }. A perfect model would score ${formatNumber(data.floor, 2)}.`;
}

function sections(data: CurieWeissReportData, side: number): Section[] {
  const smallest = Math.min(...data.learned.map((one) => one.patch));
  const long = data.comparison.length > SHORT_TABLE;
  const main = (row: Comparison) => (row.patch == null || row.patch === smallest) && !BASELINES.test(row.quantity);
  const short = long ? data.comparison.filter(main) : data.comparison;
  const lead = headline(data, side);
  return [
    {
      id: "summary",
      title: "Summary",
      body: html`${lead && html`<p class="lead">${lead}</p>`}
${comparisonTable(short, long ? "The main numbers; the last table has all of them." : "Paper, exact theory and this run.")}
${figures.errors(data)}`,
    },
    {
      id: "equation",
      title: "The learned equation",
      body: html`<p>The method learns d<i>m</i> = <i>f</i>(<i>m</i>) d<i>t</i> + <i>σ</i>(<i>m</i>) d<i>W</i>. Here both functions are known exactly at the
finite size <i>n</i> = ${side}² = ${side * side}, so they can be compared point by point.</p>
${figures.drift(data)}${figures.driftResidual(data)}${figures.diffusion(data)}${figures.diffusionResidual(data)}`,
    },
    {
      id: "trajectories",
      title: "Predicted trajectories",
      body: html`<p>Runs of the learned equation from several initial magnetizations, beside the exact moments of the finite birth–death chain. Time is
physical: one unit is one attempted flip per spin, on the average.</p>
${figures.fans(data)}${figures.meanByPatch(data)}${figures.stdByPatch(data)}${figures.meanByMethod(data, smallest)}`,
    },
    { id: "stationary", title: "Stationary law", body: figures.stationary(data) },
    {
      id: "upsampling",
      title: "Upsampled states",
      body: data.upsampling.length + data.pictures.length > 0 && [figures.upsampling(data), figures.snapshots(data)],
    },
    {
      id: "comparison",
      title: "All numbers",
      body: long && comparisonTable(data.comparison, "Paper, exact theory and this run."),
    },
    provenance(data.result, data.command),
  ].filter((section) => section.body !== false);
}

/** The Curie–Weiss report as one HTML document. Missing numbers (NaN, empty lists) leave gaps, they do not throw. */
export function curieWeissReport(data: CurieWeissReportData): string {
  const { result, learned, pictures } = data;
  const given = data.side ?? result.parameters.side;
  const sides = [...learned.map((one) => one.patch), ...pictures.map((picture) => picture.side)];
  const side = typeof given === "number" ? given : Math.max(1, ...sides);
  const smallest = Math.min(...data.learned.map((one) => one.patch));
  const curves = data.trajectories.flatMap(({ times, exact, predicted }) => {
    const ours = predicted.find((one) => one.method === "compensator" && one.patch === smallest);
    return [{ x: times, y: exact.mean }, ...(ours ? [{ x: times, y: ours.mean, bold: true }] : [])];
  });
  return page({
    title: "Curie–Weiss model: macroscopic dynamics learned from patches",
    subtitle: html`Mean-field Glauber dynamics of ${side}² spins · profile ${result.profile}, seed ${result.seed} · ${result.adapter.name}`,
    description:
      headline(data, side)
        ?.toString()
        .replace(/<[^>]*>/g, "")
        .replace(/\s+/g, " ") ?? "Curie–Weiss model",
    sections: sections(data, side),
    thumbnail: thumbnail(curves),
    footer: CREDITS,
  });
}
