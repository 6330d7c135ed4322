// Where a patch lies in a batch of stored states, which are whole systems (evaluation) or single patches (a table), on a line or a
// square lattice. Patches are numbered through all states, those of a state row by row in its tiling:
//   patch n is number n mod K of state ⌊n/K⌋,   K = (side / patch side)^dimension, 1 for single patches.

struct Tiling {
  side: u32,           // of a stored state
  patch_side: u32,
  dimension: u32,      // 1 or 2
}

/// A state and the first site of a patch in it; rows are zero in one dimension.
struct Place {
  state: u32,
  row: u32,
  column: u32,
}

fn place_of(number: u32, tiling: Tiling) -> Place {
  let across = tiling.side / tiling.patch_side;
  let per_state = power(across, tiling.dimension);
  let inside = number % per_state;
  return Place(number / per_state, inside / across * tiling.patch_side, inside % across * tiling.patch_side);
}

/// Sites of a lattice of so many a side.
fn power(side: u32, dimension: u32) -> u32 {
  return select(side, side * side, dimension == 2u);
}
