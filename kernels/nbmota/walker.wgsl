// What is kept of a walker between calls (walk.wgsl), and how many numbers stand beside each of its vacancies: eight rates and their sum.
struct Walker {
  random: vec4u,
  clock: f32,
  lost: f32,           // the clock is clock + lost
  jumps: u32,
  over: u32,
}

const RATES = 9u;
