// Says whether this machine can run patchwise: versions, the adapters found, the one in use and whether it computes
// rightly, its limits, and what would be faster.
//
//   npm run doctor                              a second
//   PATCHWISE_ADAPTER=bundled npm run doctor    the same for another adapter (hardware, system or bundled)
//
// Exit code 0 when an adapter works, 2 otherwise.
import { availableParallelism, cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { InputError } from "../lib/errors.ts";
import { type FoundAdapter, NoAdapterError, type OpenedGpu, openGpu } from "../lib/gpu/adapter.ts";
import { installSoftwareVulkan, makeGpuUsable } from "../lib/gpu/advice.ts";
import { bundledDriver, cacheFolder } from "../lib/gpu/bundled.ts";
import { freeMemory, machineMemory } from "../lib/gpu/memory.ts";
import { selfTest } from "../lib/gpu/self-test.ts";
import { HelpRequest } from "../lib/run/command-line.ts";
import { commandText } from "../lib/run/command-text.ts";
import { main } from "../lib/run/main.ts";
import { print } from "../lib/run/output.ts";
import { version } from "../package.json";

const USAGE = `usage: ${commandText("doctor", ["[--help]"])}

Prints what patchwise found on this machine: versions, WebGPU adapters, the one in use and whether it computes
rightly, its limits, the drivers' messages, and what would be faster. Exit code 0 when an adapter works, else 2.

environment:
  PATCHWISE_ADAPTER   hardware, system or bundled: use only this kind of adapter (default: the best one)
  PATCHWISE_CACHE     folder for the unpacked SwiftShader (default: $XDG_CACHE_HOME/patchwise or ~/.cache/patchwise)`;

const LIMITS = ["maxStorageBufferBindingSize", "maxBufferSize", "maxComputeInvocationsPerWorkgroup"] as const;

function printVersions(): void {
  const node = Bun.which("node");
  const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(1);
  const memory = `${gib(machineMemory())} GiB of memory, ${gib(freeMemory())} of them free`;
  row("patchwise", version);
  row("Bun", Bun.version);
  row("Node", node ? Bun.spawnSync([node, "--version"]).stdout.toString().trim() : "not found (not needed with Bun)");
  row("system", `${process.platform}-${process.arch}, ${release()}`);
  row("processor", `${cpus()[0]?.model ?? "unknown"}, ${availableParallelism()} threads, ${memory}`);
}

async function printCache(): Promise<void> {
  const bundled = await bundledDriver();
  row("cache folder", cacheFolder() ?? "none: this user has no home folder; set PATCHWISE_CACHE");
  row("SwiftShader", typeof bundled === "string" ? bundled : `unpacked in ${bundled.folder}`);
}

function printAdapters(found: FoundAdapter[], used?: FoundAdapter): void {
  print(`\nadapters found${used ? " (* is used)" : ""}`);
  if (found.length === 0) print("  none");
  for (const adapter of found) {
    const { kind, name, type, driver, apiVersion } = adapter;
    const vulkan = apiVersion && `, Vulkan ${apiVersion}`;
    print(`${adapter === used ? "*" : " "} ${kind.padEnd(9)} ${name} (${type}${vulkan}), ${driver}`);
  }
}

function why({ found, used }: OpenedGpu): string {
  const asked = process.env.PATCHWISE_ADAPTER;
  if (asked) return `PATCHWISE_ADAPTER=${asked} asks for it`;
  return found[0] === used
    ? "the best that was found"
    : "the best that Dawn takes; see the messages for those above it";
}

function printMessages(messages: string): void {
  if (!messages) return;
  print("\nmessages of the drivers and of Dawn during start-up");
  print(messages.replace(/^/gm, "  "));
}

/** What would be faster than `used` here; nothing when that is hardware, or when a better one was set aside. */
function printFaster({ found, used }: OpenedGpu): void {
  if (used.kind === "hardware") return;
  print("\nfaster on this machine");
  if (found[0] !== used && process.env.PATCHWISE_ADAPTER)
    print(`  unset PATCHWISE_ADAPTER: ${found[0].name} ranks higher`);
  const system = found.some(({ kind }) => kind === "system");
  if (used.kind === "bundled" && !(system && process.env.PATCHWISE_ADAPTER)) {
    print(`  software Vulkan of the system, 3 to 10 times: ${installSoftwareVulkan()}`);
  }
  print(`  a GPU. ${makeGpuUsable()}`);
}

function row(name: string, text: string | number): void {
  print(`${name.padEnd(35)}${text}`);
}

/** Returns the exit code. */
async function examine(): Promise<number> {
  printVersions();
  await printCache();
  const start = performance.now();
  let opened: OpenedGpu;
  try {
    opened = await openGpu(undefined, { all: true });
  } catch (error) {
    if (error instanceof NoAdapterError) {
      printAdapters(error.found);
      printMessages(error.messages);
    }
    throw error;
  }
  const startUp = performance.now() - start;
  const { adapter, found, used, messages } = opened;
  printAdapters(found, used);
  print("");
  row("used", `${used.name}: ${why(opened)}`);
  row("start-up", `${startUp.toFixed(0)} ms`);
  for (const limit of LIMITS) {
    const value = adapter.limits[limit];
    row(limit, limit.endsWith("Size") ? `${Math.floor(value / 2 ** 20)} MiB` : value);
  }
  let code = 0;
  try {
    row("test shader", `right, ${(await selfTest(adapter)).toFixed(1)} ms`);
  } catch (error) {
    code = 2;
    row(
      "test shader",
      `WRONG: ${(error as Error).message}. Try another adapter by PATCHWISE_ADAPTER=hardware, system or bundled.`,
    );
  }
  printMessages(messages);
  printFaster(opened);
  return code;
}

await main(async () => {
  let help: boolean | undefined;
  try {
    help = parseArgs({ options: { help: { type: "boolean", short: "h" } } }).values.help;
  } catch (error) {
    throw new InputError(`${(error as Error).message.split(". ")[0]}: the only option is --help`);
  }
  if (help) throw new HelpRequest(USAGE);
  process.exitCode = await examine();
});
