// A slot of the cache of barriers: seven words of types around a vacancy (two bits a site, in the order of lib/systems/nbmota/environment.ts),
// a word that is 1 once these are there, and the barriers of the eight jumps in eV as f32.
const SLOT = 16u;
const FILLED = 7u;
const BARRIERS = 8u;
