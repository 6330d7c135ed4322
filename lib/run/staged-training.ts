// A training as a stage of a run: progress, checkpoints inside it, resumed where it was stopped.

import type { Tensors } from "../io/safetensors.ts";
import { type FitProgress, fitState, fitTensors } from "../method/train.ts";
import { progress } from "./progress.ts";
import type { Run } from "./run-folder.ts";

/** The tensors that `work` returns, kept as stage `name`; `steps` of training are its length for the progress bar. */
export function stagedTraining<T extends Tensors>(
  run: Run,
  name: string,
  steps: number,
  work: (progress: FitProgress) => Promise<T>,
): Promise<T> {
  return run.stage(name, async (partial) => {
    const saved = partial.load();
    const resumeFrom = saved && fitState(saved);
    let done = resumeFrom?.step ?? 0;
    const bar = progress(`train ${name}`, steps, done);
    const tensors = await work({
      onSteps: (step) => {
        bar.add(step - done);
        done = step;
      },
      checkpoint: { wanted: partial.due, save: (state) => partial.save(fitTensors(state)) },
      resumeFrom,
    });
    bar.done();
    return tensors;
  });
}
