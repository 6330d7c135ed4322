// What a fit leaves behind: metrics, verdict, tables and the report.
import { table } from "arquero";
import { ensembleMoments } from "../../analysis/trajectory-error.ts";
import { formula } from "../../method/sde/formula.ts";
import { chosenDegree } from "../../method/sde/model.ts";
import { shareIndefinite } from "../../method/sde/polynomial/diffusion.ts";
import { formatSetting } from "../../report/number.ts";
import { type EndTable, endTable } from "../../run/end-table.ts";
import { publish } from "../../run/publish.ts";
import { metricName, metricNumber } from "../../run/result.ts";
import type { Run } from "../../run/run-folder.ts";
import { around, metricSet } from "../../run/seeds.ts";
import { type Verdict, verdictOf, type Watched } from "../../run/verdict.ts";
import { fitReport } from "./report.ts";
import type { FitResult } from "./result.ts";
import { equationTable, fieldsTable, predictionTable } from "./tables.ts";

/** Residuals further from what they should be than this, in standard errors and in size, are said; and what is open of the fields, as a part of them. */
const DOUBTS = { errors: 5, noise: 4, variance: 0.1, correlation: 0.05, kurtosis: 1, order: 0.05, negative: 0.001 };

/** Part of the name of a metric. */
const part = (name: string) => name.replace(/[^A-Za-z0-9]+/g, "_").replace(/^_+|_+$/g, "") || "x";

function fitMetrics(result: FitResult, seconds: number) {
  const { data, equation, tests, heldOut, writings } = result;
  const { metrics, put } = metricSet();
  const names = data.variables.map(({ name }) => name);
  put("changes.data.all", around(equation.data.cohort.length, 0));
  const degree = chosenDegree(equation.model);
  if (degree) put("degree.drift.all", around(degree.degree, 0));
  if (heldOut) put("gain.held-out.all", around(heldOut.gain, heldOut.error), { unit: "nat" });
  for (const [j, test] of (tests ?? []).entries()) {
    put(metricName("residual-mean", "equation", part(names[j])), around(test.mean, test.errors.mean));
    put(metricName("residual-variance", "equation", part(names[j])), around(test.variance, test.errors.variance));
    put(
      metricName("pit-chi2", "equation", part(names[j])),
      around(test.chi2 / test.freedom, Math.sqrt(2 / test.freedom)),
    );
    if (test.correlation !== null)
      put(
        metricName("residual-correlation", "equation", part(names[j])),
        around(test.correlation, test.errors.correlation),
      );
  }
  if (equation.scatter) {
    const { share, error } = equation.scatter;
    put("scatter.patches.all", around(share, error));
  }
  for (const one of writings) {
    for (const { of, powers, value, low, high } of one.coefficients) {
      const term = powers.every((k) => k === 0)
        ? "1"
        : powers.flatMap((k, j) => (k > 0 ? [`${part(names[j])}${k > 1 ? `-${k}` : ""}`] : [])).join("_");
      const at =
        one.condition.length > 0 ? [`at${one.condition.map(metricNumber).join("_").replaceAll("-", "m")}`] : [];
      put(metricName(part(of), term, ...at), { value, low, high });
    }
  }
  put("seconds.total.all", around(seconds, 0), { unit: "s" });
  return metrics;
}

