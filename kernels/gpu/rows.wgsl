// Invocations that are more than one row of workgroups holds: workgroups lie in rows, one after the other (lib/gpu/grid.ts).

// The number of an invocation, of workgroups of `size` invocations.
fn number_in_rows(id: vec3u, workgroups: vec3u, size: u32) -> u32 {
  return id.y * workgroups.x * size + id.x;
}
