// Runs after `npm ci`: webgpu comes with Dawn for five platforms in one package; those of other platforms, 116 MB, are removed.
import { existsSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const builds = join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules", "webgpu", "dist");
// As webgpu's index.js names them.
const own = `${process.platform}-${process.platform === "darwin" ? "universal" : process.arch}`;
if (existsSync(join(builds, own, "dawn.node"))) {
  for (const name of readdirSync(builds)) {
    if (name !== own) rmSync(join(builds, name), { recursive: true, force: true });
  }
}
