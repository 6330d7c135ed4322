// The mean of a quantity in equilibrium, from runs that are followed until they are long beside their own memory.
import { correlationTime } from "./correlation-time.ts";
import { average, meanWithError } from "./mean.ts";

/** A last piece of so many correlation times is long enough to end with; of fewer than the least its mean is none of equilibrium. */
const LONG = 20;
const LEAST = 5;
/** Part of a piece that is left to runs with other parameters for coming to an equilibrium of their own. */
const SETTLING = 0.2;

export interface EquilibriumMean {
  /** With the standard error over runs. */
  readonly value: number;
  readonly error: number;
  /** ∫ C dt / C(0), NaN where runs are too short to tell. */
  readonly correlationTime: number;
  /** How long runs were followed before they were looked at: equally long, or not at all in the first piece. */
  readonly before: number;
  readonly time: number;
  /** Whether that is at least 5 correlation times. */
  readonly settled: boolean;
}

/**
 * `next`: values of all runs at so many further times, `every` apart, `[runs][looks]`, of a piece that begins where the one before ended. Each piece is as long
 * as all before it, so that what is looked at in the end has been preceded by as much; runs end after at most `most` looks. The length is decided by
 * the runs themselves. Throws Error for fewer than two runs.
 */
export async function equilibriumMean(
  next: (piece: number, looks: number) => Promise<readonly (readonly number[])[]>,
  { every, first, most }: { readonly every: number; readonly first: number; readonly most: number },
): Promise<EquilibriumMean> {
  let done = 0;
  for (let piece = 0; ; piece++) {
    const looks = piece === 0 ? first : done;
    const series = await next(piece, looks);
    if (series.length < 2) throw new Error("the error of a mean takes two runs");
    const before = done * every;
    done += looks;
    const time = looks * every;
    const { mean: value, error } = meanWithError(series.map(average));
    const own = correlationTime(
      series.map((run) => run.map((x) => x - value)),
      every,
    );
    // The first piece has had no time to forget its start.
    const isLong = piece > 0 && time >= LONG * own;
    if (isLong || 2 * done > most)
      return { value, error, correlationTime: own, before, time, settled: piece > 0 && time >= LEAST * own };
  }
}

/**
 * Standard error that a mean in equilibrium has from parameters that are not known better than some draws of them: root-mean-square shift of the mean, from the last piece
 * of `equilibriumMean`, `[draws][runs][looks]`, from the same start and with the same noise, first with the best parameters. What few runs leave to chance is taken off.
 */
export function errorOfDraws(draws: readonly (readonly (readonly number[])[])[]): number {
  const [best, ...others] = draws.map((runs) => runs.map((x) => average(x.slice(Math.floor(SETTLING * x.length)))));
  const squares = others.map((means) => {
    const { mean, error } = meanWithError(means.map((value, r) => value - best[r]));
    return mean ** 2 - error ** 2;
  });
  return Math.sqrt(Math.max(0, average(squares)));
}
