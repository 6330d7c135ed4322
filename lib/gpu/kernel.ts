// Kernels: WGSL files linked with WESL imports, compiled with messages that point into the file, bound by name.
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, isAbsolute, join } from "node:path";
import {
  makeShaderDataDefinitions,
  makeStructuredView,
  type ShaderDataDefinitions,
  type VariableDefinition,
} from "webgpu-utils";
import { type LinkedWesl, link } from "wesl/core";
import { GpuArray } from "./buffer.ts";
import { MOST_WORKGROUPS } from "./grid.ts";

const KERNELS = join(import.meta.dir, "../../kernels");

export interface KernelOptions {
  /** Values of the module's `override` constants. */
  overrides?: Record<string, number>;
  /** Values that the module imports from `constants::`, for array sizes that WGSL wants at compile time. */
  constants?: Record<string, number>;
  /** Switches for `@if(NAME)` in the module. */
  conditions?: Record<string, boolean>;
  /** What stands for a module that is imported but has no file: `{ "field/drift": "sde/network_drift" }`, both below `kernels/`. */
  modules?: Record<string, string>;
}

/** A struct's field: a number, a vector or array, or a nested struct. */
export type UniformValue = number | ArrayLike<number> | { readonly [field: string]: UniformValue };

/** A uniform is given as an object with its struct's field names, a storage buffer as a `GpuArray`. */
export type Bindings = Record<string, GpuArray | { readonly [field: string]: UniformValue }>;

interface Resource {
  readonly name: string;
  readonly binding: number;
  readonly type: GPUBufferBindingType;
}

/** One dispatch, ready to be encoded any number of times. */
export interface Call {
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: readonly [number, number, number];
}

let files: Record<string, string> | undefined;

/** All kernel sources by path relative to `kernels/`, read once. */
function kernelSources(): Record<string, string> {
  files ??= sourcesIn(KERNELS, readdirSync(KERNELS, { recursive: true }), ".");
  return files;
}

/** Those of these files of a folder that are kernels, by their paths under `prefix`. */
function sourcesIn(folder: string, names: readonly (string | Buffer)[], prefix: string): Record<string, string> {
  return Object.fromEntries(
    names
      .map((name) => String(name).replaceAll("\\", "/"))
      .filter((name) => name.endsWith(".wgsl"))
      .sort()
      .map((name) => [`${prefix}/${name}`, readFileSync(join(folder, name), "utf8")]),
  );
}

/** What a kernel of another folder, and the files beside it, are imported by: `package::own::file`. */
const OWN = "own";

/** Sources of all kernels, and of those beside the file at an absolute path, and the name of that. */
function sourcesWith(path: string): { sources: Record<string, string>; file: string } {
  const folder = dirname(path);
  const beside = sourcesIn(folder, readdirSync(folder), `./${OWN}`);
  return { sources: { ...kernelSources(), ...beside }, file: `${OWN}/${basename(path)}` };
}

/** A compiled entry point of one kernel file. Made by `Gpu.kernel`, which caches. */
export class Kernel {
  readonly label: string;
  readonly #device: GPUDevice;
  readonly #pipeline: GPUComputePipeline;
  readonly #definitions: ShaderDataDefinitions;
  readonly #resources: Resource[];
  readonly #seesRows: boolean;

  private constructor(
    device: GPUDevice,
    label: string,
    pipeline: GPUComputePipeline,
    definitions: ShaderDataDefinitions,
    resources: Resource[],
    seesRows: boolean,
  ) {
    this.label = label;
    this.#seesRows = seesRows;
    this.#device = device;
    this.#pipeline = pipeline;
    this.#definitions = definitions;
    this.#resources = resources;
  }

  /**
   * Links, compiles and checks the kernel `file`: relative to `kernels/`, or an absolute path, whose file may import from `package::` what
   * kernels/ holds (`package::random::xoshiro::Stream`) and from `package::own::name` what lies beside it in name.wgsl.
   * Throws an Error whose message names file and line for every compiler message.
   */
  static async compile(device: GPUDevice, file: string, options: KernelOptions = {}): Promise<Kernel> {
    if (!isAbsolute(file)) return Kernel.fromSources(device, kernelSources(), file, options);
    const own = sourcesWith(file);
    try {
      return await Kernel.fromSources(device, own.sources, own.file, options);
    } catch (error) {
      const folder = dirname(file).replaceAll("$", "$$$$");
      throw new Error((error as Error).message.replace(new RegExp(`\\b(kernels/)?${OWN}/`, "g"), `${folder}/`));
    }
  }

