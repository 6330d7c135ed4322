// The adapter: the one place that opens Dawn. Finds what the machine has, takes the best or the one asked for.
import { dirname } from "node:path";
import { InputError } from "../errors.ts";
import { installSoftwareVulkan, makeGpuUsable } from "./advice.ts";
import { bundledDriver, privateFolder } from "./bundled.ts";
import { captureStderr, setEnvironment } from "./libc.ts";
import { findVulkanDevices, type VulkanDevice } from "./vulkan.ts";

/** A hardware GPU; software Vulkan of the system (lavapipe; WARP on Windows); SwiftShader from the npm package. */
export type AdapterKind = "hardware" | "system" | "bundled";

const KINDS: readonly AdapterKind[] = ["hardware", "system", "bundled"];

/** Best first. Within "other" are GPUs whose driver does not say more. */
const TYPE_ORDER = ["discrete", "integrated", "virtual", "other", "cpu"];

/** VkPhysicalDeviceProperties.vendorID of SwiftShader, which is Google's number. */
const GOOGLE = 0x1ae0;

/** Dawn refuses older ones for want of shaderSampledImageArrayDynamicIndexing. */
const FIRST_MESA = 23;

/** An adapter of this machine: `type` is Vulkan's device type, `driver` the driver's name and version. */
export interface FoundAdapter {
  kind: AdapterKind;
  name: string;
  type: string;
  driver: string;
  apiVersion: string;
}

/** Dawn opened on the adapter `used`; `found` is best first. `messages` tells what went wrong on the way, by lines. */
export interface OpenedGpu {
  gpu: GPU;
  adapter: GPUAdapter;
  used: FoundAdapter;
  found: FoundAdapter[];
  messages: string;
}

/** No adapter of the kind asked for works here; carries what was found, for the doctor. */
export class NoAdapterError extends InputError {
  constructor(
    message: string,
    readonly found: FoundAdapter[],
    readonly messages: string,
  ) {
    super(message);
  }
}

interface Machine {
  create: (flags: string[]) => GPU;
  found: FoundAdapter[];
  /** Why there is no bundled adapter, and what helps; empty when there should be one. */
  noBundled: string;
  messages: string[];
}

/** Dawn's callbacks refer to these; once collected, the process segfaults at the next await. */
const pinned: unknown[] = [];

const opened = new Map<string, Promise<OpenedGpu>>();
/** Without the bundled driver, and with it. */
const machines = new Map<boolean, Promise<Machine>>();

/**
 * Opens WebGPU on the best adapter of the machine (hardware, then the system's software Vulkan, then SwiftShader), or
 * on the best of the kind `choice`: "hardware", "system" or "bundled", by default $PATCHWISE_ADAPTER. Also puts
 * WebGPU's constants (GPUBufferUsage and the like) on `globalThis`. A second call gives the same promise. SwiftShader is only looked for where no other
 * adapter will do, or with `all`, for a complete list.
 * Throws InputError on another value; NoAdapterError (an InputError) when no adapter of the kind works, with what was
 * found and what to install.
 */
export function openGpu(choice = process.env.PATCHWISE_ADAPTER ?? "", { all = false } = {}): Promise<OpenedGpu> {
  const key = `${choice} ${all}`;
  let promise = opened.get(key);
  if (!promise) {
    promise = open(choice, all);
    opened.set(key, promise);
  }
  return promise;
}

function survey(withBundled: boolean): Promise<Machine> {
  let promise = machines.get(withBundled);
  if (!promise) {
    promise = process.platform === "linux" ? surveyLinux(withBundled) : surveyElsewhere();
    machines.set(withBundled, promise);
  }
  return promise;
}

async function open(choice: string, all: boolean): Promise<OpenedGpu> {
  if (choice && !KINDS.includes(choice as AdapterKind)) {
    throw new InputError(
      `PATCHWISE_ADAPTER is ${JSON.stringify(choice)}: use hardware, system or bundled, or leave it unset`,
    );
  }
  const messages: string[] = [];
  const refused: string[] = [];
  const tried = new Set<string>();
  let [found, noBundled]: [FoundAdapter[], string] = [[], ""];
  // With the bundled driver last, if at all.
  for (const withBundled of all || choice === "bundled" ? [true] : choice ? [false] : [false, true]) {
    const machine = await survey(withBundled);
    ({ found, noBundled } = machine);
    messages.push(...machine.messages);
    for (const used of found) {
      if ((choice && used.kind !== choice) || tried.has(used.name)) continue;
      tried.add(used.name);
      const adapter = await request(machine.create, used, messages);
      if (adapter) {
        pinned.push(adapter.gpu, adapter.adapter);
        return { ...adapter, used, found, messages: joinLines([...messages, ...refused]) };
      }
      refused.push(refusal(used));
    }
  }
  const message = explain(choice, found, refused, noBundled);
  throw new NoAdapterError(message, found, joinLines([...messages, ...refused]));
}

