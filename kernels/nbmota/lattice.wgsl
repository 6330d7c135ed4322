// The bcc lattice: two bits a site, site ((z C + y) C + x) 2 + b of C³ periodic cells, b = 1 the body centre; type 0 is a vacancy, 1 Nb,
// 2 Mo, 3 Ta. Places are in half lattice constants, (2x + b, 2y + b, 2z + b), of equal parity. 16 sites to a word, the lowest bits first.

// The place of a site.
fn place_of(site: u32, cells: u32) -> vec3i {
  let b = site & 1u;
  let cell = site >> 1u;
  let row = cell / cells;
  return vec3i(vec3u(2u * (cell - row * cells) + b, 2u * (row % cells) + b, 2u * (row / cells) + b));
}

// The site at a place that is at most one lattice outside.
fn site_at(place: vec3i, cells: u32) -> u32 {
  let size = vec3i(i32(2u * cells));
  let low = select(place, place + size, place < vec3i(0));
  let within = vec3u(select(low, low - size, low >= size));
  let cell = within >> vec3u(1u);
  return (((cell.z * cells + cell.y) * cells + cell.x) << 1u) | (within.x & 1u);
}

// Number of an unordered pair of types 1 … 3: NbNb, NbMo, NbTa, MoMo, MoTa, TaTa.
fn pair_of(a: u32, b: u32) -> u32 {
  let low = min(a, b);
  return max(a, b) - 1u + select(select(0u, 2u, low == 2u), 3u, low == 3u);
}
