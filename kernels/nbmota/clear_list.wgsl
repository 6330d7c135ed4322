// The list of slots (walk.wgsl) is empty, and no walker is known to go on.
@group(0) @binding(0) var<storage, read_write> list: array<u32>;

@compute @workgroup_size(1)
fn main() {
  list[0] = 0u;
  list[1] = 0u;
}
