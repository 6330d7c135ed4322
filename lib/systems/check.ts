// Whether a simulator of one's own does what learning from patches needs: its verbs one by one, then the laws of every system that it can break.
import { InputError, ProgramError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import { type Check, type CheckPlan, simulatorChecks } from "./laws/simulator.ts";
import { laws } from "./laws.ts";
import { type Engine, HostSystem } from "./simulator.ts";

export { changingTime } from "./laws/simulator.ts";

/** Laws of systems that a simulator can break, as it sees them. */
const LAWS: Record<string, string> = {
  "only-patch": "a region as large as the system moves as the system does",
  semigroup: "a time in one go and in five parts is the same",
  drift: "the patches add up: what happens in the system is what happens in each of them beside neighbours at rest",
  martingale: "changes of patches have the mean and the covariance that rates says",
};

/** The checks of an engine that is called `name`, in the order in which they should be looked at. */
export function systemChecks(gpu: Gpu, name: string, engine: Engine, plan: CheckPlan): Check[] {
  const { patch, side, time, replicas, seed } = plan;
  const subject = {
    make: () => new HostSystem(name, engine, patch),
    ...{ side, time, replicas, seed, onHost: true },
    ...(engine.rates === undefined && { rates: "unknown" as const }),
    skip: { watch: "its patches have no states of their own" },
  };
  const general = laws(gpu, subject).flatMap(({ id, skip, run }): Check[] => {
    const title = LAWS[id];
    if (title === undefined || skip) return [];
    return [{ title, run: () => run().then(() => null, brokenLaw) }];
  });
  return [
    ...simulatorChecks(engine, plan).map(({ title, run }) => ({ title, run: () => run().catch(thrown) })),
    ...general,
  ];
}

/** Laws throw plain errors. */
const brokenLaw = (error: unknown) =>
  error instanceof Error && error.constructor === Error ? error.message : thrown(error);

/** What a verb throws, and where; programs that fail, and Ctrl-C, are no verdict. */
function thrown(error: unknown): string {
  if (!(error instanceof Error) || error instanceof InputError || error instanceof ProgramError) throw error;
  const place = /\(?([^()\s]+:\d+):\d+\)?$/m.exec(error.stack ?? "")?.[1];
  return `it throws ${error.name}: ${error.message}${place ? ` (${place})` : ""}`;
}
