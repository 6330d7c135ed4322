// What a simulator of one's own has to get right, looked at on its own verbs: each check says in a sentence what is wrong, and what to do.
import { InputError } from "../../errors.ts";
import { branch, type Stream, stream } from "../../random/stream.ts";
import { COHORT, type Engine, patchRegion, placeOf, type Region, type Sites } from "../simulator.ts";
import { size } from "./compare.ts";
import { column, expectUnbiased, minus, products, runMeans } from "./means.ts";

/** Sizes that an engine is looked at with. */
export interface CheckPlan {
  /** Of a system, and of its patches, which divides it at least twice. */
  readonly side: number;
  readonly patch: number;
  /** A time in which some of the sites change, see `changingTime`. */
  readonly time: number;
  /** Independent systems of statistical checks. */
  readonly replicas: number;
  readonly seed: number;
  /** Names of the states that predictions start from. */
  readonly starts: readonly string[];
}

export interface Check {
  /** What holds. */
  readonly title: string;
  /** What is wrong, a sentence or two; null where it holds. */
  run(): Promise<string | null>;
}

/** Systems of exact checks. */
const FEW = 16;
/** Differences of observables that are rounding, over the largest of them. */
const ROUNDING = 1e-6;
/** Share of the sites that changes in the time of the checks. */
const SHARE = 0.1;
/** Times that are tried, for so long, ms; more is not to come where so many doublings add little. */
const TIMES = [1e-6, 1e6] as const;
const PATIENCE_MS = 20_000;
const SATURATED = 6;
/** Steps of a simulator that moves in some, in the time of the checks. */
const LEAST_STEPS = 4;
/** F of cohorts with nothing in common is above this once in 10,000 times or less, of 31 and 224 degrees of freedom. */
const ALIKE = 2.3;
/** A region that goes on beyond the edge moves there in so many of these. */
const TURNS = 8;

const list = (place: readonly number[]) => `(${place.join(", ")})`;

/** Systems of an engine with streams of their own. */
class Laboratory {
  readonly engine: Engine;
  readonly plan: CheckPlan;
  readonly #purpose: string;
  #streams = 0;

  constructor(engine: Engine, plan: CheckPlan, purpose: string) {
    this.engine = engine;
    this.plan = plan;
    this.#purpose = `check/${purpose}`;
  }

