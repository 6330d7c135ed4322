// The terms of a polynomial field (lib/method/sde/polynomial): products of Chebyshev polynomials of x, with
//   x_a = clamp(shift_a + Σ_b frame_ab z̃_b, −1, 1).
// A term is another one, its parent, times one factor T_k(x_j). Numbers from `base` on: degree, terms, where the coefficients begin, how
// many more the field has of its own and these, shift (D), frame (D × D), and for each term 256 times its parent plus the place
// of its factor in the table [variable][0 … degree]; then, from a multiple of four on, the coefficients of every set, those of a
// term padded to whole vec4. Trip counts come from there too, as software drivers would write out loops of constant length.
// Float32: relative error of a term about 10⁻⁶.
import package::sde::numbers::{ number, whole_number };
import constants::D;
import constants::TABLE;
import constants::TERMS;

// How far beyond the data f goes on along its plane, in units of half their range (drift.ts).
const REACH = 0.25;

// The terms at z̃ into `values`, and into `excess` what x was cut by on every axis, up to REACH.
fn polynomial_terms(
  base: u32,
  standard: ptr<function, array<f32, D>>,
  values: ptr<function, array<f32, TERMS>>,
  excess: ptr<function, array<f32, D>>,
) {
  let degree = whole_number(base);
  let terms = whole_number(base + 1u);
  let shift = base + 4u + whole_number(base + 3u);
  let frame = shift + D;
  let plan = frame + D * D;
  var table: array<f32, TABLE>;
  for (var a = 0u; a < D; a++) {
    var x = number(shift + a);
    for (var b = 0u; b < D; b++) { x += number(frame + a * D + b) * (*standard)[b]; }
    let cut = clamp(x, -1.0, 1.0);
    (*excess)[a] = clamp(x - cut, -REACH, REACH);
    x = cut;
    let row = a * (degree + 1u);
    var before = 1.0;
    var now = x;
    table[row] = 1.0;
    for (var k = 1u; k <= degree; k++) {
      table[row + k] = now;
      let next = 2.0 * x * now - before;
      before = now;
      now = next;
    }
  }
  (*values)[0] = 1.0;
  for (var t = 1u; t < terms; t++) {
    let place = whole_number(plan + t);
    (*values)[t] = (*values)[place / 256u] * table[place % 256u];
  }
}

// Where the coefficients of a set begin, in vec4, of which each term has so many.
fn polynomial_set(base: u32, wide: u32, which: u32) -> u32 {
  return (base + whole_number(base + 2u)) / 4u + which * whole_number(base + 1u) * wide;
}
