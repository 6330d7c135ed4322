// Two-point correlations inside square patches of sites with two states s = ±1 kept as bits, by distance:
//   x[f][column] = mean of s_i s_j over pairs of sites of patch first + column that are (a, b), (b, a), (a, −b) or (b, −a) apart,
// f = a(a + 1)/2 + b − 1 for 0 ≤ b ≤ a, 1 ≤ a: (1,0), (1,1), (2,0), …; pairs lie inside the patch as a whole.
// bits[state][row][word] as in closure/gather_bits.wgsl, patches numbered by closure/patches.wgsl. Padding (rows from `features` on,
// columns beyond the last patch) is zero.
// One invocation per column (x) and row of x (y). Whole words of pairs are compared at once; counts are exact.
import package::closure::patches::{ Place, Tiling, place_of };

struct Params {
  tiling: Tiling,      // of dimension 2
  first: u32,
  total: u32,          // patches of all states
  features: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> bits: array<u32>;
@group(0) @binding(2) var<storage, read_write> x: array<f32>;

/// 32 sites of row `row` of the states from column `column` on; what lies beyond the row is of no meaning.
fn sites(row: u32, column: u32) -> u32 {
  let at = row * ((params.tiling.side + 31u) / 32u) + column / 32u;
  let shift = column % 32u;
  let next = bits[min(at + 1u, arrayLength(&bits) - 1u)];
  return (bits[at] >> shift) | select(next << (32u - shift), 0u, shift == 0u);
}

/// Pairs of unequal sites (down, right) and (down, −right) apart.
fn unequal(place: Place, down: u32, right: u32) -> u32 {
  let l = params.tiling.patch_side;
  var count = 0u;
  for (var r = 0u; r + down < l; r++) {
    let upper = place.state * params.tiling.side + place.row + r;
    let lower = upper + down;
    for (var c = 0u; c + right < l; c += 32u) {
      let column = place.column + c;
      let mask = 0xffffffffu >> (32u - min(32u, l - right - c));
      let near = array(sites(upper, column), sites(lower, column));
      var far = array(near[0] >> right, near[1] >> right);
      if (l > 32u) { far = array(sites(upper, column + right), sites(lower, column + right)); }
      count += countOneBits((near[0] ^ far[1]) & mask) + countOneBits((near[1] ^ far[0]) & mask);
    }
  }
  return count;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let f = id.y;
  let column = id.x;
  if (column >= params.columns) { return; }
  let patch_number = params.first + column;
  var value = 0.0;
  if (f < params.features && patch_number < params.total) {
    var a = 1u;
    while ((a + 1u) * (a + 2u) / 2u <= f + 1u) { a++; }
    let b = f + 1u - a * (a + 1u) / 2u;
    let place = place_of(patch_number, params.tiling);
    let l = params.tiling.patch_side;
    var count = unequal(place, a, b);
    if (a == b) { count *= 2u; } else { count += unequal(place, b, a); }
    value = 1.0 - 2.0 * f32(count) / f32(4u * (l - a) * (l - b));
  }
  x[f * params.columns + column] = value;
}
