// The machine's Vulkan devices, asked from the Vulkan loader by FFI (Linux): Dawn does not list what it could open.
import { dlopen, ptr } from "bun:ffi";
import type { Bundled } from "./bundled.ts";
import { setEnvironment } from "./libc.ts";

const SYSTEM_LOADER = "libvulkan.so.1";

/** The first loader that knows VK_ADD_DRIVER_FILES (Vulkan-Loader 1.3.207); Ubuntu 22.04 has 1.3.204. */
const FIRST_WITH_ADDED_DRIVERS = version(1, 3, 207);

const MOST_DEVICES = 64;

// VkStructureType
const INSTANCE_CREATE_INFO = 1;
const PROPERTIES_2 = 1_000_059_001;
const DRIVER_PROPERTIES = 1_000_196_000;

// Offsets and sizes in bytes of the C structures of vulkan_core.h, with pointers of 8 bytes.
const APPLICATION_INFO = { size: 48, apiVersion: 44 };
const CREATE_INFO = { size: 64, applicationInfo: 24 };
const PROPERTIES = { size: 840, next: 8, apiVersion: 16, driverVersion: 20, vendor: 24, type: 32, name: 36 };
const DRIVER = { size: 536, name: 20, info: 276 };

/** VkPhysicalDeviceType, in its order. */
const TYPES = ["other", "integrated", "discrete", "virtual", "cpu"] as const;

/** One physical device. `driver` is the driver's own name and version; `apiVersion` the Vulkan version it offers. */
export interface VulkanDevice {
  name: string;
  type: (typeof TYPES)[number];
  vendor: number;
  driver: string;
  apiVersion: string;
}

/** Loaders and instances that stay open: Dawn finds the loader by its soname, and drivers load once instead of twice. */
const pinned: unknown[] = [];

/**
 * Adds the bundled driver to the ones of the system (or to the ones the user's VK_DRIVER_FILES, VK_ICD_FILENAMES or
 * VK_ADD_DRIVER_FILES name), makes sure that the process has a Vulkan loader, and lists the physical devices.
 * `notes` are sentences on what is odd. Call it before Dawn's instance is made: without the bundled driver, or with it, or first without and then with it.
 */
export function findVulkanDevices(bundled: Bundled | undefined): { devices: VulkanDevice[]; notes: string[] } {
  const notes: string[] = [];
  if (bundled) addDriver(bundled);
  const vk = openLoader(bundled, notes);
  if (!vk) return { devices: [], notes };
  pinned.push(vk);

  const application = new DataView(new ArrayBuffer(APPLICATION_INFO.size));
  application.setUint32(APPLICATION_INFO.apiVersion, version(1, 1, 0), true);
  const create = new DataView(new ArrayBuffer(CREATE_INFO.size));
  create.setUint32(0, INSTANCE_CREATE_INFO, true);
  create.setBigUint64(CREATE_INFO.applicationInfo, BigInt(ptr(application.buffer)), true);
  const handle = new BigUint64Array(1);
  const result = vk.vkCreateInstance(ptr(create.buffer), null, ptr(handle));
  const instance = handle[0];
  if (result !== 0) {
    // VK_ERROR_INCOMPATIBLE_DRIVER is the loader's way to say that it found no driver at all.
    notes.push(result === -9 ? "the Vulkan loader found no driver" : `vkCreateInstance failed with VkResult ${result}`);
    return { devices: [], notes };
  }
  const count = new Uint32Array([MOST_DEVICES]);
  const handles = new BigUint64Array(MOST_DEVICES);
  vk.vkEnumeratePhysicalDevices(instance, ptr(count), ptr(handles));
  const devices = Array.from(handles.subarray(0, count[0]), (device) => {
    const driver = Buffer.alloc(DRIVER.size);
    driver.writeUInt32LE(DRIVER_PROPERTIES);
    const properties = Buffer.alloc(PROPERTIES.size);
    properties.writeUInt32LE(PROPERTIES_2);
    properties.writeBigUInt64LE(BigInt(ptr(driver)), PROPERTIES.next);
    vk.vkGetPhysicalDeviceProperties2(device, ptr(properties));
    return readDevice(properties, driver);
  });
  return { devices, notes };
}

/** Where the user limits the drivers to a list, the loader ignores VK_ADD_DRIVER_FILES, so the list gets one more. */
function addDriver(bundled: Bundled): void {
  const lists = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"];
  const name = lists.find((list) => process.env[list]) ?? "VK_ADD_DRIVER_FILES";
  const before = process.env[name];
  setEnvironment(name, before ? `${before}:${bundled.icd}` : bundled.icd);
}

function openLoader(bundled: Bundled | undefined, notes: string[]) {
  const system = tryLoader(SYSTEM_LOADER);
  if (system) {
    const is = new Uint32Array(1);
    system.symbols.vkEnumerateInstanceVersion(ptr(is));
    if (is[0] >= FIRST_WITH_ADDED_DRIVERS || !bundled) return system.symbols;
    system.close();
  }
  const own = bundled && tryLoader(bundled.loader);
  const why = system ? "is older than 1.3.207" : "is missing or does not load";
  notes.push(`the system's Vulkan loader (${SYSTEM_LOADER}) ${why}${own ? "; the bundled one takes its place" : ""}`);
  return own?.symbols;
}

function tryLoader(path: string) {
  try {
    return dlopen(path, {
      vkEnumerateInstanceVersion: { args: ["ptr"], returns: "i32" },
      vkCreateInstance: { args: ["ptr", "ptr", "ptr"], returns: "i32" },
      vkEnumeratePhysicalDevices: { args: ["u64", "ptr", "ptr"], returns: "i32" },
      vkGetPhysicalDeviceProperties2: { args: ["u64", "ptr"], returns: "void" },
    });
  } catch {
    return undefined;
  }
}

function readDevice(properties: Buffer, driver: Buffer): VulkanDevice {
  const text = (bytes: Buffer, from: number) => bytes.toString("utf8", from, bytes.indexOf(0, from));
  const [name, info] = [text(driver, DRIVER.name), text(driver, DRIVER.info)];
  const number = properties.readUInt32LE(PROPERTIES.driverVersion);
  return {
    name: text(properties, PROPERTIES.name),
    type: TYPES[properties.readUInt32LE(PROPERTIES.type)] ?? "other",
    vendor: properties.readUInt32LE(PROPERTIES.vendor),
    // Some drivers say nothing in `info`; then their number, packed like an API version, has to do.
    driver: name && info ? `${name}, ${info}` : `${name || "driver"} ${dotted(number)}`,
    apiVersion: dotted(properties.readUInt32LE(PROPERTIES.apiVersion)),
  };
}

/** Vulkan packs a version into 32 bits: major from bit 22, minor from bit 12, patch below. */
function version(major: number, minor: number, patch: number): number {
  return (major << 22) | (minor << 12) | patch;
}

function dotted(packed: number): string {
  return `${(packed >>> 22) & 0x7f}.${(packed >>> 12) & 0x3ff}.${packed & 0xfff}`;
}