/** Asks Dawn for one adapter. Undefined when Dawn will not have it; the reason, if Dawn gives one, is in `messages`. */
async function request(create: Machine["create"], wanted: FoundAdapter, messages: string[]) {
  // Dawn does its work, and the drivers write their warnings, before requestAdapter returns its promise.
  const { value, text } = captureStderr(() => {
    const gpu = create(process.platform === "linux" ? ["backend=vulkan", `adapter=${wanted.name}`] : []);
    pinned.push(gpu);
    const fallback = process.platform !== "linux" && wanted.kind !== "hardware";
    return {
      gpu,
      adapter: gpu.requestAdapter({ powerPreference: "high-performance", forceFallbackAdapter: fallback }),
    };
  });
  messages.push(text);
  try {
    const adapter = await value.adapter;
    return adapter ? { gpu: value.gpu, adapter } : undefined;
  } catch (error) {
    messages.push((error as Error).message);
    return undefined;
  }
}

async function surveyLinux(withBundled: boolean): Promise<Machine> {
  const create = await loadDawn();
  const bundled = withBundled ? await bundledDriver() : "";
  const have = typeof bundled === "string" ? undefined : bundled;
  // Windowing code in the drivers complains where this is unset. It wants a folder of the user's own, not /tmp.
  const own = have ? dirname(have.folder) : privateFolder();
  if (!process.env.XDG_RUNTIME_DIR && own) setEnvironment("XDG_RUNTIME_DIR", own);
  const { value, text } = captureStderr(() => findVulkanDevices(have));
  const found = rankDevices(value.devices);
  const messages = [text, ...value.notes];
  let noBundled = typeof bundled === "string" ? bundled : "";
  if (have && !found.some(({ kind }) => kind === "bundled")) {
    noBundled = `the bundled SwiftShader in ${have.folder} did not load: set PATCHWISE_CACHE to a folder from which programs may run`;
  }
  messages.push(noBundled);
  return { create, found, noBundled, messages };
}

/** macOS and Windows: Dawn knows the way to Metal and Direct3D; at most one adapter of each kind is listed. */
async function surveyElsewhere(): Promise<Machine> {
  const create = await loadDawn();
  const gpu = create([]);
  pinned.push(gpu);
  const found: FoundAdapter[] = [];
  for (const forceFallbackAdapter of [false, true]) {
    const adapter = await gpu
      .requestAdapter({ powerPreference: "high-performance", forceFallbackAdapter })
      .catch(() => null);
    if (!adapter) continue;
    pinned.push(adapter);
    const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
    const kind = isFallbackAdapter ? "system" : "hardware";
    const name = device || architecture || vendor || "unnamed adapter";
    if (found.some((other) => other.kind === kind)) continue;
    found.push({ kind, name, type: isFallbackAdapter ? "cpu" : "other", driver: description, apiVersion: "" });
  }
  const noBundled = `the bundled SwiftShader exists for linux-x64 only, this is ${process.platform}-${process.arch}`;
  return { create, found, noBundled, messages: [] };
}

/** Throws InputError where Dawn has no build or the machine lacks what the build needs. */
async function loadDawn(): Promise<Machine["create"]> {
  try {
    const { create, globals } = await import("webgpu");
    Object.assign(globalThis, globals);
    return create;
  } catch (error) {
    const why = (error as Error).message.split("\n")[0];
    throw new InputError(
      `the npm package webgpu does not load on ${process.platform}-${process.arch} (${why}): run \`npm ci\`; on Linux it also needs glibc and libstdc++ as new as those of Debian 12`,
    );
  }
}

/** The Vulkan devices as adapters, best first: discrete, integrated, virtual, lavapipe, SwiftShader. */
export function rankDevices(devices: readonly VulkanDevice[]): FoundAdapter[] {
  const adapters = devices.map(({ name, type, vendor, driver, apiVersion }): FoundAdapter => {
    const kind = type !== "cpu" ? "hardware" : vendor === GOOGLE ? "bundled" : "system";
    return { kind, name, type, driver, apiVersion };
  });
  const rank = ({ kind, type }: FoundAdapter) => KINDS.indexOf(kind) * TYPE_ORDER.length + TYPE_ORDER.indexOf(type);
  return adapters.sort((a, b) => rank(a) - rank(b));
}

function refusal({ name, driver }: FoundAdapter): string {
  const mesa = Number(driver.match(/Mesa (\d+)/)?.[1] ?? FIRST_MESA);
  return `Dawn refused ${name} (${driver})${mesa < FIRST_MESA ? `: it needs Mesa ${FIRST_MESA} or later` : ""}`;
}

function explain(choice: string, found: FoundAdapter[], refused: string[], noBundled: string): string {
  const list = found.map(({ kind, name }) => `${name} [${kind}]`).join(", ") || "nothing";
  const facts = [`found ${list}`, ...refused].join("; ");
  const start = choice
    ? `PATCHWISE_ADAPTER is ${choice}, but no such adapter works here (${facts})`
    : `no WebGPU adapter works here (${facts})`;
  if (choice === "hardware") return `${start}. ${makeGpuUsable()}`;
  if (choice === "system") return `${start}: ${installSoftwareVulkan()}`;
  if (choice === "bundled") return `${start}: ${noBundled || "the command doctor shows the driver's messages"}`;
  return `${start}: ${installSoftwareVulkan()}${noBundled && `, or mend the other way: ${noBundled}`}`;
}

/** Without empty lines and repetitions: Dawn says each thing once per device. */
function joinLines(messages: string[]): string {
  return [...new Set(messages.flatMap((text) => text.split("\n")).filter((line) => line.trim()))].join("\n");
}
