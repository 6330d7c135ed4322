// Sites of Ising lattices of even side by colours of the checkerboard, in strips of 32 sites of one colour and row, a bit each. Site k of colour c in
// row r is in column 2k + o, o = (r + c) mod 2; a site has no neighbours of its own colour.

struct Strip {
  group: u32,
  row: u32,       // of the lattice
  lane: u32,      // place of the strip in the row
  strips: u32,    // per row
  sites: u32,     // up to 32
  odd: bool,      // o = 1
}

// Invocations are numbered by place in the row, row and group: no division.
fn strip_at(id: vec3u, side: u32, colour: u32) -> Strip {
  let half = side / 2u;
  return Strip(id.z, id.y, id.x, (half + 31u) / 32u, min(32u, half - 32u * id.x), ((id.y + colour) & 1u) == 1u);
}

// Strips, counted through all groups: this one of the other colour or its own, the one above and the one left of it.
struct Places { here: u32, north: u32, west: u32 }

fn places_of(strip: Strip, side: u32) -> Places {
  let row = (strip.group * side + strip.row) * strip.strips;
  let here = row + strip.lane;
  return Places(
    here,
    select(here - strip.strips, here + (side - 1u) * strip.strips, strip.row == 0u),
    select(here - 1u, row + strip.strips - 1u, strip.lane == 0u),
  );
}
