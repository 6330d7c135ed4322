// What Slurm is handed for an array of points: a shell script, and the words of sbatch.
import { join } from "node:path";
import { typed } from "../command-text.ts";
import { PROJECT_ROOT } from "../provenance.ts";

export interface SlurmOptions {
  /** Limits as sbatch has them: minutes, "2:00:00", "1-12"; "4G". Those that are left out are measured. */
  readonly time?: string | undefined;
  readonly memory?: string | undefined;
  /** "gpu:1". */
  readonly gres?: string | undefined;
  readonly partition?: string | undefined;
  readonly account?: string | undefined;
  /** Further words of sbatch, as they are; the last of two of a kind counts. */
  readonly others?: readonly string[] | undefined;
  /** Tasks that run at once, at the most; 0: as many as the cluster lets. */
  readonly throttle?: number | undefined;
  /** Shell lines before the program: "module load cuda". */
  readonly setup?: string | undefined;
  /** Shell words before the program: "apptainer exec --nv image.sif". */
  readonly prefix?: string | undefined;
  /** What makes a point; the folder of the sweep and the point's name come behind it. */
  readonly program?: readonly string[] | undefined;
  /** Whether to wait for the end of all that is queued or running, of earlier lines too. */
  readonly wait?: boolean | undefined;
  /** Between two looks at the queue while it waits, ms. */
  readonly pause?: number | undefined;
}

/** What a measured run may be exceeded by: other points take longer, other nodes are slower. Starters and shell hold the memory that is added, bytes. */
const [TIME_FACTOR, MEMORY_FACTOR, MORE_MEMORY] = [3, 1.5, 2 ** 29];
const MEMORY_STEP = 2 ** 26;
/** So long before the end a run is told to save, s, and so much earlier Slurm may do so. */
const [LEAD, EARLIER] = [60, 60];
/** Part of a short limit that the warning takes at the most. */
const LEAD_PART = 1 / 4;

/** What a run needs: wall seconds, and bytes where they are known. */
export interface Need {
  readonly seconds: number;
  readonly memory: number;
}

/** Limits for runs like one that needed so much. */
export function limitsFor({ seconds, memory }: Need): { time: string; memory?: string } {
  const minutes = Math.ceil((TIME_FACTOR * seconds + LEAD + EARLIER) / 60);
  const time = `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:00`;
  if (!(memory > 0)) return { time };
  const bytes = Math.ceil((MEMORY_FACTOR * memory + MORE_MEMORY) / MEMORY_STEP) * MEMORY_STEP;
  return { time, memory: `${bytes / 2 ** 20}M` };
}

/** Seconds of a time limit of sbatch(1); null of one that it does not know, or that is none. */
export function secondsOf(time: string): number | null {
  const parts = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(time.trim());
  if (!parts) return null;
  const [days, first, second, third] = parts.slice(1).map((part) => (part === undefined ? undefined : Number(part)));
  const [a, b, c] = [first ?? 0, second ?? 0, third ?? 0];
  // days-hours:minutes:seconds, hours:minutes:seconds, minutes:seconds
  const hasHours = days !== undefined || third !== undefined;
  const seconds = hasHours ? (days ?? 0) * 86_400 + a * 3600 + b * 60 + c : a * 60 + b;
  return seconds > 0 ? seconds : null;
}

/** Seconds before its end at which a run is told to save. */
export function leadOf(time: string | undefined): number {
  // Slurm counts whole minutes.
  const limit = Math.ceil((secondsOf(time ?? "") ?? Number.POSITIVE_INFINITY) / 60) * 60;
  return Math.min(LEAD, Math.floor(limit * LEAD_PART));
}

/** Files of an array in the folder of the sweep, by its number there. */
export const scriptFile = (folder: string, number: string) => join(folder, "slurm", `${number}.sh`);
export const pointsFile = (folder: string, number: string) => join(folder, "slurm", `${number}.points`);
/** What a task says that is not its run, and what Slurm says of it. */
export const saidFile = (folder: string, job: string, index: number) => join(folder, "slurm", `${job}_${index}.out`);

