// `check-system`: a simulator that is right passes, and mistakes that people make are found and said.
import { expect, setDefaultTimeout, test } from "bun:test";
import contact from "../../data/own/contact.ts";
import { openDevice } from "../../lib/gpu/device.ts";
import { changingTime, engineChecks, inSteps } from "../../lib/systems/check.ts";
import {
  HostSystem,
  LocalEngine,
  type Random,
  type Region,
  type Simulator,
  type Sites,
} from "../../lib/systems/simulator.ts";

setDefaultTimeout(240_000);

const gpu = await openDevice();
const right: Simulator = contact.simulator({ lambda: 2.5 });
const starts = Object.keys(contact.starts);

/** What the checks say of a simulator, by their titles; null where they hold. */
async function verdicts(
  simulator: Simulator,
  fills = Object.values(contact.starts),
  starts = Object.keys(contact.starts),
): Promise<Map<string, string | null>> {
  const engine = new LocalEngine(simulator, fills);
  const time = inSteps(engine, await changingTime(engine, { side: 8, seed: 5 }));
  const plan = { side: 8, patch: 4, time, replicas: 2048, seed: 5, starts };
  const found = new Map<string, string | null>();
  const make = () => new HostSystem("contact", engine, 4);
  for (const { title, run } of engineChecks(gpu, engine, make, plan)) found.set(title, await run());
  return found;
}

test("a simulator that is right passes all, with its rates and without", async () => {
  const { rates: _, ...blind } = right;
  for (const [simulator, count] of [
    [right, 15],
    [blind, 13],
  ] as const) {
    const found = await verdicts(simulator);
    expect([...found.values()]).toEqual(new Array(count).fill(null));
  }
});

const outsideBox = (x: Sites, L: number, { corner, side }: Region, random: Random) => {
  const place = [corner[0] + side, corner[1] + random.below(side)].map((c) => c % L);
  x[place[0] * L + place[1]] ^= 1;
};
let calls = 0;

/** A mistake, the check that finds it first, and what it says. */
const MISTAKES: readonly (readonly [string, Partial<Simulator>, RegExp, RegExp])[] = [
  [
    "observe is a sum",
    {
      observe: (x, L) => right.observe(x, L).map((z) => z * L ** 2),
      observables: right.observables.map(({ range: _, ...one }) => one),
    },
    /^z is a mean over the sites/,
    /infected fraction = [\d.]+ for a system, and [\d.]+ for the same repeated twice/,
  ],
  [
    "observe gives one number too many",
    { observe: (x, L) => [...right.observe(x, L), 1] },
    /^observe gives 2 finite numbers/,
    /^observe gives 3 numbers, and observables names 2$/,
  ],
  [
    "observe leaves its range",
    { observe: (x, L) => right.observe(x, L).map((z) => 2 * z) },
    /^observe gives 2 finite numbers/,
    /for infected fraction of .* outside its range 0 … 1$/,
  ],
  [
    "observe divides by nothing",
    { observe: (x, L) => right.observe(x, L).map((z) => z / 0) },
    /^observe gives 2 finite numbers/,
    /^observe gives (NaN|Infinity) for/,
  ],
  [
    "a verb that throws",
    { observe: (x) => [x[0], (undefined as unknown as number[])[1]] },
    /^observe gives 2 finite numbers/,
    /^observe throws TypeError: .+ \(.*check\.test\.ts:\d+\)$/,
  ],
  [
    "observe with a border",
    {
      observe: (x, L) => {
        let bonds = 0;
        for (let k = 0; k < L * (L - 1); k++) bonds += x[k] ^ x[k + L];
        return [right.observe(x, L)[0], bonds / L ** 2];
      },
    },
    /^z is a mean over the sites/,
    /unlike bonds = /,
  ],
  [
    "Math.random in evolve",
    {
      evolve: (x, L, region, time) =>
        right.evolve(x, L, region, time, {
          uniform: () => 1 - Math.random(),
          below: (n) => Math.floor(n * Math.random()),
          next: () => 0,
        }),
    },
    /^the same random numbers give the same systems/,
    /^evolve gives other systems from the same random numbers: draw all of them from `random`/,
  ],
  [
    "something kept between calls",
    {
      evolve: (x, L, region, time, random) => {
        calls++;
        right.evolve(x, L, region, calls % 3 === 0 ? time : time / 2, random);
      },
    },
    /^the same random numbers give the same systems/,
    /^evolve gives other systems/,
  ],
  [
    "no noise at all",
    {
      evolve: (x, L, { corner, side }) => {
        for (let k = 0; k < side ** 2; k++) {
          const [i, j] = [corner[0] + Math.floor(k / side), corner[1] + (k % side)].map((c) => c % L);
          x[i * L + j] = 0;
        }
      },
    },
    /^other random numbers give other systems/,
    /^evolve does the same whatever `random` gives$/,
  ],
  [
    "a neighbour outside the region moves too",
    {
      evolve: (x, L, region, time, random) => {
        right.evolve(x, L, region, time, random);
        if (region.side < L) outsideBox(x, L, region, random);
      },
    },
    /^evolve leaves the sites outside its region alone/,
    /^in the region of side 4 from \(0, 0\) on it changed the site \(4, \d\) of side 8$/,
  ],
  [
    "regions end at the edge",
    {
      evolve: (x, L, { corner, side }, time, random) => {
        const inner = { corner, side: Math.min(side, L - Math.max(...corner)) };
        right.evolve(x, L, inner, time, random);
      },
    },
    /^evolve moves all of a region/,
    /which goes on beyond the edge of 8, only 1 of 4 corners moved/,
  ],
  [
    "regions beyond the edge move twice as fast",
    {
      evolve: (x, L, region, time, random) =>
        right.evolve(x, L, region, region.corner[0] + region.side > L ? 2 * time : time, random),
    },
    /^what happens does not depend on where a region lies/,
    /a region moves otherwise: change of z, (mean|covariance)/,
  ],
  [
    "an observable with a sign of its own on every other site",
    {
      observe: (x, L) => {
        let sum = 0;
        for (let k = 0; k < L * L; k++) sum += x[k] * ((Math.floor(k / L) + k) % 2 === 0 ? 1 : -1);
        return [right.observe(x, L)[0], Math.abs(sum) / L ** 2 + sum / L ** 2 / 2];
      },
    },
    /^z is a mean over the sites/,
    /for the same shifted by one site/,
  ],
  [
    "each system starts by itself",
    { initial: (x, L, random, _common) => right.initial(x, L, random, random) },
    /^systems of a cohort start alike/,
    /from `common`/,
  ],
  [
    "rates miss the healing",
    {
      rates: (x, L, region, event) =>
        right.rates?.(x, L, region, (rate, change) => change[0] > 0 && event(rate, change)),
    },
    /^the patches add up/,
    /change less ∫ Σ Lφ_I \/ K, mean/,
  ],
  [
    "rates of the sites around a region too",
    {
      rates: (x, L, { corner, side }, event) =>
        right.rates?.(x, L, side < L ? { corner, side: side + 1 } : { corner, side }, event),
    },
    /^rates of the patches of a system add up/,
    /tell of each event once, in the region of the site that changes$/,
  ],
  [
    "a rate below 0",
    { rates: (x, L, region, event) => right.rates?.(x, L, region, (rate, change) => event(rate - 1.5, change)) },
    /^rates of the patches of a system add up/,
    /^it calls event with the rate -/,
  ],
  [
    "changes that count bonds within the region only",
    {
      rates: (x, L, region, event) => right.rates?.(x, L, region, (rate, [m, c]) => event(rate, [m, c / 2])),
    },
    /^the patches add up/,
    /mean 1/,
  ],
  [
    "time is taken for twice as long in many sites",
    { evolve: (x, L, region, time, random) => right.evolve(x, L, region, region.side < L ? time : 2 * time, random) },
    /^the patches add up/,
    /mean/,
  ],
  [
    "a first waiting time that every call begins with",
    {
      evolve: (x, L, region, time, random) => {
        if (time > 0.02) right.evolve(x, L, region, time - 0.02, random);
      },
    },
    /^(the patches add up|a time in one go)/,
    /mean/,
  ],
];

