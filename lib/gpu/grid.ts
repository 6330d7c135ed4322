// How many invocations become workgroups.

/** Most workgroups of a dispatch in one dimension. */
export const MOST_WORKGROUPS = 65_535;

/** Workgroups of `size` for so many invocations, in two dimensions where one does not suffice. */
export function grid(invocations: number, size: number): [number, number] {
  const workgroups = Math.ceil(invocations / size);
  const rows = Math.ceil(workgroups / MOST_WORKGROUPS);
  return [Math.ceil(workgroups / rows), rows];
}
