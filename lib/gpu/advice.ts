// What to install on this machine for a faster adapter, or for any at all.
import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";

const BACKPORTS = "/etc/apt/sources.list.d/backports.list";

/** A clause that names the command which installs software Vulkan that Dawn takes (lavapipe of Mesa 23 or later). */
export function installSoftwareVulkan(): string {
  if (process.platform !== "linux") return "use Linux for software Vulkan";
  const what = "install lavapipe of Mesa 23 or later";
  const release = osRelease();
  const version = Number(release.VERSION_ID);
  const family = [release.ID, ...(release.ID_LIKE ?? "").split(" ")];
  if (release.ID === "debian" && version <= 12) {
    // Debian 12 has Mesa 22.3, and nothing newer was ported back to Debian 11.
    return version < 12
      ? `${what} (Debian ${version} has an older one: upgrade to Debian 13)`
      : `${what} (Debian 12 itself has 22.3): \`echo deb http://deb.debian.org/debian bookworm-backports main | sudo tee ${BACKPORTS} && sudo apt update && sudo apt install -t bookworm-backports mesa-vulkan-drivers\``;
  }
  if (family.includes("debian")) return `${what}: \`sudo apt install mesa-vulkan-drivers\``;
  if (family.includes("fedora")) return `${what}: \`sudo dnf install mesa-vulkan-drivers\``;
  if (family.includes("arch")) return `${what}: \`sudo pacman -S vulkan-swrast\``;
  if (family.includes("suse")) return `${what}: \`sudo zypper install libvulkan_lvp\``;
  return `${what} (package mesa-vulkan-drivers on most systems)`;
}

/** A sentence on how to make a GPU usable, from the device files that Linux shows; says so when there are none. */
export function makeGpuUsable(): string {
  if (process.platform !== "linux") return "Install the graphics driver of the GPU's maker.";
  if (existsSync("/dev/nvidiactl") || existsSync("/proc/driver/nvidia/version")) {
    return "There is an NVIDIA GPU but no Vulkan driver for it: install NVIDIA's graphics package (libnvidia-gl-… or nvidia-vulkan-icd; in a container set NVIDIA_DRIVER_CAPABILITIES=graphics,compute,utility).";
  }
  const nodes = renderNodes();
  const closed = nodes.find((node) => !isOpen(node));
  if (closed)
    return `There is a GPU, but this user may not open ${closed}: join the group that owns it (\`sudo usermod -aG render $USER\`).`;
  if (nodes.length > 0) {
    return `There is a graphics device (${nodes[0]}) without a Vulkan driver that works: install mesa-vulkan-drivers for AMD and Intel, NVIDIA's own driver for NVIDIA.`;
  }
  return "This system shows no GPU (no /dev/dri/renderD*, no NVIDIA driver): install one, with its maker's Vulkan driver.";
}

function renderNodes(): string[] {
  try {
    return readdirSync("/dev/dri")
      .filter((name) => name.startsWith("renderD"))
      .map((name) => `/dev/dri/${name}`);
  } catch {
    return [];
  }
}

function isOpen(node: string): boolean {
  try {
    accessSync(node, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function osRelease(): Record<string, string> {
  try {
    const text = readFileSync("/etc/os-release", "utf8");
    return Object.fromEntries(Array.from(text.matchAll(/^(\w+)="?([^"\n]*)"?$/gm), ([, key, value]) => [key, value]));
  } catch {
    return {};
  }
}
