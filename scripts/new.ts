// A system of your own to begin with: the contact process, commented, ready for `npm run learn`.
//
//   npm run new -- my/contact.ts
//   npm run learn -- my/contact.ts --L 64 --patch 16 --lambda 2.5 --horizon 15
import { readFileSync } from "node:fs";
import { dirname, extname, join, relative, resolve } from "node:path";
import { InputError } from "../lib/errors.ts";
import { writeAtomically } from "../lib/io/atomic.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { main } from "../lib/run/main.ts";
import { print } from "../lib/run/output.ts";
import { claimFiles, writeClaimed } from "../lib/run/overwrite.ts";
import { PROJECT_ROOT } from "../lib/run/provenance.ts";

const EXAMPLE = join(PROJECT_ROOT, "data/own/contact.ts");
const TYPES = "lib/experiments/own/module.ts";

const command = {
  name: "new",
  about:
    "Writes a system of your own to begin with, the contact process, which runs as it is: change it to what you study.",
  files: { name: "file", meaning: "where to write it, a .ts file" },
  parameters: { force: { kind: "flag", default: false, meaning: "overwrite a file that is there" } },
} as const;

await main(async () => {
  const { files, parameters } = parseTool(command);
  const [path, other] = files;
  if (other !== undefined) throw new InputError(`${other}: give one file at a time`);
  if (extname(path) !== ".ts")
    throw new InputError(`${path}: a system is a TypeScript file, name one that ends in .ts`);
  claimFiles([path], parameters.force);
  // Types are found from there, wherever it is.
  const types = relative(dirname(resolve(path)), join(PROJECT_ROOT, TYPES)).replaceAll("\\", "/");
  const text = readFileSync(EXAMPLE, "utf8").replace(
    /(?<=from ")[^"]*(?=")/,
    types.startsWith(".") ? types : `./${types}`,
  );
  writeClaimed(path, (place) => writeAtomically(place, text));
  print(`${path} is written; npm run learn -- ${path} learns its equation`);
});
