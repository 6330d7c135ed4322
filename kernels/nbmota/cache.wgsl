// A slot of the cache of barriers: seven words of types around a vacancy (two bits a site, in the order of lib/systems/nbmota/environment.ts),
// a word that is 1 once these are there, and the barriers of the eight jumps in eV as f32.
const SLOT = 16u;
const FILLED = 7u;
const BARRIERS = 8u;

// The type at a site of seven words of types.
fn kind_of(key: ptr<function, array<u32, 7>>, site: u32) -> u32 {
  return ((*key)[site >> 4u] >> (2u * (site & 15u))) & 3u;
}
