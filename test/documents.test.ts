// The documents: the front page is short and begins as promised, links lead somewhere, commands exist, numbers that come from results are those of the results.
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { scripts, version } from "../package.json";
import lock from "../package-lock.json";
import { ROOT } from "./fixtures.ts";

const MOST_WORDS = 800;
const FOLDERS = ["data", "kernels", "lib", "reports/gallery", "scripts", "test"];

const read = (path: string) => readFileSync(join(ROOT, path), "utf8");
const inFolders = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" }).map((name) => `${folder}/${name}`),
);
const PAGES = [...readdirSync(ROOT), ...inFolders].filter((path) => path.endsWith(".md"));

/** Addresses of links and pictures, without those in code. */
function linksOf(page: string): string[] {
  const text = page.replace(/^( {4}|```)[\s\S]*?$/gm, "").replace(/`[^`\n]*`(?!\])/g, "");
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, address]) => address);
}

/** Names that a page can be entered at: ids, and headings as GitHub makes names of them. */
function anchorsOf(page: string): string[] {
  const ids = [...page.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id);
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
  return [...ids, ...headings];
}

/** Links of a page that lead nowhere. */
function broken(path: string, page: string): string[] {
  return linksOf(page).filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [file, anchor] = link.split("#");
    const target = file === "" ? path : join(dirname(path), file);
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsOf(read(target)).includes(anchor);
  });
}

describe("README", () => {
  const readme = read("README.md");

  test(`has at most ${MOST_WORDS} words`, () => {
    const words = readme.split(/\s+/).filter(Boolean).length;
    expect(words).toBeLessThanOrEqual(MOST_WORDS);
    expect(words).toBeGreaterThan(MOST_WORDS / 4);
  });

  test("begins with title, a sentence and the two commands", () => {
    const [title, empty, sentence, , first, second] = readme.split("\n");
    expect([title, empty]).toEqual(["# patchwise", ""]);
    expect(sentence).toMatch(/^[A-Z][^.]+\.$/);
    expect(first).toMatch(/^ {4}npm ci && npm run curie-weiss( |$)/);
    expect(second).toMatch(/^ {4}npm ci && npm test( |$)/);
  });
});

describe("links", () => {
  test.each(PAGES)("of %s lead somewhere", (path) => {
    expect(broken(path, read(path))).toEqual([]);
  });

  test("that lead nowhere are found", () => {
    const page =
      "# A b\n[a](nowhere.md) [b](README.md#nowhere) [c](#a-b) [d](README.md#limits) ![e](reports/none.png) `[f](g)` <https://x.y>";
    expect(broken("README.md", page)).toEqual(["nowhere.md", "README.md#nowhere", "#a-b", "reports/none.png"]);
  });
});

test.each(PAGES)("commands of %s exist", (path) => {
  const commands = [...read(path).matchAll(/\bnpm run ([a-z][\w-]*)/g)].map(([, name]) => name);
  expect(commands.filter((name) => !Object.keys(scripts).includes(name))).toEqual([]);
});

test("the citation has what its format needs, and the version of the package", () => {
  const citation = Bun.YAML.parse(read("CITATION.cff")) as Record<string, unknown>;
  expect(citation).toMatchObject({ "cff-version": "1.2.0", type: "software", license: "MIT", version });
  for (const key of ["message", "title"]) expect(typeof citation[key]).toBe("string");
  const [paper] = citation.references as { type: string; title: string; authors: { "family-names": string }[] }[];
  expect(paper.authors.map((author) => author["family-names"])).toEqual(["Chen", "Huang", "Novoselov", "Li"]);
  expect(JSON.stringify(paper)).toContain("arXiv:2511.12842");
  expect(read("LICENSE")).toStartWith("MIT License");
});

test("the changelog has the version of the package and what is not released", () => {
  const titles = [...read("CHANGELOG.md").matchAll(/^## \[([^\]]+)\]/gm)].map(([, title]) => title);
  expect(titles[0]).toBe("Unreleased");
  expect(titles).toContain(version);
});

test("the package lock says where every package lies, so that npm ci asks for no lists of versions", () => {
  const packages = Object.entries(lock.packages as Record<string, { resolved?: string }>).filter(
    ([path]) => path !== "",
  );
  expect(packages.length).toBeGreaterThan(20);
  expect(packages.filter(([, one]) => !one.resolved?.startsWith("https://registry.npmjs.org/"))).toEqual([]);
});
