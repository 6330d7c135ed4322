import { crc32, deflateSync } from "node:zlib";
import { type Color, type ColorMap, gradientOf, paletteOf } from "./color-map.ts";
import { figureHeading } from "./heading.ts";
import { type Content, type Html, html } from "./html.ts";
import { formatNumber } from "./number.ts";

/** Spin down and spin up: far apart in lightness, so also in grey and for every kind of colour vision. */
const SPIN_COLORS: readonly Color[] = [
  [244, 235, 217],
  [24, 60, 100],
];

export interface Picture {
  title: Content;
  /** One plain sentence for those who cannot see it. */
  alt: string;
  /** PNG as a data URI. */
  uri: string;
  width: number;
  height: number;
  /** Height of a row in widths of a column, default 1. */
  stretch?: number;
  /** What the colours mean, shown as a bar. */
  scale?: { map: ColorMap; range: readonly [number, number] };
}

function chunk(type: string, data: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(data.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body) >>> 0, body.length + 4);
  return framed;
}

/** A palette PNG of `width`×`height` indices, `depth` bits each (PNG specification, third edition, sections 5 and 11). */
function png(indices: Uint8Array, width: number, height: number, depth: 1 | 8, palette: readonly Color[]): string {
  const stride = Math.ceil((width * depth) / 8) + 1; // each row starts with its filter type, 0
  const rows = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const index = indices[y * width + x];
      if (depth === 8) rows[y * stride + 1 + x] = index;
      else rows[y * stride + 1 + (x >> 3)] |= index << (7 - (x & 7));
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([depth, 3, 0, 0, 0], 8);
  const file = Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("PLTE", Uint8Array.from(palette.flat())),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", new Uint8Array()),
  ]);
  return `data:image/png;base64,${file.toString("base64")}`;
}

/** A picture of `side`×`side` spins, row by row; 0 is down (pale), anything else up (dark). */
export function spinPicture(title: Content, spins: ArrayLike<number>, side: number): Picture {
  const bits = Uint8Array.from({ length: side * side }, (_, i) => (spins[i] ? 1 : 0));
  const up = bits.reduce((sum, bit) => sum + bit, 0);
  const alt = `${side} by ${side} spins, ${((100 * up) / bits.length).toFixed(1)} percent up`;
  return { title, alt, uri: png(bits, side, side, 1, SPIN_COLORS), width: side, height: side };
}

/** A thing that sites can be, and its colour. */
export interface Category {
  readonly name: string;
  readonly color: Color;
}

/** A picture of sites of several kinds, `kinds` row by row: numbers of `categories`. The alternative text tells their shares. */
export function categoryPicture(
  title: Content,
  kinds: ArrayLike<number>,
  width: number,
  height: number,
  categories: readonly Category[],
): Picture {
  const indices = Uint8Array.from({ length: width * height }, (_, i) => kinds[i]);
  const share = (kind: number) => (100 * indices.filter((one) => one === kind).length) / indices.length;
  const shares = categories.map(({ name }, kind) => `${share(kind).toFixed(1)} percent ${name}`);
  const palette = categories.map(({ color }) => color);
  const alt = `${width} by ${height} sites: ${shares.join(", ")}`;
  return { title, alt, uri: png(indices, width, height, 8, palette), width, height };
}

/** What the colours of categories mean, in one line. */
export function categoryKey(categories: readonly Category[]): Html {
  return html`${categories.map(
    ({ name, color }, k) =>
      html`${k > 0 && ", "}<span style="display:inline-block;width:.8em;height:.8em;background:rgb(${color.join(" ")});border:1px solid #8888"></span> ${name}`,
  )}`;
}

/**
 * A picture of a scalar field `values` (`width`×`height`, row by row) with colours from `range[0]` to `range[1]`;
 * values outside take the end colours, NaN the lowest.
 */
export function fieldPicture(
  title: Content,
  values: ArrayLike<number>,
  width: number,
  height: number,
  range: readonly [number, number],
  map: ColorMap = "sequential",
): Picture {
  const width01 = range[1] - range[0] || 1;
  const indices = Uint8Array.from({ length: width * height }, (_, i) => {
    const level = Math.round((255 * (values[i] - range[0])) / width01);
    return Math.min(255, Math.max(0, level || 0));
  });
  const alt = `Field of ${width} by ${height} values between ${formatNumber(range[0], 3)} and ${formatNumber(range[1], 3)}`;
  return { title, alt, uri: png(indices, width, height, 8, paletteOf(map)), width, height, scale: { map, range } };
}

/** A bar of the colours of a picture between the values at their ends. */
export function colorBar({ map, range }: NonNullable<Picture["scale"]>): Html {
  return html`<p class="scale"><span>${formatNumber(range[0], 3)}</span><span class="bar" style="background:${gradientOf(map)}"></span><span>${formatNumber(range[1], 3)}</span></p>`;
}

/** A figure of pictures side by side, every site of all of them at the same scale; the widest fills about `width` CSS pixels. */
export function pictures(id: string, title: string, caption: Content, list: readonly Picture[], width = 320): Html {
  return pictureRows(id, title, caption, [list], width);
}

/** The same with pictures in rows, of which each may go on in further lines where the screen is narrow. */
export function pictureRows(
  id: string,
  title: string,
  caption: Content,
  rows: readonly (readonly Picture[])[],
  width: number,
): Html {
  const widest = Math.max(1, ...rows.flat().map((picture) => picture.width));
  const zoom = Math.max(1, Math.min(8, Math.floor(width / widest)));
  return html`<figure id="${id}" aria-labelledby="${id}-title">
${figureHeading(id, title)}
${rows.map(
  (row) => html`<div class="pictures" style="--widest:${widest};--zoom:${zoom}px">${row.map(
    ({ title, alt, uri, width, height, stretch = 1, scale }) =>
      html`<div style="--side:${width};--tall:${height * stretch}"><img src="${uri}" alt="${alt}" width="${width}" height="${height}"><p>${title}</p>${scale && colorBar(scale)}</div>`,
  )}</div>
`,
)}<figcaption>${caption}</figcaption>
</figure>`;
}
