// A NbMoTa report about a run that never was: no number is from a simulation.
import type { NbMoTaReportData } from "../../../lib/experiments/nbmota/data.ts";
import { SITE_KINDS } from "../../../lib/experiments/nbmota/pictures.ts";
import { categoryPicture } from "../../../lib/report/lattice.ts";
import { PAIR_NAMES } from "../../../lib/systems/nbmota/states.ts";
import { closureTests, degreeChoice, diagnostics, evenly, rough, syntheticRun } from "../synthetic.ts";

const TEMPERATURES = [800, 1000, 1400, 2000, 3000];
const SIDES = [8, 16, 32];

/** Another object at each call. */
export function syntheticData(): NbMoTaReportData {
  const estimate = (value: number, reach: number) => ({ value, low: value - reach, high: value + reach });
  const times = evenly(21, 0, 2e-7);
  const course = (scale: number, noise: number) => ({
    mean: times.map((t) => -0.36 * scale * (1 - Math.exp(-2e7 * t))),
    std: times.map(() => noise),
    runs: 64,
  });
  const density = (x: number[], middle: number, width: number) =>
    x.map((e) => Math.exp(-(((e - middle) / width) ** 2) / 2) / (width * Math.sqrt(2 * Math.PI)));
  const barrier = evenly(50, 0.2, 2.4);
  const affinity = evenly(25, -0.5, 0.5);
  const kinds = ["small lattices", "supercell", "tiles", "vacancies at random sites"];
  const picture = (title: string, seed: number) =>
    categoryPicture(
      title,
      Uint8Array.from({ length: 33 * 17 }, (_, k) => 1 + ((7 * k + seed) % 3)),
      33,
      17,
      SITE_KINDS,
    );
  return {
    ...syntheticRun("nbmota", { barriers: "compact" }, {}),
    barriers: "of the compact model",
    temperatures: TEMPERATURES,
    T: 2000,
    coordinates: "three",
    cells: 16,
    upsampling: "supercell",
    order: PAIR_NAMES.map((pair, j) => {
      const at = (temperature: number) => ((j - 2.5) * 400) / temperature;
      return {
        pair,
        learned: TEMPERATURES.map((temperature, k) => ({
          temperature,
          ...estimate(at(temperature) + 0.02 * rough(k, j), 0.03),
        })),
        direct: TEMPERATURES.slice(1).map((temperature) => ({ temperature, ...estimate(at(temperature), 0.02) })),
        paper: TEMPERATURES.map((temperature) => ({ temperature, value: 1.1 * at(temperature) })),
      };
    }),
    errors: ["increment", "onsager", "tiles"].map((method, m) => ({
      method,
      points: TEMPERATURES.slice(1).map((temperature) => ({ temperature, ...estimate(0.02 + 0.01 * m, 0.005) })),
    })),
    floor: TEMPERATURES.slice(1).map((temperature) => ({ temperature, value: 0.01 })),
    stdRatio: { value: 1.02, low: 0.98, high: 1.06 },
    methods: ["increment", "onsager", "tiles"].map((method, m) => ({
      method,
      error: estimate(0.02 + 0.01 * m, 0.004),
      lost: m,
      all: 15,
      heldOut: estimate(0.98 + 0.001 * m, 0.002),
      sumRule: estimate(1e-9, 1e-10),
      outside: estimate(0.001, 0.001),
    })),
    upsamplingLeftOut: false,
    variables: ["δ NbMo", "δ NbTa", "δ MoTa"],
    diagnostics: [{ method: "increment", patch: 1, diagnostics: diagnostics(1, 3, 0.1) }],
    diagnosedAtoms: 1024,
    closureTests: [closureTests("1,024 atoms", 1, 3, 0.5)],
    courses: SIDES.map((side, k) => ({
      side,
      atoms: 2 * side ** 3,
      times,
      learned: course(1, 0.1 / 8 ** (k / 2)),
      direct: k < 2 ? course(1.02, 0.1 / 8 ** (k / 2)) : null,
    })),
    spread: [
      {
        name: "learned",
        atoms: SIDES.map((side) => 2 * side ** 3),
        std: [0.1, 0.035, 0.0125],
        low: [0.09, 0.03, 0.011],
        high: [0.11, 0.04, 0.014],
      },
      { name: "direct", atoms: [1024, 8192], std: [0.098, 0.033], low: [0.09, 0.028], high: [0.106, 0.038] },
      { name: "paper", atoms: [1024, 8192, 65_536], std: [0.094, 0.036, 0.012] },
    ],
    exponents: { learned: estimate(-0.499, 0.004), direct: estimate(-0.52, 0.09) },
    potentials: ["increment", "onsager"].map((method) => ({
      method,
      curves: TEMPERATURES.map((temperature) => {
        const order = evenly(61, 0, 1400 / temperature);
        const perAtom = order.map((x) => (0.02 * (x - 930 / temperature) ** 2 * temperature) / 1000);
        return { temperature, order, perAtom, onsager: method === "onsager" ? perAtom.map((x) => 40 * x) : null };
      }),
    })),
    pictures: [picture("without order", 1), picture("3000 K", 2), picture("800 K", 3)],
    surroundings: [1000, 3000].flatMap((temperature) =>
      kinds.map((kind, k) => ({
        temperature,
        kind,
        rate: estimate(9 + temperature / 1000 - 0.02 * k, 0.04),
        shift: estimate(k === 0 ? Number.NaN : -0.02 * k, 0.05),
        distance: k === 0 ? Number.NaN : 0.02 * k,
        floor: k === 0 ? 0.02 : Number.NaN,
        orderError: k === 0 ? Number.NaN : 0.03,
      })),
    ),
    barrierLaws: [1000, 3000].flatMap((temperature) =>
      kinds.map((name, k) => ({ temperature, name, barrier, density: density(barrier, 1.5 + 0.08 * k, 0.25) })),
    ),
    affinities: [1000, 3000].map((temperature, k) => {
      return { temperature, affinity, density: density(affinity, 0, 0.12 + 0.04 * k), rms: 0.12 + 0.04 * k };
    }),
    distilled: {
      sizes: [8, 16, 32].map((rank) => ({ rank, hidden: 16, error: 6 + 60 / rank, jumpsPerSecond: 4e6 / rank })),
      passes: 5,
      shipped: { rank: 32, hidden: 16, error: 7, jumpsPerSecond: 1.2e5 },
      network: 2e4,
      training: { step: evenly(16, 10, 160), loss: evenly(16, 1, 0.1), of: "single batches" },
    },
    fidelity: TEMPERATURES.slice(1).map((temperature) => ({
      temperature,
      waited: 3,
      network: estimate(900 / temperature, 0.03),
      compact: estimate(910 / temperature, 0.03),
      deviation: 1.7,
      jumpTimes: estimate(1.02, 0.03),
    })),
    clock: TEMPERATURES.map((temperature) => ({
      temperature,
      jumpTime: 1e-12 * Math.exp(9000 / temperature),
      unit: 1e-8 * Math.exp(9000 / temperature),
      jumps: 40,
      waited: 3,
      compared: temperature > 800,
    })),
    degrees: [degreeChoice("increment", 8, 2)],
    live: null,
    costs: {
      learn: { anneal: 3e7, fresh: 5e6, evolve: 8e6 },
      direct: SIDES.map((side) => ({ side, atoms: 2 * side ** 3, lattice: 2e4 * side ** 3, std: 2.5e7 * side ** 3 })),
    },
  };
}
