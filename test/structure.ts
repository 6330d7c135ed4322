// How the program is built, as pure functions of its sources {path → text}: each returns what breaks its rule, one
// sentence per place. Paths are relative to the project, with slashes.
import { posix } from "node:path";
import { defined } from "./fixtures.ts";

export type Sources = Readonly<Record<string, string>>;

/** The floors of the house, top to bottom; imports go down, or stay in the folder. What is on one line is one floor. */
const FLOORS: readonly (readonly string[])[] = [
  ["scripts"],
  ["lib/experiments"],
  ["lib/report"],
  ["lib/run"],
  ["lib/method"],
  ["lib/analysis"],
  ["lib/systems"],
  ["lib/nn", "lib/gpu", "lib/random", "lib/io"],
  ["lib/errors.ts"],
];

/** Words that name an experiment or its system, in any form. */
const EXPERIMENTS = ["curie", "weiss", "ising", "predator", "prey", "nbmota", "alloy"];

/** Words of particular systems that the method and its networks must not know either, and those that only networks may. */
const OBSERVED = ["magnetization", "magnetisation"];
const MATTER = ["spin", "species"];

/** A source in parts of its own length: what is not code, not comment, or not a text is blank there. */
export interface Parts {
  readonly code: string;
  readonly comments: string;
  /** Contents of strings and templates, without the code in their holes. */
  readonly texts: string;
}

/** What a source begins with at a place: a comment, a string, a stretch of other code, or one character of meaning. */
const PIECE = /(\/\/.*|\/\*[\s\S]*?(?:\*\/|$))|("(?:\\[\s\S]|[^\\"\n])*"|'(?:\\[\s\S]|[^\\'\n])*')|[^/"'`{}]+|[\s\S]/y;
const REGULAR_EXPRESSION = /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/y;
const TEMPLATE = /(?:\\[\s\S]|\$(?!\{)|[^\\`$])*/y;

/** Takes a TypeScript source apart. Regular expressions count as texts. */
export function parts(source: string): Parts {
  const found = { code: [] as string[], comments: [] as string[], texts: [] as string[] };
  let at = 0;
  const put = (to: keyof Parts, piece: string) => {
    const blank = piece.replace(/[^\n]/g, " ");
    for (const key of ["code", "comments", "texts"] as const) found[key].push(key === to ? piece : blank);
    at += piece.length;
  };
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  /** Depth of braces in each open hole of a template. */
  const holes: number[] = [];
  const template = () => {
    put("texts", defined(match(TEMPLATE))[0]);
    if (source[at] === "`") put("code", "`");
    else if (at < source.length) {
      put("code", "${");
      holes.push(0);
    }
  };
  /** The end of the code so far: it tells a division from a regular expression. */
  let last = "";
  while (at < source.length) {
    const [piece, comment, string] = defined(match(PIECE));
    const opens = /(?:^|[(,=:[!&|?{};+>]|\breturn)$/.test(last);
    const expression = piece === "/" && opens ? match(REGULAR_EXPRESSION) : null;
    if (comment) {
      put("comments", comment);
      continue;
    }
    if (string) {
      put("code", string[0]);
      put("texts", string.slice(1, -1));
      put("code", string[0]);
    } else if (expression) put("texts", expression[0]);
    else {
      put("code", piece);
      if (piece === "`") template();
      else if (holes.length > 0 && piece === "{") holes[holes.length - 1]++;
      else if (holes.length > 0 && piece === "}" && holes[holes.length - 1]-- === 0) {
        holes.pop();
        template();
      }
    }
    last = piece.trimEnd().slice(-10) || last;
  }
  return { code: found.code.join(""), comments: found.comments.join(""), texts: found.texts.join("") };
}

