// A program that simulates for `learn --exec`: sites that flip at rate 1, on a ring. What it does wrong is its argument.
const wrong = process.argv[2] ?? "nothing";
const later = process.argv[3] ?? "";

let rest = Buffer.alloc(0);
const reader = Bun.stdin.stream().getReader();
async function more(): Promise<boolean> {
  const { value, done } = await reader.read();
  if (value) rest = Buffer.concat([rest, value]);
  return !done;
}
async function take(size: number): Promise<Buffer> {
  while (rest.length < size) if (!(await more())) process.exit(0);
  const taken = rest.subarray(0, size);
  rest = rest.subarray(size);
  return taken;
}
function say(head: object, parts: Uint8Array[] = []): void {
  process.stdout.write(`${JSON.stringify({ ...head, parts: parts.map((part) => part.length) })}\n`);
  for (const part of parts) process.stdout.write(part);
}
/** Numbers in 0 … 1 out of a list of integers. */
function uniforms(seeds: readonly number[]): () => number {
  const hasher = seeds.join();
  let k = 0;
  return () => Number(Bun.hash(`${hasher} ${k++}`) % 1_000_003n) / 1_000_003;
}

// Ctrl-C is for patchwise, which then closes the input.
process.on("SIGINT", () => {});
if (wrong === "ends") {
  console.error("no licence found\nbye");
  process.exit(3);
}
if (wrong === "talks") console.log("Welcome!");
for (;;) {
  let end = rest.indexOf(10);
  while (end < 0) {
    if (!(await more())) process.exit(0);
    end = rest.indexOf(10);
  }
  const head = JSON.parse((await take(end + 1)).toString());
  const parts: Buffer[] = [];
  for (const size of head.parts) parts.push(Buffer.from(await take(size)));
  const { verb, count, side, stream } = head;
  if (verb === later) {
    if (wrong === "crashes") {
      console.error("segmentation fault, almost");
      process.exit(139);
    }
    if (wrong === "sleeps") await Bun.sleep(60_000);
    if (wrong === "fails") {
      say({ error: "ValueError: no such thing" });
      continue;
    }
    if (wrong === "short") {
      say({}, [new Uint8Array(3)]);
      continue;
    }
  }
  if (verb === "hello") {
    const observables = wrong === "blind" ? [] : [{ name: "density", symbol: "n", unit: "1", range: [0, 1] }];
    say({
      name: "coins",
      dimension: 1,
      observables,
      parameters: { rate: { default: 1, min: 0, meaning: "of flips" } },
      starts: ["all down"],
    });
  } else if (verb === "open") say({});
  else if (verb === "start") say({}, [new Uint8Array(count * side)]);
  else if (verb === "initial") {
    const cohorts = new Uint32Array(new Uint8Array(parts[0]).buffer);
    const next = uniforms(stream);
    const sites = new Uint8Array(count * side);
    for (let r = 0; r < count; r++) {
      const density = uniforms([...head.common, cohorts[r]])();
      for (let k = 0; k < side; k++) sites[r * side + k] = next() < density ? 1 : 0;
    }
    say({}, [sites]);
  } else if (verb === "evolve") {
    const next = uniforms(stream);
    const sites = new Uint8Array(parts[0]);
    const corners = head.region === null ? null : new Int32Array(new Uint8Array(parts[1]).buffer);
    for (let r = 0; r < count; r++) {
      for (let k = 0; k < (head.region ?? side); k++) {
        const at = r * side + (((corners?.[r] ?? 0) + k) % side);
        if (next() < (1 - Math.exp(-2 * head.time)) / 2) sites[at] = 1 - sites[at];
      }
    }
    say({}, [sites]);
  } else if (verb === "observe") {
    const values = Float64Array.from({ length: count }, (_, r) => {
      const own = parts[0].subarray(r * side, (r + 1) * side);
      return wrong === "nan" ? Number.NaN : own.reduce((sum, x) => sum + x, 0) / side;
    });
    say({}, [new Uint8Array(values.buffer)]);
  }
}

export {};
