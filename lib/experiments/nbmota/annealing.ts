// Small lattices brought from one temperature to the next, from hot to cold: near equilibrium with far fewer jumps than from random
// alloys, which take hundreds of jumps an atom below 1,000 K.
import type { Gpu } from "../../gpu/device.ts";
import { concatenate } from "../../method/concatenate.ts";
import { stream } from "../../random/stream.ts";
import type { BarrierModel } from "../../systems/nbmota/barriers.ts";
import { siteCount } from "../../systems/nbmota/states.ts";
import { NbMoTa } from "../../systems/nbmota.ts";

/**
 * Jumps of a vacancy for each atom beside it that the order of a lattice takes to relax, about: an Arrhenius law through what walks of the
 * published network from random alloys show, 5 at 2400 K, about 20 at 1600 K, 300 at 1000 K. It sets durations of simulations and the unit of time that
 * the learned equation is smooth in; results do not depend on it otherwise.
 */
export function relaxationJumps(temperature: number): number {
  return 0.3 * Math.exp(6900 / temperature);
}

/**
 * Right behind a jump a vacancy is where it jumps from again more often than at any time: before a look the lattices move for so many mean
 * times of a jump, so that states have the law in time.
 */
const SETTLING = 64;

export interface AnnealingOptions {
  /** K, descending. */
  readonly temperatures: readonly number[];
  readonly replicas: number;
  readonly cells: number;
  /** Times that the lattices stay at a temperature and are looked at, and how long each: in relaxations. */
  readonly looks: number;
  readonly pause: number;
  /** Relaxations before the first look. */
  readonly wait: number;
  readonly barriers: BarrierModel;
  readonly seed: number;
  /** Name of the random streams. */
  readonly purpose: string;
  onJumps?(count: number): void;
}

/** Lattices at one temperature. */
export interface Annealed {
  readonly temperature: number;
  /** Packed states, look after look, `[looks · replicas]`. */
  readonly words: Uint32Array;
  /** All six order parameters at every look, `[looks][replicas][6]`. */
  readonly order: Float32Array;
  /** Mean time between two jumps of one vacancy, seconds. */
  readonly jumpTime: number;
}

/** Jumps of one vacancy in so many relaxations, at least one. */
export function jumpsOf(temperature: number, cells: number, relaxations: number): number {
  return Math.max(1, Math.round(relaxations * relaxationJumps(temperature) * siteCount(cells)));
}

/** Goes through the temperatures, from random alloys on. A look is after equally many jumps of every replica, and then some time. */
export async function annealed(gpu: Gpu, options: AnnealingOptions): Promise<Annealed[]> {
  const { temperatures, replicas, cells, looks, pause, wait, barriers, seed, purpose, onJumps } = options;
  const stages: Annealed[] = [];
  let last: Uint32Array | null = null;
  for (const [k, temperature] of temperatures.entries()) {
    const system = new NbMoTa(gpu, { temperature, barriers, coordinates: "six" });
    const start = stream(seed, `${purpose}/start`);
    const states = last ? await system.unpack(last, cells) : await system.disordered(replicas, cells, start);
    const words: Uint32Array[] = [];
    const order: Float32Array[] = [];
    let [time, jumps] = [0, 0];
    try {
      for (let look = 0; look <= looks; look++) {
        const count = jumpsOf(temperature, cells, look === 0 ? wait : pause);
        const walk = await system.evolveJumps(states, count, stream(seed, `${purpose}/walk`, k * (looks + 1) + look));
        onJumps?.(count * replicas);
        if (look === 0) continue;
        const passed = walk.time.reduce((sum, t) => sum + t, 0);
        time += passed * states.vacancies;
        jumps += count * replicas;
        const settling = (SETTLING * passed) / (count * replicas);
        await system.evolve(states, settling, stream(seed, `${purpose}/settle`, k * looks + look));
        words.push(await system.pack(states));
        order.push(await system.observe(states));
      }
      last = words[words.length - 1];
    } finally {
      states.destroy();
    }
    stages.push({ temperature, words: concatenate(words), order: concatenate(order), jumpTime: time / jumps });
  }
  return stages;
}
