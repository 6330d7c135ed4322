// What learning costs beside direct simulation, counted in site updates: attempts to flip a spin, whatever the machine.

/** What is simulated to learn one equation. */
export interface LearningPlan {
  readonly trajectories: number;
  /** Side of the small lattices, and how long they move, in sweeps. */
  readonly patch: number;
  readonly age: number;
  /** Side of the large lattices, and how many there are. */
  readonly side: number;
  readonly snapshots: number;
  /** LocalRelax of a patch position; a site lies in four of them. */
  readonly relaxTime: number;
  /** Time that a patch moves in all partial evolutions of it. */
  readonly evolved: number;
}

/** Updates of each phase of learning; measuring the generator once at all sites counts as a sweep. */
export interface LearningUpdates {
  readonly small: number;
  readonly relax: number;
  readonly evolve: number;
}

export function learningUpdates(plan: LearningPlan): LearningUpdates {
  const { trajectories, patch, age, side, snapshots, relaxTime, evolved } = plan;
  const sites = snapshots * side ** 2;
  return {
    small: trajectories * patch ** 2 * age,
    relax: patch < side ? 4 * relaxTime * sites : 0,
    evolve: (1 + evolved) * sites,
  };
}

export const totalUpdates = ({ small, relax, evolve }: LearningUpdates) => small + relax + evolve;

/** Relative accuracy that a standard deviation is wanted with. */
const STD_ACCURACY = 0.02;

export interface DirectPlan {
  readonly side: number;
  readonly starts: number;
  readonly horizon: number;
  /** Relative squared error of the mean of one run from every start, and that of the learned equation. */
  readonly perRun: number;
  readonly error: number;
}

/**
 * Updates of direct simulations as accurate as the learned equation at a side: for the mean, as many runs as bring the sampling error to its
 * error, at least one; for the standard deviation, as many independent runs as give it to 2 %. Variances shrink like 1/n, so the
 * first stays the same until a single run is enough and then grows like n; the second grows like n throughout.
 */
export function directUpdates({ side, starts, horizon, perRun, error }: DirectPlan, at: number) {
  const runs = Math.max(1, (perRun / error) * (side / at) ** 2);
  const sweeps = starts * horizon * at ** 2;
  return { mean: runs * sweeps, std: sweeps / (2 * STD_ACCURACY ** 2) };
}