  readonly fresh = (): Stream => stream(this.plan.seed, this.#purpose, 8 * this.#streams++);

  get d(): number {
    return this.engine.observables.length;
  }

  /** Whole batches. */
  count(wanted: number): number {
    return this.engine.lanes * Math.ceil(wanted / this.engine.lanes);
  }

  initial(count: number, side = this.plan.side, at = this.fresh(), common = branch(at, 1)): Promise<Sites[]> {
    const cohorts = Uint32Array.from({ length: count }, (_, r) => Math.floor(r / COHORT));
    return this.engine.initial(side, at, cohorts, common);
  }

  /** Copies of systems after some time, in a region of each or as a whole. */
  async evolved(
    systems: readonly Sites[],
    time: number,
    regions: readonly Region[] | null,
    at = this.fresh(),
    side = this.plan.side,
  ): Promise<Sites[]> {
    const copies = systems.map((sites) => sites.slice());
    await this.engine.evolve(copies, side, regions, time, at);
    return copies;
  }

  /** Systems that have moved for some time. */
  async moved(count: number): Promise<Sites[]> {
    return this.evolved(await this.initial(count), this.plan.time, null);
  }

  async observe(systems: readonly Sites[], side = this.plan.side): Promise<Float64Array> {
    return Float64Array.from((await this.engine.observe(systems, side)).flat());
  }

  /** Coordinates of a site, whichever of its numbers. */
  place(number: number, side: number): number[] {
    const { dimension } = this.engine;
    return placeOf(number % side ** dimension, side, dimension);
  }

  /** A system of `to` sites across whose site at x is that of `sites` at x − shift, closed periodically. */
  spread(sites: Sites, from: number, to: number, shift: readonly number[]): Sites {
    const { dimension, parts } = this.engine;
    const [small, large] = [from ** dimension, to ** dimension];
    const out = new (sites.constructor as typeof Uint8Array)(parts * large) as Sites;
    for (let k = 0; k < large; k++) {
      const place = this.place(k, to).map((x, a) => (((x - shift[a]) % from) + from) % from);
      const source = place.reduce((at, x) => at * from + x, 0);
      for (let part = 0; part < parts; part++) out[part * large + k] = sites[part * small + source];
    }
    return out;
  }
}

const isSame = (a: readonly Sites[], b: readonly Sites[]) =>
  a.every((sites, r) => sites.length === b[r].length && sites.every((x, k) => x === b[r][k]));

/** Mean share of sites that differ; of floats that many times their spread, 1 at most. */
function changedShare(before: readonly Sites[], after: readonly Sites[]): number {
  let sum = 0;
  for (const [r, sites] of before.entries()) {
    let [changed, mean, square] = [0, 0, 0];
    for (const [k, x] of sites.entries()) {
      const by = after[r][k] - x;
      changed += sites instanceof Uint8Array ? Number(by !== 0) : by ** 2;
      mean += x / sites.length;
      square += x ** 2 / sites.length;
    }
    const share = changed / sites.length;
    sum += sites instanceof Uint8Array ? share : Math.min(1, Math.sqrt(share / (square - mean ** 2 || 1)));
  }
  return sum / before.length;
}

/**
 * A time in which a tenth of the sites change, or half of those that ever do; in whole steps of a simulator that has some. Throws InputError where none is
 * found within a while.
 */
export async function changingTime(engine: Engine, { side, seed }: Pick<CheckPlan, "side" | "seed">): Promise<number> {
  const plan = { side, patch: side, time: 0, replicas: FEW, seed, starts: [] };
  const laboratory = new Laboratory(engine, plan, "time");
  const start = await laboratory.initial(laboratory.count(FEW));
  const began = performance.now();
  const seen: { time: number; share: number }[] = [];
  for (let time: number = TIMES[0]; time <= TIMES[1] && performance.now() - began < PATIENCE_MS; time *= 2) {
    const share = changedShare(start, await laboratory.evolved(start, time, null));
    seen.push({ time, share });
    const before = seen.at(-1 - SATURATED)?.share ?? 0;
    const most = Math.max(...seen.map((one) => one.share));
    const goal = share >= SHARE ? SHARE : before > 0 && most < 1.2 * before ? most / 2 : Number.NaN;
    const at = seen.findIndex((one) => one.share >= goal);
    if (at < 0) continue;
    // Between this doubling and the one before, along a power of the time.
    const [low, high] = [seen[at - 1], seen[at]];
    const back = low && low.share > 0 ? Math.log(high.share / goal) / Math.log(high.share / low.share) : 0;
    return inSteps(engine, Number((high.time / 2 ** back).toPrecision(2)));
  }
  throw new InputError(
    `evolve moves less than a tenth of the sites in a time of ${seen.at(-1)?.time.toPrecision(2)}, and none for good: give --time if it is right so`,
  );
}

/** Four whole steps at least, of a simulator that has some. */
export const inSteps = ({ step = 0 }: Engine, time: number): number =>
  step > 0 ? step * Math.max(LEAST_STEPS, Math.round(time / step)) : time;

/** Mean and covariance of two changes of the same systems, `[count, d]`, are the same whatever the start; null, or what is off. */
function sameLaw(
  { engine, d }: Laboratory,
  label: string,
  one: Float64Array,
  other: Float64Array,
  start: Float64Array,
) {
  const squares = minus(products(one, one, d), products(other, other, d));
  try {
    const rows = { means: minus(one, other), squares, start, rounding: ROUNDING * size(start) };
    expectUnbiased({ system: engine, d }, label, rows);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** z of systems: how many numbers, finite, in their ranges. */
async function wrongValues(laboratory: Laboratory, systems: readonly Sites[], side: number, what: string) {
  const { observables } = laboratory.engine;
  for (const [r, z] of (await laboratory.engine.observe(systems, side)).entries()) {
    if (z.length !== observables.length)
      return `observe gives ${z.length} numbers, and observables names ${observables.length}`;
    for (const [j, value] of z.entries()) {
      const { name, range } = observables[j];
      if (!Number.isFinite(value)) return `observe gives ${value} for ${name} of ${what} ${r}`;
      const room = ROUNDING * Math.max(...(range ?? [0]).map(Math.abs), 0);
      if (range && (value < range[0] - room || value > range[1] + room))
        return `observe gives ${value} for ${name} of ${what} ${r}, outside its range ${range[0]} … ${range[1]}`;
    }
  }
  return null;
}

/** The checks of an engine, cheap and exact ones first: those behind one that fails may say nothing. */
export function simulatorChecks(engine: Engine, plan: CheckPlan): Check[] {
  const { side, patch, time, replicas, starts } = plan;
  const { dimension, observables } = engine;
  const names = observables.map(({ name }) => name);
  const checks: Check[] = [];
  const check = (title: string, run: (laboratory: Laboratory) => Promise<string | null>) =>
    checks.push({ title, run: () => run(new Laboratory(engine, plan, title)) });
  const corner = (value: number) => new Array<number>(dimension).fill(value);

  check(`observe gives ${names.length} finite numbers, in their ranges`, async (lab) => {
    const systems = await lab.initial(lab.count(FEW));
    return (
      (await wrongValues(lab, systems, side, "initial system")) ??
      (await wrongValues(lab, await lab.evolved(systems, time, null), side, "evolved system"))
    );
  });

  for (const [index, name] of starts.entries()) {
    check(`the start "${name}" fills a system`, async (lab) => {
      const [at, count] = [lab.fresh(), lab.count(1)];
      const systems = await engine.start(index, count, side, at);
      const wrong = await wrongValues(lab, systems, side, `start "${name}", run`);
      if (wrong) return wrong;
      if (!isSame(systems, await engine.start(index, count, side, at)))
        return "it is another one from the same random numbers: draw all of them from `random`, and keep nothing between calls";
      return null;
    });
  }

  check("the same random numbers give the same systems", async (lab) => {
    const [at, count] = [lab.fresh(), lab.count(FEW)];
    const systems = await lab.initial(count, side, at);
    const remedy = "from the same random numbers: draw all of them from `random`, and keep nothing between calls";
    if (!isSame(systems, await lab.initial(count, side, at))) return `initial gives other systems ${remedy}`;
    const moves = lab.fresh();
    const once = await lab.evolved(systems, time, null, moves);
    await lab.moved(count);
    if (!isSame(once, await lab.evolved(systems, time, null, moves))) return `evolve gives other systems ${remedy}`;
    return null;
  });

  check("other random numbers give other systems", async (lab) => {
    const count = lab.count(FEW);
    const systems = await lab.initial(count);
    if (isSame(systems, await lab.initial(count))) return "initial gives the same systems from other random numbers";
    const [one, other] = [await lab.evolved(systems, time, null), await lab.evolved(systems, time, null)];
    return isSame(one, other) ? "evolve does the same whatever `random` gives" : null;
  });

  check("evolve leaves the sites outside its region alone, and observe all of them", async (lab) => {
    const systems = await lab.moved(lab.count(FEW));
    const kept = systems.map((sites) => sites.slice());
    await engine.observe(systems, side);
    if (!isSame(systems, kept)) return "observe changes the sites that it is to look at";
    for (const first of [0, patch / 2, side - patch / 2]) {
      const regions = systems.map(() => ({ corner: corner(first), side: patch }));
      const after = await lab.evolved(systems, time, regions);
      for (const [r, sites] of after.entries()) {
        const at = sites.findIndex((x, k) => {
          const outside = lab.place(k, side).some((c) => (c - first + side) % side >= patch);
          return outside && x !== systems[r][k];
        });
        if (at >= 0)
          return `in the region of side ${patch} from ${list(corner(first))} on it changed the site ${list(lab.place(at, side))} of side ${side}`;
      }
    }
    return null;
  });

  check("evolve moves all of a region, also what goes on beyond the edge", async (lab) => {
    const systems = await lab.moved(lab.count(4 * FEW));
    // Corners of a region: which of them moved in any system, by the corner where it begins.
    const movedParts = async (first: number) => {
      const moved = new Set<number>();
      for (let turn = 0; turn < TURNS; turn++) {
        const regions = systems.map(() => ({ corner: corner(first), side: patch }));
        for (const [r, sites] of (await lab.evolved(systems, 2 * time, regions)).entries()) {
          for (const [k, x] of sites.entries()) {
            if (x === systems[r][k]) continue;
            const own = lab.place(k, side).map((c) => (c - first + side) % side);
            moved.add(own.reduce((bits, c) => 2 * bits + Number(c >= patch / 2), 0));
          }
        }
      }
      return moved.size;
    };
    const all = 2 ** dimension;
    const [inside, beyond] = [await movedParts(0), await movedParts(side - patch / 2)];
    if (inside < all)
      return `of the region of side ${patch} from ${list(corner(0))} on only ${inside} of ${all} corners moved`;
    if (beyond < all)
      return `of the region of side ${patch} from ${list(corner(side - patch / 2))} on, which goes on beyond the edge of ${side}, only ${beyond} of ${all} corners moved: take places modulo the side`;
    return null;
  });

  check("z is a mean over the sites, the same wherever they are", async (lab) => {
    const systems = await lab.moved(lab.count(FEW));
    const z = await lab.observe(systems);
    const twice = systems.map((sites) => lab.spread(sites, side, 2 * side, corner(0)));
    const large = await lab.observe(twice, 2 * side);
    // By one site along each axis.
    const others: Float64Array[] = [];
    for (let axis = 0; axis < dimension; axis++) {
      const shifted = systems.map((sites) => lab.spread(sites, side, side, corner(0).with(axis, 1)));
      others.push(await lab.observe(shifted));
    }
    // An observable may be a sum that cancels: rounding is that of the sites, or of the others.
    const whole = Math.max(size(z), ...systems.map((sites) => size(sites)));
    const room = (j: number) =>
      10 * ROUNDING * (engine.sites === "floats" ? whole : size(column(z, names.length, j)) || whole);
    for (const [k, value] of z.entries()) {
      const j = k % names.length;
      if (!(Math.abs(large[k] - value) <= room(j)))
        return `observe gives ${names[j]} = ${value} for a system, and ${large[k]} for the same repeated twice along each axis: take means over the sites, neighbours closed periodically`;
      const other = others.find((one) => !(Math.abs(one[k] - value) <= room(j)));
      if (other)
        return `observe gives ${names[j]} = ${value} for a system, and ${other[k]} for the same shifted by one site: the lattice is closed, and no site is a special one`;
    }
    return null;
  });

  check("systems of a cohort start alike, other ones elsewhere", async (lab) => {
    const count = lab.count(32 * COHORT);
    const z = await lab.observe(await lab.initial(count, patch), patch);
    const d = names.length;
    const cohorts = count / COHORT;
    // Variance between cohorts over that within, both as estimates of one: 1 on average where cohorts have nothing in common (Fisher's F).
    const ratios = names.map((_, j) => {
      const own = column(z, d, j);
      const means = runMeans(own, COHORT, 1);
      const mean = runMeans(own, count, 1)[0];
      const within = own.reduce((sum, x, k) => sum + (x - means[Math.floor(k / COHORT)]) ** 2, 0) / (count - cohorts);
      const between = (COHORT * means.reduce((sum, x) => sum + (x - mean) ** 2, 0)) / (cohorts - 1);
      return between / (within || Number.MIN_VALUE);
    });
    if (Math.max(...ratios) < ALIKE)
      return "no observable differs more between cohorts than in them: draw what a system is macroscopically, its density say, from `common`, over all values that the equation is to hold for";
    return null;
  });

  const { rates, observePatch } = engine;
  const patches = (side / patch) ** dimension;
  if (observePatch) {
    check("observePatch has the mean of observe over the patches of a system", async (lab) => {
      const systems = await lab.moved(lab.count(FEW));
      const z = await lab.observe(systems);
      for (const [r, sites] of systems.entries()) {
        const means = new Float64Array(names.length);
        for (let index = 0; index < patches; index++)
          for (const [j, x] of observePatch(sites, side, patchRegion(index, side, patch, dimension)).entries())
            means[j] += x / patches;
        for (const [j, mean] of means.entries()) {
          const value = z[r * names.length + j];
          if (!(Math.abs(mean - value) <= 10 * ROUNDING * size(z)))
            return `${names[j]} of a system is ${value}, the mean of observePatch over its ${patches} patches ${mean}: count half of what two patches share in each`;
        }
      }
      return null;
    });
  }

  if (rates) {
    check("rates of the patches of a system add up to those of the whole", async (lab) => {
      const whole = { corner: corner(0), side };
      for (const sites of await lab.moved(lab.count(FEW))) {
        const kept = sites.slice();
        let wrong: string | null = null;
        const sumOf = (region: Region) => {
          const f = new Float64Array(names.length);
          rates(sites, side, region, (rate, change) => {
            if (!(rate >= 0 && rate < Number.POSITIVE_INFINITY)) wrong ??= `it calls event with the rate ${rate}`;
            else if (change.length !== names.length || !change.every(Number.isFinite))
              wrong ??= `it calls event with the change ${list(change)} of ${names.length} observables`;
            else for (const [j, x] of change.entries()) f[j] += rate * x;
          });
          return f;
        };
        const all = sumOf(whole);
        const parts = new Float64Array(names.length);
        for (let index = 0; index < patches; index++)
          for (const [j, x] of sumOf(patchRegion(index, side, patch, dimension)).entries()) parts[j] += x;
        if (wrong) return wrong;
        if (!isSame([sites], [kept])) return "it changes the sites that it is to look at";
        for (const [j, x] of all.entries()) {
          if (!(Math.abs(parts[j] - x) <= 1e-9 * (size(all) + size(parts))))
            return `they change ${names[j]} by ${x} per time in the whole system, and by ${parts[j]} in its patches together: tell of each event once, in the region of the site that changes`;
        }
      }
      return null;
    });
  }

  check("what happens does not depend on where a region lies", async (lab) => {
    const systems = await lab.moved(lab.count(replicas));
    const start = await lab.observe(systems);
    const shift = corner(side - patch / 2);
    const shifted = systems.map((sites) => lab.spread(sites, side, side, shift));
    const change = async (from: readonly Sites[], first: number) => {
      const regions = from.map(() => ({ corner: corner(first), side: patch }));
      return minus(await lab.observe(await lab.evolved(from, 3 * time, regions)), start);
    };
    const off = sameLaw(lab, "change of z", await change(systems, 0), await change(shifted, shift[0]), start);
    return off && `shifted with its system to beyond the edge, a region moves otherwise: ${off}`;
  });

  return checks;
}
