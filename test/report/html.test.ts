// The pieces of reports: numbers, markup, tables, pictures. Whole pages are tested in page.test.ts.
import { describe, expect, test } from "bun:test";
import { inflateSync } from "node:zlib";
import fc from "fast-check";
import { escapeHtml, html, inlineJson } from "../../lib/report/html.ts";
import { fieldPicture, spinPicture } from "../../lib/report/lattice.ts";
import { formatEstimate, formatNumber, formatSetting, formatWithInterval } from "../../lib/report/number.ts";
import { htmlTable } from "../../lib/report/table.ts";
import { HOSTILE } from "./hostile.ts";

describe("numbers", () => {
  test("are rounded to what they are worth", () => {
    expect([4.05e-4, 0.489881, 12_345.6, -0.00004, 0, 1e21].map((x) => formatNumber(x))).toEqual([
      "4.050×10⁻⁴",
      "0.4899",
      "12,350",
      "−4.000×10⁻⁵",
      "0",
      "1.000×10²¹",
    ]);
    expect([null, undefined, Number.NaN, Infinity].map((x) => formatNumber(x))).toEqual(["—", "—", "—", "—"]);
    expect(formatNumber(0.99996, 4)).toBe("1.000");
    expect(formatEstimate({ value: 0.48912, low: 0.48851, high: 0.48973 })).toEqual({
      value: "0.48912",
      interval: "± 0.00061",
    });
    expect(formatWithInterval({ value: 4.1e-4, low: 3.8e-4, high: 4.4e-4 })).toBe("(4.10 ± 0.30)×10⁻⁴");
    expect(formatWithInterval({ value: 4.1e-4, low: 3.8e-4, high: 4.9e-4 })).toBe("4.10 [3.80, 4.90]×10⁻⁴");
    expect(formatWithInterval({ value: 2, low: 2, high: 2 })).toBe("2.000");
    expect(formatSetting(100_000)).toBe("100,000");
    expect(formatSetting(-0.1)).toBe("−0.1");
  });

  test("read back as what was printed, to half a unit of the last digit", () => {
    const read = (text: string) => {
      const [mantissa, exponent] = text.replaceAll("−", "-").replaceAll(",", "").split("×10");
      const digits = [...(exponent ?? "⁰")].map((c) => (c === "⁻" ? "-" : "⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c))).join("");
      return Number(mantissa) * 10 ** Number(digits);
    };
    fc.assert(
      fc.property(fc.double({ min: -1e30, max: 1e30, noNaN: true }), (x) => {
        fc.pre(Math.abs(x) > 1e-30);
        expect(Math.abs(read(formatNumber(x, 4)) / x - 1)).toBeLessThan(5.1e-4);
      }),
    );
  });

  test("in scripts keep seven digits and whole ones all, become null where there is none, and cannot close the element", () => {
    expect(inlineJson([Math.PI, 134_217_728, Number.NaN, Infinity, new Float32Array([0.1])])).toBe(
      "[3.141593,134217728,null,null,[0.1]]",
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const json = inlineJson({ text: `${text}</script><!--` });
        expect(json).not.toContain("<");
        expect(JSON.parse(json).text).toBe(`${text}</script><!--`);
      }),
    );
  });
});

test("text in templates cannot become markup", () => {
  expect(html`<p title="${'"'}">${HOSTILE}${null}${[1, html`<br>`]}</p>`.toString()).toBe(
    `<p title="&quot;">${escapeHtml(HOSTILE)}1<br></p>`,
  );
});

test("tables align decimals, mark what is missing and name their headers", () => {
  const items = [
    { name: "a", value: 12.5, score: { value: 0.41, low: 0.39, high: 0.43 } },
    { name: "<b>", value: null, score: { value: Number.NaN, low: Number.NaN, high: Number.NaN } },
  ];
  const text = htmlTable(items, [
    { label: "Name", header: true, cell: ({ name }) => name },
    { label: "v", unit: "s", cell: ({ value }) => value },
    { label: "w", cell: ({ score }) => score },
    { label: "twice", cell: ({ value }) => value && 2 * value, format: String },
    { label: "note", cell: () => "" },
    { label: "why", long: true, cell: () => "a sentence" },
  ]).toString();
  const missing = '<td class="missing">—</td>';
  expect(text).toContain(`<th scope="row">&lt;b&gt;</th>${missing}${missing}${missing}<td class="text">—</td>`);
  // Sentences wrap, numbers and words do not.
  expect(text).toContain('<td class="text long">a sentence</td>');
  expect(text).toContain('v <span class="unit">[s]</span>');
  expect(text).toMatch(/<span class="whole"[^>]*>12<\/span><span class="rest"[^>]*>\.50<\/span>/);
  expect(text).toMatch(/<span class="whole"[^>]*>0<\/span><span class="rest"[^>]*>\.410 ± 0\.020<\/span>/);
  expect(text).toMatch(/<span class="whole"[^>]*>25<\/span>/);
  expect(text.match(/scope="col"/g)).toHaveLength(6);
});

/** The palette indices of a PNG that has filter 0 in every row. */
function pixels(uri: string, depth: 1 | 8): number[][] {
  const file = Buffer.from(uri.slice(uri.indexOf(",") + 1), "base64");
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  const at = file.indexOf("IDAT");
  const rows = inflateSync(file.subarray(at + 4, at + 4 + file.readUInt32BE(at - 4)));
  const stride = Math.ceil((width * depth) / 8) + 1;
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) =>
      depth === 8 ? rows[y * stride + 1 + x] : (rows[y * stride + 1 + (x >> 3)] >> (7 - (x & 7))) & 1,
    ),
  );
}

test("pictures hold the spins and fields that were drawn", () => {
  const side = 11; // not a multiple of eight
  const spins = Uint8Array.from({ length: side * side }, (_, i) => ((i * i) % 7 < 3 ? 1 : 0));
  expect(pixels(spinPicture("", spins, side).uri, 1).flat()).toEqual(Array.from(spins));
  expect(pixels(fieldPicture("", [0, 0.5, 1, 2, -1, Number.NaN], 3, 2, [0, 1]).uri, 8)).toEqual([
    [0, 128, 255],
    [255, 0, 0],
  ]);
});
