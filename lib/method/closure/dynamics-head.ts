// The head of the objective `dynamics`: f and σ of the observables, given z, on the likelihood of the compensator where rates are
// known, else of increments. All that closures know of sde/ is here.
import type { GpuArray } from "../../gpu/buffer.ts";
import type { Gpu } from "../../gpu/device.ts";
import { type Activation, roundUpBatch } from "../../nn/mlp.ts";
import { type Pairs, regression } from "../pairs.ts";
import { lossCall, lossName, trainableSde } from "../sde/fit.ts";
import { standardise } from "../sde/points.ts";
import { lossData, lossRows, regressionScales, stateScales } from "../sde/scales.ts";
import type { FitOptions } from "../train.ts";
import type { Head } from "./head.ts";

/** Observables of all snapshots in units of their spread, `[d][snapshots]`. */
export function standardisedObservables({ whole, d }: Pairs): Float32Array {
  const n = whole.length / d;
  return standardise({ n, d, z: whole, ...stateScales(whole, d) }, n);
}

/**
 * `hidden`: widths of both networks. They work on multiples of a tile of columns: where the batch is none they see every snapshot
 * several times over, which changes neither the mean loss nor its gradient.
 */
export async function dynamicsHead(
  gpu: Gpu,
  pairs: Pairs,
  variables: number,
  hidden: readonly number[],
  activation: Activation,
  options: FitOptions,
): Promise<Head> {
  const { d } = pairs;
  const { batch } = options;
  const data = regression(pairs, pairs.kind === "increments" ? "increment" : "compensator");
  const scales = regressionScales(data);
  const fields = lossRows(data);
  const rows = Math.ceil((d + variables) / 8) * 8;
  const columns = wholeTiles(batch);
  const kernels = ["nn/add", "closure/repeat", "closure/fold"].map((name) => gpu.kernel(`${name}.wgsl`));
  const [add, repeat, fold] = await Promise.all(kernels);
  const kind = { kind: "network", hidden, activation } as const;
  const spec = { drift: kind, diffusion: { ...kind, form: "full" } } as const;
  const purpose = "closure/reader";
  const sde = await trainableSde(gpu, spec, d, {
    ...options,
    batch: columns,
    inputs: rows,
    inputGradient: true,
    purpose,
  });
  const [a, b] = sde.networks.map(({ inputGradient }) => inputGradient);
  if (!a || !b) throw new Error("a field gives no gradient of its input: no closure can be learned by it");
  const wide = {
    drawn: gpu.buffer("closure.repeated", 4 * fields * columns),
    input: sde.input,
    gradient: gpu.buffer("closure.both", 4 * rows * columns),
  };
  const losses = gpu.buffer("closure.losses", 4 * columns);
  const count = rows * columns;
  const learn = [
    ...sde.forward(),
    await lossCall(gpu, sde, data, scales, wide.drawn, losses),
    ...sde.backward(),
    add.call({ params: { count }, a, b, sum: wide.gradient }, Math.ceil(count / 64)),
  ];
  const head = {
    data: lossData(data, scales),
    fields,
    losses,
    loss: lossName(data),
    networks: sde.networks.map((network) => ({ network, initial: network.initial })),
  };
  const own = [losses, wide.drawn, wide.gradient, sde];
  if (columns === batch) {
    const destroy = () => {
      for (const one of own) one.destroy();
    };
    return { ...head, ...wide, calls: learn, destroy };
  }
  const narrow = {
    drawn: gpu.buffer("closure.drawn", 4 * fields * batch),
    input: gpu.buffer("closure.z", 4 * rows * batch),
    gradient: gpu.buffer("closure.gradient", 4 * rows * batch),
  };
  const repeated = (height: number, x: GpuArray, y: GpuArray) =>
    repeat.call({ params: { rows: height, batch, columns }, x, y }, Math.ceil((height * columns) / 64));
  return {
    ...head,
    ...narrow,
    calls: [
      repeated(rows, narrow.input, wide.input),
      repeated(fields, narrow.drawn, wide.drawn),
      ...learn,
      fold.call(
        { params: { rows, batch, columns }, y: wide.gradient, x: narrow.gradient },
        Math.ceil((rows * batch) / 64),
      ),
    ],
    destroy() {
      for (const one of [...own, ...Object.values(narrow)]) one.destroy();
    },
  };
}

/** The smallest multiple of the batch that a multilayer perceptron takes. */
function wholeTiles(batch: number): number {
  let columns = batch;
  while (columns !== roundUpBatch(columns)) columns += batch;
  return columns;
}
