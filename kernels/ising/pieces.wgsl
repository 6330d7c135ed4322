// Square pieces of Ising lattices whose boxes were counted (count_box.wgsl): one invocation per piece and lattice takes the counts.

struct Pieces {
  first: u32,         // this dispatch does the pieces [first, last), those of 32 lattices after each other
  last: u32,
  lattices: u32,
  each: u32,          // of a lattice
  boxes: u32,         // of a piece
}

struct Piece {
  there: bool,
  lattice: u32,
  item: u32,          // those of a lattice together
  box: u32,           // where its first box stands among all that were counted
  lane: u32,          // of the lattice among the 32
}

fn piece_of(index: u32, pieces: Pieces) -> Piece {
  let number = index / 32u;
  let lane = index % 32u;
  let piece = pieces.first + number;
  let lattice = 32u * (piece / pieces.each) + lane;
  let there = piece < pieces.last && lattice < pieces.lattices;
  return Piece(there, lattice, lattice * pieces.each + piece % pieces.each, number * pieces.boxes, lane);
}

// The four counts of a word.
fn four(word: u32) -> vec4u {
  return (vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u);
}
