// What a result was made with: versions, platform, adapter, commit.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { arch, platform } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json, whatever the current directory is. */
export const PROJECT_ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The adapter that computed a run; results are the same bytes only on the same one. */
export interface Adapter {
  kind: string;
  name: string;
  driver: string;
}
/** For runs that need no adapter. */
export const CPU_ONLY: Adapter = { kind: "none", name: "CPU only", driver: "" };

/** Packages whose version can change a number or a picture. */
const PACKAGES = ["webgpu", "wesl", "mathjs", "arquero", "uplot"];

/** Version of patchwise itself, from package.json. */
export function patchwiseVersion(): string {
  return packageVersion(PROJECT_ROOT);
}

/** Versions of patchwise, Bun, the packages and the platform; the git commit (`+` for edited files) where there is one. */
export function versions(): Record<string, string> {
  const found: Record<string, string> = {
    patchwise: patchwiseVersion(),
    bun: process.versions.bun ?? "none",
    platform: `${platform()}-${arch()}`,
  };
  for (const name of PACKAGES) found[name] = packageVersion(join(PROJECT_ROOT, "node_modules", name));
  const commit = gitCommit();
  if (commit) found.commit = commit;
  return found;
}

/** That of the package in a folder. */
export function packageVersion(folder: string): string {
  try {
    return String(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version);
  } catch {
    return "unknown";
  }
}

/** Undefined without git, without a repository of our own (the package may lie inside someone else's), or when slow. */
function gitCommit(): string | undefined {
  if (!existsSync(join(PROJECT_ROOT, ".git"))) return undefined;
  const { status, stdout } = spawnSync("git", ["describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"], {
    cwd: PROJECT_ROOT,
    encoding: "utf8",
    timeout: 3_000,
  });
  return status === 0 ? stdout.trim() : undefined;
}
