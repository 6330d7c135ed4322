import type { RunResult } from "../run/result.ts";
import { html } from "./html.ts";
import type { Section } from "./page.ts";
import { settingsTable } from "./table.ts";

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "—";
  if (seconds < 120) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** The last section of every report: the `command` that runs it again, parameters, time per phase, machine and versions. */
export function provenance(result: RunResult, command: string): Section {
  const seconds = Object.fromEntries(Object.entries(result.seconds).map(([phase, s]) => [phase, duration(s)]));
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
${settingsTable("Versions", result.versions)}</div>
</div>`,
  };
}
