// Fetches the published network of barriers (Xing et al., Nat. Commun. 15, 3879 (2024); UCICaoLab/NKK on GitHub) from its authors, checks that
// its numbers are those that this project was tested with, and writes the file. Nothing of it is executed.
//
//   npm run nbmota-weights
//   npm run nbmota -- --barriers weights.npy
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InputError } from "../lib/errors.ts";
import { writeAtomically } from "../lib/io/atomic.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { main } from "../lib/run/main.ts";
import { print } from "../lib/run/output.ts";
import { claimFiles, writeClaimed } from "../lib/run/overwrite.ts";
import { PUBLISHED_DIGEST, readNetworkWeights, weightsDigest } from "../lib/systems/nbmota/weights.ts";

/** One commit, so that the file cannot change. */
const SOURCE = "https://raw.githubusercontent.com/UCICaoLab/NKK/d4628850ab9cae8ccbfaaa99bb42062725bf959b/weights.npy";
const PATIENCE_MS = 60_000;

await main(async () => {
  const { parameters: p } = parseTool({
    name: "nbmota-weights",
    about: "Fetches the published network of barriers from its authors, and checks its numbers.",
    parameters: {
      from: { kind: "text", default: SOURCE, meaning: "address of the file" },
      out: { kind: "text", default: "weights.npy", meaning: "file to write" },
      force: { kind: "flag", default: false, meaning: "overwrite that file" },
    },
  });
  claimFiles([p.out], p.force);
  const bytes = await fetched(p.from);
  const folder = mkdtempSync(join(tmpdir(), "patchwise-"));
  try {
    const path = join(folder, "weights.npy");
    writeFileSync(path, bytes);
    let digest: string;
    try {
      digest = weightsDigest(readNetworkWeights(path));
    } catch (error) {
      throw error instanceof InputError ? new InputError(error.message.replaceAll(path, p.from)) : error;
    }
    if (digest !== PUBLISHED_DIGEST) {
      throw new InputError(
        `${p.from} holds another network than the published one (SHA-256 of its numbers ${digest}): nothing is written`,
      );
    }
    writeClaimed(p.out, (place) => writeAtomically(place, [bytes]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  print(`${p.out}: the published network, ${bytes.length} bytes`);
});

async function fetched(address: string): Promise<Uint8Array> {
  const remedy = "look whether it opens in a browser, save it from there and name it with --barriers";
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new InputError(`${address} answers ${answer.status} ${answer.statusText}: ${remedy}`);
    return new Uint8Array(await answer.arrayBuffer());
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${address} cannot be fetched (${(error as Error).message}): ${remedy}`);
  }
}
