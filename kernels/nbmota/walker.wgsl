// What is kept of a walker between calls (walk.wgsl), and the numbers beside each of its vacancies.
struct Walker {
  random: vec4u,
  clock: f32,
  lost: f32,           // the clock is clock + lost
  jumps: u32,
  over: u32,
}

// Eight rates and their sum, below 0 where they are not known; the same of the state before the last jump; which of the two are those of the
// vacancy as it stands, 0 or 1; the direction of the jump back to the other state, 8 for none.
const RATES = 20u;
const SUM = 8u;
const BEHIND = 9u;
const SIDE = 18u;
const BACK = 19u;