/** What a source imports, types too: the words between the quotes. */
export function importsOf(source: string): string[] {
  const { code, texts } = parts(source);
  return [...code.matchAll(/\b(?:from|import)\s*\(?\s*"( *)"/g)].map((match) => {
    const from = match.index + match[0].indexOf('"') + 1;
    return texts.slice(from, from + match[1].length);
  });
}

/** The imports of TypeScript files between each other, by path; other packages stay as they are written. */
function graph(files: Sources): Map<string, string[]> {
  const modules = Object.entries(files).filter(([path]) => /\.(ts|mjs)$/.test(path));
  return new Map(
    modules.map(([path, text]) => [
      path,
      importsOf(text).map((name) => (name.startsWith(".") ? posix.join(posix.dirname(path), name) : name)),
    ]),
  );
}

/** The imports of kernels, `import package::folder::file::item`, as paths of kernels. */
function kernelGraph(files: Sources): Map<string, string[]> {
  const kernels = Object.entries(files).filter(([path]) => path.endsWith(".wgsl"));
  const named = (text: string) =>
    [...text.replace(/\/\/.*/g, "").matchAll(/^\s*import\s+package::([\w:]+)/gm)].map(([, name]) => name.split("::"));
  return new Map(kernels.map(([path, text]) => [path, named(text).map(([a, b]) => `kernels/${a}/${b}.wgsl`)]));
}

/** Circles of imports, the shortest one through each file that is in one. Folders, where given, stand for their files. */
function circlesOf(imports: Map<string, string[]>): string[] {
  const found = new Map<string, string>();
  for (const start of imports.keys()) {
    const before = new Map<string, string>();
    const queue = [start];
    for (const path of queue) {
      for (const next of imports.get(path) ?? []) {
        if (next === start) {
          const circle = [path];
          while (circle[0] !== start) circle.unshift(defined(before.get(circle[0])));
          const key = [...circle].sort().join();
          if (!found.has(key)) found.set(key, `${start} is in a circle: ${[...circle, start].join(" → ")}`);
          queue.length = 0;
          break;
        }
        if (!before.has(next) && imports.has(next)) {
          before.set(next, path);
          queue.push(next);
        }
      }
    }
  }
  return [...found.values()];
}

/** No file imports itself in the end, by types neither; the folders of the lowest floor do not import each other in turn. */
export function circles(files: Sources): string[] {
  const modules = graph(files);
  const lowest = new Map<string, string[]>();
  for (const [path, imports] of modules) {
    const folder = folderOf(path);
    if (!FLOORS.some((floor) => floor.length > 1 && floor.includes(folder))) continue;
    const others = imports.map(folderOf).filter((other) => other !== folder);
    lowest.set(folder, [...(lowest.get(folder) ?? []), ...others]);
  }
  return [...circlesOf(modules), ...circlesOf(kernelGraph(files)), ...circlesOf(lowest)];
}

/** The folder of FLOORS that a path lies in, or the path itself. */
function folderOf(path: string): string {
  return FLOORS.flat().find((folder) => path === folder || path.startsWith(`${folder}/`)) ?? path;
}

/** Every file lies on a floor, and imports from lower ones or from its own folder. Data come in from data/ by experiments alone. */
export function floors(files: Sources): string[] {
  const level = (path: string) => FLOORS.findIndex((floor) => floor.includes(folderOf(path)));
  return [...graph(files)].flatMap(([path, imports]) => {
    if (level(path) < 0) return [`${path} lies on no floor`];
    return imports.flatMap((other) => {
      // Packages, and package.json for its version.
      if (!/^(lib|scripts|data|test|kernels)\//.test(other)) return [];
      if (other.startsWith("data/") && folderOf(path) === "lib/experiments") return [];
      const down = level(other) >= level(path);
      const own = folderOf(other) === folderOf(path);
      const lowest = level(path) === FLOORS.length - 2;
      return down && (own || lowest || level(other) > level(path)) ? [] : [`${path} imports ${other}`];
    });
  });
}

/** A folder of kernels that belongs to one system; any system may use the others. */
function isOfOneSystem(folder: string): boolean {
  return wordsOf(folder).some((word) => EXPERIMENTS.includes(word));
}

/**
 * Whatever the floors are: a run knows no report, the method knows of systems their interface alone, and one experiment, or one
 * system's kernels, nothing of another's.
 */
export function apart(files: Sources): string[] {
  const home = (path: string) => path.match(/^lib\/experiments\/([^/]+)\//)?.[1];
  const foreign = (path: string, other: string) =>
    (home(path) !== undefined && home(other) !== undefined && home(path) !== home(other)) ||
    (path.startsWith("lib/run/") && other.startsWith("lib/report/")) ||
    (path.startsWith("lib/method/") && /^lib\/systems\/(?!system\.ts$)/.test(other));
  const folder = (path: string) => path.split("/")[1];
  const foreignKernel = (path: string, other: string) => folder(path) !== folder(other) && isOfOneSystem(folder(other));
  const between = (imports: Map<string, string[]>, isWrong: (path: string, other: string) => boolean) =>
    [...imports].flatMap(([path, others]) =>
      others.filter((other) => isWrong(path, other)).map((other) => `${path} imports ${other}`),
    );
  return [...between(graph(files), foreign), ...between(kernelGraph(files), foreignKernel)];
}

/** Only lib/gpu touches WebGPU: its types and constants, its calls, its packages. */
export function webgpu(files: Sources): string[] {
  const calls =
    /\bnavigator\.gpu\b|\.(?:createBuffer|createBindGroup|createCommandEncoder|createShaderModule|createComputePipeline|beginComputePass|dispatchWorkgroups|copyBufferToBuffer|mapAsync|getMappedRange|requestAdapter|requestDevice|queue)\b/g;
  return [...graph(files)].flatMap(([path, imports]) => {
    if (path.startsWith("lib/gpu/")) return [];
    const { code } = parts(files[path]);
    const words = [...code.matchAll(/\bGPU(?:[A-Z]\w*)?\b/g), ...code.matchAll(calls)].map(([word]) => word);
    const packages = imports.filter((name) => /^(webgpu|webgpu-utils|wesl)(\/|$)/.test(name));
    return [...new Set([...words, ...packages])].map((word) => `${path} uses ${word}`);
  });
}

const ELEMENTS =
  "a|b|body|br|canvas|code|details|div|em|figcaption|figure|footer|h[1-6]|head|header|hr|html|i|img|li|main|nav|ol|p|pre|script|section|small|span|strong|style|sub|summary|sup|svg|path|rect|table|tbody|td|th|thead|tr|ul";

/**
 * Only lib/report makes HTML out of text: experiments write it inside the html`…` of lib/report/html.ts, others not at all.
 * Only the part that runs in a browser touches a document.
 */
export function markup(files: Sources): string[] {
  const tag = new RegExp(`</?(?:${ELEMENTS})(?:\\s[^<>]*)?/?>|<!doctype`, "i");
  return [...graph(files)].flatMap(([path, imports]) => {
    const { code, texts } = parts(files[path]);
    const found: string[] = [];
    const own = path.startsWith("lib/report/");
    const escaped = path.startsWith("lib/experiments/") && imports.includes("lib/report/html.ts");
    if (!own && !escaped && tag.test(texts)) found.push(`${path} writes ${defined(texts.match(tag))[0]}`);
    if (!own && /\bnew Html\b/.test(code)) found.push(`${path} takes text for HTML`);
    if (!path.startsWith("lib/report/browser/") && /\b(?:innerHTML|document\.|window\.)/.test(code)) {
      found.push(`${path} touches a document`);
    }
    if (!own && imports.some((name) => /^uplot(\/|$)/.test(name))) found.push(`${path} imports uplot`);
    return found;
  });
}

/** The words of a text, whole and in parts: `readIsingRows` has read, ising, rows. Lower case, with and without plural s. */
function wordsOf(text: string): string[] {
  const whole = text.match(/[A-Za-z]+/g) ?? [];
  const inside = whole.flatMap((word) => word.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []);
  return [...whole, ...inside].flatMap((word) => [word.toLowerCase(), word.toLowerCase().replace(/s$/, "")]);
}

/**
 * No experiment is named in the library, in code, texts or comments, nor in kernels that systems share, but by experiments,
 * by systems, and by the theory in lib/analysis that has the name in its file name. The method and its networks do not speak
 * of magnetization, lib/method names no kind of matter.
 */
export function names(files: Sources): string[] {
  return Object.entries(files).flatMap(([path, text]) => {
    const folder = path.startsWith("kernels/") ? path.split("/")[1] : "";
    if (/^(scripts|lib\/experiments|lib\/systems)\//.test(path) || isOfOneSystem(folder)) return [];
    const isMethod = path.startsWith("lib/method/");
    const isNetwork = path.startsWith("lib/nn/") || ["closure", "nn", "sde"].includes(folder);
    const forbidden = [...EXPERIMENTS, ...(isMethod || isNetwork ? OBSERVED : []), ...(isMethod ? MATTER : [])];
    const own = path.startsWith("lib/analysis/") ? wordsOf(posix.basename(path)) : [];
    const used = new Set([...wordsOf(text), ...wordsOf(path)]);
    return forbidden.filter((word) => used.has(word) && !own.includes(word)).map((word) => `${path} says ${word}`);
  });
}
