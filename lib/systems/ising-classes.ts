// Classes of spins: all spins s with u up neighbours flip at one rate, and change magnetization m and domain-wall density ρ alike. How many there are
// of each of the ten classes (`Ising.classes`) says all about (m, ρ) and their generator, at every temperature and field.
//
// The Boltzmann weight of a lattice depends on (m, ρ) alone. So the law of lattices of given (m, ρ) in equilibrium is uniform, and the mean
// numbers of each class, as functions of (m, ρ), are the same at every temperature and field: learned once they give the drift and diffusion of
// (m, ρ) at all of them (the reasoning of transition-matrix Monte Carlo, J.-S. Wang and R. H. Swendsen, J. Stat. Phys. 106, 245 (2002)).

/** Classes: 5 · (s is up) + u. */
export const CLASSES = 10;

/** Probability that an attempt leaves a spin up when `up` of its four neighbours are: 1/(1 + exp(−2β (2 up − 4 + h))). */
export function heatBath(up: number, temperature: number, field: number): number {
  return 1 / (1 + Math.exp((-2 * (2 * up - 4 + field)) / temperature));
}

/** 2³² times these probabilities for 0 … 4 up neighbours, rounded, at most 2³² − 1: the constants T0 … T4 of kernels/ising/heat_bath.wgsl. */
export function heatBathThresholds(temperature: number, field: number): Record<string, number> {
  const up = [0, 1, 2, 3, 4].map((count) => heatBath(count, temperature, field));
  return Object.fromEntries(up.map((p, count) => [`T${count}`, Math.min(2 ** 32 - 1, Math.round(p * 2 ** 32))]));
}

/** What a flip in each class does, `[10]`: n times the change of m, of ρ, and its rate, per sweep. */
function flips(temperature: number, field: number) {
  return Array.from({ length: CLASSES }, (_, k) => {
    const [s, u] = [k < 5 ? -1 : 1, k % 5];
    const up = heatBath(u, temperature, field);
    return { m: -2 * s, rho: s * (u - 2), rate: s > 0 ? 1 - up : up };
  });
}

/** (m, ρ) `[lattices, 2]` of class counts `[lattices, 10]` of n sites. */
export function stateOfClasses(counts: ArrayLike<number>, sites: number): Float32Array {
  const state = new Float32Array((2 * counts.length) / CLASSES);
  for (let i = 0; i < counts.length / CLASSES; i++) {
    let [m, unlike] = [0, 0];
    for (let k = 0; k < CLASSES; k++) {
      const [s, u] = [k < 5 ? -1 : 1, k % 5];
      m += s * counts[CLASSES * i + k];
      unlike += (s > 0 ? 4 - u : u) * counts[CLASSES * i + k];
    }
    state[2 * i] = m / sites;
    state[2 * i + 1] = unlike / (4 * sites);
  }
  return state;
}

/** Whether a lattice can have (m, ρ): every bond of unlike spins has one of the minority, each of which has four. */
export const isPhysical = (m: number, rho: number) => rho >= 0 && rho <= 1 - Math.abs(m);

/** Lφ `[lattices, 2]` and Γ(φ), upper triangles `[lattices, 3]`, of (m, ρ) under Glauber dynamics, per sweep. */
export function generatorOfClasses(counts: ArrayLike<number>, sites: number, temperature: number, field: number) {
  const lattices = counts.length / CLASSES;
  const kinds = flips(temperature, field);
  const drift = new Float32Array(2 * lattices);
  const variation = new Float32Array(3 * lattices);
  for (let i = 0; i < lattices; i++) {
    let [dm, drho, mm, mr, rr] = [0, 0, 0, 0, 0];
    for (const [k, { m, rho, rate }] of kinds.entries()) {
      const events = counts[CLASSES * i + k] * rate;
      dm += events * m;
      drho += events * rho;
      mm += events * m ** 2;
      mr += events * m * rho;
      rr += events * rho ** 2;
    }
    drift.set([dm / sites, drho / sites], 2 * i);
    variation.set([mm / sites ** 2, mr / sites ** 2, rr / sites ** 2], 3 * i);
  }
  return { drift, variation };
}

/**
 * Densities of the classes, as five that stay and five that change sign where all spins are turned over, `[lattices, 10]`: of class (up, u) and of
 * (down, 4 − u), which flip at one rate without a field, the sum and the difference, per site.
 */
export function densitiesOfClasses(counts: ArrayLike<number>, sites: number): Float32Array {
  const rows = new Float32Array(counts.length);
  for (let at = 0; at < counts.length; at += CLASSES) {
    for (let u = 0; u < 5; u++) {
      const [up, down] = [counts[at + 5 + u], counts[at + 4 - u]];
      rows[at + u] = (up + down) / sites;
      rows[at + 5 + u] = (up - down) / sites;
    }
  }
  return rows;
}

/** Which of these change sign. */
export const ODD_DENSITIES = Array.from({ length: CLASSES }, (_, k) => k >= 5);

/**
 * What the densities make of the drift of (m, ρ), `[10][2]`, and of n² times the covariance of its noise, upper triangles `[10][3]`, per sweep and
 * site, of Glauber dynamics without a field.
 */
export function effectsOfDensities(temperature: number): { drift: number[][]; diffusion: number[][] } {
  const own = flips(temperature, 0).slice(5);
  const even = own.map(({ rho, rate }) => ({
    drift: [0, rate * rho],
    diffusion: [4 * rate, 0, rate * rho ** 2],
  }));
  const odd = own.map(({ m, rho, rate }) => ({ drift: [rate * m, 0], diffusion: [0, rate * m * rho, 0] }));
  const all = [...even, ...odd];
  return { drift: all.map(({ drift }) => drift), diffusion: all.map(({ diffusion }) => diffusion) };
}

/** Correlations of lattices that (m, ρ) do not fix: means of s s′ over second and third neighbours, at √2 and 2, and of the products of plaquettes. */
export const STRUCTURES = ["second neighbours", "third neighbours", "plaquettes"] as const;

/** `[lattices, 3]`, of class counts `[lattices, 10]` of n sites and what a system with the closure `features` observes, (m, ρ, c, p) `[lattices, 4]`. */
export function structuresOfClasses(
  counts: ArrayLike<number>,
  observed: ArrayLike<number>,
  sites: number,
): Float32Array {
  const rows = new Float32Array((STRUCTURES.length * counts.length) / CLASSES);
  for (let i = 0; i < counts.length / CLASSES; i++) {
    // The six pairs of the four neighbours of a site: four are diagonal, two are straight.
    let pairs = 0;
    for (let k = 0; k < CLASSES; k++) pairs += (((2 * (k % 5) - 4) ** 2 - 4) / 2) * counts[CLASSES * i + k];
    const [c, p] = [observed[4 * i + 2], observed[4 * i + 3]];
    rows.set([c, (pairs / sites - 4 * c) / 2, p], STRUCTURES.length * i);
  }
  return rows;
}
