// Runs its arguments under Bun: `node scripts/start.mjs FILE.ts [args]`, or `node scripts/start.mjs test`.
// npm may be set not to run install scripts (npm 11 and later ask first), and then node_modules/.bin/bun is a stub
// that only prints an error. So this looks for the binary where the install script moves it and where it comes from.
import { spawn } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The stub is a shell script of half a kilobyte, the binary has 100 MB. */
const STUB_BYTES = 1_000_000;

function findBun() {
  if (process.versions.bun) return process.execPath;
  const os = process.platform === "win32" ? "windows" : process.platform;
  const arch = process.arch === "arm64" ? "aarch64" : process.arch;
  const exe = process.platform === "win32" ? "bun.exe" : "bun";
  const musl = process.platform === "linux" && !process.report.getReport().header.glibcVersionRuntime ? "-musl" : "";
  const packaged = join(root, "node_modules", "@oven", `bun-${os}-${arch}${musl}`, "bin", exe);
  const moved = join(root, "node_modules", "bun", "bin", "bun.exe");
  if (existsSync(moved) && statSync(moved).size > STUB_BYTES) return moved;
  return existsSync(packaged) ? packaged : "bun";
}

// Bun takes what is behind such a sign in the path of a module for no part of its name.
const sign = /[?#]/.exec(root)?.[0];
if (sign) {
  console.error(
    `the project's folder ${root} has a "${sign}" in its name, which Bun cannot load programs from: rename the folder`,
  );
  process.exit(2);
}

const bun = findBun();
/** How often it is looked whether npm is still there, ms. */
const WATCH_MS = 500;
const child = spawn(bun, process.argv.slice(2), {
  stdio: "inherit",
  env: { ...process.env, PATCHWISE_STARTER: String(process.pid) },
});
// The terminal sends Ctrl-C to the whole group; the child decides when to stop, this process only waits for it. What is sent to this process alone is
// passed on; the child takes what arrives twice for one.
/** A second signal is one that comes so much later, and a child that is too busy to see it has so long, ms. */
const [LATER_MS, LAST_MS] = [1000, 500];
let asked = Number.POSITIVE_INFINITY;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    if (signal !== "SIGINT") child.kill(signal);
    if (performance.now() - asked > LATER_MS) setTimeout(() => child.kill("SIGKILL"), LAST_MS);
    asked = Math.min(asked, performance.now());
  });
}
// npm that is killed takes nobody with it.
const npm = process.env.npm_lifecycle_event === undefined ? undefined : process.ppid;
if (npm !== undefined) {
  const watch = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(watch);
    child.kill("SIGHUP");
  }, WATCH_MS);
  watch.unref();
}
child.on("error", (error) => {
  console.error(
    error.code === "ENOENT"
      ? "Bun was not found in node_modules: run `npm ci` first (it installs Bun), or install Bun from https://bun.com"
      : `cannot start ${bun}: ${error.message}`,
  );
  process.exit(1);
});
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
