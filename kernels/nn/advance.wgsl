// counter[0] += 1: the step number of recorded work, after all kernels of the step have read it.
@group(0) @binding(0) var<storage, read_write> counter: array<u32>;

@compute @workgroup_size(1)
fn main() {
  counter[0]++;
}
