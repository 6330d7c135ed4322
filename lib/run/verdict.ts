// Whether a run went well: learned equations that leave their training data, or what is physically possible, are named before the numbers.
import type { Guards } from "../method/sde/guards.ts";

/** Shares of the time of trajectories from which on a run says so, and from which on it has failed. */
const SAID = { outside: 0.01, unphysical: 1e-4 };
const FAILED = { outside: 0.1, unphysical: 0.01 };

/** What is said of an equation: what it is called, and how its trajectories went; null where they left the finite numbers. */
export interface Watched {
  readonly name: string;
  readonly guards: Guards | null;
}

export interface Verdict {
  /** Sentences without a stop. */
  readonly warnings: readonly string[];
  readonly failed: boolean;
}

/** Of the equations that a run stands for. */
export function verdictOf(list: readonly Watched[], others: readonly string[] = []): Verdict {
  const warnings: string[] = [];
  let failed = false;
  for (const { name, guards } of list) {
    if (!guards) {
      warnings.push(`${name} runs away: its trajectories do not stay finite, or change too fast for any step`);
      failed = true;
      continue;
    }
    const { outside, unphysical } = guards;
    if (unphysical > SAID.unphysical) {
      warnings.push(`${name} spends ${percent(unphysical)} of its time outside the physical range of the observables`);
    }
    if (outside > SAID.outside)
      warnings.push(`${name} spends ${percent(outside)} of its time outside its training data`);
    failed ||= unphysical > FAILED.unphysical || outside > FAILED.outside;
  }
  return { warnings: [...warnings, ...others], failed };
}

function percent(share: number): string {
  const value = 100 * share;
  if (value < 0.1) return `${Number(value.toPrecision(1))} %`;
  return `${value < 99.5 ? value.toPrecision(2) : Math.round(value)} %`;
}
