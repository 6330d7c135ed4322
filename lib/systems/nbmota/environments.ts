// What the vacancies of lattices see, on the host.
import { OFFSETS } from "./environment.ts";
import { placeOf, siteAt } from "./lattice.ts";
import { siteCount } from "./states.ts";

/** Types around every vacancy of lattices `[count][2C³]`. */
export function environmentsOf(types: Uint8Array, cells: number): Uint8Array {
  const sites = siteCount(cells);
  const rows: number[] = [];
  for (let at = 0; at < types.length; at++) {
    if (types[at] !== 0) continue;
    const start = at - (at % sites);
    const place = placeOf(at % sites, cells);
    for (const [x, y, z] of OFFSETS) {
      rows.push(types[start + siteAt([place[0] + x, place[1] + y, place[2] + z], cells)]);
    }
  }
  return Uint8Array.from(rows);
}
