// What the fields of an equation are made of, in one buffer: where the numbers of the diffusion begin (one, and three of padding), those of
// the drift, and behind them those of the diffusion (lib/method/sde/rollout.ts). Fields begin at multiples of four.

@group(0) @binding(1) var<storage, read> numbers: array<vec4f>;

const DRIFT = 4u;

fn number(index: u32) -> f32 {
  return numbers[index / 4u][index % 4u];
}

fn whole_number(index: u32) -> u32 {
  return u32(number(index));
}

fn diffusion_base() -> u32 {
  return whole_number(0u);
}