  /** As `compile`, from given sources keyed by `./path`: for tests. */
  static async fromSources(
    device: GPUDevice,
    sources: Record<string, string>,
    file: string,
    { overrides = {}, constants = {}, conditions = {}, modules = {} }: KernelOptions = {},
  ): Promise<Kernel> {
    const label = file;
    const missing = [file, ...Object.values(modules).map((name) => `${name}.wgsl`)].find(
      (name) => !(`./${name}` in sources),
    );
    if (missing) throw new Error(`kernel ${missing} does not exist`);
    const chosen = Object.entries(modules).map(([name, from]) => [`./${name}.wgsl`, sources[`./${from}.wgsl`]]);
    const weslSrc = { ...sources, ...Object.fromEntries(chosen) };
    let linked: LinkedWesl;
    try {
      linked = await link({ weslSrc, rootModuleName: `./${file}`, constants, conditions, debugWeslRoot: "kernels" });
    } catch (error) {
      const message = (error as Error).message.replaceAll(".wesl", ".wgsl");
      throw new Error(`kernel ${label} does not link: ${withRealNames(message, modules)}`);
    }
    const code = linked.dest;
    device.pushErrorScope("validation");
    const module = device.createShaderModule({ label, code });
    const [scoped, info] = await Promise.all([device.popErrorScope(), module.getCompilationInfo()]);
    const errors = info.messages.filter((message) => message.type === "error");
    if (errors.length > 0) {
      const place = ({ offset }: GPUCompilationMessage) => sourcePlace(linked, offset, modules);
      throw new Error(errors.map((message) => `${place(message)}: ${message.message}`).join("\n"));
    }
    if (scoped) throw new Error(`kernel ${label}: ${scoped.message}`);
    const text = declarations(code);
    const definitions = makeShaderDataDefinitions(text);
    const resources = findResources(text, definitions);
    device.pushErrorScope("validation");
    // An explicit layout, not "auto": that one drops what an entry point happens not to use.
    const entries = resources.map(({ binding, type }) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type },
    }));
    const pipeline = device.createComputePipeline({
      label,
      layout: device.createPipelineLayout({ bindGroupLayouts: [device.createBindGroupLayout({ label, entries })] }),
      compute: { module, entryPoint: "main", constants: overrides },
    });
    const invalid = await device.popErrorScope();
    if (invalid) throw new Error(`kernel ${label}: ${invalid.message}`);
    return new Kernel(device, label, pipeline, definitions, resources, looksAtRows(code));
  }

  /**
   * Binds resources by the names they have in the WGSL and fixes the number of workgroups.
   * Throws when a name is missing or unknown, or a uniform lacks a field: WebGPU would read zeros.
   */
  call(bindings: Bindings, workgroups: number | [number, number?, number?]): Call {
    const unknown = Object.keys(bindings).filter((name) => !this.#resources.some((r) => r.name === name));
    if (unknown.length > 0) throw new Error(`kernel ${this.label} has no binding ${unknown.join(", ")}`);
    const entries = this.#resources.map(({ name, binding }) => {
      const value = bindings[name];
      if (value === undefined) throw new Error(`kernel ${this.label}: binding ${name} is missing`);
      return { binding, resource: { buffer: value instanceof GpuArray ? value.raw : this.#uniform(name, value) } };
    });
    const layout = this.#pipeline.getBindGroupLayout(0);
    const group = this.#device.createBindGroup({ label: this.label, layout, entries });
    const [x, y = 1, z = 1] = typeof workgroups === "number" ? [workgroups] : workgroups;
    if (Math.max(x, y, z) > MOST_WORKGROUPS)
      throw new Error(`kernel ${this.label}: ${x} x ${y} x ${z} workgroups, at most ${MOST_WORKGROUPS}`);
    // A kernel that does not look would do the first row again and again.
    if (y > 1 && !this.#seesRows) throw new Error(`kernel ${this.label} has no rows of workgroups, and was given ${y}`);
    return { label: this.label, pipeline: this.#pipeline, group, workgroups: [x, y, z] };
  }

  /** Compares the fields of a struct, and of the structs in it, with those given. */
  #checkFields(what: string, views: object, value: object): void {
    for (const [field, inner] of Object.entries(views)) {
      if (!(field in value)) throw new Error(`kernel ${this.label}: ${what} lacks ${field}`);
      const isStruct = !ArrayBuffer.isView(inner) && !Array.isArray(inner);
      if (isStruct) this.#checkFields(`${what}.${field}`, inner, (value as Record<string, object>)[field]);
    }
    for (const field of Object.keys(value)) {
      if (!(field in views)) throw new Error(`kernel ${this.label}: ${what} has no field ${field}`);
    }
  }

  #uniform(name: string, value: { readonly [field: string]: UniformValue }): GPUBuffer {
    const definition: VariableDefinition | undefined = this.#definitions.uniforms[name];
    if (!definition) throw new Error(`kernel ${this.label}: ${name} is a storage buffer, not a uniform`);
    const view = makeStructuredView(definition);
    this.#checkFields(`uniform ${name}`, view.views, value);
    view.set(value);
    const buffer = this.#device.createBuffer({
      label: `${this.label}.${name}`,
      size: view.arrayBuffer.byteLength,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.#device.queue.writeBuffer(buffer, 0, view.arrayBuffer);
    return buffer;
  }
}