for (const [name, members, title, message] of MISTAKES) {
  test(`${name} is found`, async () => {
    const wrong = [...(await verdicts({ ...right, ...members }))].find(([, said]) => said !== null);
    expect(wrong?.[0]).toMatch(title);
    expect(wrong?.[1]).toMatch(message);
  });
}

test("a system without starts, or where few sites ever change, or that moves in steps, passes", async () => {
  const none = await verdicts(right, [], []);
  expect([...none.values()]).toEqual(new Array(13).fill(null));
  // Nobody is infected beyond a few of the sites.
  const sparse: Simulator = {
    ...contact.simulator({ lambda: 0 }),
    rates: undefined,
    initial: (x, _, random, common) => {
      const density = 0.01 + 0.06 * common.uniform();
      x.set(Array.from(x, () => Number(random.uniform() < density)));
    },
  };
  const time = await changingTime(new LocalEngine(sparse), { side: 16, seed: 1 });
  expect(time).toBeWithin(0.2, 3);
  const steps: Simulator = {
    ...right,
    rates: undefined,
    step: 0.05,
    evolve: (x, L, region, time, random) => {
      for (let k = Math.round(time / 0.05); k > 0; k--) right.evolve(x, L, region, 0.05, random);
    },
  };
  const engine = new LocalEngine(steps);
  expect(inSteps(engine, await changingTime(engine, { side: 8, seed: 5 })) / 0.05).toBeCloseTo(4, 6);
  const found = await verdicts(steps);
  expect([...found.values()]).toEqual(new Array(found.size).fill(null));
});

test("a start that is another one every time is found, and a system that does not move", async () => {
  const moody = Object.assign([], [...Object.values(contact.starts)]) as ((x: Sites) => unknown)[];
  moody[0] = (x) => x.set(Array.from(x, () => Number(Math.random() < 0.5)));
  const wrong = [...(await verdicts(right, moody))].filter(([, said]) => said !== null);
  expect(wrong.length).toBe(1);
  expect(wrong[0][0]).toBe(`the start "${starts[0]}" fills a system`);
  await expect(verdicts({ ...right, evolve: () => {} })).rejects.toThrow("evolve moves less than a tenth of the sites");
});
