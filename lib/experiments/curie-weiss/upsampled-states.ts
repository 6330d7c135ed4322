// How good upsampled Curie–Weiss states are: the variance between their patches, and pictures.
import { varianceRatio } from "../../analysis/variance-ratio.ts";
import type { Gpu } from "../../gpu/device.ts";
import { upsampleTo } from "../../method/upsample.ts";
import { stream } from "../../random/stream.ts";
import { CurieWeiss, type CurieWeissParameters } from "../../systems/curie-weiss.ts";

/** So many lattices are relaxed for so long (sweeps) at every level. */
const LATTICES = 256;
const RELAX_TIME = 0.1;
/** Age of the pictures, sweeps from m = 0. */
const AGE = 3;

type Physics = Omit<CurieWeissParameters, "patchSide">;

/** Variance between the patches of upsampled and relaxed lattices over that of true ones, level by level. */
export async function checkUpsampling(
  gpu: Gpu,
  physics: Physics,
  patches: readonly number[],
  side: number,
  seed: number,
) {
  const rows = [];
  for (const patch of patches.filter((smaller) => smaller < side)) {
    const system = new CurieWeiss(gpu, { ...physics, patchSide: patch });
    const small = await system.initial(LATTICES, patch, stream(seed, "check/initial"));
    const levels: { level: number; side: number; values: Float32Array }[] = [];
    const large = await upsampleTo(system, small, {
      side,
      relaxTime: RELAX_TIME,
      stream: stream(seed, "check/upsample"),
      async onLevel(states, level) {
        levels.push({ level, side: states.side, values: await system.observePatches(states) });
      },
    });
    large.destroy();
    system.destroy();
    for (const { level, side: extent, values } of levels) {
      const { mean, low, high } = varianceRatio(values, (extent / patch) ** 2, patch ** 2);
      rows.push({ patch, level, side: extent, varianceRatio: mean, low, high });
    }
  }
  return rows;
}

/** A small, an upsampled and a true large state, three sweeps after m = 0. */
export async function takePictures(
  gpu: Gpu,
  physics: Physics,
  patch: number,
  side: number,
  relaxTime: number,
  seed: number,
) {
  const system = new CurieWeiss(gpu, { ...physics, patchSide: patch });
  const at = (purpose: string) => stream(seed, `pictures/${purpose}`);
  const small = system.prepared(1, patch, 0);
  await system.evolve(small, AGE, at("small"));
  const spins = await system.spins(small, at("small/spins"));
  const upsampled = await upsampleTo(system, small, { side, relaxTime, stream: at("upsample") });
  const large = system.prepared(1, side, 0);
  await system.evolve(large, AGE, at("large"));
  const pictures = [
    { title: `small system, ${patch} × ${patch}`, side: patch, spins },
    { title: `upsampled to ${side} × ${side}`, side, spins: await system.spins(upsampled, at("upsampled/spins")) },
    { title: `true ${side} × ${side}`, side, spins: await system.spins(large, at("large/spins")) },
  ];
  for (const states of [upsampled, large]) states.destroy();
  system.destroy();
  return pictures;
}