/** Whether an entry point uses more of its place among the workgroups than the first coordinate. */
function looksAtRows(code: string): boolean {
  const places = [...code.matchAll(/@builtin\((?:global_invocation_id|workgroup_id)\)\s*(\w+)\s*:\s*vec3/g)];
  return places.some(([, name]) => new RegExp(`\\b${name}\\s*(?:\\.\\w*y|[,)])`).test(code));
}

/** The bindings of a module, all in group 0. Throws for another group. */
function findResources(code: string, { uniforms, storages }: ShaderDataDefinitions): Resource[] {
  const writable = new Set([...code.matchAll(/var<\s*storage\s*,\s*read_write\s*>\s*(\w+)/g)].map((match) => match[1]));
  const list = [
    ...Object.entries(uniforms).map(([name, variable]) => ({ name, ...variable, type: "uniform" as const })),
    ...Object.entries(storages).map(([name, variable]) => ({
      name,
      ...variable,
      type: writable.has(name) ? ("storage" as const) : ("read-only-storage" as const),
    })),
  ];
  const stray = list.find(({ group }) => group !== 0);
  if (stray) throw new Error(`binding ${stray.name} is in group ${stray.group}: kernels use group 0 alone`);
  return list;
}

/** The code without function bodies: the reflection of webgpu-utils does not parse all that WGSL allows in them. */
function declarations(code: string): string {
  let out = "";
  let rest = code.replace(/\/\/[^\n]*/g, "");
  for (let at = rest.search(/\bfn\s/); at >= 0; at = rest.search(/\bfn\s/)) {
    const open = rest.indexOf("{", at);
    let depth = 1;
    let end = open + 1;
    for (; depth > 0 && end < rest.length; end++) depth += rest[end] === "{" ? 1 : rest[end] === "}" ? -1 : 0;
    out += rest.slice(0, at).replace(/(@compute|@workgroup_size\([^)]*\))\s*/g, "");
    rest = rest.slice(end);
  }
  return out + rest;
}

/** `kernels/file.wgsl:line:column` of a position in the linked text. */
function sourcePlace(linked: LinkedWesl, offset: number, modules: Record<string, string>): string {
  const { src, position } = linked.sourceMap.destToSrc(offset);
  const before = src.text.slice(0, position).split("\n");
  const path = (src.path ?? "linked")
    .replace(/^\.\//, "")
    .replace(/^(kernels\/)?/, "kernels/")
    .replace(/\.wesl$/, ".wgsl");
  return `${withRealNames(path, modules)}:${before.length}:${before[before.length - 1].length + 1}`;
}

/** The text with the files of modules in place of the names that they are imported by. */
function withRealNames(text: string, modules: Record<string, string>): string {
  return text.replace(/\bkernels\/(\S+?)\.wgsl/g, (path, name) =>
    modules[name] ? `kernels/${modules[name]}.wgsl` : path,
  );
}