/** What is said before the numbers. */
function verdict({ predictions, tests, data, equation }: FitResult): Verdict {
  const names = data.variables.map(({ name }) => name);
  const watched: Watched[] = predictions.map((one, k) => ({
    name: `the equation from start ${k + 1}`,
    guards: one?.guards ?? null,
  }));
  const doubts = (tests ?? []).flatMap((test, j) => {
    const off = (value: number, right: number, error: number, size: number) =>
      Math.abs(value - right) > Math.max(size, DOUBTS.errors * error);
    const said: string[] = [];
    // Noise of measurement counts twice in a change: what it adds to σσᵀ is −2 of this correlation.
    const noisy = test.correlation !== null && test.correlation < -DOUBTS.noise * test.errors.correlation;
    if (test.correlation !== null && (noisy || off(test.correlation, 0, test.errors.correlation, DOUBTS.correlation))) {
      const why =
        test.correlation < 0
          ? "as where values have noise of measurement; try a larger --lag"
          : "as where a variable that decides is missing";
      said.push(
        `residuals of ${names[j]} are correlated from one change to the next (${test.correlation.toFixed(3)}), ${why}`,
      );
    }
    if (test.sums && off(test.sums.ratio, 1, test.sums.error, DOUBTS.variance))
      said.push(
        `sums of ${test.sums.window} residuals of ${names[j]} in a row vary ${test.sums.ratio.toFixed(2)} times as much as independent ones, as where a slow variable that decides is missing`,
      );
    if (off(test.variance, 1, test.errors.variance, DOUBTS.variance))
      said.push(`residuals of ${names[j]} have variance ${test.variance.toFixed(2)}, not 1: the diffusion is off`);
    if (off(test.kurtosis, 3, test.errors.kurtosis, DOUBTS.kurtosis))
      said.push(
        `residuals of ${names[j]} have kurtosis ${test.kurtosis.toFixed(1)}, not 3: changes are no Gaussian noise, as where the variable jumps, a boundary is near, or the noise depends on more than the diffusion knows`,
      );
    return said;
  });
  const { model, data: learned } = equation;
  const negative =
    model.diffusion.kind === "polynomial" ? shareIndefinite(model.diffusion, learned.state, learned.condition) : 0;
  const { order, uncorrected } = equation;
  if (uncorrected) doubts.push(`f and σσᵀ are mean changes per time, not rates at an instant: ${uncorrected}`);
  if (order && Math.max(order.drift, order.diffusion) > DOUBTS.order) {
    const percent = (part: number) => `${(100 * part).toFixed(0)} %`;
    doubts.push(
      `changes are over so long a time that ${percent(order.drift)} of f and ${percent(order.diffusion)} of σσᵀ may be open behind the corrections for it, which the intervals hold: give changes over shorter times`,
    );
  }
  if (negative > DOUBTS.negative)
    doubts.push(
      `σσᵀ of the formula is not positive definite at ${(100 * negative).toFixed(1)} % of the data, where predictions take the least that is: fewer degrees, or more data, may help`,
    );
  return verdictOf(watched, doubts);
}

/** The equation and where it leads: mean and spread of predictions at their last time. */
function fitEnd({ writings, data, heldOut, predictions }: FitResult): EndTable {
  const { variables, conditions } = data;
  const columns = variables.flatMap(({ name }) => [`mean ${name}`, `std ${name}`]);
  const rows = predictions.flatMap((one, k) => {
    if (!one) return [];
    const { runs } = one;
    const last = runs.data.subarray((runs.times.length - 1) * runs.runs * runs.d);
    const { mean, std } = ensembleMoments(last, runs.runs);
    const time = formatSetting(runs.times[runs.times.length - 1]);
    const cells = variables.flatMap((_, j) => [mean[j], std[j]]);
    return [{ name: `${k + 1}, ${time}`, kind: "quantity" as const, cells }];
  });
  const above = writings.flatMap((one) => {
    const at = conditions.map(({ name }, k) => `${name} = ${one.condition[k]}`).join(", ");
    const head = `d${variables.length > 1 ? "z" : variables[0].name} = f dt + σ dW, D = σσᵀ; ± is half the 95 % interval${at ? `; at ${at}` : ""}`;
    return [head, formula(one, variables, "text"), ""];
  });
  const held = heldOut && [
    `held-out changes: ${heldOut.gain.toPrecision(3)} ± ${(1.96 * heldOut.error).toPrecision(2)} nats better than one drift and one noise (95 %)`,
  ];
  return endTable("Predictions at their last time", "start, time", columns, rows, { above, below: held ?? [] });
}

/** Finishes the run. */
export function publishFit(run: Run, result: FitResult): Promise<void> {
  const { data, fields, writings, predictions } = result;
  const { variables, conditions } = data;
  const tables = {
    fields: fieldsTable(fields, variables, conditions),
    ...(writings.length > 0 ? { equation: equationTable(writings, variables, conditions) } : {}),
    predictions: predictionTable(predictions, variables),
    ...(result.tests
      ? {
          residuals: table({
            variable: variables.map(({ name }) => name),
            ...Object.fromEntries(
              (["mean", "variance", "kurtosis", "correlation", "chi2"] as const).map((key) => [
                key,
                result.tests?.map((test) => test[key]) ?? [],
              ]),
            ),
          }),
        }
      : {}),
  };
  return publish(run, {
    tables,
    metrics: (seconds) => fitMetrics(result, seconds),
    verdict: verdict(result),
    endTable: () => fitEnd(result),
    report: (done) => fitReport(result, done),
  });
}
