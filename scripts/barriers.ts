// Barriers of the jumps of a vacancy in given surroundings, eV.
//
//   npm run barriers -- --environments types.npy --out barriers.npy
//   npm run barriers -- --barriers weights.npy --environments types.npy --out barriers.npy
//
// types.npy: uint8 [n, 112], the sites within 7.5 Å of the vacancy: 0 another vacancy, 1 Nb, 2 Mo, 3 Ta. Places (dx, dy, dz) in half lattice constants,
// all even or all odd, dx² + dy² + dz² from 1 to 21, dx slowest, dz fastest, ascending. barriers.npy: float32 [n, 8], jumps
// to (−1, −1, −1), (−1, −1, 1), …, (1, 1, 1) in the same order; infinite for those into another vacancy.
import { InputError } from "../lib/errors.ts";
import { BARRIERS, barrierModel } from "../lib/experiments/nbmota/barrier-models.ts";
import { openDevice } from "../lib/gpu/device.ts";
import { readNpy, writeNpy } from "../lib/io/npy.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { main } from "../lib/run/main.ts";
import { claimFiles, writeClaimed } from "../lib/run/overwrite.ts";
import { barriersOf, blocked } from "../lib/systems/nbmota/barriers.ts";
import { SITES } from "../lib/systems/nbmota/environment.ts";

await main(async () => {
  const { parameters: p } = parseTool({
    name: "barriers",
    about:
      "Evaluates the barriers of the eight jumps of a vacancy of Nb–Mo–Ta in given surroundings. Sites are in ascending order of (dx, dy, dz), dx slowest, in half lattice constants: all even or all odd, dx² + dy² + dz² from 1 to 21; jumps go to (−1, −1, −1), (−1, −1, 1), … (1, 1, 1) in the same order.",
    parameters: {
      ...BARRIERS,
      environments: {
        kind: "text",
        default: "types.npy",
        meaning: `uint8 [n, ${SITES}], sites around the vacancy: 0 another vacancy, 1 Nb, 2 Mo, 3 Ta`,
      },
      out: { kind: "text", default: "barriers.npy", meaning: "float32 [n, 8] to write, eV, infinite into a vacancy" },
      force: { kind: "flag", default: false, meaning: "overwrite that file" },
    },
  });
  claimFiles([p.out], p.force);
  const model = barrierModel(p.barriers);
  const { shape, data } = readNpy(p.environments);
  if (shape.length !== 2 || shape[1] !== SITES || shape[0] === 0) {
    throw new InputError(`${p.environments} has shape [${shape}], not [n, ${SITES}]: one row for each vacancy`);
  }
  if (!(data instanceof Uint8Array)) {
    const kind = data.constructor.name.replace("Array", "").toLowerCase();
    throw new InputError(`${p.environments} has numbers of type ${kind}, not uint8: save it with .astype("uint8")`);
  }
  const wrong = data.findIndex((type) => type > 3);
  if (wrong >= 0) {
    const row = Math.floor(wrong / SITES);
    throw new InputError(
      `${p.environments}, row ${row}, site ${wrong % SITES}: type ${data[wrong]}; use 0 a vacancy, 1 Nb, 2 Mo, 3 Ta`,
    );
  }
  const values = blocked(await barriersOf(await openDevice(), model, data), data);
  writeClaimed(p.out, (place) => writeNpy(place, [shape[0], 8], values));
});
