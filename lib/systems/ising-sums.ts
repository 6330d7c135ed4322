// Sums over square pieces of Ising lattices, on the device: of observables, of the generator of Glauber dynamics, of the classes of spins.

import type { GpuArray } from "../gpu/buffer.ts";
import type { Gpu } from "../gpu/device.ts";
import { grid } from "../gpu/grid.ts";
import type { Call } from "../gpu/kernel.ts";
import { CLASSES, heatBath } from "./ising-classes.ts";

/** Replicas of a word. */
export const LANES = 32;
export const HAND_MADE = ["none", "features", "blocks"] as const;
export type Closure = (typeof HAND_MADE)[number];

/** Side of the blocks whose mean-square magnetization is an observable, in a patch that it divides. */
const BLOCK = 8;
/** Rows and columns of the boxes of kernels/ising/count_box.wgsl where they are no blocks. */
const BOX = { height: 8, width: 16 };
/** Sites of the pieces that are counted before they are summed, times 32 replicas. */
const COUNTED_SITES = 2 ** 18;
/** Words of the counts of a box: what that kernel puts there. */
const COUNT_WORDS = {
  none: { observables: 1, classes: 3 },
  blocks: { observables: 2, classes: 3 },
  features: { observables: 3, classes: 9 },
} as const;

/** Lattices, 32 replicas to a word. */
export interface Lattices {
  readonly count: number;
  readonly side: number;
  /** Frozen rows and columns around each lattice of a cut-out patch; 0: closed periodically. */
  readonly margin: number;
  /** `[⌈count/32⌉][side + 2 margin][side + 2 margin]`; bit r of a word belongs to replica r of the 32, 1 is up. */
  readonly spins: GpuArray;
}

/** Where sums over pieces go: into column `column` + j those of observable j, begin ≤ j < end, `factor` times. */
export interface Target {
  readonly column: number;
  readonly begin: number;
  readonly end: number;
  readonly factor: number;
}

/** Counts of pieces [first, last), of which each lattice has `pieces`, as the kernels that sum them take them (kernels/ising/pieces.wgsl). */
interface Counted {
  readonly pieces: { first: number; last: number; lattices: number; each: number; boxes: number };
  readonly counts: GpuArray;
  readonly workgroups: ReturnType<typeof grid>;
}

/** Sums of one system; d observables, n sites to a patch. Tables of sums are `[columns][items]`, an item for each piece, those of a lattice together. */
export class IsingSums {
  /** Side of the blocks; 0 if their magnetization is no observable. */
  readonly block: number;
  readonly #gpu: Gpu;
  readonly #d: number;
  readonly #patchSide: number;
  readonly #closure: Closure;
  readonly #rates: Float32Array;

  constructor(
    gpu: Gpu,
    d: number,
    patchSide: number,
    { closure, temperature, field }: { closure: Closure; temperature: number; field: number },
  ) {
    this.#gpu = gpu;
    this.#d = d;
    this.#patchSide = patchSide;
    this.#closure = closure;
    this.block = closure === "blocks" ? gcd(patchSide, BLOCK) : 0;
    const up = [0, 1, 2, 3, 4].map((count) => heatBath(count, temperature, field));
    this.#rates = Float32Array.of(...up, ...up.map((p) => 1 - p), 0, 0);
  }

  /** Columns of the generator: drift, and upper triangles of Γ. */
  get generatorColumns(): number {
    return this.#d + this.#triangle;
  }

  get #triangle(): number {
    return (this.#d * (this.#d + 1)) / 2;
  }

  /** Device bytes of a patch of one replica: its sums, and the counts that they come of. */
  get bytes(): number {
    const { boxes, words } = this.#boxes(this.#patchSide, "classes", this.#closure);
    return 4 * (2 * this.#d + this.#triangle + boxes * words);
  }

  /** A table, 0 at first, that `fill` has filled. */
  async read(columns: number, items: number, fill: (table: GpuArray) => Promise<void>): Promise<Float32Array> {
    const table = this.#gpu.buffer("ising.sums", 4 * columns * items);
    try {
      await fill(table);
      return await this.#gpu.read(table, Float32Array);
    } finally {
      table.destroy();
    }
  }

  /** Adds what kernels/ising/observables.wgsl sums over all pieces of side `extent`. A piece larger than the lattice has sites of its frame. */
  async addObservables(table: GpuArray, lattices: Lattices, extent: number, targets: readonly Target[]): Promise<void> {
    const sum = await this.#gpu.kernel("ising/observables.wgsl", {
      constants: { BLOCK: this.block, WORDS: COUNT_WORDS[this.#closure].observables },
      conditions: conditions(this.#closure),
    });
    const sites = extent ** 2;
    await this.#count(lattices, extent, "observables", this.#closure, ({ pieces, counts, workgroups }) =>
      targets.map((target) => sum.call({ params: { pieces, sites, ...target }, counts, result: table }, workgroups)),
    );
  }

  /** Adds what kernels/ising/generator.wgsl sums over all patches to the columns from `column` on. */
  async addGenerator(table: GpuArray, lattices: Lattices, column: number): Promise<void> {
    const sum = await this.#gpu.kernel("ising/generator.wgsl", {
      constants: { BLOCK: this.block, WORDS: COUNT_WORDS[this.#closure].classes, DIMENSION: this.#d },
      conditions: conditions(this.#closure),
    });
    const rates = this.#rates;
    await this.#count(lattices, this.#patchSide, "classes", this.#closure, ({ pieces, counts, workgroups }) => [
      sum.call({ params: { pieces, column, rates }, counts, result: table }, workgroups),
    ]);
  }

