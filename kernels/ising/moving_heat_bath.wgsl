// Heat-bath updates (heat_bath.wgsl) at a temperature and a field that change with time: the probabilities at the moment of an attempt come from a
// table along the time that is simulated (lib/systems/schedule.ts), linear between its rows.
import package::ising::compare::{ Draw, bit_plane, compare_bits };
import package::ising::planes::add_planes;
import package::random::xoshiro::next_u32;

// 2³² p_u, u = 0 … 4, behind a `share` of the time of the table, 0 … 1.
fn thresholds_at(share: f32, steps: u32, table: ptr<storage, array<u32>, read>) -> array<u32, 5> {
  let place = share * f32(steps);
  let row = min(u32(place), steps - 1u);
  let rest = place - f32(row);
  var thresholds: array<u32, 5>;
  for (var u = 0u; u < 5u; u++) {
    let here = table[5u * row + u];
    let further = bitcast<i32>(table[5u * row + 5u + u] - here);
    thresholds[u] = here + bitcast<u32>(i32(f32(further) * rest));
  }
  return thresholds;
}

fn moving_heat_bath(
  north: u32, south: u32, west: u32, east: u32, thresholds: array<u32, 5>, rng: ptr<function, vec4u>,
) -> u32 {
  let u = add_planes(north, south, west, east);
  var draw = Draw(0xffffffffu, 0u);
  for (var k = 0u; k < 32u && draw.open != 0u; k++) {
    compare_bits(
      bit_plane(thresholds[0], k), bit_plane(thresholds[1], k), bit_plane(thresholds[2], k), bit_plane(thresholds[3], k),
      bit_plane(thresholds[4], k), u, next_u32(rng), &draw,
    );
  }
  return draw.up;
}
