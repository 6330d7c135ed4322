import { formatDuration } from "../run/duration.ts";
import type { RunResult } from "../run/result.ts";
import { html } from "./html.ts";
import type { Section } from "./page.ts";
import { settingsTable } from "./table.ts";

/** When the run ended: "2026-11-28 10:03 UTC". */
export function finishedAt({ date }: RunResult): string | undefined {
  return date?.replace("T", " ").replace("Z", " UTC");
}

/** "commit 3fe419db2cef", with what was edited said in words; undefined outside a repository. */
export function commitOf({ versions: { commit } }: RunResult): string | undefined {
  return commit && `commit ${commit.replace(/\+$/, " with edited files")}`;
}

/** The last section of every report: the `command` that runs it again, parameters, time per phase, machine and versions. */
export function provenance(result: RunResult, command: string): Section {
  const seconds = Object.fromEntries(Object.entries(result.seconds).map(([phase, s]) => [phase, formatDuration(s)]));
  const { commit: _, ...versions } = result.versions;
  const commit = commitOf(result);
  const origin = { finished: finishedAt(result), ...(commit && { patchwise: `${versions.patchwise}, ${commit}` }) };
  const machine = { adapter: result.adapter.name, kind: result.adapter.kind, driver: result.adapter.driver };
  return {
    id: "run",
    title: "The run, and how to repeat it",
    body: html`<p>The same seed on the same adapter gives the same numbers; <code>result.json</code> beside this file holds the metrics with their intervals for other programs.</p>
<pre><code>${command}</code></pre>
<div class="tables">
${settingsTable("Parameters", { profile: result.profile, seed: String(result.seed), ...result.parameters })}
<div>${settingsTable("Time by phase", seconds)}
${settingsTable("Adapter", machine)}
${settingsTable("Program", { ...versions, ...origin })}</div>
</div>`,
  };
}
