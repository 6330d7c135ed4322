// Neighbours on a square lattice that is closed periodically, `side` × `side` words from `base` on.

struct Site { here: u32, north: u32, south: u32, west: u32, east: u32 }

fn site_at(base: u32, side: u32, row: u32, column: u32) -> Site {
  let here = base + row * side + column;
  return Site(
    here,
    select(here - side, here + side * (side - 1u), row == 0u),
    select(here + side, here - side * (side - 1u), row == side - 1u),
    select(here - 1u, here + side - 1u, column == 0u),
    select(here + 1u, here + 1u - side, column == side - 1u),
  );
}
