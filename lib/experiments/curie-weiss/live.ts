// The equation that the page of a run integrates: that of our method at the smallest patch side, first seed.
import { isOurs } from "../../method/pairs.ts";
import { html } from "../../report/html.ts";
import { isLive, type LiveEquation, liveSection, startsOf } from "../../report/live-equation.ts";
import { formatSetting } from "../../report/number.ts";
import type { CurieWeissReportData } from "./data.ts";
import type { Outcome } from "./metrics.ts";
import type { CurieWeissReference } from "./scores.ts";

/** null where nothing of ours was learned. */
export function curieWeissLive(
  { system, times }: CurieWeissReference,
  outcomes: readonly Outcome[],
  cases: CurieWeissReportData["cases"],
): LiveEquation | null {
  const own = outcomes.filter(({ timing, method }) => timing === "short" && isOurs(method));
  const [first] = own.toSorted((a, b) => a.patch - b.patch);
  if (!first?.equation || !isLive(first.equation.model)) return null;
  return {
    equations: [first.equation],
    variables: [{ symbol: "m", name: "magnetization", low: -1, high: 1 }],
    size: { value: system.spins, what: "spins" },
    horizon: times[times.length - 1],
    time: "time [sweeps]",
    starts: startsOf(cases, ["m"]),
    seed: first.seed,
  };
}

/** The section of the report. */
export const liveEquation = ({ live, side }: Pick<CurieWeissReportData, "live" | "side">) =>
  liveSection(
    live,
    html`<p>Here your browser integrates the equation that was learned from the smallest patches, 200 runs at once. Drag the start up a slope of the potential, or take one of the test’s starts to have the exact chain of ${formatSetting(side ** 2)} spins behind the runs in grey. More spins change nothing but the noise: four times as many halve the spread.</p>`,
  );
