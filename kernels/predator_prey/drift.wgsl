// Drift of the stochastic predator–prey equations at one grid point (paper, section 3.2):
//   b_u = u (1 − u − v) + D_u (u₋ − 2u + u₊),   b_v = a v (u − b) + D_v (v₋ − 2v + v₊),
// with couplings per grid step. x = (u, v).

struct Rates {
  growth: f32,       // a, of the predators
  threshold: f32,    // b, prey below which predators die out
  spread: vec2f,     // (D_u, D_v)
}

fn drift(left: vec2f, x: vec2f, right: vec2f, rates: Rates) -> vec2f {
  let reaction = vec2f(x.x * (1.0 - x.x - x.y), rates.growth * x.y * (x.x - rates.threshold));
  return reaction + rates.spread * (left - 2.0 * x + right);
}
