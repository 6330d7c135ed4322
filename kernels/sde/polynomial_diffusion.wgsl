// Diffusion by polynomials, a module that the integrator links as field::diffusion: the entries of σσᵀ are polynomials,
//   (σσᵀ)_jk = Σ_t c_t,jk φ_t(x),  k ≥ j,
// and σ is their lower Cholesky factor, its pivots no less than a floor (the D numbers that the field has of its own) and no row of it longer
// than its variance allows, so that σ stays bounded where the polynomials are not positive definite.
import package::sde::numbers::{ numbers, number, whole_number, diffusion_base };
import package::sde::polynomial::{ polynomial_terms, polynomial_set };
import constants::D;
import constants::TERMS;

const WIDE = (D * (D + 1) / 2 + 3) / 4;

// root · σ ξ at z̃, of a set of coefficients.
fn kick(
  root: f32,
  xi: ptr<function, array<f32, D>>,
  standard: ptr<function, array<f32, D>>,
  which: u32,
) -> array<f32, D> {
  let base = diffusion_base();
  var values: array<f32, TERMS>;
  var excess: array<f32, D>;   // beyond the data σσᵀ stays as it is at their edge
  polynomial_terms(base, standard, &values, &excess);
  let terms = whole_number(base + 1u);
  let at = polynomial_set(base, WIDE, which);
  var entries: array<vec4f, WIDE>;
  for (var t = 0u; t < terms; t++) {
    for (var k = 0u; k < WIDE; k++) { entries[k] += numbers[at + t * WIDE + k] * values[t]; }
  }
  // Column by column of the factor; left: what of every variance the columns so far have not taken.
  var s: array<f32, D * D>;
  var left: array<f32, D>;
  for (var j = 0u; j < D; j++) {
    let diagonal = j * D - (j * (j + 1u)) / 2u + j;
    left[j] = entries[diagonal / 4u][diagonal % 4u];
  }
  var kicks: array<f32, D>;
  var entry = 0u;
  for (var j = 0u; j < D; j++) {
    let pivot = sqrt(max(left[j], number(base + 4u + j)));
    for (var k = j; k < D; k++) {
      var rest = entries[entry / 4u][entry % 4u];
      entry++;
      for (var l = 0u; l < j; l++) { rest -= s[j * D + l] * s[k * D + l]; }
      let most = sqrt(max(left[k], 0.0));
      rest = select(clamp(rest / pivot, -most, most), pivot, k == j);
      s[k * D + j] = rest;
      left[k] -= rest * rest;
      kicks[k] += root * rest * (*xi)[j];
    }
  }
  return kicks;
}
