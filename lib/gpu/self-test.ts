// Whether an adapter computes rightly: a small shader against the same arithmetic on the CPU.

/** Integers of the test shader, and rounds of a linear congruential step that each one takes. */
const COUNT = 65_536;
const ROUNDS = 1_000;
const [MULTIPLIER, INCREMENT] = [1_664_525, 1_013_904_223];

const SHADER = /* wgsl */ `
  @group(0) @binding(0) var<storage, read_write> values: array<u32>;
  override rounds: u32;
  @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
    var x = id.x;
    for (var k = 0u; k < rounds; k++) { x = x * ${MULTIPLIER}u + ${INCREMENT}u; }
    values[id.x] = x;
  }`;

/** Runs the test shader on a device of its own. Returns the milliseconds that it took; throws on a wrong number. */
export async function selfTest(adapter: GPUAdapter): Promise<number> {
  const device = await adapter.requestDevice({ label: "doctor" });
  try {
    device.pushErrorScope("validation");
    const size = COUNT * 4;
    const values = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
    const copy = device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
    const module = device.createShaderModule({ code: SHADER });
    const pipeline = device.createComputePipeline({
      layout: "auto",
      compute: { module, constants: { rounds: ROUNDS } },
    });
    const layout = pipeline.getBindGroupLayout(0);
    const group = device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: values } }] });
    const start = performance.now();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(COUNT / 64);
    pass.end();
    encoder.copyBufferToBuffer(values, 0, copy, 0, size);
    device.queue.submit([encoder.finish()]);
    const error = await device.popErrorScope();
    if (error) throw new Error(error.message);
    await copy.mapAsync(GPUMapMode.READ);
    const milliseconds = performance.now() - start;
    check(new Uint32Array(copy.getMappedRange()));
    return milliseconds;
  } finally {
    device.destroy();
  }
}

/** Throws unless each number is what the CPU makes of it. */
function check(numbers: Uint32Array): void {
  for (let i = 0; i < COUNT; i += 997) {
    let x = i;
    for (let k = 0; k < ROUNDS; k++) x = (Math.imul(x, MULTIPLIER) + INCREMENT) >>> 0;
    if (numbers[i] !== x) throw new Error(`invocation ${i} gave ${numbers[i]}, the CPU gives ${x}`);
  }
}
