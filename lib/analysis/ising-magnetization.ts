// The exact magnetization of the two-dimensional Ising model in equilibrium, where a finite lattice has that of an infinite one.
import { CRITICAL_TEMPERATURE, onsagerMagnetization } from "./ising-onsager.ts";
import { stripMagnetization } from "./ising-strip.ts";

/** Relative difference of the finite lattice from the infinite one, above which there is no value. */
const MOST_OFF = 1e-3;

/**
 * ⟨m⟩ of a periodic lattice of side × side spins in a field, ⟨|m|⟩ without one, J = k_B = 1, to within 1 in a thousand; null where a lattice of that size
 * differs more from the infinite one, or that is not known: near criticality, in weak fields, and without a field from T_c on, where ⟨|m|⟩ of a finite
 * lattice goes like 1/side and that of the infinite one is 0.
 */
export function exactMagnetization(side: number, temperature: number, field: number): number | null {
  const found = field === 0 ? spontaneous(side, temperature) : inField(side, temperature, field);
  return found && found.off < MOST_OFF ? found.value : null;
}

interface Known {
  readonly value: number;
  /** Bound of the relative difference of the finite lattice. */
  readonly off: number;
}

/**
 * A finite lattice differs by walls that run around it, two at least, of tension σ = 2/T + ln tanh(1/T) (Onsager 1944): less than e^(−2σ side), which
 * enumeration and cluster flips of sides 4 to 16 stay below.
 */
function spontaneous(side: number, temperature: number): Known | null {
  if (temperature >= CRITICAL_TEMPERATURE) return null;
  const tension = 2 / temperature + Math.log(Math.tanh(1 / temperature));
  return { value: onsagerMagnetization(temperature), off: Math.exp(-2 * tension * side) };
}

/**
 * Strips differ by what goes around them once, a lattice by that in two directions; wider ones by less, each spin of width by the same factor. A
 * lattice also has the phase against the field, with a weight of e^(−2 |h m| side²/T).
 */
function inField(side: number, temperature: number, field: number): Known | null {
  const found = stripMagnetization(temperature, field);
  if (!found) return null;
  const { limit, widths } = found;
  const own = widths.find(({ width }) => width === side);
  const [before, last] = widths.slice(-2);
  if (!own && side < last.width) return null;
  const beyond = Math.min(1, Math.abs(last.off / before.off)) ** (side - last.width);
  const around = Math.abs((2 * (own ? own.off : last.off * beyond)) / limit);
  const other = 2 * Math.exp((-2 * Math.abs(field * limit) * side ** 2) / temperature);
  return { value: limit, off: around + other };
}
