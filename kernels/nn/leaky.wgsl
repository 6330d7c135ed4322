// Leaky ReLU with slope 0.2 below zero.
const LEAK = 0.2;

fn leaky(u: vec4f) -> vec4f {
  return max(u, LEAK * u);
}

fn leaky_slope(u: vec4f) -> vec4f {
  return select(vec4f(LEAK), vec4f(1.0), u > vec4f(0.0));
}