  /** How many sites of each lattice are in each class, `[count, 10]`. */
  async classes(lattices: Lattices): Promise<Uint32Array> {
    const sum = await this.#gpu.kernel("ising/classes.wgsl", { constants: { WORDS: COUNT_WORDS.none.classes } });
    const result = this.#gpu.buffer("ising.classes", 4 * CLASSES * lattices.count);
    const extent = lattices.side ** 2 <= COUNTED_SITES / 16 ? lattices.side : this.#patchSide;
    await this.#count(lattices, extent, "classes", "none", ({ pieces, counts, workgroups }) => [
      sum.call({ params: { pieces }, counts, result }, workgroups),
    ]);
    const classes = await this.#gpu.read(result, Uint32Array);
    result.destroy();
    return classes;
  }

  /** The boxes of a piece, the invocations that count each, and the words of all counts of a box and a lattice. */
  #boxes(extent: number, kind: "observables" | "classes", closure: Closure) {
    const { height, width } = this.block > 0 ? { height: this.block, width: this.block } : BOX;
    const boxes = Math.ceil(extent / height) * Math.ceil(extent / width);
    const parts = kind === "classes" && closure !== "none" ? CLASSES / 2 : 1;
    return { height, width, boxes, parts, words: parts * COUNT_WORDS[closure][kind] };
  }

  /** Counts the boxes of all pieces of side `extent`, some pieces at a time, and has `sum` take the counts. */
  async #count(
    { count, side, margin, spins }: Lattices,
    extent: number,
    kind: "observables" | "classes",
    closure: Closure,
    sum: (counted: Counted) => readonly Call[],
  ): Promise<void> {
    const tiles = Math.max(1, Math.floor(side / extent));
    const { height, width, boxes, parts, words } = this.#boxes(extent, kind, closure);
    const total = Math.ceil(count / LANES) * tiles ** 2;
    const slab = Math.min(total, Math.ceil(COUNTED_SITES / extent ** 2));
    const kernel = await this.#gpu.kernel("ising/count_box.wgsl", {
      constants: { WORDS: COUNT_WORDS[closure][kind] },
      conditions: { CLASSES: kind === "classes", ...conditions(closure) },
    });
    const counts = this.#gpu.buffer("ising.counts", 4 * LANES * words * boxes * slab);
    const origin = margin - Math.max(0, (extent - side) / 2);
    const place = { side: side + 2 * margin, tiles, origin, extent, width, height };
    await this.#gpu.runSplit(`count ${kind} ${closure} ${extent}`, Math.ceil(total / slab), 4, (from, to) =>
      Array.from({ length: to - from }, (_, k) => {
        const first = (from + k) * slab;
        const last = Math.min(total, first + slab);
        const pieces = { first, last, lattices: count, each: tiles ** 2, boxes };
        const invocations = (last - first) * boxes * parts;
        return [
          kernel.call({ params: { ...place, first, last }, spins, counts }, grid(invocations, 8)),
          ...sum({ pieces, counts, workgroups: grid(LANES * (last - first), 32) }),
        ];
      }).flat(),
    );
    counts.destroy();
  }

  /** φ_I `[items, d]`, of sums over patches in the first columns. */
  observables(sums: Float32Array, items: number): Float32Array {
    const n = this.#patchSide ** 2;
    return rowsOf(sums, items, 0, this.#d, (x, j) => (j === 0 ? (2 * x - n) / n : x / (4 * n)));
  }

  /** Changes of φ_I `[items, d]`, of changes of sums over all that a flip in the patch changes, in the columns from `first` on. */
  changes(sums: Float32Array, items: number, first: number): Float32Array {
    const n = this.#patchSide ** 2;
    return rowsOf(sums, items, first, this.#d, (x, j) => (j === 0 ? (2 * x) / n : x / (4 * n)));
  }

  /** `factor` times Lφ_I `[items, d]` and Γ(φ_I) `[items, d(d+1)/2]`, of what `addGenerator` added from column `first` on. */
  generator(sums: Float32Array, items: number, first: number, factor: number) {
    const n = this.#patchSide ** 2;
    return {
      drift: rowsOf(sums, items, first, this.#d, (x) => (factor * x) / n),
      variation: rowsOf(sums, items, first + this.#d, this.#triangle, (x) => (factor * x) / (n * n)),
    };
  }
}

/** Rows `[items, width]` of `width` columns of a table from `first` on; `value` of what stands in column j of the rows. */
function rowsOf(
  table: Float32Array,
  items: number,
  first: number,
  width: number,
  value: (entry: number, j: number) => number,
): Float32Array {
  const rows = new Float32Array(items * width);
  for (let j = 0; j < width; j++) {
    for (let item = 0; item < items; item++) rows[item * width + j] = value(table[(first + j) * items + item], j);
  }
  return rows;
}

/** What kernels are to count beside m and ρ. */
function conditions(closure: Closure) {
  return { DIAGONAL: closure !== "none", PLAQUETTES: closure === "features" };
}

/** Greatest common divisor; that of mathjs would add half a second to the start of tools that need nothing else of it. */
function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}
