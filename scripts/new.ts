// A system of your own to begin with: the contact process, commented, ready for `npm run learn`.
//
//   npm run new -- my/contact.ts
//   npm run learn -- my/contact.ts --L 64 --patch 16 --lambda 2.5 --horizon 15
import { readFileSync } from "node:fs";
import { dirname, extname, join, relative, resolve } from "node:path";
import { InputError } from "../lib/errors.ts";
import { writeAtomically } from "../lib/io/atomic.ts";
import { parseTool } from "../lib/run/command-line.ts";
import { commandText } from "../lib/run/command-text.ts";
import { main } from "../lib/run/main.ts";
import { print } from "../lib/run/output.ts";
import { claimFiles, writeClaimed } from "../lib/run/overwrite.ts";
import { PROJECT_ROOT } from "../lib/run/provenance.ts";

const EXAMPLES: Record<string, string> = { ".ts": "contact.ts", ".py": "sis.py" };
/** What the Python one needs beside it. */
const HELPER = "patchwise_simulator.py";
const exampleText = (name: string) => readFileSync(join(PROJECT_ROOT, "data/own", name), "utf8");
const TYPES = "lib/experiments/own/module.ts";

const command = {
  name: "new",
  about:
    "Writes a system of your own to begin with, the contact process, which runs as it is: change it to what you study.",
  files: { name: "file", meaning: "where to write it: a .ts file, or .py for a program in Python with numpy" },
  parameters: { force: { kind: "flag", default: false, meaning: "overwrite a file that is there" } },
} as const;

await main(async () => {
  const { files, parameters } = parseTool(command);
  const [path, other] = files;
  if (other !== undefined) throw new InputError(`${other}: give one file at a time`);
  const example = EXAMPLES[extname(path)];
  if (!example) throw new InputError(`${path}: a system is a .ts or a .py file, name one of them`);
  if (example.endsWith(".py")) {
    const helper = join(dirname(path), HELPER);
    claimFiles([path, helper], parameters.force);
    writeClaimed(path, (place) => writeAtomically(place, exampleText(example)));
    writeClaimed(helper, (place) => writeAtomically(place, exampleText(HELPER)));
    const program = ["--exec", `"python3 ${path}"`];
    print(
      `${path} and ${helper} are written; ${commandText("check-system", program)} checks it, ${commandText("learn", program)} learns its equation`,
    );
    return;
  }
  claimFiles([path], parameters.force);
  // Types are found from there, wherever it is.
  const types = relative(dirname(resolve(path)), join(PROJECT_ROOT, TYPES)).replaceAll("\\", "/");
  const text = exampleText(example).replace(/(?<=from ")[^"]*(?=")/, types.startsWith(".") ? types : `./${types}`);
  writeClaimed(path, (place) => writeAtomically(place, text));
  print(
    `${path} is written; ${commandText("check-system", [path])} checks it, ${commandText("learn", [path])} learns its equation`,
  );
});
