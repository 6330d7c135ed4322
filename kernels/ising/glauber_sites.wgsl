// One pass of continuous-time Glauber dynamics over whole Ising lattices with all sites in parallel, exact in law: for lattices
// so large, and so few, that one invocation per lattice (glauber.wgsl) would not fill the device.
//
// Every site has its own Poisson clock (clocks.wgsl). An attempt may be done when no neighbour has an earlier one to come: what
// it reads can then no longer change (conservative discrete-event simulation: Lubachevsky, Complex Systems 1, 1099 (1987)). A
// pass does all such attempts at once; no two of them are neighbours. Ties, of probability 2⁻²⁷, go by the site's number.
// Clocks are read from one array and written to another, since neighbours look at them in the same pass.
//
// One invocation per strip of 32 sites: it first finds the sites whose turn it is, then updates them.
// With MOVING, temperature and field change with time: an attempt has the probabilities of the moment of its clock.
import package::ising::clocks::{ NEVER, STRIP, next_clock, strip_stream };
import package::ising::heat_bath::heat_bath;
import package::ising::lattice::site_at;
import package::ising::moving_heat_bath::{ moving_heat_bath, thresholds_at };
import package::random::xoshiro::Stream;
import package::gpu::rows::number_in_rows;

struct Params {
  groups: u32,
  side: u32,
  turn: u32,
  report: u32,        // 1: set `unfinished` where attempts were to come before this pass
  @if(MOVING) window: u32,
  @if(MOVING) windows: u32,   // along the table
  @if(MOVING) steps: u32,     // of the table
  stream: Stream,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> clocks: array<u32>;
@group(0) @binding(2) var<storage, read_write> clocks_after: array<u32>;
@group(0) @binding(3) var<storage, read_write> spins: array<u32>;
@group(0) @binding(4) var<storage, read_write> unfinished: atomic<u32>;
@if(MOVING) @group(0) @binding(5) var<storage, read> thresholds: array<u32>;   // [steps + 1][5], over all windows

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) size: vec3u) {
  let side = params.side;
  let sites = side * side;
  let strips = (sites + STRIP - 1u) / STRIP;
  let index = number_in_rows(id, size, 64u);
  let group = index / strips;
  let strip = index % strips;
  if (group >= params.groups) { return; }
  let base = group * sites;
  let begin = strip * STRIP;
  let end = min(sites, begin + STRIP);
  var turns = 0u;
  var to_come = 0u;
  var row = begin / side;
  var column = begin % side;
  for (var k = begin; k < end; k++) {
    let site = site_at(base, side, row, column);
    let mine = clocks[site.here];
    let first = comes_first(site.here, mine, site.north) && comes_first(site.here, mine, site.south)
      && comes_first(site.here, mine, site.west) && comes_first(site.here, mine, site.east) && mine != NEVER;
    turns |= select(0u, 1u << (k - begin), first);
    to_come |= select(1u, 0u, mine == NEVER);
    clocks_after[site.here] = mine;
    column++;
    row += select(0u, 1u, column == side);
    column = select(column, 0u, column == side);
  }
  if (to_come == 0u) { return; }
  if (params.report == 1u) { atomicStore(&unfinished, 1u); }
  var rng = strip_stream(params.stream, group, strip, params.turn);
  while (turns != 0u) {
    let k = begin + firstTrailingBit(turns);
    turns &= turns - 1u;
    let site = site_at(base, side, k / side, k % side);
    let clock = clocks[site.here];
    @if(!MOVING) {
      spins[site.here] = heat_bath(spins[site.north], spins[site.south], spins[site.west], spins[site.east], &rng);
    }
    @if(MOVING) {
      let share = (f32(params.window) + f32(clock >> 5u) * 0x1p-27f) / f32(params.windows);
      spins[site.here] = moving_heat_bath(
        spins[site.north], spins[site.south], spins[site.west], spins[site.east],
        thresholds_at(share, params.steps, &thresholds), &rng,
      );
    }
    clocks_after[site.here] = next_clock(clock >> 5u, (clock & 31u) - 1u, &rng);
  }
}

fn comes_first(here: u32, mine: u32, neighbour: u32) -> bool {
  let other = clocks[neighbour];
  return mine < other || (mine == other && here < neighbour);
}
