// Numbers 0 … 1023 of any law from one random word, by the alias method: A. J. Walker, ACM Trans. Math. Softw. 3, 253 (1977). Twin of
// kernels/random/alias.wgsl.

const COLUMNS = 1024;
/** Words that fall into one column. */
const HEIGHT = 2 ** 22;

/**
 * The table for `counts[k]` of the 2³² words giving k, k ≤ 1023, exactly: column c gives c below its height (upper 22 bits of its entry) and its alias
 * (lower 10) above. Throws RangeError unless the counts are whole numbers whose sum is 2³².
 */
export function aliasTable(counts: ArrayLike<number>): Uint32Array {
  const left = Float64Array.from({ length: COLUMNS }, (_, k) => counts[k] ?? 0);
  const total = left.reduce((a, b) => a + b);
  if (counts.length > COLUMNS || total !== 2 ** 32 || !left.every((n) => Number.isInteger(n) && n >= 0))
    throw new RangeError(`${counts.length} counts of sum ${total} are not those of 2³² words in ${COLUMNS} columns`);
  // A column that is full is its own alias.
  const table = Uint32Array.from({ length: COLUMNS }, (_, c) => c);
  const low: number[] = [];
  const high: number[] = [];
  for (let c = 0; c < COLUMNS; c++) (left[c] < HEIGHT ? low : high).push(c);
  for (let c = low.pop(); c !== undefined; c = low.pop()) {
    const donor = high[high.length - 1];
    table[c] = left[c] * COLUMNS + donor;
    left[donor] -= HEIGHT - left[c];
    if (left[donor] < HEIGHT) low.push(high.pop() as number);
  }
  return table;
}