/** How sentences of the script begin. */
export const OWN_WORDS = "patchwise: ";

/** The words of `sbatch` for an array of so many points. `after`: a job that has to end before. */
export function sbatchWords(
  options: SlurmOptions,
  {
    folder,
    number,
    command,
    count,
    after,
  }: { folder: string; number: string; command: string; count: number; after: string | null },
): string[] {
  const { time, memory, gres, partition, account, others = [], throttle } = options;
  // Slurm takes one kind of memory alone.
  const isOther = others.some((word) => /^--mem-per-(cpu|gpu)(=|$)/.test(word));
  const given = { time, mem: isOther ? undefined : memory, gres, partition, account };
  return [
    "--parsable",
    `--job-name=${command}`,
    `--array=0-${count - 1}${throttle ? `%${throttle}` : ""}`,
    // Slurm fills in the numbers of array and task; a sign of a path's own is doubled.
    `--output=${join(folder.replaceAll("%", "%%"), "slurm", "%A_%a.out")}`,
    "--open-mode=append",
    "--requeue",
    `--signal=B:TERM@${leadOf(time)}`,
    ...(after === null ? [] : [`--dependency=afterany:${after}`]),
    ...Object.entries(given).flatMap(([key, value]) => (value === undefined ? [] : [`--${key}=${value}`])),
    ...others,
    scriptFile(folder, number),
  ];
}

/** Makes one point, and puts itself back into the queue where its time is over. */
export function scriptText({ setup, prefix, program }: SlurmOptions, folder: string, number: string): string {
  const list = typed(pointsFile(folder, number));
  const starter = [join(PROJECT_ROOT, "scripts/start.mjs"), join(PROJECT_ROOT, "scripts/sweep.ts"), "point"];
  const words = (program ?? [Bun.which("node") ? "node" : process.execPath, ...starter]).map(typed).join(" ");
  return `#!/bin/bash${setup === undefined ? "" : " -l"}
# One point of a sweep: the line of ${list} with the number of this task of the array.
task="\${SLURM_ARRAY_JOB_ID}_\${SLURM_ARRAY_TASK_ID}"
said=${typed(join(folder, "slurm"))}/"$task".out
name=$(sed -n "$((SLURM_ARRAY_TASK_ID + 1))p" ${list})
if [ -z "$name" ]; then
  echo "${OWN_WORDS}the list of points cannot be read on $(hostname)"
  exit 1
fi
# Slurm tells this shell alone that the time is almost over.
child=
asked=
trap 'asked=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM
# The folder where sweep was typed need not be there.
unset INIT_CWD
cd ${typed(PROJECT_ROOT)} || exit 1
${setup === undefined ? "" : `${setup}\n`}run=${typed(join(folder, "runs"))}/"$name"
saved() {
  find "$run"/checkpoints "$run"/models "$run"/tables -type f -exec cksum {} + 2>/dev/null | sort | cksum
}
before=$(saved)
[ -z "$asked" ] || exit 143
${prefix === undefined ? "" : `${prefix} `}${words} ${typed(folder)} "$name" &
child=$!
# Told between these two lines it told nobody.
[ -z "$asked" ] || kill -TERM "$child" 2>/dev/null
# A signal ends the wait, not the program.
while wait "$child"; kill -0 "$child" 2>/dev/null; do :; done
wait "$child"
code=$?
# A job that is cancelled completes; one that is told of its end still runs.
if [ "$code" = 143 ] && [ -n "$asked" ] && [ "$(squeue -h -j "$task" -o %T)" = RUNNING ]; then
  if [ "$(saved)" = "$before" ]; then
    echo "${OWN_WORDS}nothing was saved within the time limit: give more with --time"
  else
    scontrol requeue "$task"
  fi
fi
[ "$code" != 0 ] || [ -s "$said" ] || rm -f "$said"
exit "$code"
`;
}
