// Macroscopic coordinates z = φ(x) of a system, as pairs and predictions see it: its observables, alone or closed (closure/).
// φ is the average over the patches of φ_I (paper, section 2).
import type { Stream } from "../random/stream.ts";
import type { PatchChange, PatchGenerator, States, System, Watch } from "../systems/system.ts";

export interface Coordinates<S extends States> {
  /** Number of variables. */
  readonly d: number;
  /** φ of whole systems, `[count, d]`. */
  whole(states: S): Promise<Float32Array>;
  /** What partial evolution of the chosen patches does to φ_I; see `System.evolvePatches`. */
  change(states: S, patches: Uint32Array, time: number, stream: Stream, rates?: boolean): Promise<PatchChange>;
  /** Lφ_I and Γ(φ_I), where they are known; see `System.generator`. */
  generator?(states: S, patches: Uint32Array, stream: Stream): Promise<PatchGenerator>;
}

/** The observables alone; `watch` sees the patches of every partial evolution and of the generator. */
export function observables<S extends States>(system: System<S>, watch?: Watch<S>): Coordinates<S> {
  const { generator } = system;
  return {
    d: system.observables.length,
    whole: (states) => system.observe(states),
    change: (states, patches, time, stream, rates) => system.evolvePatches(states, patches, time, stream, watch, rates),
    ...(generator && {
      generator: (states, patches, stream) => generator.call(system, states, patches, stream, watch),
    }),
  };
}
