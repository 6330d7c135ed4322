// Numbers 0 … 1023 of a law that a table holds, from one random word each (Walker's alias method). The table: lib/random/alias.ts.

fn alias_of(word: u32, table: ptr<storage, array<u32>, read>) -> u32 {
  let column = word >> 22u;
  let entry = (*table)[column];
  return select(entry & 1023u, column, (word & 0x3fffffu) < (entry >> 10u));
}
