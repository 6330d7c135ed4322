// scaled[replica] = copies · source[replica]: totals of lattices in which every spin was copied.
struct Params {
  first: u32,
  last: u32,
  copies: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read_write> scaled: array<u32>;

@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let replica = params.first + id.x;
  if (replica >= params.last) { return; }
  scaled[replica] = params.copies * source[replica];
}
