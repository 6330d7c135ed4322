// Patches put into packed systems, for the packings that systems have.

/** Square lattices in rows of bits: bit c % 32 of word ⌊c / 32⌋ of a row is column c. */
export const pasteBits =
  (patchSide: number) => (whole: Uint32Array, patch: Uint32Array, index: number, side: number) => {
    const tiles = side / patchSide;
    const [top, left] = [patchSide * Math.floor(index / tiles), patchSide * (index % tiles)];
    const [wide, narrow] = [Math.ceil(side / 32), Math.ceil(patchSide / 32)];
    for (let row = 0; row < patchSide; row++) {
      for (let column = 0; column < patchSide; column++) {
        const bit = (patch[row * narrow + (column >>> 5)] >>> (column & 31)) & 1;
        const to = left + column;
        const at = (top + row) * wide + (to >>> 5);
        whole[at] = (whole[at] & ~(1 << (to & 31))) | (bit << (to & 31));
      }
    }
  };

/** Sites on a line, one word each, in `parts` lists of all sites one after another. */
export const pasteLines =
  (patchSide: number, parts: number) => (whole: Uint32Array, patch: Uint32Array, index: number, side: number) => {
    for (let part = 0; part < parts; part++) {
      whole.set(patch.subarray(part * patchSide, (part + 1) * patchSide), part * side + index * patchSide);
    }
  };

/** Square lattices of one word per site, row by row. */
export const pasteSquares =
  (patchSide: number) => (whole: Uint32Array, patch: Uint32Array, index: number, side: number) => {
    const tiles = side / patchSide;
    const corner = patchSide * (side * Math.floor(index / tiles) + (index % tiles));
    for (let row = 0; row < patchSide; row++) {
      whole.set(patch.subarray(row * patchSide, (row + 1) * patchSide), corner + row * side);
    }
  };
