// Direct simulation of Curie–Weiss systems by hand.
import { InputError } from "../../errors.ts";
import { alongSchedule, readSchedule, SCHEDULE } from "../../run/schedule.ts";
import { simulation } from "../../run/simulation.ts";
import { CurieWeiss } from "../../systems/curie-weiss.ts";

export const CURIE_WEISS = simulation({
  name: "curie-weiss",
  parameters: {
    L: { kind: "integer", default: 64, min: 2, max: 2048, unit: "spins", meaning: "side of the lattice" },
    T: { kind: "number", default: 1.1, above: 0, unit: "J/k_B", meaning: "temperature" },
    h: { kind: "number", default: 0.1, min: -100, max: 100, unit: "J", meaning: "external field" },
    ...SCHEDULE,
    m0: { kind: "number", default: 0, min: -1, max: 1, meaning: "initial magnetization, the same in every replica" },
  },
  initial: ["m0"],
  check(values, given) {
    if (values.L % 2 !== 0) throw new InputError(`--L ${values.L} is odd: use an even side`);
    readSchedule(values, given);
  },
  async simulate(gpu, values, observe) {
    const { L, T, h, m0, times } = values;
    const schedule = readSchedule(values);
    const system = new CurieWeiss(gpu, { temperature: T, field: h, patchSide: L });
    const prepare = (from: number, to: number) => system.prepared(to - from, L, m0);
    await observe(system, L, prepare, schedule ? alongSchedule(system, schedule, times) : undefined);
  },
});
