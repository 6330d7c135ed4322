// Drift by polynomials, a module that the integrator links as field::drift: f_j = Σ_t c_tj φ_t(x)
// within the data, and beyond them Σ_a s_aj excess_a more; s: the D × D numbers that the field has of its own.
import package::sde::numbers::{ numbers, number, whole_number, DRIFT };
import package::sde::polynomial::{ polynomial_terms, polynomial_set };
import constants::D;
import constants::TERMS;

const WIDE = (D + 3) / 4;

// f at z̃, of a set of coefficients.
fn drift(standard: ptr<function, array<f32, D>>, which: u32) -> array<f32, D> {
  var values: array<f32, TERMS>;
  var excess: array<f32, D>;
  polynomial_terms(DRIFT, standard, &values, &excess);
  let terms = whole_number(DRIFT + 1u);
  let at = polynomial_set(DRIFT, WIDE, which);
  var sums: array<vec4f, WIDE>;
  for (var t = 0u; t < terms; t++) {
    for (var k = 0u; k < WIDE; k++) { sums[k] += numbers[at + t * WIDE + k] * values[t]; }
  }
  var f: array<f32, D>;
  for (var j = 0u; j < D; j++) { f[j] = sums[j / 4u][j % 4u]; }
  for (var a = 0u; a < D; a++) {
    for (var j = 0u; j < D; j++) { f[j] += number(DRIFT + 4u + a * D + j) * excess[a]; }
  }
  return f;
}
