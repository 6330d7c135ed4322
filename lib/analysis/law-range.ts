// Where scores lie that cannot be anything: from their mean and standard error where what is tested holds to the range that they then have.

/**
 * Ends of χ² over its mean where its standard deviation over its mean is `error`, as of a χ² with 2/error² degrees of freedom; `reach`: of a normal law. Within 0.03
 * for 95 % and error below 1: E. B. Wilson & M. M. Hilferty, Proc. Natl. Acad. Sci. 17, 684 (1931).
 */
export function chi2Range(error: number, reach: number): [number, number] {
  const part = error ** 2 / 9;
  const at = (z: number) => Math.max(0, 1 - part + z * Math.sqrt(part)) ** 3;
  return [at(-reach), at(reach)];
}

/** Ends of a share whose mean is `share`, in (0, 1), and its standard deviation `error`: even on the scale of arcsin √share, on which shares of runs have one variance. */
export function shareRange(share: number, error: number, reach: number): [number, number] {
  const middle = Math.asin(Math.sqrt(share));
  const width = (reach * error) / (2 * Math.sqrt(share * (1 - share)));
  const at = (angle: number) => Math.sin(Math.min(Math.PI / 2, Math.max(0, angle))) ** 2;
  return [at(middle - width), at(middle + width)];
}
