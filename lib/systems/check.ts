// Whether a simulator of one's own does what learning from patches needs: its verbs one by one, then the laws of every system that it can break.
import { VerbError } from "../errors.ts";
import type { Gpu } from "../gpu/device.ts";
import { type Check, type CheckPlan, simulatorChecks } from "./laws/simulator.ts";
import type { Subject } from "./laws/subject.ts";
import { laws } from "./laws.ts";
import { type Engine, verbError } from "./simulator.ts";
import type { System } from "./system.ts";

export { changingTime, inSteps } from "./laws/simulator.ts";

/** Laws of systems that a simulator can break, as it sees them. */
const LAWS: Record<string, string> = {
  "only-patch": "a region as large as the system moves as the system does",
  semigroup: "a time in one go and in five parts is the same",
  drift: "the patches add up: what happens in the system is what happens in each of them beside neighbours at rest",
  martingale: "changes of patches have the mean and the covariance that rates says",
};

/** Independent words of replicas that standard errors come from, at least. */
const WORDS = 256;

/** The checks of a simulator, in the order in which they should be looked at. `make`: its system. */
export function engineChecks(gpu: Gpu, engine: Engine, make: () => System, plan: CheckPlan): Check[] {
  const skip = { watch: "its patches have no states of their own" };
  const { step } = engine;
  const replicas = Math.max(plan.replicas, WORDS * engine.lanes);
  const facts = { ...plan, replicas, onHost: true, skip, ...(step !== undefined && { step }) };
  const general = lawsOf(gpu, make, facts).flatMap(({ id, run }): Check[] => {
    const title = LAWS[id];
    return title === undefined ? [] : [{ title, run }];
  });
  return [
    ...simulatorChecks(engine, plan).map(({ title, run }) => ({ title, run: () => run().catch(thrown) })),
    ...general,
  ];
}

/** The checks of a system on the graphics card: all laws that say something about it. */
export const batchChecks = (gpu: Gpu, make: () => System, plan: Omit<Subject, "make">): Check[] =>
  lawsOf(gpu, make, plan).map(({ id, title, run }) => ({ title: `${id}: ${title}`, run }));

/** What laws have to know of a system, see `Subject`. */
export type LawFacts = Partial<Omit<Subject, "make" | "side" | "replicas" | "seed">>;

function lawsOf(gpu: Gpu, make: () => System, plan: Omit<Subject, "make">): (Check & { readonly id: string })[] {
  const sample: System & { destroy?(): void } = make();
  const subject: Subject = { make, ...(sample.generator ? {} : { rates: "unknown" }), ...plan };
  sample.destroy?.();
  return laws(gpu, subject).flatMap(({ id, title, skip, run }) =>
    skip ? [] : [{ id, title, run: () => run().then(() => null, thrown) }],
  );
}

/** What a law, which throws plain errors, or a verb throws, as a verdict; programs that fail, and a stop, are none. */
function thrown(error: unknown): string {
  if (error instanceof Error && error.constructor === Error) return error.message;
  const said = verbError("it", error);
  if (said instanceof VerbError) return said.message;
  throw said;
}
