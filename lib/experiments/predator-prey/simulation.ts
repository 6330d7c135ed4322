// Direct simulation of predator–prey fields by hand.
import { InputError } from "../../errors.ts";
import { simulation } from "../../run/simulation.ts";
import { checkPredatorPrey, PredatorPrey } from "../../systems/predator-prey.ts";
import { checkWave, PREDATOR_PREY_PHYSICS, predatorPreySystem } from "./parameters.ts";

/** Two halves of a system may be patches, so that any number of points can be observed. */
const evenPoints = (points: number) => 2 * Math.ceil(points / 2);

export const PREDATOR_PREY = simulation({
  name: "predator-prey",
  parameters: {
    N: { kind: "integer", default: 200, min: 2, max: 100_000, unit: "points", meaning: "grid points" },
    ...PREDATOR_PREY_PHYSICS,
    mean: {
      kind: "number",
      default: 0.5,
      min: 0,
      max: 1,
      meaning: "mean m of the initial prey; predators are 1 − prey",
    },
    amplitude: { kind: "number", default: 0.1, min: 0, max: 1, meaning: "amplitude k of the initial cosine" },
  },
  initial: ["mean", "amplitude"],
  check(values) {
    const { N, dt, mean, amplitude, times } = values;
    checkPredatorPrey(predatorPreySystem(values, evenPoints(N)));
    checkWave(mean, amplitude);
    const between = times.find((time) => Math.abs(time / dt - Math.round(time / dt)) > 1e-6);
    if (between !== undefined) throw new InputError(`time ${between} is not a multiple of the time step ${dt}`);
  },
  async simulate(gpu, p, observe) {
    const system = new PredatorPrey(gpu, predatorPreySystem(p, evenPoints(p.N)));
    const wave = { mean: p.mean, amplitude: p.amplitude };
    await observe(system, p.N, (from, to) => system.prepared(new Array(to - from).fill(wave), p.N));
  },
});
