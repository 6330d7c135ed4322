// What a law is.
import type { States, System } from "../system.ts";
import type { Bench, Subject } from "./subject.ts";

/** A law as it is written down, for any system. */
export interface Statute {
  readonly id: string;
  readonly title: string;
  /** Why it says nothing about this system, where that is so. */
  unfit?(subject: Subject, system: System): string | false;
  /** Throws where the law is broken. */
  check<S extends States>(bench: Bench<S>): Promise<void>;
}

export const noRates = ({ rates }: Subject) => rates === "unknown" && "its rates are not known";
export const noGenerator = (_: Subject, { generator }: System) => !generator && "it has no generator";
export const noRelax = (_: Subject, { relax }: System) => !relax && "it has no LocalRelax";
