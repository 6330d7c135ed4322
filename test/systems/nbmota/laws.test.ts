// The alloy obeys the laws of lib/systems/laws.ts, with a quick model of its barriers.
import { setDefaultTimeout } from "bun:test";
import type { Gpu } from "../../../lib/gpu/device.ts";
import { CompactBarriers } from "../../../lib/systems/nbmota/compact-barriers.ts";
import { NbMoTa } from "../../../lib/systems/nbmota.ts";
import { systemLaws } from "../../laws.ts";
import { toyWeights } from "./toy-barriers.ts";

setDefaultTimeout(120_000);

/** Seconds: less than a jump of a vacancy, so that rates are smooth between the nodes that laws take integrals at. */
const TIME_UNIT = 5e-13;

systemLaws("NbMoTa", {
  make: (gpu: Gpu) =>
    new NbMoTa(gpu, {
      temperature: 2500,
      barriers: new CompactBarriers(toyWeights(1)),
      timeUnit: TIME_UNIT,
    }),
  side: 16,
  time: 1,
  conserved: [0, 1, 2],
  replicas: 1024,
  skip: {
    watch: "a patch is what a vacancy does, not a lattice of its own",
  },
});
