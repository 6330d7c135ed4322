// Measures whether lattices order under the compact barriers as under the published network that they are distilled from: both anneal lattices of
// 1,024 sites from hot to cold, from other random numbers; mean order and time of a jump at every temperature.
//
//   npm run nbmota-fidelity -- --barriers DIR --out data/nbmota/fidelity.json --force     half an hour on two cores
//   npm run nbmota-fidelity -- --barriers DIR --temperatures 1600,2200,2800 --seed 3 --out other.json
//
// DIR is the authors' weights.npy or a folder of its arrays.

import { annealingJumps } from "../lib/experiments/nbmota/annealing.ts";
import { NETWORK, networkBarriers } from "../lib/experiments/nbmota/barrier-models.ts";
import { fidelityOf, type Measured } from "../lib/experiments/nbmota/fidelity.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { writeAtomically } from "../lib/io/atomic.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { main } from "../lib/run/main.ts";
import { print } from "../lib/run/output.ts";
import { claimFiles, writeClaimed } from "../lib/run/overwrite.ts";
import { checkDistinct } from "../lib/run/parameters.ts";
import { withProgress } from "../lib/run/progress.ts";
import { textTable } from "../lib/run/text-table.ts";
import { CompactBarriers } from "../lib/systems/nbmota/compact-barriers.ts";
import { PAIR_NAMES } from "../lib/systems/nbmota/states.ts";
import { COLDEST, checkTemperature } from "../lib/systems/nbmota.ts";

await main(async () => {
  const { parameters: p } = parseTool({
    name: "nbmota-fidelity",
    about: "Compares the order of lattices under the compact barriers and under the published network.",
    parameters: {
      ...NETWORK,
      temperatures: {
        kind: "numbers",
        default: [1000, 1200, 1400, 1700, 2000, 2400],
        min: COLDEST,
        max: 1e5,
        unit: "K",
        meaning: "at which lattices stay",
      },
      replicas: { kind: "integer", default: 16, min: 2, max: 4096, meaning: "lattices of each model" },
      wait: { kind: "number", default: 3, above: 0, max: 100, meaning: "relaxations before the first look" },
      looks: {
        kind: "integer",
        default: 6,
        min: 1,
        max: 1000,
        meaning: "at 1000 K and below; more where it is hotter",
      },
      pause: { kind: "number", default: 0.6, above: 0, max: 100, meaning: "before every look, units of time" },
      seed: { kind: "integer", default: 1, min: 0, max: 0xffff_ffff, meaning: "of all random numbers" },
      out: { kind: "text", default: "fidelity.json", meaning: "file to write" },
      force: { kind: "flag", default: false, meaning: "overwrite this file" },
    },
    check({ temperatures }) {
      for (const temperature of temperatures) checkTemperature(temperature);
      checkDistinct("temperatures", temperatures, "a temperature");
    },
  });
  claimFiles([p.out], p.force);
  const { temperatures, replicas, wait, looks, pause, seed } = p;
  const models = {
    network: networkBarriers(p.barriers),
    compact: CompactBarriers.shipped(),
  };
  const gpu = await openDevice();
  // Which models these numbers are of.
  const digests = { network: models.network.digest, compact: models.compact.digest };
  const settings = { temperatures, replicas, wait, looks, pause, seed };
  const options = { ...settings, settled: Math.min(...temperatures) };
  const found = await withProgress("both models", 2 * annealingJumps(options), (bar) =>
    fidelityOf(gpu, models, { ...options, onJumps: (count) => bar.add(count) }),
  );
  const cell = ({ mean, error }: Measured) => `${mean.toFixed(3)} ± ${error.toFixed(3)}`;
  const lines = found.flatMap(({ temperature, network, compact, deviation }) =>
    Object.entries({ network, compact }).map(([name, { order, jumpTime }]) => [
      `${temperature}`,
      name,
      ...order.map(cell),
      `${jumpTime.mean.toExponential(2)} ± ${jumpTime.error.toExponential(0)} s`,
      name === "compact" ? `${deviation.toFixed(1)} standard errors` : "",
    ]),
  );
  // First to the terminal, so that a file that cannot be written loses nothing.
  print(textTable([["T [K]", "barriers", ...PAIR_NAMES, "time of a jump", "largest deviation"], ...lines]));
  writeClaimed(p.out, (place) =>
    writeAtomically(place, `${JSON.stringify({ settings, digests, temperatures: found }, null, 1)}\n`),
  );
});
