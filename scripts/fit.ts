// Your own data → dz = f(z) dt + σ(z) dW, with intervals, tests and predictions.
//
//   npm run fit -- pairs.csv --K 16 --out DIR             columns z0_x,z0_y, dz_x,dz_y (or z1_x,z1_y) and dt
//   npm run fit -- path.csv --out DIR                     columns t,x,y and perhaps run
//   npm run fit -- pairs.csv --starts starts.csv --horizon 10 --at points.csv --out DIR
//
// dz is the change of the mean of the whole system if only one of its K patches moved, times K. Drift and diffusion are rates at an instant: fields whose own
// means and covariances over the times of the data are those of the data, up to third order in these times (second for single patches).
import { ownData, variableNumbers } from "../lib/experiments/own/data.ts";
import {
  type Equation,
  learnedEquation,
  nextOf,
  otherReadings,
  predictions,
  residualsOf,
  startsOfData,
  testedOnOthers,
} from "../lib/experiments/own/learn.ts";
import { checkColumns, dataOptions, fitCommand, namesOf, pathOf } from "../lib/experiments/own/parameters.ts";
import { pointsOf, startsOf } from "../lib/experiments/own/points.ts";
import { publishFit } from "../lib/experiments/own/publish.ts";
import { conditionsOf, fieldsAt, gridOf, lineOf, middleOf, writtenAt } from "../lib/experiments/own/tables.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { readColumns } from "../lib/io/columns.ts";
import { residualTest } from "../lib/method/sde/residuals.ts";
import { parseExperiment } from "../lib/run/command-line.ts";
import { main } from "../lib/run/main.ts";
import { say } from "../lib/run/output.ts";
import { openRun } from "../lib/run/run-folder.ts";

/** Points of the lines of the figures. */
const LINE = 61;

await main(async () => {
  const options = parseExperiment(fitCommand);
  const p = options.parameters;
  checkColumns(p, options.files);
  const read = options.files.map((path) => readColumns(path, namesOf(p.columns)));
  const data = ownData(read, dataOptions(p));
  const odd = variableNumbers(data, namesOf(p.odd), "odd");
  const [startFile, pointFile] = [pathOf(p.starts), pathOf(p.at)];
  const starts = startFile === null ? startsOfData(data.learned) : startsOf(pointsOf(startFile, data), data);
  const points = pointFile === null ? null : pointsOf(pointFile, data);

  const gpu = await openDevice();
  const files = [...options.files, ...[startFile, pointFile].filter((path) => path !== null)];
  const run = await openRun({ ...options, parameters: { ...p, files: options.files }, files, adapter: gpu.adapter });
  for (const note of data.notes) say(`! ${note}`);

  // The equation, and those that the same data give when they are read in other ways.
  const equation = await learnedEquation(run, gpu, "equation", data.learned, p, odd, data);
  const others: Equation[] = [];
  for (const one of otherReadings(data)) others.push(await learnedEquation(run, gpu, one.method, one, p, odd, data));

  // Tests: residuals of all changes, and a second equation on changes that it has not seen.
  const { increments, variables } = data;
  const residuals = increments && (await run.phase("test", () => residualsOf(gpu, equation, increments)));
  const tests =
    residuals &&
    variables.map((_, j) => residualTest(residuals.residuals, variables.length, j, nextOf(residuals, data.next)));
  const heldOut = await testedOnOthers(run, gpu, data, p, odd);

  // Fields at points and along lines, coefficients, predictions.
  const conditions = conditionsOf(equation);
  const told = (list: readonly Parameters<typeof fieldsAt>[2][], from = equation) =>
    Promise.all(list.map((place) => fieldsAt(gpu, from, place)));
  const middle = middleOf(equation, conditions[0]);
  const compared: { method: Equation["data"]["method"]; fields: Awaited<ReturnType<typeof fieldsAt>> }[] = [];
  for (const one of [equation, ...others])
    compared.push({ method: one.data.method, fields: await fieldsAt(gpu, one, middle) });
  await publishFit(run, {
    ...{ data, equation, tests, heldOut, starts, compared },
    fields: await told(points ?? conditions.map((condition) => ({ condition, z: gridOf(equation) }))),
    lines: await told(
      conditions.flatMap((condition) => variables.map((_, j) => ({ condition, z: lineOf(equation, j, LINE) }))),
    ),
    writings: conditions.flatMap((condition) => writtenAt(equation, condition, variables) ?? []),
    predictions: await predictions(run, gpu, equation, starts, p, data.span),
  });
});
