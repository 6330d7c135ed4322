// How many sites of Ising lattices are in each of the ten classes (spin s, number u of up neighbours): all sites of a class flip at one rate, and
// change magnetization and unlike bonds alike, so that these numbers give both and their generator at any temperature and field
// (lib/systems/ising.ts).
//
// bits[lattice][row][word] with a frame of one neighbour (to_bits.wgsl). One invocation per lattice, 32 columns of a row at a time. Exact.
import package::ising::planes::add_planes;

struct Params {
  first: u32,         // this dispatch does the lattices [first, last)
  last: u32,
  side: u32,
  rows: u32,          // of `bits`: the side and a frame of one neighbour
  words: u32,         // per row of `bits`
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bits: array<u32>;
@group(0) @binding(2) var<storage, read_write> counts: array<u32>;   // [lattice][5 · (s is up) + u]

// 32 columns of a row from `column` on.
fn word_from(row: u32, column: u32) -> u32 {
  let at = row * params.words + column / 32u;
  let shift = column % 32u;
  // The last word has no successor; what is read there instead lies beyond the piece.
  let next = bits[min(at + 1u, arrayLength(&bits) - 1u)];
  return select((bits[at] >> shift) | (next << ((32u - shift) & 31u)), bits[at], shift == 0u);
}

@compute @workgroup_size(8)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let lattice = params.first + id.y * size.x * 8u + id.x;
  if (lattice >= params.last) { return; }
  let top = lattice * params.rows + 1u;
  var down = array<u32, 5>();
  var up = array<u32, 5>();
  for (var column = 0u; column < params.side; column += 32u) {
    let width = min(params.side - column, 32u);
    let mask = select((1u << (width & 31u)) - 1u, 0xffffffffu, width == 32u);
    var north = word_from(top - 1u, 1u + column);
    var here = word_from(top, 1u + column);
    for (var row = top; row < top + params.side; row++) {
      let south = word_from(row + 1u, 1u + column);
      let u = add_planes(north, south, word_from(row, column), word_from(row, column + 2u));
      let none = ~(u.ones | u.twos | u.fours) & mask;
      let one = u.ones & ~u.twos & mask;
      let two = u.twos & ~u.ones & mask;
      let three = u.ones & u.twos & mask;
      let four = u.fours & mask;
      up[0] += countOneBits(none & here);
      up[1] += countOneBits(one & here);
      up[2] += countOneBits(two & here);
      up[3] += countOneBits(three & here);
      up[4] += countOneBits(four & here);
      down[0] += countOneBits(none & ~here);
      down[1] += countOneBits(one & ~here);
      down[2] += countOneBits(two & ~here);
      down[3] += countOneBits(three & ~here);
      down[4] += countOneBits(four & ~here);
      north = here;
      here = south;
    }
  }
  for (var k = 0u; k < 5u; k++) {
    counts[10u * lattice + k] = down[k];
    counts[10u * lattice + 5u + k] = up[k];
  }
}
