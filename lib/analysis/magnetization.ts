/** Mean of spins ±1, of which 0 is down. */
export function magnetizationOf(spins: ArrayLike<number>): number {
  let up = 0;
  for (let i = 0; i < spins.length; i++) up += spins[i] ? 1 : 0;
  return (2 * up) / spins.length - 1;
}
